"""Names of files to be written, and files to be read, checked before anything is done with them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from striate.errors import ModelFileError, StriateError, UnavailableError
from striate.warning import warn

Path = str | os.PathLike[str]
_WEIGHTS = ".weights.h5"
_IN_FOLDER = "model.keras"
_CHECKPOINTS = (".ckpt", ".tf")


def checked_target(path: Path, endings: Sequence[str], overwrite: bool) -> str:
    """The name, if it has one of the endings and may be written to."""
    name = os.fspath(path)
    if not name.endswith(tuple(endings)):
        listed = " or ".join(f'"{ending}"' for ending in endings)
        raise ModelFileError(f"{name}: expected a name that ends in {listed}")
    if not overwrite and os.path.exists(name):
        raise ModelFileError(f"{name}: exists already, and overwrite=False; choose another name")
    return name


def model_target(path: Path, folder: bool = False) -> str:
    """Where a model goes: a name without an ending, a folder of TensorFlow's in Keras 2, is one with a file in it.

    folder: whether it is one whatever its ending.

    Raises:
        ModelFileError: the folder cannot be made.
    """
    name = os.fspath(path)
    if not folder and not is_checkpoint(name.rstrip("/")):
        return name
    try:
        os.makedirs(name, exist_ok=True)
    except OSError as error:
        raise ModelFileError(f"{name}: cannot be made: {error.strerror}") from None
    inner = os.path.join(name, _IN_FOLDER)
    warn(
        f"{name}: the model is saved as {inner}, in Keras's format, not as a folder of TensorFlow's; "
        f"load_model({name!r}) finds it"
    )
    return inner


def model_source(path: Path) -> str:
    """Where a model comes from: what `model_target` made of the name, or the name.

    Raises:
        UnavailableError: a folder of TensorFlow's.
    """
    name = os.fspath(path)
    if not os.path.isdir(name):
        return name
    inner = os.path.join(name, _IN_FOLDER)
    if os.path.exists(os.path.join(name, "saved_model.pb")):
        raise UnavailableError(
            "keras.models.load_model(folder)", f"{name}: is a folder of TensorFlow's, which cannot be read",
            "one file, .keras or .h5, as TensorFlow's Keras writes it, too: model.save(\"model.keras\").",
        )
    return inner if os.path.isfile(inner) else name


def weights_target(path: Path, checkpoint: bool = False) -> str:
    """Where weights go: the name of a checkpoint of TensorFlow's gets the ending of Keras 3's files.

    checkpoint: whether it is one whatever its ending.
    """
    name = os.fspath(path)
    if name.endswith(_WEIGHTS) or not (checkpoint or is_checkpoint(name)):
        return name
    made = f"{name}{_WEIGHTS}"
    os.makedirs(os.path.dirname(made) or os.curdir, exist_ok=True)  # as TensorFlow did for checkpoints
    warn(f"{name}: the weights are saved as {made}, not as a checkpoint of TensorFlow's; load_weights finds them")
    return made


def weights_source(path: Path) -> str:
    """Where weights come from: what `weights_target` made of the name, if the name itself is no file."""
    name = os.fspath(path)
    made = f"{name}{_WEIGHTS}"
    return made if os.path.isfile(made) and not os.path.isfile(name) else name


def is_checkpoint(name: str) -> bool:
    """Whether it is a name as checkpoints of TensorFlow's have: without an ending, or with .ckpt or .tf."""
    found = re.search(r"\.[A-Za-z]\w*$", os.path.basename(re.sub(r"\{[^}]*\}", "0", name)))  # "-0.35" is none
    return found is None or found[0] in _CHECKPOINTS


def checked_format(method: str, save_format: object) -> str:
    """What `save_format` asks for, if it can be had.

    Raises:
        StriateError: no format of Keras's.
    """
    if save_format not in ("keras", "h5", "hdf5", "tf"):
        raise StriateError(f"{method}: got save_format={save_format!r}, expected \"keras\" or \"h5\"")
    return str(save_format)


@contextmanager
def existing(name: str) -> Iterator[BinaryIO]:
    """The file, open, or the error that says why not."""
    try:
        file = open(name, "rb")  # noqa: SIM115 (closed below; only opening is guarded here)
    except OSError as error:
        raise ModelFileError(f"{name}: cannot be read: {error.strerror}") from error
    with file:
        yield file

"""Names of files to be written, and files to be read, checked before anything is done with them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from striate.errors import ModelFileError, StriateError, UnavailableError

Path = str | os.PathLike[str]


def checked_target(path: Path, endings: Sequence[str], overwrite: bool) -> str:
    """The name, if it has one of the endings and may be written to."""
    name = os.fspath(path)
    if not name.endswith(tuple(endings)):
        listed = " or ".join(f'"{ending}"' for ending in endings)
        raise ModelFileError(f"{name}: expected a name that ends in {listed}")
    if not overwrite and os.path.exists(name):
        raise ModelFileError(f"{name}: exists already, and overwrite=False; choose another name")
    return name


def checked_format(method: str, save_format: object) -> str:
    """What `save_format` asks for, if it can be had.

    Raises:
        UnavailableError: "tf", the folders and checkpoints of TensorFlow.
        StriateError: no format of Keras's.
    """
    if save_format == "tf":
        raise UnavailableError(
            f"{method}(save_format=\"tf\")",
            f"{method}: got save_format='tf', but folders and checkpoints of TensorFlow are not available",
            "save one file, which Keras reads, too: model.save(\"model.keras\"), model.save(\"model.h5\"), "
            "model.save_weights(\"model.weights.h5\").",
        )
    if save_format not in ("keras", "h5", "hdf5"):
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

""".keras files, in the layout that Keras 3 writes.

A .keras file is a zip archive of metadata.json (versions), config.json (what the network is made of and how it was
compiled) and model.weights.h5 (weights and the optimizer's state).
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from striate.formats.archive import Archive
from striate.formats.atomic import replacing
from striate.formats.paths import Path, checked_target, existing
from striate.graph import outlines
from striate.version import __version__

if TYPE_CHECKING:
    from striate.models import Model
    from striate.models.ensemble import Ensemble

_METADATA, _CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
_KERAS_LAYOUT = "3.15.1"  # the version whose layout is written; Keras itself does not read this
_MAXIMAL_CONFIG = 8 << 20  # bytes: the largest networks of keras.applications need about one million
_IN_MEMORY = 64 << 20


def save_model(model: Model, path: Path, overwrite: bool = True, optimizer: bool = True) -> None:
    """Save a model so that `load_model`, and Keras 3, can go on with it: layers, weights, compilation, optimizer state.

    The file replaces an older one all at once or not at all. Keras has no `LocalResponseNormalization`, `TableConv2D`,
    `Subsampling2D` and `RBF`: a file with one of them (AlexNet, ZFNet, GoogLeNet, LeNet-1, LeNet-5 of the paper) opens
    here, and in Keras with a class of that name among its `custom_objects`; without one Keras names the layer and
    refuses.

    Args:
        model: a built model, compiled or not.
        path: a name that ends in ".keras".
        overwrite: False: an existing file is an error.
        optimizer: False: without compilation and the optimizer's state.

    Raises:
        ModelFileError: the name, a layer class of your own, or a folder that cannot be written, such as a full disk.
    """
    name = checked_target(path, [".keras"], overwrite)
    config = describe(model, optimizer)
    with replacing(name) as file:
        write(model, config, file, name, optimizer)


def describe(model: Model, optimizer: bool = True) -> bytes:
    """What config.json holds; found before anything is written, as not every layer can be saved."""
    from striate.formats.keras_config import describe_model

    return json.dumps(describe_model(model, optimizer)).encode()


def write(model: Model, config: bytes, file: IO[bytes], name: str, optimizer: bool = True) -> None:
    """Write the members of a model file into an open one, or one that is to become the file `name`."""
    from striate.formats.keras_weights import write_weights
    from striate.formats.weights_h5 import WeightsWriter

    with scratch(name) as weights:
        with WeightsWriter(weights) as writer:
            write_weights(model, writer, optimizer)
        with zipfile.ZipFile(file, "w") as archive:
            add(archive, _METADATA, io.BytesIO(json.dumps(_metadata()).encode()))
            add(archive, _CONFIG, io.BytesIO(config))
            add(archive, WEIGHTS, weights)


def load_model(path: Path, compile: bool = True) -> Model | Ensemble:
    """The model of a file that `save_model` or Keras 3 has written, of an .h5 file of Keras 1, 2 or 3, or an ensemble.

    Nothing in the file is executed: layers are found in Striate's own registry; Lambda layers, functions and classes of
    other packages are refused by name.

    Args:
        path: a .keras or .h5 file.
        compile: whether to compile the model as it was, with its optimizer's state, so that training goes on.

    Raises:
        ModelFileError: the file is missing, foreign, truncated, hostile, or holds what Striate does not have.
    """
    from striate.formats.ensemble_file import ENSEMBLE, read_ensemble
    from striate.formats.hdf5 import HDF5_SIGNATURE

    name = os.fspath(path)
    with existing(name) as file:
        if file.read(8) == HDF5_SIGNATURE:
            from striate.formats.legacy_file import load_legacy_model

            return load_legacy_model(file, name, compile)
        archive = Archive(file, name)
        return read_ensemble(archive, name, compile) if ENSEMBLE in archive else read(archive, name, compile)


def to_bytes(model: Model) -> bytes:
    """What a .keras file of the model holds."""
    file = io.BytesIO()
    write(model, describe(model), file, os.path.join(tempfile.gettempdir(), "model.keras"))
    return file.getvalue()


def of_bytes(content: bytes) -> Model:
    """The model of a .keras file's content."""
    return read(Archive(io.BytesIO(content), "a pickled model"), "a pickled model", compile=True)


def read(archive: Archive, name: str, compile: bool) -> Model:
    """The model in an open archive, which errors call `name`."""
    from striate.formats.bounded_json import parse_object
    from striate.formats.keras_config import compile_model, make_model
    from striate.formats.keras_weights import check_fit, read_weights
    from striate.formats.weights_h5 import WeightsReader

    form = parse_object(archive.read(_CONFIG, _MAXIMAL_CONFIG), f"{name}: {_CONFIG}")
    with outlines():  # a file of a kilobyte can declare a network of a terabyte: nothing is taken for it before
        sketch = make_model(form, name)  # its shapes have been found in the file
    with archive.open(WEIGHTS) as weights, WeightsReader(weights, name) as reader:
        check_fit(sketch, reader, name)
        model = make_model(form, name)
        if compile:
            compile_model(model, form.get("compile_config"), name)
        read_weights(model, reader, name)
    return cast("Model", model)


@contextmanager
def scratch(name: str) -> Iterator[IO[bytes]]:
    """Where HDF5 can seek: memory, or for large networks a nameless file in the folder that will hold the result."""
    folder = os.path.dirname(os.path.realpath(name))
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=folder) as file:
        yield cast("IO[bytes]", file)


def add(archive: zipfile.ZipFile, member: str, content: IO[bytes]) -> None:
    """Add a member. Its date in the archive is fixed; the one that says when is in metadata.json."""
    info = zipfile.ZipInfo(member)
    content.seek(0, os.SEEK_END)
    info.file_size = content.tell()  # decides whether the entry needs 64 bits
    content.seek(0)
    with archive.open(info, "w") as target:
        shutil.copyfileobj(content, target, 1 << 20)


def _metadata() -> dict[str, str]:
    from datetime import datetime

    date = datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    return {"keras_version": _KERAS_LAYOUT, "date_saved": date, "striate_version": __version__}

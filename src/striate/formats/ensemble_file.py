"""Files of ensembles: several model files in one.

The file is a zip archive without packing of

    ensemble.json            {"format": "striate ensemble 1", "name": ..., "weights": [...]}: a weight for each member
    members/0.keras          the first member, as `keras_file` writes it; Keras opens it once it is unpacked
    members/1.keras, ...     the others
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, BinaryIO, cast

from striate.errors import ModelFileError, StriateError
from striate.formats import keras_file
from striate.formats.archive import Archive
from striate.formats.atomic import replacing
from striate.formats.bounded_json import parse_object
from striate.formats.paths import Path, checked_target

if TYPE_CHECKING:
    from striate.models.ensemble import Ensemble

ENSEMBLE = "ensemble.json"
_FORMAT = "striate ensemble 1"
_MAXIMAL_JSON = 1 << 20  # bytes
_MAXIMAL_MEMBERS = 1000


def save_ensemble(ensemble: Ensemble, path: Path, overwrite: bool = True) -> None:
    """Write an ensemble. The file replaces an older one all at once or not at all.

    Raises:
        ModelFileError: the name, a layer class of your own, or a folder that cannot be written, such as a full disk.
    """
    name = checked_target(path, [".keras"], overwrite)
    configs = [keras_file.describe(member) for member in ensemble.members]
    form = {"format": _FORMAT, "name": ensemble.name, "weights": ensemble.weights}
    with replacing(name) as file, zipfile.ZipFile(file, "w") as archive:
        keras_file.add(archive, ENSEMBLE, io.BytesIO(json.dumps(form).encode()))
        for i, (member, config) in enumerate(zip(ensemble.members, configs, strict=True)):
            with keras_file.scratch(name) as copy:
                keras_file.write(member, config, copy, name)
                keras_file.add(archive, _member(i), copy)


def read_ensemble(archive: Archive, name: str, compile: bool) -> Ensemble:
    """The ensemble in an open archive.

    Raises:
        ModelFileError: it is damaged or hostile, or its members do not fit each other.
    """
    from striate.models.ensemble import Ensemble

    form = parse_object(archive.read(ENSEMBLE, _MAXIMAL_JSON), f"{name}: {ENSEMBLE}")
    weights, title = form.get("weights"), form.get("name")
    if form.get("format") != _FORMAT:
        raise ModelFileError(f"{name}: {ENSEMBLE} says format={form.get('format')!r}, expected {_FORMAT!r}")
    numbers = isinstance(weights, list) and all(type(weight) in (int, float) for weight in weights)
    if not isinstance(weights, list) or not numbers or not 0 < len(weights) <= _MAXIMAL_MEMBERS:
        raise ModelFileError(f"{name}: {ENSEMBLE}: expected 1 to {_MAXIMAL_MEMBERS} numbers as weights")
    if not isinstance(title, str):
        raise ModelFileError(f"{name}: {ENSEMBLE}: expected text as name")
    members = [_member(i) for i in range(len(weights))]
    archive.check_stored(members)
    models = []
    for member in members:
        with archive.open(member) as file:
            inner = f"{name}: {member}"
            models.append(keras_file.read(Archive(cast("BinaryIO", file), inner), inner, compile))
    try:
        return Ensemble(models, weights, title)
    except StriateError as error:
        raise ModelFileError(f"{name}: {error}") from error


def _member(i: int) -> str:
    return f"members/{i}.keras"

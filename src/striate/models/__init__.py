"""Models: networks of layers that can be trained, looked into, summarised and saved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from striate.errors import StriateError
from striate.lookup import own_objects
from striate.models.cloning import clone_model
from striate.models.ensemble import Ensemble
from striate.models.functional import Functional
from striate.models.model import Model
from striate.models.sequential import Sequential

__all__ = [
    "Ensemble", "Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model",
]  # fmt: skip


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a .keras file, of an .h5 file of Keras 1, 2 or 3, or an `Ensemble`. Nothing in it is executed.

    Args:
        filepath: the file, or a folder in which `Model.save` has put one.
        custom_objects: classes and functions by name. A loss of your own is looked up here. Layers need not be: files
            that Striate writes hold networks without classes of your own; in others' files such a class is an error.
        compile: also take over optimizer, loss and metrics.
        safe_mode: must be True: there is no way to run what a file holds.

    Raises:
        ModelFileError: a file that is truncated, foreign or hostile.
        StriateError: custom_objects that are no dictionary, or safe_mode=False.
    """
    from striate.formats import keras_file, paths

    if custom_objects is not None and not isinstance(custom_objects, Mapping):
        raise StriateError(f"load_model: got custom_objects={custom_objects!r}, expected a dictionary or None")
    if not isinstance(compile, bool):
        raise StriateError(f"load_model: got compile={compile!r}, expected True or False")
    if safe_mode is not True:
        raise StriateError(
            f"load_model: got safe_mode={safe_mode!r}, expected True; code in model files is never executed"
        )
    with own_objects(custom_objects or {}):
        return keras_file.load_model(paths.model_source(filepath), compile)


def save_model(
    model: Model, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None,
    include_optimizer: bool = True, save_format: str | None = None,
) -> None:
    """`model.save(filepath, overwrite, zipped, include_optimizer, save_format)`."""
    model.save(filepath, overwrite, zipped, include_optimizer, save_format)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """The model of what `Model.to_json` gave, with new weights; not compiled.

    Raises:
        ModelFileError: not the configuration of a model.
        StriateError: custom_objects, or something other than text.
    """
    from striate.formats.bounded_json import parse_object
    from striate.formats.keras_config import make_model

    if not isinstance(json_string, (str, bytes)) or custom_objects:
        raise StriateError(
            f"model_from_json: got {type(json_string).__name__} and custom_objects={custom_objects!r}, expected text "
            "and None"
        )
    data = json_string.encode() if isinstance(json_string, str) else json_string
    model: Model = make_model(parse_object(data, "model_from_json"), "model_from_json")
    return model

"""Models: networks of layers that can be trained, looked into, summarised and saved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from striate.errors import StriateError
from striate.models.functional import Functional
from striate.models.model import Model
from striate.models.sequential import Sequential

__all__ = ["Functional", "Model", "Sequential", "load_model", "save_model"]


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Model:
    """The model of a .keras file, or of an .h5 file of Keras 1, 2 or 3. Nothing in the file is executed.

    Args:
        filepath: the file.
        custom_objects: must be None or empty: files bring back the classes of this package alone.
        compile: also take over optimizer, loss and metrics.
        safe_mode: must be True: there is no way to run what a file holds.

    Raises:
        ModelFileError: a file that is truncated, foreign or hostile.
        StriateError: custom_objects, or safe_mode=False.
    """
    from striate.formats import keras_file

    if custom_objects is not None and (not isinstance(custom_objects, Mapping) or custom_objects):
        raise StriateError(
            f"load_model: got custom_objects={custom_objects!r}, expected None; files bring back the classes of "
            "striate alone. Make the model in Python and call model.load_weights"
        )
    if not isinstance(compile, bool):
        raise StriateError(f"load_model: got compile={compile!r}, expected True or False")
    if safe_mode is not True:
        raise StriateError(
            f"load_model: got safe_mode={safe_mode!r}, expected True; code in model files is never executed"
        )
    model: Model = keras_file.load_model(filepath, compile)
    return model


def save_model(
    model: Model, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None
) -> None:
    """`model.save(filepath, overwrite, zipped)`."""
    model.save(filepath, overwrite, zipped)

"""Models: networks of layers that can be trained, looked into, summarised and saved."""

from __future__ import annotations

import os

from striate.models.model import Model
from striate.models.sequential import Sequential

__all__ = ["Model", "Sequential", "load_model"]


def load_model(filepath: str | os.PathLike[str], compile: bool = True) -> Model:
    """The model of a .keras file that this package or Keras 3 wrote. Nothing in the file is executed.

    Args:
        filepath: the file.
        compile: also take over optimizer, loss and metrics.

    Raises:
        ModelFileError: a file that is truncated, foreign or hostile.
    """
    from striate.formats import keras_file

    model: Model = keras_file.load_model(filepath, compile)
    return model

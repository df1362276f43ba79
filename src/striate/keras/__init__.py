"""Keras's modules under Keras's names: `import striate.keras as keras` is the one line to change in a program.

The names of both eras are here: `keras.layers.Conv2D` and `keras.layers.convolutional.Convolution2D`. `striate run`
needs no line changed at all; both answer from the same table (`striate.keras._places`).
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from striate.keras import _spaces
from striate.keras._places import PLACES

if TYPE_CHECKING:  # for type checkers; at run time the table of places answers
    from striate import (
        activations,
        applications,
        callbacks,
        constraints,
        datasets,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        regularizers,
        utils,
    )
    from striate.layers import Input, Layer
    from striate.losses import Loss
    from striate.metrics import Metric
    from striate.models import Model, Sequential
    from striate.optimizers import Optimizer

_OWN = ("backend", "ops", "random")  # modules of this package
__version__ = "3.15.1"  # of the Keras whose interface this is

__all__ = [
    "Input", "Layer", "Loss", "Metric", "Model", "Optimizer", "Sequential", "__version__", "activations",
    "applications", "callbacks", "constraints", "datasets", "initializers", "layers", "losses", "metrics", "models",
    "optimizers", "regularizers", "utils",
]  # fmt: skip


def version() -> str:
    """The version of Keras whose interface this is."""
    return __version__


def __getattr__(name: str) -> Any:
    if name in PLACES or name in _OWN:
        return importlib.import_module(f"{__name__}.{name}")
    return _spaces.look_up(sys.modules[__name__], "", name)


def __dir__() -> list[str]:
    places = {place for place in PLACES if "." not in place}
    return sorted({*places, *_spaces.names_of(""), "__version__", *_OWN, "version"})


_spaces.make()

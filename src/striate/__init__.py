"""Striate: convolutional networks with Keras's interface on an engine of its own.

The names live where Keras has them: `striate.Sequential`, `striate.layers.Conv2D`, `striate.optimizers.Adam`, ...
Submodules are imported when they are first used, so `import striate` costs little more than NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from striate import engines as engines  # registers itself, so that layers can be called on arrays; loads no engine yet
from striate.version import __version__

if TYPE_CHECKING:
    from striate import (
        activations,
        applications,
        callbacks,
        constraints,
        data,
        datasets,
        errors,
        images,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        regularizers,
        schedules,
        search,
        tensorflow,
        utils,
    )
    from striate.layers import Input, Layer
    from striate.losses import Loss
    from striate.metrics import Metric
    from striate.models import Ensemble, Model, Sequential
    from striate.optimizers import Optimizer

_MODULES = frozenset(
    [
        "activations",
        "applications",
        "callbacks",
        "constraints",
        "data",
        "datasets",
        "engines",
        "errors",
        "images",
        "initializers",
        "layers",
        "losses",
        "metrics",
        "models",
        "optimizers",
        "regularizers",
        "schedules",
        "search",
        "tensorflow",
        "utils",
    ]
)
_NAMES = {
    "Ensemble": "models",
    "Input": "layers",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Sequential": "models",
}

__all__ = [
    "Ensemble",
    "Input",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Sequential",
    "__version__",
    "activations",
    "applications",
    "callbacks",
    "constraints",
    "data",
    "datasets",
    "engines",
    "errors",
    "images",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "regularizers",
    "schedules",
    "search",
    "tensorflow",
    "utils",
]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext striate` in a notebook: imports of TensorFlow and Keras are answered by Striate from then on."""
    from striate.programs import notebook

    notebook.load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext striate`: they are no longer."""
    from striate.programs import notebook

    notebook.unload(shell)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"striate.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"striate.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'striate' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

"""Small networks and data that the tests of training share."""

from __future__ import annotations

from typing import Any

import numpy as np


def small(library: Any, classes: int = 5, activation: str | None = "softmax", **dense: Any) -> Any:
    """A convolutional network for 8x8 images with one channel, from Keras or Striate."""
    layers = library.layers
    return library.Sequential(
        [
            library.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(classes, activation=activation, **dense),
        ]
    )


def data(count: int = 50, classes: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images and class numbers that a network can learn something from."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, count)
    x = rng.random((count, 8, 8, 1)).astype(np.float32)
    x[np.arange(count), y] += 1
    return x, y

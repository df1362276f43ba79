"""Initializers without chance: one number everywhere, an array, the identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from striate.errors import ShapeError, StriateError
from striate.graph import Array
from striate.initializers.base import Initializer
from striate.lookup import class_and_config


class Constant(Initializer):
    """One number everywhere, or an array of exactly the shape that is asked for."""

    def __init__(self, value: float | NDArray[Any] = 0.0) -> None:
        self.value = value

    def _values(self, shape: tuple[int, ...]) -> Array:
        value: Array = np.asarray(self.value, dtype=np.float32)
        if value.shape not in ((), shape):
            raise ShapeError(f"initializer: got an array of shape {value.shape} for weights of shape {shape}")
        return np.full(shape, value, dtype=np.float32)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes; an array in the form in which Keras writes one."""
        value = np.asarray(self.value, dtype=np.float32)
        if value.ndim == 0:
            return {"value": float(self.value)}
        return {"value": {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": "float32"}}}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Initializer:
        """The initializer of a configuration."""
        value = config.get("value", 0.0)
        if isinstance(value, Mapping):
            form = class_and_config(value)
            if form is None or "value" not in form[1]:
                raise StriateError(f"initializer: got Constant with value={value!r}, expected a number or an array")
            value = np.asarray(form[1]["value"], dtype=np.float32)
        return cls(value)


class Zeros(Initializer):
    """0 everywhere."""

    def _values(self, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape, np.float32)


class Ones(Initializer):
    """1 everywhere."""

    def _values(self, shape: tuple[int, ...]) -> Array:
        return np.ones(shape, np.float32)


class Identity(Initializer):
    """gain times the identity matrix; for two-dimensional weights only."""

    _arguments: ClassVar[tuple[str, ...]] = ("gain",)

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def _values(self, shape: tuple[int, ...]) -> Array:
        if len(shape) != 2:
            raise ShapeError(f"Identity: expected two-dimensional weights, got shape {shape}; use Orthogonal")
        values: Array = np.float32(self.gain) * np.eye(*shape, dtype=np.float32)
        return values

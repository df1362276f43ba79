"""Initializers that draw random numbers: normal, truncated, uniform, orthogonal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from striate import random
from striate.errors import ShapeError, StriateError
from striate.graph import Array
from striate.initializers.base import Initializer
from striate.lookup import class_and_config


class Drawn(Initializer):
    """Initializers with a seed. As in Keras each gives the same numbers at every call, seeded or not."""

    _arguments: ClassVar[tuple[str, ...]] = ("seed",)

    def __init__(self, seed: int | Mapping[str, Any] | None = None) -> None:
        if isinstance(seed, Mapping):  # a serialized keras.random.SeedGenerator
            form = class_and_config(seed)
            seed = form[1].get("seed") if form else None
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer))):
            raise StriateError(f"{type(self).__name__}: got seed={seed!r}, expected a whole number or None")
        self.seed = None if seed is None else int(seed)
        self._key = random.next_seed() if self.seed is None else self.seed

    def _generator(self) -> np.random.Generator:
        return random.generator(self._key)


class RandomNormal(Drawn):
    """Normal numbers."""

    _arguments: ClassVar[tuple[str, ...]] = ("seed", "mean", "stddev")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def _values(self, shape: tuple[int, ...]) -> Array:
        return scaled(self._generator().standard_normal(shape, np.float32), self.stddev, self.mean)


class TruncatedNormal(RandomNormal):
    """Normal numbers; those beyond two standard deviations are drawn again, so the deviation is 0.88 stddev."""

    def _values(self, shape: tuple[int, ...]) -> Array:
        return scaled(truncated_normal(self._generator(), shape), self.stddev, self.mean)


class RandomUniform(Drawn):
    """Numbers from minval (included) to maxval, all equally likely."""

    _arguments: ClassVar[tuple[str, ...]] = ("seed", "minval", "maxval")

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def _values(self, shape: tuple[int, ...]) -> Array:
        return scaled(self._generator().random(shape, np.float32), self.maxval - self.minval, self.minval)


class Orthogonal(Drawn):
    """gain times a random matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2014).

    Weights of more dimensions are that matrix with all dimensions but the last taken as rows.
    """

    _arguments: ClassVar[tuple[str, ...]] = ("seed", "gain")

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def _values(self, shape: tuple[int, ...]) -> Array:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: expected weights of at least two dimensions, got shape {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        normal = self._generator().standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # makes the distribution uniform (Mezzadri 2007)
        matrix = q if rows >= columns else q.T
        return (self.gain * matrix).reshape(shape).astype(np.float32)


def truncated_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal numbers within two standard deviations."""
    values = generator.standard_normal(math.prod(shape), np.float32)
    while (outside := np.flatnonzero(np.abs(values) > 2)).size:
        values[outside] = generator.standard_normal(outside.size, np.float32)
    return values.reshape(shape)


def scaled(values: Array, scale: float, offset: float) -> Array:
    """scale x + offset, in place."""
    values *= np.float32(scale)
    values += np.float32(offset)
    return values

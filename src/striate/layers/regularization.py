"""Layers that act in training only, against overfitting: Dropout."""

from __future__ import annotations

from typing import Any

from striate import random
from striate.errors import StriateError
from striate.graph import Shape, operations
from striate.layers import arguments
from striate.layers.base import Layer, Step


class Dropout(Layer):
    """In training, each number is zero with probability `rate`, else divided by 1 - rate (Srivastava et al. 2014).

    Args:
        rate: from 0 to below 1.
        noise_shape: must be None.
        seed: a whole number, for masks of its own; None takes the next of `set_random_seed`'s sequence.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
    """

    _arguments = ("rate", "seed", "noise_shape")

    def __init__(self, rate: float, noise_shape: None = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.rate = arguments.number(self.name, "rate", rate, 0, 1)
        if self.rate == 1:
            raise StriateError(f"{self.name}: got rate={rate!r}, which leaves nothing; expected a number below 1")
        arguments.nothing(self.name, "noise_shape", noise_shape, "leave it out")
        self.noise_shape = None
        self.seed = None if seed is None else arguments.whole(self.name, "seed", seed, 0)
        self._stream = (random.next_seed() if self.seed is None else self.seed) & 0xFFFFFFFF

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("dropout", operations.Dropout(self.rate, self._stream))]

"""A parameter: an array that a layer owns, that engines read and update in place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[np.float32]


@dataclass(eq=False)
class Parameter:
    """A named float32 array. Engines hold on to its memory, so its value is only ever changed in place.

    trainable: whether optimizers move it. l1, l2: the penalties l1 sum|w| + l2 sum w^2 that training adds to the loss.
    """

    name: str
    value: Array = field(repr=False)
    trainable: bool = True
    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        self.value = np.array(self.value, dtype=np.float32, order="C")  # own memory, always

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    def assign(self, value: object) -> None:
        """Copy new numbers into the parameter's own memory."""
        self.value[...] = np.asarray(value, dtype=np.float32)

    def numpy(self) -> Array:
        """A copy of the numbers."""
        return np.array(self.value, dtype=np.float32)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.value, dtype=np.float32 if dtype is None else dtype)

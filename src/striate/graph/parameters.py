"""A parameter: an array that a layer owns, that engines read and update in place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[np.float32]

_outlines = ContextVar("outlines", default=False)


@contextmanager
def outlines() -> Iterator[None]:
    """While this lasts, new parameters have a shape but take no memory (all their elements are one zero).

    Networks of any size can then be counted, listed and drawn at once. They cannot be trained or run.
    """
    before = _outlines.set(True)
    try:
        yield
    finally:
        _outlines.reset(before)


def shapes_only() -> bool:
    """Whether new parameters are outlines."""
    return _outlines.get()


@dataclass(frozen=True)
class Constraint:
    """What the weights are brought back to after every step (Keras's constraints).

    w <- w d / (|w| + 1e-7) with d = rate clip(|w|, minimum, maximum) + (1 - rate) |w|, or w <- max(w, 0).

    axes: along which the norms |w| are taken, each from 0 to the weights' rank - 1.
    non_negative: the second form; the rest plays no part then.
    """

    axes: tuple[int, ...] = ()
    minimum: float = 0.0
    maximum: float = math.inf
    rate: float = 1.0
    non_negative: bool = False
    EPSILON: ClassVar[float] = 1e-7

    def wanted(self, norms: Array) -> Array:
        """d for norms |w|."""
        kept = np.clip(norms, self.minimum, self.maximum)
        wanted: Array = np.float32(self.rate) * kept + np.float32(1 - self.rate) * norms
        return wanted


@dataclass(frozen=True)
class Orthogonality:
    """The penalty factor / pairs sum over pairs of vectors of |their cosine|; vectors are w's rows or columns.

    w has two dimensions; a vector shorter than 1e-7 counts as divided by that.
    """

    factor: float
    rows: bool = True


@dataclass(eq=False)
class Parameter:
    """A named float32 array. Engines hold on to its memory, so its value is only ever changed in place.

    trainable: whether optimizers move it. l1, l2: the penalties l1 sum|w| + l2 sum w^2 that training adds to the loss.
    orthogonality: a further penalty, for two-dimensional weights.
    constraint: what every step brings the weights back to.
    """

    name: str
    value: Array = field(repr=False)
    trainable: bool = True
    l1: float = 0.0
    l2: float = 0.0
    orthogonality: Orthogonality | None = None
    constraint: Constraint | None = None

    def __post_init__(self) -> None:
        if shapes_only():
            self.value = np.broadcast_to(np.float32(0), np.shape(self.value))
        else:
            self.value = np.array(self.value, dtype=np.float32, order="C")  # own memory, always

    @property
    def is_outline(self) -> bool:
        """Whether there are no numbers, only their shape."""
        return not self.value.flags.writeable

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    @property
    def path(self) -> str:
        """The layer's name and the parameter's: dense/kernel."""
        return self.name

    @property
    def dtype(self) -> str:
        """Always "float32"."""
        return "float32"

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return int(self.value.ndim)

    def assign_add(self, value: object) -> None:
        """Add numbers, in the parameter's own memory."""
        self.assign(self.value + np.asarray(value, dtype=np.float32))

    def assign_sub(self, value: object) -> None:
        """Subtract numbers, in the parameter's own memory."""
        self.assign(self.value - np.asarray(value, dtype=np.float32))

    def assign(self, value: object) -> None:
        """Copy new numbers into the parameter's own memory."""
        self.value[...] = np.asarray(value, dtype=np.float32)

    def numpy(self) -> Array:
        """A copy of the numbers."""
        return np.array(self.value, dtype=np.float32)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.value, dtype=np.float32 if dtype is None else dtype)

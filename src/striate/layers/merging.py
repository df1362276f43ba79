"""Layers that bring several tensors together: Add, Concatenate, and the functions `add`, `concatenate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from striate.checks import as_whole
from striate.errors import ShapeError, StriateError
from striate.graph import Array, Shape, operations
from striate.layers.base import Layer, Step
from striate.layers.symbolic import SymbolicTensor

Tensors = Sequence[SymbolicTensor] | Sequence[Array]


class Merge(Layer):
    """Base of layers that are called on a list. A subclass says in `steps(*shapes)` what it makes of the inputs.

    Args:
        **options: `name`, `trainable`.
    """

    _several_inputs: ClassVar[bool] = True

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """The result for a list of symbolic tensors or of arrays."""
        if not isinstance(inputs, (list, tuple, Mapping)) or not inputs:
            raise StriateError(
                f"{self.name}: got {type(inputs).__name__}, expected a list of at least one tensor: "
                f"{type(self).__name__}()([a, b])"
            )
        return super().__call__(inputs, training)


class Add(Merge):
    """y = x1 + x2 + ..., element by element; sizes of 1 are repeated; arguments as in `Merge`."""

    def steps(self, *shapes: Shape) -> list[Step]:
        """One operation."""
        return [Step("add", operations.Add())]


class Concatenate(Merge):
    """The inputs one behind the other along an axis.

    Args:
        axis: -1, the channels, or the number of the last axis with the batch counted.
        **options: `name`, `trainable`.
    """

    _arguments = ("axis",)

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        found = as_whole(axis)
        if found is None or found == 0:
            raise StriateError(f"{self.name}: got axis={axis!r}, expected -1, the channels (the last axis)")
        self.axis = found

    def steps(self, *shapes: Shape) -> list[Step]:
        """One operation."""
        rank = len(shapes[0])
        if self.axis not in (-1, rank):
            raise ShapeError(
                f"{self.name}: got axis={self.axis} for inputs of shapes {', '.join(map(str, shapes))}, expected -1 or "
                f"{rank} (the channels); join along another axis with Permute before and after"
            )
        return [Step("concat", operations.Concat())]


def add(inputs: Tensors, **options: Any) -> Any:
    """`Add(**options)(inputs)`."""
    return Add(**options)(inputs)


def concatenate(inputs: Tensors, axis: int = -1, **options: Any) -> Any:
    """`Concatenate(axis, **options)(inputs)`."""
    return Concatenate(axis, **options)(inputs)

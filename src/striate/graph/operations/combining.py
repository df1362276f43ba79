"""Operations with several inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from striate.errors import ShapeError
from striate.graph.operations.base import Operation
from striate.graph.shapes import Shape, element_count


def broadcast(*shapes: Shape) -> Shape:
    """The shape that all can be repeated to fill: aligned at their last axes, each size is the same or one."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result = []
    for sizes in zip(*padded, strict=True):
        found = {size for size in sizes if size != 1}
        if len(found) > 1:
            given = " and ".join(str(shape) for shape in dict.fromkeys(shapes))
            raise ShapeError(f"cannot combine {given} element by element; sizes must be equal or 1")
        result.append(found.pop() if found else 1)
    return tuple(result)


@dataclass(frozen=True)
class Add(Operation):
    """Elementwise sum; inputs with sizes of one are repeated."""

    arity: ClassVar[int | None] = None

    def output_shape(self, *inputs: Shape) -> Shape:
        return broadcast(*inputs)


@dataclass(frozen=True)
class Combine(Operation):
    """a - b, a b, max(a, b) or min(a, b) element by element; an input with sizes of one is repeated.

    The gradient of a maximum or minimum goes to the input that it came from, to a where both are equal.
    """

    kind: Literal["subtract", "multiply", "maximum", "minimum"]
    arity: ClassVar[int | None] = 2

    def output_shape(self, *inputs: Shape) -> Shape:
        return broadcast(*inputs)


@dataclass(frozen=True)
class OverBatch(Operation):
    """y_i = the sum or the average of x_j over all images j of the batch: the same for every image i.

    For losses that measure a batch as a whole. In a network's own outputs it would tie an image's to its neighbours'.
    """

    kind: Literal["sum", "average"]


@dataclass(frozen=True)
class Contract(Operation):
    """y[i..., j...] = sum over k: a[i..., k] b[k, j...], where k runs along axis `axes[0]` of a and `axes[1]` of b.

    Axes count from 0 without the batch; the remaining ones of a come before those of b, each in their order.
    """

    axes: tuple[int, int]
    arity: ClassVar[int | None] = 2

    def output_shape(self, *inputs: Shape) -> Shape:
        for axis, shape in zip(self.axes, inputs, strict=True):
            if not 0 <= axis < len(shape):
                raise ShapeError(f"got axis {axis} for an input of shape {shape}")
        first, second = self.axes
        a, b = inputs
        if a[first] != b[second]:
            raise ShapeError(
                f"cannot sum products of {a} along axis {first} (size {a[first]}) with {b} along axis {second} "
                f"(size {b[second]}); the sizes must be equal"
            )
        return (*a[:first], *a[first + 1 :], *b[:second], *b[second + 1 :])

    def multiply_adds(self, *inputs: Shape) -> int:
        return element_count(self.output_shape(*inputs)) * inputs[0][self.axes[0]]


@dataclass(frozen=True)
class Concat(Operation):
    """The inputs side by side along the channels."""

    arity: ClassVar[int | None] = None

    def output_shape(self, *inputs: Shape) -> Shape:
        for shape in inputs[1:]:
            if shape[:-1] != inputs[0][:-1]:
                raise ShapeError(f"cannot concatenate {shape} with {inputs[0]}; all but the channels must be equal")
        return (*inputs[0][:-1], sum(shape[-1] for shape in inputs))

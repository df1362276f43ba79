"""Layers that bring several tensors together: Add, Multiply, Concatenate, Dot, ..., each with its function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from striate.errors import ShapeError, StriateError
from striate.graph import Array, Shape, operations
from striate.layers import arguments
from striate.layers.base import Layer, Step
from striate.layers.symbolic import SymbolicTensor

Tensors = Sequence[SymbolicTensor] | Sequence[Array]


class Merge(Layer, common=True):
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


class Average(Merge):
    """y = (x1 + x2 + ...) / n, element by element; arguments as in `Merge`."""

    def steps(self, *shapes: Shape) -> list[Step]:
        """The sum, and its share."""
        return [Step("add", operations.Add()), Step("share", operations.Affine(1 / len(shapes)))]


class Pairwise(Merge, common=True):
    """Base of layers that take the first two inputs together, then their result and the third, and so on."""

    _kind: ClassVar[Literal["subtract", "multiply", "maximum", "minimum"]]

    def steps(self, *shapes: Shape) -> list[Step]:
        """One operation less than there are inputs."""
        count = len(shapes)
        pairs = [(0, 1), *((count + k, k + 2) for k in range(count - 2))] if count > 1 else []
        return [Step(f"{self._kind}_{k}", operations.Combine(self._kind), takes=pair) for k, pair in enumerate(pairs)]


class Multiply(Pairwise):
    """y = x1 x2 ..., element by element; arguments as in `Merge`."""

    _kind = "multiply"


class Maximum(Pairwise):
    """y = max(x1, x2, ...), element by element; of equals the first gets the gradient. Arguments as in `Merge`."""

    _kind = "maximum"


class Minimum(Pairwise):
    """y = min(x1, x2, ...), element by element; of equals the first gets the gradient. Arguments as in `Merge`."""

    _kind = "minimum"


class Subtract(Pairwise):
    """y = x1 - x2, element by element; arguments as in `Merge`."""

    _kind = "subtract"

    def steps(self, *shapes: Shape) -> list[Step]:
        """One operation."""
        return super().steps(*_two(self.name, shapes))


class Dot(Merge):
    """y = sum over k of x1[..., k, ...] x2[..., k, ...]: sums of products along an axis of each of two inputs.

    The result has the other axes of the first, then those of the second; two vectors make one number, of shape (1,).

    Args:
        axes: the axis, or one for each input; the batch is axis 0.
        normalize: whether the vectors along the axes are divided by their lengths first: cosines.
        **options: `name`, `trainable`.

    Raises:
        StriateError: an argument out of its range, or sizes that differ.
    """

    _arguments = ("axes", "normalize")

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **options: Any) -> None:
        super().__init__(**options)
        pair = list(axes) if isinstance(axes, (list, tuple)) else [axes, axes]
        if len(pair) != 2:
            raise StriateError(f"{self.name}: got axes={axes!r}, expected the number of an axis, or two of them")
        self._pair = [arguments.axis(self.name, item) for item in pair]
        self.axes = axes
        self.normalize = arguments.flag(self.name, "normalize", normalize)

    def steps(self, *shapes: Shape) -> list[Step]:
        """The sum of products, after the vectors' lengths have been taken out if they are to be."""
        pairs = zip(self._pair, _two(self.name, shapes), strict=True)
        found = [arguments.image_axes(self.name, axis, shape)[0] for axis, shape in pairs]
        if shapes[0][found[0]] != shapes[1][found[1]]:
            raise ShapeError(
                f"{self.name}: got axes={self.axes} for inputs of shapes {shapes[0]} and {shapes[1]}, whose sizes "
                f"there are {shapes[0][found[0]]} and {shapes[1][found[1]]}; they must be equal"
            )
        steps, taken = [], (0, 1)
        if self.normalize:
            norms = [operations.Normalize((axis,), 1e-12, "length") for axis in found]
            steps = [Step(f"length_{i}", norm, takes=(i,)) for i, norm in enumerate(norms)]
            taken = (2, 3)
        steps.append(Step("dot", operations.Contract((found[0], found[1])), takes=taken))
        numbers = all(len(shape) == 1 for shape in shapes)
        return [*steps, Step("number", operations.Reshape((1,)))] if numbers else steps


def _two(layer: str, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    if len(shapes) != 2:
        raise ShapeError(f"{layer}: takes two inputs, got {len(shapes)}")
    return shapes


class Concatenate(Merge):
    """The inputs one behind the other along an axis.

    Args:
        axis: which one, with the batch counted; -1 is the last.
        **options: `name`, `trainable`.
    """

    _arguments = ("axis",)

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = arguments.axis(self.name, axis)

    def steps(self, *shapes: Shape) -> list[Step]:
        """One operation."""
        return [Step("concat", operations.Concat())]

    def _channel_axis(self, shape: Shape) -> int:
        """The axis that the operation works along."""
        return arguments.image_axes(self.name, self.axis, shape)[0]


def add(inputs: Tensors, **options: Any) -> Any:
    """`Add(**options)(inputs)`."""
    return Add(**options)(inputs)


def subtract(inputs: Tensors, **options: Any) -> Any:
    """`Subtract(**options)(inputs)`."""
    return Subtract(**options)(inputs)


def multiply(inputs: Tensors, **options: Any) -> Any:
    """`Multiply(**options)(inputs)`."""
    return Multiply(**options)(inputs)


def average(inputs: Tensors, **options: Any) -> Any:
    """`Average(**options)(inputs)`."""
    return Average(**options)(inputs)


def maximum(inputs: Tensors, **options: Any) -> Any:
    """`Maximum(**options)(inputs)`."""
    return Maximum(**options)(inputs)


def minimum(inputs: Tensors, **options: Any) -> Any:
    """`Minimum(**options)(inputs)`."""
    return Minimum(**options)(inputs)


def dot(inputs: Tensors, axes: int | Sequence[int] = -1, **options: Any) -> Any:
    """`Dot(axes, **options)(inputs)`."""
    return Dot(axes, **options)(inputs)


def concatenate(inputs: Tensors, axis: int = -1, **options: Any) -> Any:
    """`Concatenate(axis, **options)(inputs)`."""
    return Concatenate(axis, **options)(inputs)

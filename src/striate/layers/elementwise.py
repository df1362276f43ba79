"""Functions of single numbers and sums over axes as layers: what keras.ops makes of symbolic tensors.

They are not among the names of `keras.layers`; functions of `tf` and of `keras.backend` make them of symbolic tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from striate.errors import ShapeError
from striate.graph import Shape, operations
from striate.graph.operations import ActivationName
from striate.layers import arguments
from striate.layers.base import Layer, Step


class OfNumbers(Layer, common=True):
    """y = f(x) for each number.

    Args:
        **options: `name`, `trainable`.
    """

    _module = "keras.src.ops.numpy"
    _function: ClassVar[ActivationName]

    def get_config(self) -> dict[str, Any]:
        """The name, as Keras writes it for an operation."""
        return {"name": self.name}

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step(self._function, operations.Activation(self._function))]


class Sqrt(OfNumbers):
    """The square root; its slope at 0 is infinite."""

    _registered, _function = "Sqrt", "sqrt"


class Log(OfNumbers):
    """The natural logarithm."""

    _registered, _function = "Log", "log"


class Reciprocal(OfNumbers):
    """1 / x."""

    _registered, _function = "Reciprocal", "reciprocal"


class AboveZero(OfNumbers):
    """1 where x > 0, else 0; without a slope."""

    _registered, _function = "AboveZero", "step"


class OverAxes(Layer, common=True):
    """What becomes of all numbers along some axes of an image.

    Args:
        axis: the axis or axes, counted with the batch in front, whose own axis stays.
        keepdims: whether they stay, with size one.
        **options: `name`, `trainable`.

    Raises:
        StriateError: no axis, or that of the batch.
        ShapeError: an axis that is not there.
    """

    _module = "keras.src.ops.numpy"
    _arguments = ("axis", "keepdims")
    _kind: ClassVar[Literal["max", "average"]]
    _sign: ClassVar[float] = 1.0

    def __init__(self, axis: int | Sequence[int], keepdims: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.axis = arguments.axes(self.name, axis)
        self.keepdims = arguments.flag(self.name, "keepdims", keepdims)

    def get_config(self) -> dict[str, Any]:
        """The name and the arguments, as Keras writes those of an operation."""
        return {"name": self.name, "axis": self.axis, "keepdims": self.keepdims}

    def steps(self, shape: Shape) -> list[Step]:
        """The axes side by side as positions, what is kept as channels; then a pooling over all positions."""
        over = self._places(len(shape))
        kept = [place for place in range(len(shape)) if place not in over]
        count = math.prod(shape[place] for place in over)
        steps = []
        if (order := (*over, *kept)) != tuple(range(len(shape))):
            steps.append(Step("order", operations.Permute(order)))
        steps.append(Step("rows", operations.Reshape((count, math.prod(shape[place] for place in kept)))))
        if self._sign < 0:
            steps.append(Step("negative", operations.Affine(-1.0)))
        steps.append(Step("pool", operations.AdaptivePool((1,), self._kind)))
        if (factor := self._factor(count)) != 1:
            steps.append(Step("factor", operations.Affine(factor)))
        result = (1 if place in over else n for place, n in enumerate(shape) if self.keepdims or place not in over)
        return [*steps, Step("shape", operations.Reshape(tuple(result)))]

    def _factor(self, count: int) -> float:
        """What the pooling's result is multiplied by."""
        return self._sign

    def _places(self, rank: int) -> list[int]:
        """The axes from 0 on, without the batch, in order."""
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        places = [axis if axis < 0 else axis - 1 for axis in axes]
        if not all(-rank <= place < rank for place in places):
            raise ShapeError(f"{self.name}: got axis={self.axis} for images of {rank} axes, counted from 1")
        return sorted({place % rank for place in places})


class Sum(OverAxes):
    """The sum; arguments as in `OverAxes`."""

    _registered, _kind = "Sum", "average"

    def _factor(self, count: int) -> float:
        return float(count)


class Mean(OverAxes):
    """The mean; arguments as in `OverAxes`."""

    _registered, _kind = "Mean", "average"


class Max(OverAxes):
    """The largest; arguments as in `OverAxes`."""

    _registered, _kind = "Max", "max"


class Min(OverAxes):
    """The least; arguments as in `OverAxes`."""

    _registered, _kind, _sign = "Min", "max", -1.0

"""Windows that are summed up in one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from striate.graph.operations.base import Operation, Windowed, check_spatial
from striate.graph.shapes import Shape


@dataclass(frozen=True)
class Pool(Windowed):
    """Maximum or mean over a window; padding never wins a maximum and is not counted in a mean.

    Ties of a maximum send the gradient to the first element of the window in row order.
    """

    kind: Literal["max", "average"] = "max"

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*self._windows(inputs[0]), inputs[0][-1])


@dataclass(frozen=True)
class AdaptivePool(Operation):
    """Maximum or mean over windows that divide n inputs among m outputs: floor(i n / m) to ceil((i + 1) n / m) - 1."""

    sizes: Shape
    kind: Literal["max", "average"] = "average"

    def output_shape(self, *inputs: Shape) -> Shape:
        check_spatial(len(self.sizes), inputs[0])
        return (*self.sizes, inputs[0][-1])

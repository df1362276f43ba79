"""Operations that bring numbers to a common scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from striate.errors import ShapeError
from striate.graph.operations.base import Operation, check_axes
from striate.graph.shapes import Shape


@dataclass(frozen=True)
class BatchNorm(Operation):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel.

    Training uses the batch's mean and (biased) variance and moves the moving ones:
    moving = momentum * moving + (1 - momentum) * batch. `frozen`, and inference, use the moving ones.
    (Ioffe and Szegedy 2015)
    """

    epsilon: float
    momentum: float
    scale: bool = True
    center: bool = True
    frozen: bool = False

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        names = ["gamma"] * self.scale + ["beta"] * self.center + ["moving_mean", "moving_variance"]
        return dict.fromkeys(names, (inputs[0][-1],))

    def in_inference(self, *inputs: Shape) -> Operation:
        return replace(self, frozen=True)


@dataclass(frozen=True)
class Normalize(Operation):
    """Brings the numbers along some axes of each image to a common scale; the statistics are the image's own.

    With m numbers along the axes, sums and means over them:
    deviation: y = (x - mean) / sqrt(variance + epsilon), the variance biased (Ba et al. 2016, Wu and He 2018)
    root_mean_square: y = x / sqrt(sum x^2 / m + epsilon) (Zhang and Sennrich 2019)
    length: y = x / max(sqrt(sum x^2), epsilon)

    axes: ascending, counted from 0 without the batch.
    """

    axes: tuple[int, ...]
    epsilon: float
    kind: Literal["deviation", "root_mean_square", "length"] = "deviation"

    def output_shape(self, *inputs: Shape) -> Shape:
        check_axes(self.axes, inputs[0])
        return inputs[0]


@dataclass(frozen=True)
class LocalResponseNorm(Operation):
    """y_c = x_c / (bias + alpha sum of x_j^2 over the channels j from c - radius to c + radius)^beta.

    (Krizhevsky et al. 2012, where alpha is n times as large for n = 2 radius + 1 neighbours, as in TensorFlow.)
    """

    radius: int
    bias: float
    alpha: float
    beta: float

    def output_shape(self, *inputs: Shape) -> Shape:
        if not inputs[0]:
            raise ShapeError("expected channels, got a scalar for each image")
        return inputs[0]


@dataclass(frozen=True)
class Standardize(Operation):
    """y = (x - mean) / max(sqrt(variance), epsilon) with fixed parameters; `invert`: y = mean + max(...) x.

    The parameters belong to the places along `axes` (ascending, from 0 without the batch) and have their sizes.
    """

    axes: tuple[int, ...]
    epsilon: float
    invert: bool = False

    def output_shape(self, *inputs: Shape) -> Shape:
        check_axes(self.axes, inputs[0])
        return inputs[0]

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        return dict.fromkeys(("mean", "variance"), tuple(inputs[0][axis] for axis in self.axes))

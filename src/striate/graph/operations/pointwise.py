"""Functions of each number, or of the channels at each position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from striate.errors import ShapeError
from striate.graph.operations.base import Operation, check_axes
from striate.graph.shapes import Shape

ActivationName = Literal[
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "sigmoid",
    "tanh",
    "softplus",
    "softsign",
    "silu",
    "exponential",
    "hard_sigmoid",
    "gelu",
    "gelu_tanh",
    "mish",
    "hard_silu",
    "hard_shrink",
    "soft_shrink",
    "tanh_shrink",
    "squareplus",
    "sparse_plus",
    "threshold",
    "sqrt",
    "log",
    "reciprocal",
    "step",
    "log_softmax",
    "sparsemax",
]


@dataclass(frozen=True)
class Activation(Operation):
    """An elementwise function (log_softmax, sparsemax: over the last axis).

    `alpha` is the slope below zero of leaky_relu, the scale of elu, the number under squareplus's root and what
    `threshold` puts in place of what is not above it; hard_shrink and soft_shrink have a `threshold`, too. step is 1
    above 0 and 0 elsewhere, and has no slope. relu takes all of Keras's options: y = max_value above it, x between
    threshold and it, alpha (x - threshold) below.
    """

    function: ActivationName
    alpha: float = 0.0
    max_value: float | None = None
    threshold: float = 0.0


@dataclass(frozen=True)
class Softmax(Operation):
    """exp(x - max) / sum over the last axis."""

    def output_shape(self, *inputs: Shape) -> Shape:
        if not inputs[0]:
            raise ShapeError("softmax needs an axis to sum over, got a scalar for each image")
        return inputs[0]


@dataclass(frozen=True)
class Affine(Operation):
    """y = scale * x + offset with fixed numbers, such as 1/255 and 0."""

    scale: float
    offset: float = 0.0


@dataclass(frozen=True)
class Scale(Operation):
    """y = gamma x + beta with parameters for each place along `axes` (ascending, from 0 without the batch).

    scale, center: whether there is a gamma, a beta.
    """

    axes: tuple[int, ...]
    scale: bool = True
    center: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        check_axes(self.axes, inputs[0])
        return inputs[0]

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        names = ["gamma"] * self.scale + ["beta"] * self.center
        return dict.fromkeys(names, tuple(inputs[0][axis] for axis in self.axes))


@dataclass(frozen=True)
class PReLU(Operation):
    """y = x above zero, alpha x below, with an alpha for each place along `axes` (He et al. 2015).

    alpha has the input's rank, with size one along the other axes; axes as in `Scale`.
    """

    axes: tuple[int, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        check_axes(self.axes, inputs[0])
        return inputs[0]

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        return {"alpha": tuple(n if axis in self.axes else 1 for axis, n in enumerate(inputs[0]))}


@dataclass(frozen=True)
class Penalty(Operation):
    """The identity; adds (l1 sum|x| + l2 sum x^2) / n over the n images of a batch to its loss, as Keras does."""

    l1: float
    l2: float

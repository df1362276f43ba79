"""The waist: the operations that every engine executes and every layer lowers to.

An operation is a small frozen value: its attributes, the shape it makes of its inputs, the parameters it needs and what
it costs. It holds no arrays and does no arithmetic. Shapes are per image (no batch axis), channels last; spatial
operations take one, two or three spatial dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from striate.errors import ShapeError
from striate.graph.shapes import Padding, Shape, describe, effective_kernel, element_count, window_count

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
    "log_softmax",
]


@dataclass(frozen=True)
class Operation:
    """Base of all operations."""

    arity: ClassVar[int | None] = 1  # number of inputs; None means one or more

    def output_shape(self, *inputs: Shape) -> Shape:
        """Shape of the result; raises ShapeError when the inputs do not fit."""
        return inputs[0]

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        """Names and shapes of the parameters, in the order engines expect them."""
        return {}

    def multiply_adds(self, *inputs: Shape) -> int:
        """Multiply-adds of the forward pass for one image; elementwise work is not counted."""
        return 0


@dataclass(frozen=True)
class Input(Operation):
    """The images themselves."""

    shape: Shape
    arity: ClassVar[int | None] = 0

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.shape


@dataclass(frozen=True)
class _Windowed(Operation):
    """What convolution and pooling share: a window that moves over the spatial dimensions."""

    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]

    def _windows(self, shape: Shape) -> Shape:
        """Spatial output sizes, or ShapeError when the rank is wrong or the window does not fit."""
        rank = len(self.window)
        if len(shape) != rank + 1:
            raise ShapeError(
                f"expected {rank} spatial dimensions and channels (rank {rank + 1} without the batch), "
                f"got shape {shape} (rank {len(shape)})"
            )
        counts = tuple(
            window_count(n, k, s, d, p)
            for n, k, s, d, p in zip(shape, self.window, self.strides, self.dilation, self.padding, strict=False)
        )
        if min(counts) < 1:
            raise ShapeError(self._does_not_fit(shape[:rank]))
        return counts

    def _does_not_fit(self, sizes: Shape) -> str:
        extent = tuple(effective_kernel(k, d) for k, d in zip(self.window, self.dilation, strict=True))
        padded = any(before or after for before, after in self.padding)
        where = "its padding" if padded else "padding"
        dilated = f" (dilated: {describe(extent)})" if extent != self.window else ""
        return (
            f"a {describe(self.window)} kernel{dilated} does not fit a {describe(sizes)} input "
            f"{'even with ' + where if padded else 'without ' + where}; "
            f'use padding="same" or a kernel of at most {describe(sizes)}'
        )


@dataclass(frozen=True)
class Conv(_Windowed):
    """Cross-correlation with a kernel of shape (*window, channels / groups, filters), zeros beyond the border.

    y[p, f] = bias[f] + sum over taps t and channels c of the group: x[p * stride + t * dilation - before, c] k[t, c, f]
    """

    filters: int
    groups: int = 1
    bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        counts = self._windows(inputs[0])
        channels = inputs[0][-1]
        if channels % self.groups or self.filters % self.groups:
            raise ShapeError(
                f"groups={self.groups} must divide both the input channels ({channels}) "
                f"and the filters ({self.filters})"
            )
        return (*counts, self.filters)

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        kernel = (*self.window, inputs[0][-1] // self.groups, self.filters)
        return {"kernel": kernel, "bias": (self.filters,)} if self.bias else {"kernel": kernel}

    def multiply_adds(self, *inputs: Shape) -> int:
        positions = element_count(self._windows(inputs[0]))
        return positions * element_count(self.window) * (inputs[0][-1] // self.groups) * self.filters


@dataclass(frozen=True)
class Dense(Operation):
    """y = x W + b over the last axis; W has shape (channels, units)."""

    units: int
    bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        if not inputs[0]:
            raise ShapeError("expected at least one dimension beside the batch, got none")
        return (*inputs[0][:-1], self.units)

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        kernel = (inputs[0][-1], self.units)
        return {"kernel": kernel, "bias": (self.units,)} if self.bias else {"kernel": kernel}

    def multiply_adds(self, *inputs: Shape) -> int:
        return element_count(inputs[0]) * self.units


@dataclass(frozen=True)
class Pool(_Windowed):
    """Maximum or mean over a window; padding never wins a maximum and is not counted in a mean.

    Ties of a maximum send the gradient to the first element of the window in row order.
    """

    kind: Literal["max", "average"] = "max"

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*self._windows(inputs[0]), inputs[0][-1])


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


@dataclass(frozen=True)
class Activation(Operation):
    """An elementwise function (log_softmax: over the last axis).

    `alpha` is the slope below zero of leaky_relu and the scale of elu. relu takes all of Keras's options:
    y = max_value above it, x between threshold and it, alpha (x - threshold) below.
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
class Dropout(Operation):
    """In training each element is zero with probability `rate`, else divided by 1 - rate (Srivastava et al. 2014).

    Random numbers are Philox, keyed by the seed, `stream`, the step, the image's place in the batch and the element.
    """

    rate: float
    stream: int = 0


@dataclass(frozen=True)
class Affine(Operation):
    """y = scale * x + offset with fixed numbers, such as 1/255 and 0."""

    scale: float
    offset: float = 0.0


@dataclass(frozen=True)
class Pad(Operation):
    """Zeros before and after each spatial dimension."""

    padding: Padding

    def output_shape(self, *inputs: Shape) -> Shape:
        rank = len(self.padding)
        if len(inputs[0]) != rank + 1:
            raise ShapeError(f"expected {rank} spatial dimensions and channels, got shape {inputs[0]}")
        sizes = (n + before + after for n, (before, after) in zip(inputs[0], self.padding, strict=False))
        return (*sizes, inputs[0][-1])


@dataclass(frozen=True)
class Reshape(Operation):
    """The same elements, in row order, in another shape."""

    shape: Shape

    def output_shape(self, *inputs: Shape) -> Shape:
        if element_count(self.shape) != element_count(inputs[0]):
            raise ShapeError(
                f"cannot reshape {inputs[0]} ({element_count(inputs[0])} elements) "
                f"to {self.shape} ({element_count(self.shape)} elements)"
            )
        return self.shape


@dataclass(frozen=True)
class Add(Operation):
    """Elementwise sum of inputs of one shape."""

    arity: ClassVar[int | None] = None

    def output_shape(self, *inputs: Shape) -> Shape:
        for shape in inputs[1:]:
            if shape != inputs[0]:
                raise ShapeError(f"cannot add {shape} to {inputs[0]}; all inputs need one shape")
        return inputs[0]


@dataclass(frozen=True)
class Concat(Operation):
    """The inputs side by side along the channels."""

    arity: ClassVar[int | None] = None

    def output_shape(self, *inputs: Shape) -> Shape:
        for shape in inputs[1:]:
            if shape[:-1] != inputs[0][:-1]:
                raise ShapeError(f"cannot concatenate {shape} with {inputs[0]}; all but the channels must be equal")
        return (*inputs[0][:-1], sum(shape[-1] for shape in inputs))


@dataclass(frozen=True)
class Penalty(Operation):
    """The identity; adds (l1 sum|x| + l2 sum x^2) / n over the n images of a batch to its loss, as Keras does."""

    l1: float
    l2: float


OPERATIONS: tuple[type[Operation], ...] = (
    Input,
    Conv,
    Dense,
    Pool,
    BatchNorm,
    Activation,
    Softmax,
    Dropout,
    Affine,
    Pad,
    Reshape,
    Add,
    Concat,
    Penalty,
)

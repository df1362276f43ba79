"""Convolutions of each channel by itself: DepthwiseConv, and SeparableConv, which then mixes the channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from striate import constraints, initializers, regularizers
from striate.graph import Parameter, Shape, operations
from striate.layers import arguments
from striate.layers.activation import ActivationLike, activation_steps
from striate.layers.base import Step
from striate.layers.convolution import Convolving


class Depthwise(Convolving, common=True):
    """What DepthwiseConv and SeparableConv have in common: a kernel of shape (*kernel_size, channels, multiplier)."""

    depthwise_initializer: initializers.InitializerFunction
    depthwise_regularizer: regularizers.Regularizer | None
    depth_multiplier: int

    def _depthwise(
        self,
        depth_multiplier: int,
        initializer: initializers.InitializerLike,
        regularizer: regularizers.RegularizerLike,
        constraint: constraints.ConstraintLike,
    ) -> None:
        self.depth_multiplier = arguments.whole(self.name, "depth_multiplier", depth_multiplier)
        self._parameter("depthwise", initializer, initializers.GlorotUniform, regularizer, constraint)

    def _conv(self, shape: Shape, bias: bool) -> operations.Conv:
        """As many groups as channels."""
        arguments.check_rank(self.name, shape, self.rank)
        channels = shape[-1]
        return operations.Conv(
            self.kernel_size, self.strides, self._padding(shape[:-1]), self.dilation_rate,
            channels * self.depth_multiplier, channels, bias, depthwise=True,
        )  # fmt: skip


class DepthwiseConv(Depthwise, common=True):
    """Each channel has filters of its own: what DepthwiseConv1D and DepthwiseConv2D have in common.

    y[p, c m + j] = activation(bias[c m + j] + sum over taps t: x[p s + t d, c] kernel[t, c, j]) for j below the
    multiplier m (Chollet 2017; Howard et al. 2017).

    Args:
        kernel_size: size of the window: one number, or one for each spatial dimension.
        strides: how far the window moves, likewise.
        padding: "valid" or "same", as in `Conv`.
        depth_multiplier: filters for each channel, m.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the kernel's elements.
        activation: a name ("relu"), a function of `striate.activations`, or an activation layer.
        use_bias: whether to add a number for each filter.
        depthwise_initializer, bias_initializer: how kernel and bias start.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties on them and on the output.
        depthwise_constraint, bias_constraint: what every training step brings them back to.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
    """

    kernel: Parameter
    _stems: ClassVar = {"kernel": "depthwise"}
    _arguments = (
        "kernel_size", "strides", "padding", "depth_multiplier", "data_format", "dilation_rate", "activation",
        "use_bias", "depthwise_initializer", "bias_initializer", "depthwise_regularizer", "bias_regularizer",
        "activity_regularizer", "depthwise_constraint", "bias_constraint",
    )  # fmt: skip

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: initializers.InitializerLike = "glorot_uniform",
        bias_initializer: initializers.InitializerLike = "zeros",
        depthwise_regularizer: regularizers.RegularizerLike = None,
        bias_regularizer: regularizers.RegularizerLike = None,
        activity_regularizer: regularizers.RegularizerLike = None,
        depthwise_constraint: constraints.ConstraintLike = None,
        bias_constraint: constraints.ConstraintLike = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self._window(kernel_size, strides, padding, data_format, dilation_rate)
        self._depthwise(depth_multiplier, depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._after(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)

    def steps(self, shape: Shape) -> list[Step]:
        """The convolution and its activation."""
        conv = self._conv(shape, self.use_bias)
        return [Step("conv", conv), *activation_steps(self.activation, (*shape[:-1], conv.filters))]


class SeparableConv(Depthwise, common=True):
    """A depthwise convolution, then a 1x1 convolution that mixes the channels, then bias and activation.

    Nearly the work of a full convolution divided by the size of its kernel (Chollet 2017, "Xception"). The 1x1
    convolution's kernel has shape (1, ..., channels depth_multiplier, filters).

    Args:
        filters: number of output channels, at least 1.
        kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier: of the depthwise convolution, as in
            `DepthwiseConv`.
        activation: a name ("relu"), a function of `striate.activations`, or an activation layer.
        use_bias: whether to add a number for each filter.
        depthwise_initializer, pointwise_initializer, bias_initializer: how kernels and bias start.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: penalties on them and on
            the output.
        depthwise_constraint, pointwise_constraint, bias_constraint: what every training step brings them back to.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
    """

    depthwise_kernel: Parameter
    pointwise_kernel: Parameter
    pointwise_initializer: initializers.InitializerFunction
    pointwise_regularizer: regularizers.Regularizer | None
    _stems: ClassVar = {"depthwise_kernel": "depthwise", "pointwise_kernel": "pointwise"}
    _arguments = (
        "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "depth_multiplier",
        "activation", "use_bias", "depthwise_initializer", "pointwise_initializer", "bias_initializer",
        "depthwise_regularizer", "pointwise_regularizer", "bias_regularizer", "activity_regularizer",
        "depthwise_constraint", "pointwise_constraint", "bias_constraint",
    )  # fmt: skip

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: initializers.InitializerLike = "glorot_uniform",
        pointwise_initializer: initializers.InitializerLike = "glorot_uniform",
        bias_initializer: initializers.InitializerLike = "zeros",
        depthwise_regularizer: regularizers.RegularizerLike = None,
        pointwise_regularizer: regularizers.RegularizerLike = None,
        bias_regularizer: regularizers.RegularizerLike = None,
        activity_regularizer: regularizers.RegularizerLike = None,
        depthwise_constraint: constraints.ConstraintLike = None,
        pointwise_constraint: constraints.ConstraintLike = None,
        bias_constraint: constraints.ConstraintLike = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.filters = arguments.whole(self.name, "filters", filters)
        self._window(kernel_size, strides, padding, data_format, dilation_rate)
        self._depthwise(depth_multiplier, depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._parameter(
            "pointwise", pointwise_initializer, initializers.GlorotUniform, pointwise_regularizer, pointwise_constraint
        )
        self._after(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)

    def steps(self, shape: Shape) -> list[Step]:
        """The two convolutions and the activation."""
        depthwise = self._conv(shape, bias=False)
        ones, none = (1,) * self.rank, ((0, 0),) * self.rank
        pointwise = operations.Conv(ones, ones, none, ones, self.filters, bias=self.use_bias)
        return [
            Step("depthwise", depthwise, {"kernel": "depthwise_kernel"}),
            Step("pointwise", pointwise, {"kernel": "pointwise_kernel"}),
            *activation_steps(self.activation, (*shape[:-1], self.filters)),
        ]


class DepthwiseConv1D(DepthwiseConv):
    """Depthwise convolution over sequences of shape (steps, channels); arguments as in `DepthwiseConv`."""

    rank = 1


class DepthwiseConv2D(DepthwiseConv):
    """Depthwise convolution over images of shape (height, width, channels); arguments as in `DepthwiseConv`."""

    rank = 2


class SeparableConv1D(SeparableConv):
    """Separable convolution over sequences of shape (steps, channels); arguments as in `SeparableConv`."""

    rank = 1


class SeparableConv2D(SeparableConv):
    """Separable convolution over images of shape (height, width, channels); arguments as in `SeparableConv`."""

    rank = 2


SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D

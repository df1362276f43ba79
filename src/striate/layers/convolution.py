"""Convolution layers: one general layer for any number of spatial dimensions, and its three names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from striate import constraints, initializers, regularizers
from striate.errors import ShapeError, StriateError
from striate.graph import Parameter, Shape, operations
from striate.graph.shapes import Padding, effective_kernel, resolve_padding
from striate.layers import arguments
from striate.layers.activation import ActivationLike, activation_steps, find_activation
from striate.layers.base import Layer, Step


class Convolving(Layer, common=True):
    """What all layers have in common whose kernel moves over the image."""

    rank: ClassVar[int]
    bias: Parameter | None
    bias_initializer: initializers.InitializerFunction
    bias_regularizer: regularizers.Regularizer | None
    _modes: ClassVar[tuple[str, ...]] = ("valid", "same")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if vars(cls).get("rank", 1) > 1:
            arguments.spell_out(cls, ("strides", "dilation_rate"))

    def _window(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int],
        padding: str,
        data_format: str | None,
        dilation_rate: int | Sequence[int],
    ) -> None:
        """Keep how the kernel moves."""
        self.kernel_size = arguments.sizes(self.name, "kernel_size", kernel_size, self.rank)
        self.strides = arguments.sizes(self.name, "strides", strides, self.rank)
        self.padding = arguments.padding_mode(self.name, padding, self._modes)
        self.data_format = arguments.data_format(self.name, data_format)
        self.dilation_rate = arguments.sizes(self.name, "dilation_rate", dilation_rate, self.rank)

    def _after(
        self,
        activation: ActivationLike,
        use_bias: bool,
        bias_initializer: initializers.InitializerLike,
        bias_regularizer: regularizers.RegularizerLike,
        bias_constraint: constraints.ConstraintLike,
    ) -> None:
        """Keep what follows the sum over the kernel."""
        self.activation = find_activation(self.name, activation)
        self.use_bias = arguments.flag(self.name, "use_bias", use_bias)
        self._parameter("bias", bias_initializer, initializers.Zeros, bias_regularizer, bias_constraint)
        self.bias = None

    def _one_of_stride_and_dilation(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise StriateError(
                f"{self.name}: got strides={self.strides} with dilation_rate={self.dilation_rate}; "
                "one of the two must be 1"
            )

    def _padding(self, sizes: Shape) -> Padding:
        if self.padding == "causal":
            return ((effective_kernel(self.kernel_size[0], self.dilation_rate[0]) - 1, 0),)
        return resolve_padding(self.padding, sizes, self.kernel_size, self.strides, self.dilation_rate)


class Conv(Convolving, common=True):
    """y = activation(bias + x * kernel): what Conv1D, Conv2D and Conv3D have in common.

    The kernel, of shape (*kernel_size, channels / groups, filters), slides over the image without being flipped
    (cross-correlation). An image of size n gives floor((n + p - d (k - 1) - 1) / s) + 1 positions along each dimension,
    for a kernel of size k, stride s, dilation d and padding p.

    Args:
        filters: number of output channels, at least 1.
        kernel_size: size of the window: one number, or one for each spatial dimension.
        strides: how far the window moves, likewise.
        padding: "valid" (none), "same" (zeros, so that an image of size n gives ceil(n / s) positions), for Conv1D also
            "causal" (zeros before the start, so that no output sees later inputs).
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the kernel's elements; not together with strides above 1.
        groups: into how many parts channels and filters are divided, each seeing only its own; divides both.
        activation: a name ("relu"), a function of `striate.activations`, or an activation layer.
        use_bias: whether to add a number for each filter.
        kernel_initializer, bias_initializer: how they start.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties on them and on the output.
        kernel_constraint, bias_constraint: what every training step brings them back to (striate.constraints).
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
    """

    kernel: Parameter
    kernel_initializer: initializers.InitializerFunction
    kernel_regularizer: regularizers.Regularizer | None
    _arguments = (
        "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups", "activation",
        "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
        "activity_regularizer", "kernel_constraint", "bias_constraint",
    )  # fmt: skip

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: initializers.InitializerLike = "glorot_uniform",
        bias_initializer: initializers.InitializerLike = "zeros",
        kernel_regularizer: regularizers.RegularizerLike = None,
        bias_regularizer: regularizers.RegularizerLike = None,
        activity_regularizer: regularizers.RegularizerLike = None,
        kernel_constraint: constraints.ConstraintLike = None,
        bias_constraint: constraints.ConstraintLike = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.filters = arguments.whole(self.name, "filters", filters)
        self._window(kernel_size, strides, padding, data_format, dilation_rate)
        self.groups = arguments.whole(self.name, "groups", groups)
        self._parameter(
            "kernel", kernel_initializer, initializers.GlorotUniform, kernel_regularizer, kernel_constraint
        )
        self._after(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        if self.filters % self.groups:
            raise StriateError(f"{self.name}: groups={self.groups} does not divide filters={self.filters}")
        self._one_of_stride_and_dilation()

    def steps(self, shape: Shape) -> list[Step]:
        """The convolution and its activation."""
        arguments.check_rank(self.name, shape, self.rank)
        if shape[-1] % self.groups:
            raise ShapeError(f"{self.name}: groups={self.groups} does not divide the input's {shape[-1]} channels")
        padding = self._padding(shape[:-1])
        conv = operations.Conv(
            self.kernel_size, self.strides, padding, self.dilation_rate, self.filters, self.groups, self.use_bias
        )
        return [Step("conv", conv), *activation_steps(self.activation, (*shape[:-1], self.filters))]


class Conv1D(Conv):
    """Convolution over sequences of shape (steps, channels); arguments as in `Conv`."""

    rank = 1
    _modes = ("valid", "same", "causal")


class Conv2D(Conv):
    """Convolution over images of shape (height, width, channels); arguments as in `Conv` (LeCun et al. 1989)."""

    rank = 2


class Conv3D(Conv):
    """Convolution over volumes of shape (depth, height, width, channels); arguments as in `Conv`."""

    rank = 3


Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D

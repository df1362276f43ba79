"""Transposed convolutions, which enlarge what strides have made small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from striate import constraints, initializers, regularizers
from striate.errors import StriateError
from striate.graph import Parameter, Shape, operations
from striate.graph.shapes import Padding, effective_kernel
from striate.layers import arguments
from striate.layers.activation import ActivationLike, activation_steps
from striate.layers.base import Step
from striate.layers.convolution import Convolving


class ConvTranspose(Convolving, common=True):
    """The transpose of a convolution: what Conv1DTranspose, Conv2DTranspose and Conv3DTranspose have in common.

    Each input adds its number times the kernel, of shape (*kernel_size, filters, channels), to the output, s further on
    for each step (Zeiler et al. 2010; also called deconvolution). An image of size n gives, along each dimension, for a
    kernel of extent k (dilation counted), stride s and output padding o:

        "valid": (n - 1) s + k + o, where o is max(s - k, 0) unless given
        "same":  n s, or (n - 1) s + (k mod 2) + o if o is given

    Args:
        filters: number of output channels, at least 1.
        kernel_size: size of the window: one number, or one for each spatial dimension.
        strides: how far the window moves in the output, likewise.
        padding: "valid" or "same".
        output_padding: positions added at the end of each dimension, fewer than the stride; None: see above.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the kernel's elements; not together with strides above 1.
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
        "filters", "kernel_size", "strides", "padding", "output_padding", "data_format", "dilation_rate", "activation",
        "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
        "activity_regularizer", "kernel_constraint", "bias_constraint",
    )  # fmt: skip

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
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
        self.output_padding = self._read_output_padding(output_padding)
        self._one_of_stride_and_dilation()
        self._parameter(
            "kernel", kernel_initializer, initializers.GlorotUniform, kernel_regularizer, kernel_constraint
        )
        self._after(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)

    def _read_output_padding(self, value: int | Sequence[int] | None) -> tuple[int, ...] | None:
        if value is None:
            return None
        sizes = arguments.sizes(self.name, "output_padding", value, self.rank, minimum=0)
        if any(extra >= stride for extra, stride in zip(sizes, self.strides, strict=True)):
            raise StriateError(
                f"{self.name}: got output_padding={sizes} with strides={self.strides}; it must be below the stride"
            )
        return sizes

    def steps(self, shape: Shape) -> list[Step]:
        """The transposed convolution and its activation."""
        arguments.check_rank(self.name, shape, self.rank)
        transpose = operations.ConvTranspose(
            self.kernel_size, self.strides, self._padding(shape[:-1]), self.dilation_rate, self.filters, self.use_bias
        )
        return [Step("conv", transpose), *activation_steps(self.activation, (*shape[:-1], self.filters))]

    def _padding(self, sizes: Shape) -> Padding:
        """What Keras (and TensorFlow) cut off before and after; negative: what they add."""
        given = self.output_padding or (None,) * self.rank
        extents = map(effective_kernel, self.kernel_size, self.dilation_rate)
        return tuple(map(self._cut, extents, self.strides, given))

    def _cut(self, extent: int, stride: int, extra: int | None) -> tuple[int, int]:
        if self.padding == "valid":
            return 0, -(max(stride - extent, 0) if extra is None else extra)
        total = extent - stride if extra is None else extent - extent % 2 - extra
        before = max(total // 2, 0)
        return before, total - before


class Conv1DTranspose(ConvTranspose):
    """Transposed convolution over sequences of shape (steps, channels); arguments as in `ConvTranspose`."""

    rank = 1


class Conv2DTranspose(ConvTranspose):
    """Transposed convolution over images of shape (height, width, channels); arguments as in `ConvTranspose`."""

    rank = 2


class Conv3DTranspose(ConvTranspose):
    """Transposed convolution over volumes (depth, height, width, channels); arguments as in `ConvTranspose`."""

    rank = 3


Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose, Conv2DTranspose, Conv3DTranspose,
)  # fmt: skip

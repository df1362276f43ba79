"""Pooling layers: the maximum or the mean of a window, or of a whole image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from striate.graph import Shape, operations
from striate.graph.shapes import resolve_padding
from striate.layers import arguments
from striate.layers.base import Layer, Step


class Pooling(Layer, common=True):
    """The maximum or the mean over a moving window, for each channel: what all the pooling layers have in common.

    An image of size n gives floor((n - k) / s) + 1 positions along each dimension for a window of size k and stride s
    ("valid"), or ceil(n / s) ("same", where what lies beyond the border never counts).

    Args:
        pool_size: size of the window: one number, or one for each spatial dimension.
        strides: how far it moves, likewise; None for the size of the window.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        name: the layer's name.
        **options: `trainable`, `input_shape`.
    """

    rank: ClassVar[int]
    kind: ClassVar[Literal["max", "average"]]
    _arguments = ("pool_size", "padding", "strides", "data_format")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if vars(cls).get("rank", 1) > 1:
            arguments.spell_out(cls, ("pool_size",))

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name=name, **options)
        self.pool_size = arguments.sizes(self.name, "pool_size", pool_size, self.rank)
        strides = self.pool_size if strides is None else strides
        self.strides = arguments.sizes(self.name, "strides", strides, self.rank)
        self.padding = arguments.padding_mode(self.name, padding)
        self.data_format = arguments.data_format(self.name, data_format)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        arguments.check_rank(self.name, shape, self.rank)
        dilation = (1,) * self.rank
        padding = resolve_padding(self.padding, shape[:-1], self.pool_size, self.strides, dilation)
        return [Step("pool", operations.Pool(self.pool_size, self.strides, padding, dilation, self.kind))]


class MaxPooling1D(Pooling):
    """Maximum over a window of a sequence; arguments as in `Pooling`."""

    rank, kind = 1, "max"


class MaxPooling2D(Pooling):
    """Maximum over a window of an image; arguments as in `Pooling`."""

    rank, kind = 2, "max"


class MaxPooling3D(Pooling):
    """Maximum over a window of a volume; arguments as in `Pooling`."""

    rank, kind = 3, "max"


class AveragePooling1D(Pooling):
    """Mean over a window of a sequence; arguments as in `Pooling`."""

    rank, kind = 1, "average"


class AveragePooling2D(Pooling):
    """Mean over a window of an image; arguments as in `Pooling`."""

    rank, kind = 2, "average"


class AveragePooling3D(Pooling):
    """Mean over a window of a volume; arguments as in `Pooling`."""

    rank, kind = 3, "average"


class GlobalPooling(Layer, common=True):
    """The maximum or the mean of each channel over the whole image.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the spatial dimensions stay, each of size 1.
        **options: `name`, `trainable`, `input_shape`.
    """

    rank: ClassVar[int]
    kind: ClassVar[Literal["max", "average"]]
    _arguments = ("data_format", "keepdims")

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = arguments.data_format(self.name, data_format)
        self.keepdims = arguments.flag(self.name, "keepdims", keepdims)

    def steps(self, shape: Shape) -> list[Step]:
        """A pooling whose window is the image, and a reshape if the spatial dimensions go."""
        arguments.check_rank(self.name, shape, self.rank)
        ones, none = (1,) * self.rank, ((0, 0),) * self.rank
        steps = [Step("pool", operations.Pool(shape[:-1], ones, none, ones, self.kind))]
        return steps if self.keepdims else [*steps, Step("squeeze", operations.Reshape(shape[-1:]))]


class GlobalMaxPooling1D(GlobalPooling):
    """Maximum of each channel of a sequence; arguments as in `GlobalPooling`."""

    rank, kind = 1, "max"


class GlobalMaxPooling2D(GlobalPooling):
    """Maximum of each channel of an image; arguments as in `GlobalPooling`."""

    rank, kind = 2, "max"


class GlobalMaxPooling3D(GlobalPooling):
    """Maximum of each channel of a volume; arguments as in `GlobalPooling`."""

    rank, kind = 3, "max"


class GlobalAveragePooling1D(GlobalPooling):
    """Mean of each channel of a sequence; arguments as in `GlobalPooling`."""

    rank, kind = 1, "average"


class GlobalAveragePooling2D(GlobalPooling):
    """Mean of each channel of an image (Lin et al. 2014, "Network in network"); arguments as in `GlobalPooling`."""

    rank, kind = 2, "average"


class GlobalAveragePooling3D(GlobalPooling):
    """Mean of each channel of a volume; arguments as in `GlobalPooling`."""

    rank, kind = 3, "average"


class AdaptivePooling(Layer, common=True):
    """The maximum or the mean over windows that divide an image of any size into parts of a given number.

    Along a dimension of n inputs, output i of m sees the inputs from floor(i n / m) to ceil((i + 1) n / m) - 1, so
    windows overlap where m does not divide n.

    Args:
        output_size: number of outputs: one number, or one for each spatial dimension.
        data_format: "channels_last" or "channels_first".
        **options: `name`, `trainable`, `input_shape`.
    """

    rank: ClassVar[int]
    kind: ClassVar[Literal["max", "average"]]
    _arguments = ("output_size", "data_format")

    def __init__(self, output_size: int | Sequence[int], data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.output_size = arguments.sizes(self.name, "output_size", output_size, self.rank)
        self.data_format = arguments.data_format(self.name, data_format)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        arguments.check_rank(self.name, shape, self.rank)
        return [Step("pool", operations.AdaptivePool(self.output_size, self.kind))]


class AdaptiveAveragePooling1D(AdaptivePooling):
    """Mean of each part of a sequence; arguments as in `AdaptivePooling`."""

    rank, kind = 1, "average"


class AdaptiveAveragePooling2D(AdaptivePooling):
    """Mean of each part of a image; arguments as in `AdaptivePooling`."""

    rank, kind = 2, "average"


class AdaptiveAveragePooling3D(AdaptivePooling):
    """Mean of each part of a volume; arguments as in `AdaptivePooling`."""

    rank, kind = 3, "average"


class AdaptiveMaxPooling1D(AdaptivePooling):
    """Maximum of each part of a sequence; arguments as in `AdaptivePooling`."""

    rank, kind = 1, "max"


class AdaptiveMaxPooling2D(AdaptivePooling):
    """Maximum of each part of a image; arguments as in `AdaptivePooling`."""

    rank, kind = 2, "max"


class AdaptiveMaxPooling3D(AdaptivePooling):
    """Maximum of each part of a volume; arguments as in `AdaptivePooling`."""

    rank, kind = 3, "max"


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
)  # fmt: skip

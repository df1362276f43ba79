"""Layers that change the size of images: UpSampling, Resizing, CenterCrop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from striate.errors import StriateError
from striate.graph import Shape, operations
from striate.graph.operations.movement import ResizeMethod
from striate.layers import arguments
from striate.layers.base import Layer, Step

_METHODS: dict[str, ResizeMethod] = {
    "nearest": "nearest", "bilinear": "linear", "bicubic": "cubic", "lanczos3": "lanczos3", "lanczos5": "lanczos5",
}  # fmt: skip


def _method(layer: str, interpolation: object) -> str:
    if not isinstance(interpolation, str) or interpolation.lower() not in _METHODS:
        raise StriateError(
            f"{layer}: got interpolation={interpolation!r}, expected {' or '.join(map(repr, _METHODS))}"
        )
    return interpolation.lower()


def _resize(old: Shape, new: Shape, interpolation: str, antialias: bool = False) -> list[Step]:
    """The change of size; where it takes means of many pixels one dimension after the other, which are fewer sums."""
    method = _METHODS[interpolation]
    last = Step("resize", operations.Resize(new, method, antialias))
    if method == "nearest" or (method == "linear" and not antialias) or len(new) == 1:
        return [last]
    return [Step("resize_rows", operations.Resize((new[0], *old[1 : len(new)]), method, antialias)), last]


class UpSampling(Layer, common=True):
    """Enlarges each spatial dimension by a whole factor: what UpSampling1D, 2D and 3D have in common.

    Each number is repeated; UpSampling2D can also take means of neighbours (`interpolation`).

    Args:
        size: the factor: one number, or one for each spatial dimension.
        data_format: "channels_last" or "channels_first".
        **options: `name`, `trainable`, `input_shape`.
    """

    rank: ClassVar[int]
    interpolation: str = "nearest"
    _arguments: ClassVar[tuple[str, ...]] = ("size", "data_format")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if vars(cls).get("rank", 1) > 1:
            arguments.spell_out(cls, ("size",))

    def __init__(self, size: int | Sequence[int] = 2, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.size: Any = arguments.sizes(self.name, "size", size, self.rank)
        self.data_format = arguments.data_format(self.name, data_format)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        arguments.check_rank(self.name, shape, self.rank)
        factors = (self.size,) if isinstance(self.size, int) else self.size
        sizes = tuple(n * factor for n, factor in zip(shape, factors, strict=False))
        return _resize(shape, sizes, self.interpolation)


class UpSampling1D(UpSampling):
    """Each step of a sequence `size` times.

    Args:
        size: the factor.
        **options: `name`, `trainable`, `input_shape`.
    """

    rank = 1
    _arguments = ("size",)

    def __init__(self, size: int = 2, **options: Any) -> None:
        super().__init__(size, **options)
        (self.size,) = self.size


class UpSampling2D(UpSampling):
    """Enlarges images.

    Args:
        size: the factors for rows and columns; one number for both.
        data_format: "channels_last" or "channels_first".
        interpolation: "nearest", which repeats pixels, or as in `Resizing`.
        **options: `name`, `trainable`, `input_shape`.
    """

    rank = 2
    _arguments = ("size", "data_format", "interpolation")

    def __init__(
        self,
        size: int | Sequence[int] = 2,
        data_format: str | None = None,
        interpolation: str = "nearest",
        **options: Any,
    ) -> None:
        super().__init__(size, data_format, **options)
        self.interpolation = _method(self.name, interpolation)


class UpSampling3D(UpSampling):
    """Each number of a volume `size` times along each dimension; arguments as in `UpSampling`."""

    rank = 3


class Resizing(Layer):
    """Images in another size.

    Pixel i of m along a dimension of n pixels lies at (i + 1/2) n / m: the pixel there, or a mean of those around it.
    The weights are those of Keras on TensorFlow (on PyTorch its "bicubic" is another cubic).

    Args:
        height, width: the new size.
        interpolation: "nearest"; "bilinear": the mean of two by two pixels; "bicubic": of four by four (Keys 1981);
            "lanczos3", "lanczos5": of six by six, ten by ten (Duchon 1979).
        crop_to_aspect_ratio: first cut out the largest part, from the middle, that has the new size's proportions.
        pad_to_aspect_ratio: first add a border of `fill_value` that makes up these proportions; not both.
        fill_mode: "constant".
        fill_value: what the border is filled with.
        antialias: whether all pixels count where images are made smaller; otherwise those around the places do.
        data_format: "channels_last" or "channels_first".
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
    """

    single_images = True
    _arguments = (
        "height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode", "fill_value",
        "antialias", "data_format",
    )  # fmt: skip

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.height = arguments.whole(self.name, "height", height)
        self.width = arguments.whole(self.name, "width", width)
        self.interpolation = _method(self.name, interpolation)
        self.crop_to_aspect_ratio = arguments.flag(self.name, "crop_to_aspect_ratio", crop_to_aspect_ratio)
        self.pad_to_aspect_ratio = arguments.flag(self.name, "pad_to_aspect_ratio", pad_to_aspect_ratio)
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise StriateError(f"{self.name}: got crop_to_aspect_ratio and pad_to_aspect_ratio, expected at most one")
        if fill_mode != "constant":
            raise StriateError(f"{self.name}: got fill_mode={fill_mode!r}, expected 'constant'")
        self.fill_mode = fill_mode
        self.fill_value = arguments.number(self.name, "fill_value", fill_value)
        self.antialias = arguments.flag(self.name, "antialias", antialias)
        self.data_format = arguments.data_format(self.name, data_format)

    def steps(self, shape: Shape) -> list[Step]:
        """The border, if any, and the change of size."""
        arguments.check_rank(self.name, shape, 2)
        old, new = shape[:2], (self.height, self.width)
        first: list[Step] = []
        if self.crop_to_aspect_ratio:
            first = [_cut(old, _window(old, new))]
        elif self.pad_to_aspect_ratio:
            first = [self._pad(old, new)]
        middle = first[0].operation.output_shape(shape) if first else shape
        return [*first, *_resize(middle, new, self.interpolation, self.antialias)]

    def _pad(self, old: Shape, new: Shape) -> Step:
        """The same on both sides, as Keras does, so the proportions may be off by a pixel."""
        whole = (max(old[0], old[1] * new[0] // new[1]), max(old[1], old[0] * new[1] // new[0]))
        sides = [(size - n) // 2 for n, size in zip(old, whole, strict=True)]
        return Step("pad", operations.Pad(tuple((side, side) for side in sides), self.fill_value))


class CenterCrop(Layer):
    """The middle of an image; of one that is smaller the largest part with the same proportions, enlarged.

    Args:
        height, width: the new size.
        data_format: "channels_last" or "channels_first".
        **options: `name`, `trainable`, `input_shape`.
    """

    single_images = True
    _arguments = ("height", "width", "data_format")

    def __init__(self, height: int, width: int, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.height = arguments.whole(self.name, "height", height)
        self.width = arguments.whole(self.name, "width", width)
        self.data_format = arguments.data_format(self.name, data_format)

    def steps(self, shape: Shape) -> list[Step]:
        """A cut, and a change of size where the image is too small."""
        arguments.check_rank(self.name, shape, 2)
        old, new = shape[:2], (self.height, self.width)
        if old[0] >= new[0] and old[1] >= new[1]:
            return [_cut(old, new)]
        return [_cut(old, _window(old, new)), Step("resize", operations.Resize(new, "linear"))]


def _window(old: Shape, new: Shape) -> Shape:
    """The largest window in an image that has the proportions of another size."""
    return (
        max(min(old[0], old[1] * new[0] // new[1]), 1),
        max(min(old[1], old[0] * new[1] // new[0]), 1),
    )


def _cut(old: Shape, window: Shape) -> Step:
    """The window in the middle."""
    starts = [(n - size) // 2 for n, size in zip(old, window, strict=True)]
    borders = zip(starts, old, window, strict=True)
    return Step("crop", operations.Pad(tuple((-start, start + size - n) for start, n, size in borders)))

"""Layers that change images at random, each image of a batch differently, in training only; otherwise they do nothing.

Called on images they act, as in Keras, unless `training=False`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from striate.errors import StriateError
from striate.graph import Shape, operations
from striate.graph.operations.augmentation import FillMode, Range
from striate.layers import arguments
from striate.layers.base import Layer, Step
from striate.layers.symbolic import is_symbolic

Factor = float | Sequence[float]


class Augmentation(Layer, common=True):
    """Base of these layers.

    Args:
        seed: a whole number, for random numbers of its own; None: they follow `set_random_seed`.
        data_format: "channels_last" or "channels_first".
        **options: `name`, `trainable`, `input_shape`.
    """

    single_images = True

    def __init__(self, seed: int | None = None, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.seed, self._stream = arguments.stream(self.name, seed)
        self.data_format = arguments.data_format(self.name, data_format)

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """Images of an array changed at random unless `training` is False; for a symbolic tensor a symbolic one."""
        return super().__call__(inputs, True if training is None and not is_symbolic(inputs) else training)


class RandomFlip(Augmentation):
    """Mirrors an image with probability 1/2.

    Args:
        mode: "horizontal" (left and right change places), "vertical" (top and bottom), or "horizontal_and_vertical",
            which does both or, as Keras does, neither.
        seed, data_format, **options: as in `Augmentation`.
    """

    _arguments = ("mode", "seed", "data_format")

    def __init__(
        self,
        mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed, data_format, **options)
        self.mode = _choice(self.name, "mode", mode, ("horizontal", "vertical", "horizontal_and_vertical"))

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        warp = operations.RandomWarp(
            flip_rows="vertical" in self.mode,
            flip_columns="horizontal" in self.mode,
            nearest=True,
            stream=self._stream,
        )
        return [Step("flip", warp)]


class Warp(Augmentation, common=True):
    """What rotation, zoom and translation share.

    Args:
        fill_mode: what lies beyond the image: "reflect" (its mirror image), "nearest" (the pixel at the border), "wrap"
            (the opposite side) or "constant" (`fill_value`).
        interpolation: "bilinear", or "nearest" for the nearest pixel's value.
        fill_value: a number, for "constant".
        seed, data_format, **options: as in `Augmentation`.
    """

    def __init__(
        self,
        fill_mode: FillMode,
        interpolation: Literal["bilinear", "nearest"],
        seed: int | None,
        fill_value: float,
        data_format: str | None,
        **options: Any,
    ) -> None:
        super().__init__(seed, data_format, **options)
        _choice(self.name, "fill_mode", fill_mode, ("reflect", "wrap", "constant", "nearest"))
        self.fill_mode: FillMode = fill_mode
        self.interpolation = _choice(self.name, "interpolation", interpolation, ("bilinear", "nearest"))
        self.fill_value = arguments.number(self.name, "fill_value", fill_value)

    def _warp(self, **ranges: Any) -> list[Step]:
        nearest = self.interpolation == "nearest"
        warp = operations.RandomWarp(
            **ranges, fill_mode=self.fill_mode, fill_value=self.fill_value, nearest=nearest, stream=self._stream
        )
        return [Step("warp", warp)]


class RandomRotation(Warp):
    """Turns an image about its middle.

    Args:
        factor: (low, high) for an angle from 2 pi low to 2 pi high, each from -1 to 1, or one number f for (-f, f);
            positive angles turn counter-clockwise.
        fill_mode, interpolation, seed, fill_value, data_format, **options: as in `Warp`.
    """

    _arguments = ("factor", "data_format", "fill_mode", "fill_value", "interpolation", "seed")

    def __init__(
        self,
        factor: Factor,
        fill_mode: FillMode = "reflect",
        interpolation: Literal["bilinear", "nearest"] = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **options)
        self.factor = _range(self.name, "factor", factor)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return self._warp(rotation=self.factor)


class RandomZoom(Warp):
    """Shows more or less of an image, about its middle.

    Args:
        height_factor: (low, high) for a height of 1 + low to 1 + high of the image's, each above -1 and at most 1, or
            one number f for (-f, f); positive numbers show more, so everything gets smaller.
        width_factor: the same for the width; None keeps the proportions.
        fill_mode, interpolation, seed, fill_value, data_format, **options: as in `Warp`.
    """

    _arguments = (
        "height_factor", "width_factor", "fill_mode", "interpolation", "seed", "fill_value", "data_format",
    )  # fmt: skip

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor | None = None,
        fill_mode: FillMode = "reflect",
        interpolation: Literal["bilinear", "nearest"] = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **options)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height = self._zoom("height_factor", height_factor)
        self._width = None if width_factor is None else self._zoom("width_factor", width_factor)

    def _zoom(self, argument: str, factor: Factor) -> Range:
        low, high = _range(self.name, argument, factor)
        if low == -1:
            raise StriateError(f"{self.name}: got {argument}={factor!r}, which leaves nothing; expected more than -1")
        return 1 + low, 1 + high

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return self._warp(height_zoom=self._height, width_zoom=self._width)


class RandomTranslation(Warp):
    """Moves an image.

    Args:
        height_factor: (low, high) in shares of the height, each from -1 to 1, or one number f for (-f, f); positive
            numbers move down.
        width_factor: the same for the width; positive numbers move to the right.
        fill_mode, interpolation, seed, fill_value, data_format, **options: as in `Warp`.
    """

    _arguments = RandomZoom._arguments

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: FillMode = "reflect",
        interpolation: Literal["bilinear", "nearest"] = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **options)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height = _range(self.name, "height_factor", height_factor)
        self._width = _range(self.name, "width_factor", width_factor)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return self._warp(height_shift=self._height, width_shift=self._width)


class RandomCrop(Augmentation):
    """A window of an image.

    In training it lies anywhere if the image is larger both ways. Otherwise it is the largest window in the middle of
    the image that has the proportions of the output, resized bilinearly.

    Args:
        height, width: of the output, in pixels.
        seed, data_format, **options: as in `Augmentation`.
    """

    _arguments = ("height", "width", "seed", "data_format")

    def __init__(
        self, height: int, width: int, seed: int | None = None, data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(seed, data_format, **options)
        self._chosen = seed is None
        self.seed = self._stream if seed is None else self.seed  # Keras, too, writes down the one it chose
        self.height = arguments.whole(self.name, "height", height)
        self.width = arguments.whole(self.name, "width", width)

    @property
    def _numbered(self) -> bool:
        return self._chosen

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("crop", operations.RandomCrop((self.height, self.width), self._stream))]


class Adjustment(Augmentation, common=True):
    """What contrast and brightness share: the results are cut off at the ends of `value_range`."""

    _arguments: ClassVar[tuple[str, ...]] = ("data_format", "factor", "value_range", "seed")

    def __init__(self, value_range: Sequence[float], seed: int | None, **options: Any) -> None:
        super().__init__(seed, **options)
        self._limits = _pair(self.name, "value_range", value_range)
        self.value_range = value_range

    def _adjust(self, contrast: Range = (1.0, 1.0), brightness: Range = (0.0, 0.0)) -> list[Step]:
        return [Step("adjust", operations.RandomAdjust(contrast, brightness, self._limits, self._stream))]


class RandomContrast(Adjustment):
    """y = clip(f (x - mean) + mean, value_range), the mean that of each channel of an image.

    Args:
        factor: (low, high), each from 0 to 1, for f from 1 - low to 1 + high; as in Keras 3, one number stands for
            (0, high), and of two the smaller is the first.
        value_range: the least and the largest value of images, such as (0, 255).
        seed, **options: as in `Augmentation`.
    """

    def __init__(
        self, factor: Factor, value_range: Sequence[float] = (0, 255), seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(value_range, seed, **options)
        self.factor = _range(self.name, "factor", factor, 0)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        low, high = self.factor
        return self._adjust(contrast=(1 - low, 1 + high))


class RandomBrightness(Adjustment):
    """y = clip(x + f (high - low), value_range).

    Args:
        factor: (low, high) for f, each from -1 to 1, or one number f for (-f, f).
        value_range: the least and the largest value of images, such as (0, 255).
        seed, **options: as in `Augmentation`.
    """

    def __init__(
        self, factor: Factor, value_range: Sequence[float] = (0, 255), seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(value_range, seed, **options)
        self.factor = _range(self.name, "factor", factor)
        self.value_range = sorted(value_range)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        low, high = self.factor
        extent = self._limits[1] - self._limits[0]
        return self._adjust(brightness=(low * extent, high * extent))


def _range(layer: str, argument: str, factor: object, lowest: float = -1.0) -> Range:
    """The range that a factor stands for: two numbers, in any order, or one that counts both ways as far as allowed."""
    if isinstance(factor, (list, tuple)):
        return _pair(layer, argument, factor, lowest, 1.0)
    size = abs(arguments.number(layer, argument, factor, lowest, 1))
    return max(-size, lowest), size


def _pair(
    layer: str, argument: str, value: object, lowest: float = -float("inf"), highest: float = float("inf")
) -> Range:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise StriateError(f"{layer}: got {argument}={value!r}, expected two numbers (low, high)")
    low, high = sorted(arguments.number(layer, argument, number, lowest, highest) for number in value)
    return low, high


def _choice(layer: str, argument: str, value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise StriateError(f"{layer}: got {argument}={value!r}, expected {' or '.join(map(repr, allowed))}")
    return str(value)

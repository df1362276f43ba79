"""What an ImageDataGenerator may be told, checked when it is made, and the random transforms that follow from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.arrays import LARGEST
from striate.checks import as_whole
from striate.errors import StriateError
from striate.images.transforms import Doubles, Transforms

NAME = "ImageDataGenerator"
DRAWS = 12  # uniform numbers for each image: a multiple of the four that one step of Philox gives


@dataclass(frozen=True)
class Shift:
    """How far images move along an axis.

    choices: one of these numbers, either way; None: any number from -limit to limit. relative: parts of the axis, else
    pixels.
    """

    limit: float
    choices: Doubles | None
    relative: bool

    def draw(self, uniform: Doubles, sign: Doubles, size: int) -> Doubles:
        """Shifts in pixels from two numbers from 0 to below 1 for each image."""
        if self.choices is None:
            shifts = self.limit * (2 * uniform - 1)
        else:
            shifts = self.choices[(uniform * len(self.choices)).astype(np.intp)] * np.where(sign < 0.5, -1.0, 1.0)
        return shifts * size if self.relative else shifts


@dataclass(frozen=True)
class Ranges:
    """Between which bounds the transform of an image is drawn. See `ImageDataGenerator`."""

    rotation: float
    width_shift: Shift | None
    height_shift: Shift | None
    shear: float
    zoom: tuple[float, float]
    channel_shift: float
    brightness: tuple[float, float] | None
    horizontal_flip: bool
    vertical_flip: bool

    def draw(self, uniforms: Doubles, height: int, width: int) -> Transforms:
        """The transforms of n images from numbers from 0 to below 1, (n, DRAWS)."""
        n, u = len(uniforms), uniforms.T
        drawn: dict[str, Any] = {}
        if self.rotation:
            drawn["theta"] = self.rotation * (2 * u[0] - 1)
        if self.width_shift:
            drawn["tx"] = self.width_shift.draw(u[1], u[2], width)
        if self.height_shift:
            drawn["ty"] = self.height_shift.draw(u[3], u[4], height)
        if self.shear:
            drawn["shear"] = self.shear * (2 * u[5] - 1)
        low, high = self.zoom
        if not low == high == 1:
            drawn["zx"], drawn["zy"] = low + (high - low) * u[6], low + (high - low) * u[7]
        if self.horizontal_flip:
            drawn["flip_horizontal"] = u[8] < 0.5
        if self.vertical_flip:
            drawn["flip_vertical"] = u[9] < 0.5
        if self.channel_shift:
            drawn["channel_shift_intensity"] = self.channel_shift * (2 * u[10] - 1)
        if self.brightness:
            drawn["brightness"] = self.brightness[0] + (self.brightness[1] - self.brightness[0]) * u[11]
        return Transforms(n, **drawn)


def refuse(argument: str, value: object, expected: str, name: str = NAME) -> StriateError:
    """The error for an argument outside its meaning; it begins with the name of what has the argument."""
    return StriateError(f"{name}: got {argument}={value!r}, expected {expected}")


def number(argument: str, value: Any, low: float = -math.inf, high: float = math.inf, expected: str = "") -> float:
    """A number from low to high that float32 can hold."""
    if not _is_number(value) or not low <= float(value) <= high:
        raise refuse(argument, value, expected or f"a finite number of at least {low:g}")
    return float(value)


def part_of_one(argument: str, value: Any, expected: str = "a number from 0 to below 1") -> float:
    """A number from 0 to below 1."""
    part = number(argument, value, 0.0, 1.0, expected)
    if part == 1:
        raise refuse(argument, value, expected)
    return part


def empty_part(name: str, subset: str, split: float, count: int) -> str:
    """What is said about a subset where validation_split leaves no image for validation."""
    if not split:
        return f'{name}: got subset="{subset}", but no split; give {NAME} a validation_split, such as 0.2'
    return f'{name}: got subset="{subset}", but validation_split={split:g} of {count} images leaves none for validation'


def flag(argument: str, value: object) -> bool:
    """True or False; 0 and 1 stand for them."""
    if not isinstance(value, (bool, np.bool_)) and as_whole(value) not in (0, 1):
        raise refuse(argument, value, "True or False")
    return bool(value)


def shift(argument: str, value: Any) -> Shift | None:
    """A shift range: below 1 a part of the image, else pixels; a whole number n: 0 to n - 1 pixels; or a list."""
    expected = "a number of at least 0, or a list of numbers"
    if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) == 1:
        if not len(value) or not all(_is_number(item) for item in value):
            raise refuse(argument, value, expected)
        choices = np.array([float(item) for item in value])
        return Shift(0.0, choices, bool(choices.max() < 1))
    whole, limit = as_whole(value), number(argument, value, 0.0, expected=expected)
    if not limit:
        return None
    if whole is None:
        return Shift(limit, None, limit < 1)
    return Shift(0.0, np.arange(min(whole, 1 << 20), dtype=np.float64), False)


def zoom(argument: str, value: Any) -> tuple[float, float]:
    """(1 - z, 1 + z) of a number z, or a pair of factors as it is."""
    expected = "a number from 0 to below 1, or a pair of numbers above 0"
    if isinstance(value, (list, tuple, np.ndarray)):
        low, high = pair(argument, value, expected)
        if min(low, high) <= 0:
            raise refuse(argument, value, expected)
        return low, high
    z = part_of_one(argument, value, expected)  # at 1 a single point of the image could be all that is seen
    return 1 - z, 1 + z


def pair(argument: str, value: Any, expected: str, name: str = NAME) -> tuple[float, float]:
    """Two finite numbers."""
    listed = isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) == 1
    if not listed or len(value) != 2 or not all(map(_is_number, value)):
        raise refuse(argument, value, expected, name)
    return float(value[0]), float(value[1])


def brightness(argument: str, value: Any) -> tuple[float, float] | None:
    """A pair of factors of at least 0, or None."""
    if value is None:
        return None
    expected = "a pair of numbers of at least 0, such as (0.8, 1.2)"
    low, high = pair(argument, value, expected)
    if min(low, high) < 0:
        raise refuse(argument, value, expected)
    return low, high


def choice(argument: str, value: Any, known: tuple[Any, ...]) -> Any:
    """One of the known values."""
    if not any(type(value) is type(item) and value == item for item in known):
        raise refuse(argument, value, " or ".join(map(repr, known)))
    return value


def dtype_of(value: Any) -> np.dtype[Any]:
    """The type of the arrays that come out: any of real numbers; float32 for None."""
    try:
        dtype = np.dtype("float32" if value is None else getattr(value, "name", value))
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "uif":
        raise refuse("dtype", value, 'a type of numbers, such as "float32"')
    return dtype


def _is_number(value: Any) -> bool:
    """A real number that float32 can hold."""
    value = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return real and bool(abs(value) <= LARGEST)  # NaN compares false


def uniforms_of(generator: np.random.Generator, first: int, count: int) -> NDArray[np.float64]:
    """The numbers of the images at places first to first + count - 1 of a generator's sequence, (count, DRAWS).

    The generator must be new. An image's numbers depend on its place alone, not on how many are drawn at once.
    """
    bits: Any = generator.bit_generator
    bits.advance(first * (DRAWS // 4))
    return generator.random((count, DRAWS))

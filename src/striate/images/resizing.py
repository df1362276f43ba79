"""Images of other sizes, as tf.image.resize makes them (without anti-aliasing): weighted sums of a few positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.checks import as_whole
from striate.errors import ShapeError, StriateError
from striate.lookup import nearest

Doubles = NDArray[np.float64]
Taps = tuple[NDArray[np.intp], NDArray[np.float32]]  # for each output position its input positions and their weights

LARGEST = 1 << 15


def _lanczos(radius: float) -> Callable[[Doubles], Doubles]:
    return lambda x: np.sinc(x) * np.sinc(x / radius)


def _gaussian(x: Doubles) -> Doubles:
    return np.exp(-2 * x * x)  # a standard deviation of 1/2


def _mitchell(x: Doubles) -> Doubles:
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return np.where(x >= 1, far, (7 / 6 * x - 2) * x * x + 8 / 9)


def _keys(x: Doubles) -> Doubles:
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x >= 1, far, (1.5 * x - 2.5) * x * x + 1)


# Kernels of the distance in input positions, and beyond which distance they are 0.
KERNELS: dict[str, tuple[Callable[[Doubles], Doubles], float]] = {
    "bicubic": (_keys, 2),
    "lanczos3": (_lanczos(3), 3),
    "lanczos5": (_lanczos(5), 5),
    "gaussian": (_gaussian, 1.5),
    "mitchellcubic": (_mitchell, 2),
}
BLURRING = ("gaussian", "mitchellcubic")  # not the identity where the size stays
METHODS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


def check_method(name: str, value: Any) -> str:
    """An interpolation in small letters; errors begin with `name`."""
    if not isinstance(value, str) or value.lower() not in METHODS:
        raise StriateError(f"{name}: got interpolation={value!r}; {nearest(str(value), METHODS)}")
    return value.lower()


def check_size(name: str, argument: str, value: Any) -> tuple[int, int]:
    """(height, width) of positive whole numbers."""
    sizes = [as_whole(size) for size in value] if isinstance(value, (list, tuple, np.ndarray)) else []
    if len(sizes) != 2 or not all(size is not None and 1 <= size <= LARGEST for size in sizes):
        raise StriateError(f"{name}: got {argument}={value!r}, expected (height, width), each from 1 to {LARGEST:,}")
    return int(value[0]), int(value[1])


def resize(image: NDArray[Any], size: tuple[int, int], method: str) -> NDArray[np.float32]:
    """An image, or a batch of them, of shape (..., height, width, channels) in another height and width.

    Output position i lies at (i + 1/2) n_in / n_out - 1/2 of the input, for an axis of n_in and n_out positions.
    """
    image = image.astype(np.float32, copy=False)
    for axis, wanted in ((-3, size[0]), (-2, size[1])):
        given = image.shape[axis]
        if given != wanted or method in BLURRING:
            image = _along(image, axis, _taps(method, given, wanted))
    return image


def _along(image: NDArray[np.float32], axis: int, taps: Taps) -> NDArray[np.float32]:
    positions, weights = taps
    shape = [1] * image.ndim
    shape[axis] = len(positions)
    result = np.zeros(1, np.float32)
    for k in range(positions.shape[1]):
        result = result + image.take(positions[:, k], axis) * weights[:, k].reshape(shape)
    return result


def _taps(method: str, given: int, wanted: int) -> Taps:
    scale = given / wanted
    centres = (np.arange(wanted) + 0.5) * scale
    if method == "nearest":
        return np.minimum(np.floor(centres).astype(np.intp), given - 1)[:, np.newaxis], np.ones((wanted, 1), np.float32)
    if method == "area":
        return _area(scale, given, wanted)
    if method == "bilinear":
        left = np.floor(centres - 0.5).astype(np.intp)
        right = (centres - 0.5 - left).astype(np.float32)
        return np.clip(np.stack([left, left + 1], 1), 0, given - 1), np.stack([1 - right, right], 1)
    kernel, radius = KERNELS[method]
    if method == "bicubic":  # from a table of 1024 steps
        whole = np.floor(centres - 0.5)
        centres = whole + np.rint((centres - 0.5 - whole) * 1024) / 1024 + 0.5
    first = np.ceil(centres - radius - 0.5).astype(np.intp)
    positions = first[:, np.newaxis] + np.arange(int(2 * radius) + 1)
    distances = np.abs(positions + 0.5 - centres[:, np.newaxis])
    inside = (positions >= 0) & (positions < given) & (distances < radius)
    weights = np.where(inside, kernel(distances), 0)
    return np.clip(positions, 0, given - 1), (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def _area(scale: float, given: int, wanted: int) -> Taps:
    """The part that each input position has in the stretch from i scale to (i + 1) scale."""
    starts = np.arange(wanted) * scale
    positions = np.floor(starts).astype(np.intp)[:, np.newaxis] + np.arange(int(np.ceil(scale)) + 1)
    ends = np.minimum(starts + scale, given)[:, np.newaxis]
    covered = np.minimum(positions + 1, ends) - np.maximum(positions, starts[:, np.newaxis])
    return np.clip(positions, 0, given - 1), (np.maximum(covered, 0) / scale).astype(np.float32)


def cropped(image: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """The largest window in the middle of (..., height, width, channels) with the proportions of (height, width)."""
    height, width = image.shape[-3:-1]
    tall = max(min(height, int(width * size[0] / size[1])), 1)
    wide = max(min(width, int(height * size[1] / size[0])), 1)
    top, left = (height - tall) // 2, (width - wide) // 2
    return image[..., top : top + tall, left : left + wide, :]


def padded(image: NDArray[Any], size: tuple[int, int], method: str) -> NDArray[np.float32]:
    """An image resized with its proportions so that it fits into (height, width), zeros around it."""
    height, width = image.shape[-3:-1]
    ratio = max(height / size[0], width / size[1])
    inner = max(int(height / ratio), 1), max(int(width / ratio), 1)
    result = np.zeros((*image.shape[:-3], *size, image.shape[-1]), np.float32)
    top, left = (int(max(size[axis] - image.shape[axis - 3] / ratio, 0) / 2) for axis in (0, 1))
    result[..., top : top + inner[0], left : left + inner[1], :] = resize(image, inner, method)
    return result


def smart_resize(
    x: Any, size: Any, interpolation: str = "bilinear", data_format: str = "channels_last", **kwargs: Any
) -> NDArray[np.float32]:
    """Resize an image, or a batch of them, without changing its proportions.

    The largest window in the middle with the proportions of `size` is cut out and resized.

    Args:
        x: (height, width, channels) or (n, height, width, channels).
        size: (height, width).
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic".
        data_format: "channels_last" or "channels_first".

    Returns:
        float32.

    Raises:
        StriateError: arguments or an array that do not fit.
    """
    from striate.images.conversion import data_format_of

    for name in kwargs:
        if name != "backend_module":
            raise StriateError(f"smart_resize: unknown argument {name!r}")
    wanted, method = check_size("smart_resize", "size", size), check_method("smart_resize", interpolation)
    image = np.asarray(x)
    if image.ndim not in (3, 4) or not image.size or image.dtype.kind not in "buif":
        raise ShapeError(
            f"smart_resize: got {image.dtype} of shape {image.shape}, expected numbers (height, width, channels) or "
            "(n, height, width, channels)"
        )
    if data_format_of(data_format) == "channels_last":
        return resize(cropped(image, wanted), wanted, method)
    return np.moveaxis(resize(cropped(np.moveaxis(image, -3, -1), wanted), wanted, method), -1, -3)

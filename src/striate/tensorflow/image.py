"""Images as arrays (tf.image): (rows, columns, channels), or several along a first axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.errors import ShapeError, StriateError
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import tensor
from striate.tensorflow._codecs import (
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    encode_png,
)
from striate.tensorflow._colours import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    convert_image_dtype,
    grayscale_to_rgb,
    hsv_to_rgb,
    per_image_standardization,
    rgb_to_grayscale,
    rgb_to_hsv,
)
from striate.tensorflow._creation import sizes
from striate.tensorflow._resizing import (
    ResizeMethod,
    crop_to_bounding_box,
    pad_to_bounding_box,
    pictures,
    resize,
    resize_with_crop_or_pad,
    resize_with_pad,
)
from striate.tensorflow._streams import Seed, keyed, stream
from striate.tensors import Tensor, wrapped

__all__ = [
    "ResizeMethod", "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_saturation",
    "central_crop", "convert_image_dtype", "crop_to_bounding_box", "decode_bmp", "decode_gif", "decode_image",
    "decode_jpeg", "decode_png", "encode_jpeg", "encode_png", "flip_left_right", "flip_up_down", "grayscale_to_rgb",
    "hsv_to_rgb", "pad_to_bounding_box", "per_image_standardization", "psnr", "random_brightness", "random_contrast",
    "random_crop", "random_flip_left_right", "random_flip_up_down", "random_hue", "random_saturation", "resize",
    "resize_image_with_crop_or_pad", "resize_images", "resize_with_crop_or_pad", "resize_with_pad", "rgb_to_grayscale",
    "rgb_to_hsv", "rot90", "stateless_random_brightness", "stateless_random_contrast", "stateless_random_crop",
    "stateless_random_flip_left_right", "stateless_random_flip_up_down", "stateless_random_hue",
    "stateless_random_saturation", "total_variation", "transpose",
]  # fmt: skip

resize_images, resize_image_with_crop_or_pad = resize, resize_with_crop_or_pad  # their names in TensorFlow 1
__getattr__ = absent(__name__)


def flip_left_right(image: Any) -> Tensor:
    """Mirrored: the columns in the opposite order."""
    return wrapped(np.flip(pictures(image, "flip_left_right"), axis=-2))


def flip_up_down(image: Any) -> Tensor:
    """Upside down: the rows in the opposite order."""
    return wrapped(np.flip(pictures(image, "flip_up_down"), axis=-3))


def rot90(image: Any, k: int = 1, name: str | None = None) -> Tensor:
    """Turned counter-clockwise by k quarters."""
    return wrapped(np.rot90(pictures(image, "rot90"), k, axes=(-3, -2)))


def transpose(image: Any, name: str | None = None) -> Tensor:
    """Rows and columns exchanged."""
    return wrapped(np.swapaxes(pictures(image, "transpose"), -3, -2))


def central_crop(image: Any, central_fraction: float) -> Tensor:
    """The middle, with this fraction of the height and of the width."""
    values = pictures(image, "central_crop")
    if not 0 < central_fraction <= 1:
        raise StriateError(f"central_crop: got central_fraction={central_fraction}, expected above 0 and up to 1")
    top, left = (int((size - size * central_fraction) / 2) for size in values.shape[-3:-1])
    return wrapped(values[..., top : values.shape[-3] - top, left : values.shape[-2] - left, :])


def total_variation(images: Any, name: str | None = None) -> Tensor:
    """The sum of the absolute differences of neighbouring pixels, for each image."""
    values = pictures(images, "total_variation")
    axes = (-3, -2, -1)
    vertical = np.abs(np.diff(values, axis=-3)).sum(axis=axes)
    return wrapped(np.asarray(vertical + np.abs(np.diff(values, axis=-2)).sum(axis=axes)).astype(values.dtype))


def psnr(a: Any, b: Any, max_val: float, name: str | None = None) -> Tensor:
    """The ratio of signal and noise, 20 log10(max_val) - 10 log10(mean (a - b)^2), in decibels, for each image."""
    first, second = (convert_image_dtype(pictures(each, "psnr"), "float32") for each in (a, b))
    if tensor(a, "psnr").dtype.kind in "iu":
        max_val = max_val / np.iinfo(tensor(a, "psnr").dtype).max
    error = np.mean(np.square(first - second), axis=(-3, -2, -1))
    with np.errstate(divide="ignore"):  # equal images: infinitely good
        return wrapped(np.float32(20 * np.log10(max_val)) - 10 * np.log10(error))


# At random


def random_flip_left_right(image: Any, seed: Seed = None) -> Tensor:
    """Mirrored or not, each image by itself, as likely as not."""
    return _flipped(image, seed, -2, "random_flip_left_right")


def random_flip_up_down(image: Any, seed: Seed = None) -> Tensor:
    """Upside down or not, each image by itself, as likely as not."""
    return _flipped(image, seed, -3, "random_flip_up_down")


def _flipped(image: Any, seed: Seed, axis: int, function: str) -> Tensor:
    values = pictures(image, function)
    chosen = stream(seed).random(values.shape[: values.ndim - 3]) < 0.5
    return wrapped(np.where(np.asarray(chosen)[..., None, None, None], np.flip(values, axis=axis), values))


def random_brightness(image: Any, max_delta: float, seed: Seed = None) -> Tensor:
    """`adjust_brightness` by a number from -max_delta to max_delta."""
    if max_delta < 0:
        raise StriateError(f"random_brightness: got max_delta={max_delta}, expected 0 or more")
    return adjust_brightness(image, stream(seed).uniform(-max_delta, max_delta))


def random_contrast(image: Any, lower: float, upper: float, seed: Seed = None) -> Tensor:
    """`adjust_contrast` by a number from lower to upper."""
    return adjust_contrast(image, _between("random_contrast", lower, upper, seed))


def random_saturation(image: Any, lower: float, upper: float, seed: Seed = None) -> Tensor:
    """`adjust_saturation` by a number from lower to upper."""
    return adjust_saturation(image, _between("random_saturation", lower, upper, seed))


def random_hue(image: Any, max_delta: float, seed: Seed = None) -> Tensor:
    """`adjust_hue` by a number from -max_delta to max_delta, which is at most 0.5."""
    if not 0 <= max_delta <= 0.5:
        raise StriateError(f"random_hue: got max_delta={max_delta}, expected a number from 0 to 0.5")
    return adjust_hue(image, stream(seed).uniform(-max_delta, max_delta))


def random_crop(value: Any, size: Any, seed: Seed = None, name: str | None = None) -> Tensor:
    """A part of a size (-1: all along that axis) at a random place."""
    values, wanted = tensor(value, "random_crop"), sizes(size)
    wanted = tuple(n if m == -1 else m for n, m in zip(values.shape, wanted, strict=False))
    if len(wanted) != values.ndim or any(m > n for n, m in zip(values.shape, wanted, strict=True)):
        raise ShapeError(f"random_crop: got size={sizes(size)} for a tensor of shape {values.shape}")
    random = stream(seed)
    first = [int(random.integers(n - m + 1)) for n, m in zip(values.shape, wanted, strict=True)]
    return wrapped(values[tuple(slice(at, at + m) for at, m in zip(first, wanted, strict=True))])


def _between(function: str, lower: float, upper: float, seed: Seed) -> float:
    if not 0 <= lower < upper:
        raise StriateError(f"{function}: got lower={lower}, upper={upper}, expected 0 <= lower < upper")
    return stream(seed).uniform(lower, upper)


# At random, the same for the same two numbers as seed


def stateless_random_flip_left_right(image: Any, seed: Any) -> Tensor:
    """As `random_flip_left_right`; the same two numbers as seed always do the same."""
    return random_flip_left_right(image, keyed(seed))


def stateless_random_flip_up_down(image: Any, seed: Any) -> Tensor:
    """As `random_flip_up_down`; the same two numbers as seed always do the same."""
    return random_flip_up_down(image, keyed(seed))


def stateless_random_brightness(image: Any, max_delta: float, seed: Any) -> Tensor:
    """As `random_brightness`; the same two numbers as seed always do the same."""
    return random_brightness(image, max_delta, keyed(seed))


def stateless_random_contrast(image: Any, lower: float, upper: float, seed: Any) -> Tensor:
    """As `random_contrast`; the same two numbers as seed always do the same."""
    return random_contrast(image, lower, upper, keyed(seed))


def stateless_random_saturation(image: Any, lower: float, upper: float, seed: Any) -> Tensor:
    """As `random_saturation`; the same two numbers as seed always do the same."""
    return random_saturation(image, lower, upper, keyed(seed))


def stateless_random_hue(image: Any, max_delta: float, seed: Any) -> Tensor:
    """As `random_hue`; the same two numbers as seed always do the same."""
    return random_hue(image, max_delta, keyed(seed))


def stateless_random_crop(value: Any, size: Any, seed: Any, name: str | None = None) -> Tensor:
    """As `random_crop`; the same two numbers as seed always do the same."""
    return random_crop(value, size, keyed(seed))

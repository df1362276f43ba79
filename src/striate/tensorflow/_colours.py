"""Colours of images: types, brightness, contrast, hue (tf.image)."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.errors import ShapeError, StriateError
from striate.tensorflow._arguments import tensor
from striate.tensorflow._resizing import pictures
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, wrapped

GREY = np.array([0.2989, 0.587, 0.114], np.float32)  # what red, green and blue contribute to brightness


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: str | None = None) -> Tensor:
    """Images in another type: whole numbers from 0 to the type's largest stand for 0 to 1.

    saturate: too large and too small numbers become the largest and the least in place of wrapping around.
    """
    values, kind = tensor(image, "convert_image_dtype"), as_dtype(dtype).dtype
    if values.dtype == kind:
        return values
    whole = values.dtype.kind in "iu"
    if kind.kind == "f":
        scaled = values.astype(kind)
        return wrapped(scaled * kind.type(1 / np.iinfo(values.dtype).max) if whole else scaled)
    largest = np.iinfo(kind).max
    if whole:
        source = np.iinfo(values.dtype).max
        steps = values.astype(np.int64) * ((largest + 1) // (source + 1)) if largest > source else (
            values.astype(np.int64) // ((source + 1) // (largest + 1))
        )  # fmt: skip
        return wrapped((np.clip(steps, 0, largest) if saturate else steps).astype(kind))
    scaled = values.astype(np.float64) * (largest + 0.5)
    return wrapped((np.clip(scaled, np.iinfo(kind).min, largest) if saturate else scaled).astype(np.int64).astype(kind))


def _in_floats(image: Any, function: str) -> tuple[Tensor, np.dtype[Any]]:
    """An image in float32 from 0 to 1, and its own type."""
    values = tensor(image, function)
    return (values if values.dtype.kind == "f" else convert_image_dtype(values, "float32")), values.dtype


def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """0.2989 red + 0.587 green + 0.114 blue, as one channel."""
    floats, kind = _in_floats(_of_colours(images, "rgb_to_grayscale"), "rgb_to_grayscale")
    return convert_image_dtype(np.sum(floats * GREY.astype(floats.dtype), axis=-1, keepdims=True), kind)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """The one channel three times."""
    values = tensor(images, "grayscale_to_rgb")
    if values.shape[-1:] != (1,):
        raise ShapeError(f"grayscale_to_rgb: got shape {values.shape}, expected one channel")
    return wrapped(np.repeat(values, 3, axis=-1))


def adjust_brightness(image: Any, delta: float) -> Tensor:
    """x + delta, with x from 0 to 1; images of whole numbers stay within their type."""
    floats, kind = _in_floats(image, "adjust_brightness")
    return convert_image_dtype(floats + floats.dtype.type(delta), kind, saturate=True)


def adjust_contrast(images: Any, contrast_factor: float) -> Tensor:
    """mean + contrast_factor (x - mean), with each channel's mean over the image."""
    values = pictures(images, "adjust_contrast")
    floats, kind = _in_floats(values, "adjust_contrast")
    mean = floats.mean(axis=(-3, -2), keepdims=True)
    return convert_image_dtype(mean + floats.dtype.type(contrast_factor) * (floats - mean), kind, saturate=True)


def adjust_gamma(image: Any, gamma: float = 1, gain: float = 1) -> Tensor:
    """gain x^gamma."""
    if gamma < 0:
        raise StriateError(f"adjust_gamma: got gamma={gamma}, expected 0 or more")
    floats, kind = _in_floats(image, "adjust_gamma")
    return convert_image_dtype(floats.dtype.type(gain) * floats ** floats.dtype.type(gamma), kind, saturate=True)


def adjust_saturation(image: Any, saturation_factor: float, name: str | None = None) -> Tensor:
    """How colourful: 0 is grey, 1 as it is; computed in hue, saturation and value."""
    floats, kind = _in_floats(_of_colours(image, "adjust_saturation"), "adjust_saturation")
    hue, saturation, value = np.moveaxis(np.asarray(rgb_to_hsv(floats)), -1, 0)
    changed = np.stack([hue, np.clip(saturation * saturation_factor, 0, 1), value], axis=-1)
    return convert_image_dtype(hsv_to_rgb(changed), kind, saturate=True)


def adjust_hue(image: Any, delta: float, name: str | None = None) -> Tensor:
    """Colours turned round the circle by `delta`, from -1 to 1."""
    if not -1 <= delta <= 1:
        raise StriateError(f"adjust_hue: got delta={delta}, expected a number from -1 to 1")
    floats, kind = _in_floats(_of_colours(image, "adjust_hue"), "adjust_hue")
    hue, saturation, value = np.moveaxis(np.asarray(rgb_to_hsv(floats)), -1, 0)
    turned = np.stack([(hue + delta) % 1, saturation, value], axis=-1)
    return convert_image_dtype(hsv_to_rgb(turned), kind, saturate=True)


def rgb_to_hsv(images: Any, name: str | None = None) -> Tensor:
    """Red, green and blue from 0 to 1 as hue, saturation and value."""
    values = _of_colours(images, "rgb_to_hsv").view(np.ndarray)
    red, green, blue = np.moveaxis(values, -1, 0)
    value = values.max(axis=-1)
    spread = value - values.min(axis=-1)
    safe = np.where(spread > 0, spread, 1)
    hue = np.where(value == red, (green - blue) / safe, np.where(value == green, 2 + (blue - red) / safe, 0))
    hue = np.where((value == blue) & (value != red) & (value != green), 4 + (red - green) / safe, hue)
    hue = np.where(spread > 0, hue / 6 % 1, 0)
    saturation = np.where(value > 0, spread / np.where(value > 0, value, 1), 0)
    return wrapped(np.stack([hue, saturation, value], axis=-1).astype(values.dtype))


def hsv_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """The other way round."""
    values = _of_colours(images, "hsv_to_rgb").view(np.ndarray)
    hue, saturation, value = (channel[..., np.newaxis] for channel in np.moveaxis(values, -1, 0))
    places = (np.array([5, 3, 1]) + hue * 6) % 6
    away = np.clip(np.minimum(places, 4 - places), 0, 1)
    return wrapped((value - value * saturation * away).astype(values.dtype))


def per_image_standardization(image: Any) -> Tensor:
    """(x - mean) / max(deviation, 1 / sqrt(number of values)), in float32."""
    values = pictures(image, "per_image_standardization").astype(np.float32)
    axes = (-3, -2, -1)
    count = np.prod(values.shape[-3:])
    deviation = np.maximum(values.std(axis=axes, keepdims=True), np.float32(1 / np.sqrt(count)))
    return wrapped((values - values.mean(axis=axes, keepdims=True)) / deviation)


def _of_colours(images: Any, function: str) -> Tensor:
    values = tensor(images, function)
    if values.shape[-1:] != (3,):
        raise ShapeError(f"{function}: got shape {values.shape}, expected three channels, the last axis")
    return values

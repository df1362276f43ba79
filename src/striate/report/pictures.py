"""Arrays as small PNG pictures inside a page, and what to show of kernels."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import ArrayLike, NDArray

Pixels = NDArray[np.uint8]

BLUE, RED = (0x1D, 0x5F, 0xD0), (0xD0, 0x3B, 0x3B)  # for negative and positive weights; zero is white


def data_uri(pixels: Pixels) -> str:
    """A PNG of (height, width) grey or (height, width, 3) colour pixels, for an img's src."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def image_pixels(image: ArrayLike) -> Pixels:
    """An image as the eye expects it.

    Args:
        image: (height, width) or (height, width, channels); uint8, or numbers that are stretched to the whole range. Of
            channels other than one or three the mean is shown.
    """
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[2] != 3:
        array = array[:, :, 0] if array.shape[2] == 1 else array.mean(axis=2)
    return array.astype(np.uint8, copy=False) if array.dtype == np.uint8 else _stretched(array)


def kernel_pixels(kernels: ArrayLike) -> list[Pixels]:
    """A picture for each filter of a convolution.

    A kernel of three channels is a colour picture, each stretched to its own range. Of any other number of channels the
    mean is shown, blue below zero, red above, with the same scale for all filters.

    Args:
        kernels: (height, width, channels, filters).
    """
    array = np.nan_to_num(np.asarray(kernels, np.float32))
    if array.shape[2] == 3:
        return [_stretched(array[..., i]) for i in range(array.shape[3])]
    flat = array.mean(axis=2)
    flat = flat / max(float(np.abs(flat).max()), 1e-12)
    return [_diverging(flat[..., i]) for i in range(flat.shape[2])]


def _stretched(array: NDArray[np.generic]) -> Pixels:
    numbers = np.nan_to_num(array.astype(np.float32))
    low, high = float(numbers.min()), float(numbers.max())
    return np.round((numbers - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)


def _diverging(values: NDArray[np.float32]) -> Pixels:
    """-1 blue, 0 white, 1 red."""
    strength = np.abs(values)[..., None]
    colour = np.where(values[..., None] < 0, np.array(BLUE), np.array(RED))
    pixels: Pixels = np.round(255 + strength * (colour - 255)).astype(np.uint8)
    return pixels

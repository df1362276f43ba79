"""Single images made brighter and shifted in their channels, under the names of `keras.preprocessing.image`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate import random
from striate.checks import number
from striate.engines.image_warp import WarpedImages, warp_images
from striate.errors import ShapeError, StriateError
from striate.images.parameters import pair


def apply_channel_shift(x: Any, intensity: float, channel_axis: int = 0) -> NDArray[Any]:
    """clip(x + intensity, smallest x, largest x).

    Args:
        x: an image.
        intensity: what is added.
        channel_axis: without effect, since all channels are shifted alike.
    """
    x = np.asarray(x)
    if not x.size:
        raise ShapeError(f"apply_channel_shift: got an array of shape {x.shape}, expected an image")
    shifted: NDArray[Any] = x + number("apply_channel_shift", "intensity", intensity, -np.inf)
    return np.asarray(np.clip(shifted, x.min(), x.max()))


def random_channel_shift(x: Any, intensity_range: float, channel_axis: int = 0) -> NDArray[Any]:
    """Shift the channels by -intensity_range to intensity_range."""
    limit = number("random_channel_shift", "intensity_range", intensity_range)
    return apply_channel_shift(x, float(random.next_generator().uniform(-limit, limit)), channel_axis)


def apply_brightness_shift(x: Any, brightness: float, scale: bool = True) -> NDArray[np.float32]:
    """Multiply an image by a factor as Pillow's ImageEnhance.Brightness does: in whole numbers, cut off at 255.

    Args:
        x: (height, width, channels), of 1, 3 or 4 channels, of which a fourth, alpha, stays.
        brightness: the factor, at least 0.
        scale: first spread the values over 0 to 255. False: only those of images with values beyond that range, which
            are put back afterwards.

    Returns:
        float32 of the same shape.
    """
    image = np.asarray(x, np.float32)
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or not image.size:
        raise ShapeError(f"apply_brightness_shift: got shape {image.shape}, expected (height, width, 1, 3 or 4)")
    factor = number("apply_brightness_shift", "brightness", brightness)
    if scale:
        image = image - image.min()
        highest = image.max()
        image = (image / highest if highest else image) * np.float32(255)
    images = np.ascontiguousarray(image[np.newaxis])
    warped = WarpedImages(images, np.zeros(1, np.int64), brightness=np.array([factor], np.float32))
    return np.asarray(warp_images(warped)[0])


def random_brightness(x: Any, brightness_range: Any, scale: bool = True) -> NDArray[np.float32]:
    """Multiply an image by a factor between the two of brightness_range; see `apply_brightness_shift`."""
    low, high = pair("brightness_range", brightness_range, "a pair of numbers of at least 0", "random_brightness")
    if min(low, high) < 0:
        raise StriateError(f"random_brightness: got {brightness_range!r}, expected a pair of numbers of at least 0")
    return apply_brightness_shift(x, float(random.next_generator().uniform(low, high)), scale)

"""Blocks of images on their way through a generator: chosen, transformed by the engine, standardised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.arrays import to_float32
from striate.engines.image_warp import WarpedImages, are_made_when_read, warp_images
from striate.errors import DataError, ShapeError
from striate.images.parameters import uniforms_of
from striate.images.standardization import standardize
from striate.images.transforms import Transforms

if TYPE_CHECKING:
    from striate.images.generator import ImageDataGenerator

AnyImages = NDArray[Any]


def drawn(
    settings: ImageDataGenerator, images: AnyImages, order: NDArray[np.int64], generator: np.random.Generator,
    first: int,
) -> WarpedImages:
    """Images transformed at random, not made yet.

    Args:
        settings: the ImageDataGenerator.
        images: (n, height, width, channels), uint8 or float32.
        order: which of them.
        generator: of random numbers, new, of the epoch.
        first: the place of the first in the epoch.
    """
    transforms = settings.ranges().draw(uniforms_of(generator, first, len(order)), *images.shape[1:3])
    return warp(settings, images, order, transforms, settings.rescale or 1.0 if _rescales_first(settings) else 1.0)


def finished(settings: ImageDataGenerator, warped: WarpedImages) -> AnyImages:
    """Those images as they come out: standardised, in the generator's data_format and dtype."""
    x: Any = from_channels_last(warp_images(warped), settings.data_format)
    if settings.preprocessing_function is not None:
        for image in x:
            result = np.asarray(settings.preprocessing_function(image))
            if result.shape != image.shape:
                raise ShapeError(
                    f"preprocessing_function: returned shape {result.shape} for an image of shape {image.shape}, "
                    "expected the same"
                )
            image[...] = result
    return np.asarray(standardize(x, settings, (1, 2, 3), rescale=not _rescales_first(settings)), settings.dtype)


def may_be_left(settings: ImageDataGenerator, warped: WarpedImages) -> bool:
    """Whether an engine can make these images as it reads them: small ones, to which nothing else is done."""
    further = (
        settings.preprocessing_function, settings.samplewise_center, settings.samplewise_std_normalization,
        settings.featurewise_center, settings.featurewise_std_normalization, settings.zca_whitening,
    )  # fmt: skip
    as_they_come = settings.dtype == "float32" and settings.data_format == "channels_last"
    return as_they_come and not any(further) and are_made_when_read(warped)


def _rescales_first(settings: ImageDataGenerator) -> bool:
    """Whether the factor can be a part of the warp."""
    return settings.preprocessing_function is None


def transformed(
    settings: ImageDataGenerator, images: AnyImages, order: NDArray[np.int64], transforms: Transforms,
    scale: float = 1.0,
) -> NDArray[np.float32]:
    """Images (n, height, width, channels) of uint8 or float32, chosen by `order`, each through its transform."""
    return warp_images(warp(settings, images, order, transforms, scale))


def warp(
    settings: ImageDataGenerator, images: AnyImages, order: NDArray[np.int64], transforms: Transforms, scale: float
) -> WarpedImages:
    """The same, not made yet."""
    if transforms.brightness is not None and images.shape[3] not in (1, 3, 4):
        raise DataError(f"brightness_range: got images of {images.shape[3]} channels, expected 1, 3 or 4")
    shifts, brightness = (
        None if values is None else np.broadcast_to(np.asarray(values, np.float32), transforms.n)
        for values in (transforms.channel_shift_intensity, transforms.brightness)
    )
    return WarpedImages(
        images, order, transforms.matrices(*images.shape[1:3]), shifts=shifts, brightness=brightness,
        fill_mode=settings.fill_mode, cval=settings.cval, interpolation_order=settings.interpolation_order, scale=scale,
    )


def to_channels_last(x: AnyImages, data_format: str) -> AnyImages:
    """Images as the engine takes them: uint8 or float32, channels last, contiguous."""
    x = x if x.dtype in (np.uint8, np.float32) else to_float32(x)
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1) if data_format == "channels_first" else x)


def from_channels_last(x: AnyImages, data_format: str) -> AnyImages:
    """The way back."""
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)) if data_format == "channels_first" else x

"""Between Pillow's images and arrays, under the names and with the meanings of `keras.utils`."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import DataError, ShapeError, StriateError
from striate.settings import image_data_format

if TYPE_CHECKING:
    from PIL.Image import Image

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def data_format_of(value: Any) -> str:
    """"channels_last" or "channels_first"; the first for None."""
    if value is None:
        return image_data_format()
    if not isinstance(value, str) or value not in ("channels_last", "channels_first"):
        raise StriateError(f'data_format: got {value!r}, expected "channels_last" or "channels_first"')
    return str(value)


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> NDArray[Any]:
    """An image as an array of three dimensions.

    Args:
        img: a Pillow image, or anything that NumPy makes an array of two or three dimensions of.
        data_format: "channels_last" (height, width, channels), the default, or "channels_first".
        dtype: float32 if None.

    Raises:
        ShapeError: another number of dimensions.
    """
    data_format = data_format_of(data_format)
    x = np.asarray(img, dtype=dtype or np.float32)
    if x.ndim not in (2, 3):
        raise ShapeError(f"img_to_array: got an image of shape {x.shape}, expected two or three dimensions")
    x = x[..., np.newaxis] if x.ndim == 2 else x
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Image:
    """An array of three dimensions as a Pillow image of 1 (grey), 3 (RGB) or 4 (RGBA) channels.

    Args:
        x: numbers; without `scale` from 0 to 255.
        data_format: as for `img_to_array`.
        scale: spread the values so that the smallest becomes 0 and the largest 255.
        dtype: in which to compute; float32 if None.

    Raises:
        ShapeError: another shape.
        DataError: NaN or infinity, which no image can hold.
    """
    from PIL import Image as images

    data_format = data_format_of(data_format)
    x = np.asarray(x, dtype=dtype or np.float32)
    if x.ndim != 3:
        raise ShapeError(f"array_to_img: got an array of shape {x.shape}, expected three dimensions (one image)")
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    if x.shape[2] not in MODES or not x.size:
        raise ShapeError(f"array_to_img: got shape {x.shape}, expected 1, 3 or 4 channels and no empty axis")
    if not np.isfinite(x).all():
        raise DataError("array_to_img: got NaN or infinity, expected finite numbers")
    if scale:
        x = x - x.min()
        highest = x.max()
        x = (x / highest if highest else x) * 255
    if x.shape[2] == 1 and x.max() > 255:  # more than a byte: 32-bit whole numbers
        return images.fromarray(np.ascontiguousarray(x[..., 0]).astype(np.int32))
    with np.errstate(invalid="ignore"):  # what is beyond a byte keeps its low bits, as always in Keras
        pixels = x.astype(np.int64).astype(np.uint8)
    return images.fromarray(np.ascontiguousarray(pixels[..., 0] if x.shape[2] == 1 else pixels))


def save_img(
    path: Any, x: Any, data_format: str | None = None, file_format: str | None = None, scale: bool = True,
    **kwargs: Any,
) -> None:
    """Save an array as an image file.

    Args:
        path: a path or an open file.
        x: as for `array_to_img`, and so data_format and scale.
        file_format: such as "png"; None: as the path's ending says.
        **kwargs: for Pillow's `Image.save`.

    Raises:
        StriateError: a format that Pillow does not know, or a place that cannot be written.
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    is_path = isinstance(path, (str, os.PathLike))
    kind = file_format or (os.path.splitext(os.fspath(path))[1][1:] if is_path else None)
    kind = "jpeg" if kind and kind.lower() == "jpg" else kind
    if image.mode == "RGBA" and kind and kind.lower() == "jpeg":
        warnings.warn("The JPEG format does not support RGBA images, converting to RGB.", stacklevel=2)
        image = image.convert("RGB")
    try:
        image.save(path, format=kind or None, **kwargs)
    except (KeyError, ValueError):
        raise StriateError(f"save_img: got the format {kind!r}, expected one that Pillow writes, such as png") from None
    except OSError as error:
        raise StriateError(f"save_img: {path}: cannot be written ({error.strerror or error})") from None

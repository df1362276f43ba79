"""Image files as arrays and the other way round, by Pillow (tf.io, tf.image)."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from striate.errors import DataError, StriateError
from striate.images.files import opened
from striate.tensorflow._colours import convert_image_dtype
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, as_tensor, wrapped

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def decode_image(
    contents: Any, channels: int | None = None, dtype: Any = "uint8", name: str | None = None,
    expand_animations: bool = True,
) -> Tensor:
    """The pixels of a JPEG, PNG, BMP or GIF file: (rows, columns, channels).

    Args:
        contents: the file's bytes, as `tf.io.read_file` gives them.
        channels: 1, 3 or 4; 0 or None: as in the file.
        dtype: uint8, or float32 for numbers from 0 to 1, or uint16.
        name: of the operation, for the reader.
        expand_animations: True: a GIF file has a first axis for its pictures.

    Raises:
        DataError: bytes that are no such file, or more pixels than any photograph.
    """
    pixels = _decoded(contents, channels, "decode_image", ("JPEG", "PNG", "BMP", "GIF"), expand_animations)
    return convert_image_dtype(pixels, dtype)


def decode_jpeg(
    contents: Any, channels: int = 0, ratio: int = 1, fancy_upscaling: bool = True,
    try_recover_truncated: bool = False, acceptable_fraction: float = 1, dct_method: str = "", name: str | None = None,
) -> Tensor:
    """The pixels of a JPEG file (rows, columns, channels), uint8; arguments as for `decode_image`.

    The numbers can differ by a few from TensorFlow's, whose decoder takes short cuts.

    Raises:
        StriateError: another ratio than 1, or a wish for what is left of a damaged file.
    """
    if ratio != 1 or try_recover_truncated or acceptable_fraction != 1:
        raise StriateError("decode_jpeg: takes whole images in their own size: ratio=1, try_recover_truncated=False")
    return _decoded(contents, channels, "decode_jpeg", ("JPEG", "PNG", "BMP", "GIF"))


def decode_png(contents: Any, channels: int = 0, dtype: Any = "uint8", name: str | None = None) -> Tensor:
    """The pixels of a PNG file (rows, columns, channels), uint8 or uint16; arguments as for `decode_image`."""
    return convert_image_dtype(_decoded(contents, channels, "decode_png", ("PNG", "JPEG", "BMP", "GIF")), dtype)


def decode_bmp(contents: Any, channels: int = 0, name: str | None = None) -> Tensor:
    """The pixels of a BMP file (rows, columns, channels), uint8."""
    return _decoded(contents, channels, "decode_bmp", ("BMP",))


def decode_gif(contents: Any, name: str | None = None) -> Tensor:
    """The pictures of a GIF file (pictures, rows, columns, 3), uint8."""
    return _decoded(contents, 3, "decode_gif", ("GIF",), frames=True)


def _decoded(
    contents: Any, channels: int | None, function: str, formats: tuple[str, ...], frames: bool = False
) -> Tensor:
    if channels not in (None, 0, *MODES):
        raise StriateError(f"{function}: got channels={channels!r}, expected 0, 1, 3 or 4")
    raw = as_tensor(contents, name=function).numpy()
    if not isinstance(raw, bytes):
        raise DataError(f"{function}: got an array of numbers, expected the bytes of one file")
    with opened(io.BytesIO(raw), f"{function}: the image") as image:
        if image.format not in formats:
            raise DataError(f"{function}: got a {image.format} file, expected {' or '.join(formats)}")
        animated = frames and image.format == "GIF"
        mode = MODES.get(channels or 0) or ("RGB" if image.format == "GIF" else _natural(image.mode))
        pages = []
        for number in range(getattr(image, "n_frames", 1) if animated else 1):
            image.seek(number)
            if image.width * image.height * (number + 1) > 1 << 27:
                raise DataError(f"{function}: more pixels than any photograph")
            pages.append(_pixels(image, mode))
    return wrapped(np.stack(pages) if animated else pages[0])


def _pixels(image: Any, mode: str) -> Any:
    if image.mode.startswith("I"):  # 16 bits; Pillow would cut them off
        grey = np.asarray(image.convert("I")) >> 8
        return np.repeat(grey.astype(np.uint8)[..., np.newaxis], len(mode), axis=-1)
    pixels = np.array(image.convert(mode))
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _natural(mode: str) -> str:
    """The mode in which a file's channels are as in the file."""
    if mode in ("RGBA", "LA", "PA"):
        return "RGBA"
    return "L" if mode in ("1", "L", "F") or mode.startswith("I") else "RGB"


def encode_jpeg(image: Any, format: str = "", quality: int = 95, **options: Any) -> Tensor:
    """A JPEG file's bytes, of pixels (rows, columns, 1 or 3) in uint8."""
    if options.keys() - {"name"}:
        raise StriateError(f"encode_jpeg: got {min(options.keys() - {'name'})}, which is not available; leave it out")
    channels = {"": (1, 3), "default": (1, 3), "grayscale": (1,), "rgb": (3,)}.get(format, ())
    if np.shape(image)[-1:] not in [(count,) for count in channels]:
        raise StriateError(f"encode_jpeg: got format={format!r} for shape {np.shape(image)}, which do not fit")
    return _encoded(image, "encode_jpeg", "JPEG", quality=quality)


def encode_png(image: Any, compression: int = -1, name: str | None = None) -> Tensor:
    """A PNG file's bytes, of pixels (rows, columns, 1, 3 or 4) in uint8."""
    return _encoded(image, "encode_png", "PNG", compress_level=6 if compression == -1 else compression)


def _encoded(image: Any, function: str, kind: str, **options: Any) -> Tensor:
    from PIL import Image

    pixels = as_tensor(image, name=function)
    if pixels.dtype != as_dtype("uint8").dtype or pixels.ndim != 3 or pixels.shape[-1] not in MODES:
        raise DataError(f"{function}: got {pixels.dtype} {pixels.shape}, expected uint8 (rows, columns, 1, 3 or 4)")
    plain = pixels.numpy()
    buffer = io.BytesIO()
    Image.fromarray(plain[..., 0] if plain.shape[-1] == 1 else plain).save(buffer, kind, **options)
    return as_tensor(buffer.getvalue())

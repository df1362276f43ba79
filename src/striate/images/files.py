"""Reading image files, which may come from anywhere: bounded before a pixel is decoded, every failure one error."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from striate.checks import as_whole
from striate.errors import DataError, StriateError
from striate.lookup import nearest

if TYPE_CHECKING:
    from PIL.Image import Image

Item = TypeVar("Item")
Result = TypeVar("Result")

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
MOST_PIXELS = 1 << 27  # 400 MB as RGB; the largest cameras have 100 million
MOST_THREADS = 8
COLOR_MODES = {"grayscale": 1, "rgb": 3, "rgba": 4}


def in_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The function of each item, in order, computed on a few threads; the first error is raised."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1, max(len(items), 1)), "striate-images")
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def opened(file: Any, name: str | None = None) -> Iterator[Image]:
    """An image file, open. What goes wrong with it inside the block, decoding included, becomes one error.

    Args:
        file: a path or a binary file.
        name: for errors; the path itself if None.

    Raises:
        DataError: no such file, not an image, damaged, or with more pixels than any photograph.
    """
    from PIL import Image, UnidentifiedImageError

    name = name or str(file)
    if isinstance(file, (str, os.PathLike)) and os.path.exists(file) and not os.path.isfile(file):
        raise DataError(f"{name}: not a file")  # a pipe would be waited for
    try:
        with Image.open(file) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            yield image
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise DataError(f"{name}: more pixels than any photograph; make it smaller first") from None
    except FileNotFoundError:
        raise DataError(f"{name}: no such file") from None
    except StriateError:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        reason = "not an image" if isinstance(error, UnidentifiedImageError) else f"not a readable image ({error})"
        raise DataError(f"{name}: {reason}") from None


def load_img(
    path: Any, color_mode: str = "rgb", target_size: Any = None, interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image:
    """Load an image file as a Pillow image.

    Args:
        path: a path or an io.BytesIO.
        color_mode: "rgb", "rgba" or "grayscale"; grey images of 16 or 32 bits stay what they are.
        target_size: (height, width) to resize to; None: as it is.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: first cut out the largest window in the middle with the proportions of target_size.

    Raises:
        StriateError: an argument that is none of these.
        DataError: a file that is missing, no image, damaged or unreasonably large.
    """
    mode, size = check_reading("load_img", color_mode, target_size, interpolation)
    if not isinstance(path, (str, bytes, os.PathLike, io.BytesIO)):
        raise StriateError(f"load_img: got path={path!r}, expected a path or an io.BytesIO")
    source = os.fsdecode(path) if isinstance(path, bytes) else path
    with opened(source, None if isinstance(source, (str, os.PathLike)) else "load_img") as image:
        return _resized(_converted(image, mode), size, interpolation, keep_aspect_ratio)


def check_reading(
    name: str, color_mode: Any, target_size: Any, interpolation: Any
) -> tuple[str, tuple[int, int] | None]:
    """The colour mode and (height, width), or None, checked; errors begin with `name`."""
    for argument, value, known in (
        ("color_mode", color_mode, tuple(COLOR_MODES)), ("interpolation", interpolation, INTERPOLATIONS),
    ):  # fmt: skip
        if value not in known:
            raise StriateError(f"{name}: got {argument}={value!r}; {nearest(str(value), known)}")
    if target_size is None:
        return color_mode, None
    sizes = list(target_size) if isinstance(target_size, (list, tuple)) or hasattr(target_size, "__array__") else []
    numbers = [as_whole(size) for size in sizes]
    if len(numbers) != 2 or not all(number is not None and 1 <= number <= 1 << 15 for number in numbers):
        raise StriateError(f"{name}: got target_size={target_size!r}, expected (height, width), from 1 to {1 << 15}")
    return color_mode, (int(sizes[0]), int(sizes[1]))


def eight_bit(image: Image) -> Image:
    """Grey images of 16 bits in 8; Pillow's own conversion would cut off what is above 255. Others as they are."""
    from PIL import Image as images

    if not image.mode.startswith("I"):
        return image
    return images.fromarray((np.clip(np.asarray(image), 0, 65535).astype(np.uint16) >> 8).astype(np.uint8))


def _converted(image: Image, color_mode: str) -> Image:
    if color_mode == "grayscale":
        return _copy(image) if image.mode in ("L", "I;16", "I") else image.convert("L")
    wanted = color_mode.upper()
    return _copy(image) if image.mode == wanted else image.convert(wanted)


def _copy(image: Image) -> Image:
    """Decoded, and independent of the file."""
    return image.copy()


def _resized(image: Image, size: tuple[int, int] | None, interpolation: str, keep_aspect_ratio: bool) -> Image:
    from PIL.Image import Resampling

    if size is None or image.size == (size[1], size[0]):
        return image
    method, wanted = Resampling[interpolation.upper()], (size[1], size[0])
    if not keep_aspect_ratio:
        return image.resize(wanted, method)
    width, height = image.size
    crop_width = min(width, height * size[1] // size[0])
    crop_height = min(height, width * size[0] // size[1])
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return image.resize(wanted, method, box=(left, top, left + crop_width, top + crop_height))

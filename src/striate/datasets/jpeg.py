"""A zip of JPEG folders, train/CLASS/*.jpg and test/CLASS/*.jpg, as arrays."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from striate.datasets.arrays import MAX_IMAGES, Bytes, Data, Split, broken, check_split, unreadable

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MAX_FILE = 1 << 20  # bytes of one small JPEG, packed or unpacked


def read_jpeg_zip(path: Path, class_names: Sequence[str], size: tuple[int, int]) -> Data:
    """Decode every image of the archive, in memory.

    Images come one of each class in turn, in the order of their names, so that any slice holds all classes.

    Args:
        path: the archive.
        class_names: folder names in the order of the labels.
        size: height and width that every image must have.

    Raises:
        DatasetError: not a zip archive, a class without images, a file that is no such JPEG.
    """
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MAX_IMAGES:
                raise broken(path, f"{len(archive.infolist()):,} files")
            folders = _sort_into_folders(archive)
            train, test = (_split(path, archive, folders, part, class_names, size) for part in ("train", "test"))
            return train, test
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise broken(path, f"not a readable zip archive ({error})") from None
    except OSError as error:
        raise unreadable(path, error) from None


def _sort_into_folders(archive: ZipFile) -> dict[str, list[ZipInfo]]:
    folders: dict[str, list[ZipInfo]] = {}
    for info in sorted(archive.infolist(), key=lambda info: info.filename):
        name = PurePosixPath(info.filename)
        if name.suffix.lower() in (".jpg", ".jpeg"):
            folders.setdefault(str(name.parent), []).append(info)
    return folders


def _split(
    path: Path, archive: ZipFile, folders: dict[str, list[ZipInfo]], part: str, class_names: Sequence[str],
    size: tuple[int, int],
) -> Split:
    chosen: list[tuple[int, int, ZipInfo]] = []
    for label, name in enumerate(class_names):
        files = folders.get(f"{part}/{name}")
        if not files:
            raise broken(path, f"no images in {part}/{name}/")
        chosen += [(number, label, info) for number, info in enumerate(files)]
    chosen.sort(key=lambda item: item[:2])
    images = np.empty((len(chosen), *size, 3), np.uint8)
    for place, (_, _, info) in enumerate(chosen):
        images[place] = _decode(path, archive, info, size)
    labels = np.array([label for _, label, _ in chosen], np.uint8).reshape(-1, 1)
    check_split(path, images, labels, (*size, 3), len(class_names))
    return images, labels


def _decode(path: Path, archive: ZipFile, info: ZipInfo, size: tuple[int, int]) -> Bytes:
    """One JPEG. Its header is checked before a pixel is decoded."""
    from PIL import Image, UnidentifiedImageError

    where = f"{path}: {info.filename}"
    if max(info.file_size, info.compress_size) > MAX_FILE:
        raise broken(where, f"{info.file_size:,} bytes for an image of {size[1]}x{size[0]}")
    try:
        with Image.open(io.BytesIO(archive.read(info)), formats=["JPEG"]) as image:
            if image.size != (size[1], size[0]):
                raise broken(where, f"{image.width}x{image.height} pixels, expected {size[1]}x{size[0]}")
            return np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise broken(where, f"not a JPEG ({error})") from None

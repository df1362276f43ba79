"""Reading .npz archives of unsigned bytes without trusting them: no pickle, no undeclared sizes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from striate.datasets.arrays import Bytes, broken, read_up_to, unreadable

MAX_MEMBER = 4 << 30  # bytes of one array, unpacked


def read_npz(path: Path, names: Sequence[str]) -> list[Bytes]:
    """The named arrays of an archive; each must be of unsigned bytes (or integers 0 to 255: some copies' labels).

    Raises:
        DatasetError: not a zip archive, an array missing, objects instead of numbers, sizes that disagree.
    """
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            arrays = []
            for name in names:
                info = members.get(f"{name}.npy")
                if info is None:
                    raise broken(path, f"holds no array {name!r}")
                with archive.open(info) as stream:
                    arrays.append(_read_npy(stream, info.file_size, f"{path}: {name}"))
            return arrays
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise broken(path, f"not a readable .npz archive ({error})") from None
    except OSError as error:
        raise unreadable(path, error) from None


def _read_npy(stream: IO[bytes], size: int, where: str) -> Bytes:
    """One array: its header is parsed by NumPy, its data are raw bytes, exactly as many as declared."""
    from numpy.lib import format as npy

    if size > MAX_MEMBER:
        raise broken(where, f"unpacks to {size:,} bytes")
    try:
        version = npy.read_magic(stream)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read_header(stream)
    except ValueError as error:
        raise broken(where, f"not an .npy array ({str(error).splitlines()[0]})") from None
    if dtype.kind not in "ui" or dtype.hasobject or fortran:
        raise broken(where, f"type {dtype}, expected uint8 in row order")
    count = 1
    for length in shape:
        count *= int(length)
    if count < 0 or count * dtype.itemsize > size:
        raise broken(where, f"the header claims the shape {shape}, the archive holds {size:,} bytes")
    body = read_up_to(stream, count * dtype.itemsize + 1)
    if len(body) != count * dtype.itemsize:
        raise broken(where, f"expected {count * dtype.itemsize:,} bytes of data, got {len(body):,}")
    array = np.frombuffer(body, dtype).reshape(shape)
    if dtype != np.uint8 and count and (int(array.min()) < 0 or int(array.max()) > 255):
        raise broken(where, "numbers outside 0 to 255")
    return array.astype(np.uint8, copy=False)

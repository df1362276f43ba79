"""IDX, the format of the MNIST family: two zero bytes, type, number of dimensions, sizes (big-endian), elements."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.datasets.arrays import MAX_IMAGES, Bytes, Readable, broken, read_up_to, unreadable

UNSIGNED_BYTE = 0x08
MAX_SIDE = 1024


def read_idx(path: Path, dimensions: int) -> Bytes:
    """Read a file of unsigned bytes, gzipped or not.

    Args:
        path: the file.
        dimensions: how many it must have: 1 for labels, 3 for images.

    Returns:
        A read-write array of exactly the shape in the header.

    Raises:
        DatasetError: anything but a whole IDX file of that many dimensions.
    """
    import gzip
    import zlib

    try:
        with open(path, "rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not zipped:
                return _parse(raw, path, dimensions)
            with gzip.GzipFile(fileobj=raw) as stream:
                return _parse(stream, path, dimensions)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise broken(path, f"cannot be unpacked ({error})") from None
    except OSError as error:
        raise unreadable(path, error) from None


def _parse(stream: Readable, path: Path, dimensions: int) -> Bytes:
    head = stream.read(4 + 4 * dimensions)
    if len(head) < 4 + 4 * dimensions or head[:2] != b"\0\0":
        raise broken(path, "not an IDX file")
    if head[2] != UNSIGNED_BYTE or head[3] != dimensions:
        raise broken(path, f"IDX type {head[2]:#04x} with {head[3]} dimensions, expected 0x08 with {dimensions}")
    shape = tuple(int(size) for size in np.frombuffer(head, ">u4", offset=4))
    if shape[0] > MAX_IMAGES or any(size > MAX_SIDE for size in shape[1:]):
        raise broken(path, f"the header claims a shape of {shape}, more than any data set of this kind")
    count = 1
    for size in shape:
        count *= size
    body = read_up_to(stream, count + 1)  # never more than the header allows, however far the file unpacks
    if len(body) != count:
        problem = "has more" if len(body) > count else f"ends after {len(body):,}"
        raise broken(path, f"the header promises {count:,} bytes, the file {problem}")
    return np.frombuffer(body, np.uint8).reshape(shape)

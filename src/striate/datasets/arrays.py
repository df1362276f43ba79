"""The shape of what every data set returns, and the checks that all of them share."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from striate.errors import DatasetError

Bytes = NDArray[np.uint8]
Split = tuple[Bytes, Bytes]  # images, labels
Data = tuple[Split, Split]  # training, test

MAX_IMAGES = 2_000_000  # far above every data set read here; keeps a hostile header from asking for all memory


def broken(path: Path | str, why: str) -> DatasetError:
    """The error for a file that is not what its name says."""
    return DatasetError(f"{path}: {why}; the file is damaged or foreign: delete or replace it")


def unreadable(path: Path | str, error: OSError) -> DatasetError:
    """The error for a file that the system does not let us read."""
    return DatasetError(f"{path}: cannot be read ({error.strerror or error})")


def check_split(source: Path | str, images: Bytes, labels: Bytes, image_shape: tuple[int, ...], classes: int) -> None:
    """Raise DatasetError unless images and labels belong together."""
    if images.shape[1:] != image_shape:
        raise broken(source, f"images of shape {images.shape[1:]}, expected {image_shape}")
    if len(images) != len(labels):
        raise broken(source, f"{len(images)} images but {len(labels)} labels")
    if not len(images):
        raise broken(source, "no images")
    if int(labels.max()) >= classes:
        raise broken(source, f"a label {int(labels.max())}, expected 0 to {classes - 1}")


class Readable(Protocol):
    """An open file, packed or not."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes."""


def read_up_to(stream: Readable, count: int) -> bytearray:
    """At most `count` bytes, in pieces: memory grows with what really comes, not with what a header promises."""
    content = bytearray()
    while len(content) < count:
        piece = stream.read(min(count - len(content), 1 << 20))
        if not piece:
            break
        content += piece
    return content

"""The part of Fashion-MNIST that comes with Striate: 10,000 + 2,000 images, so that demo and tests need no network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.datasets.arrays import Bytes, Data, Split, broken

FOLDER = Path(__file__).parent / "embedded"
CLASSES = 10
SIDE = 28


def load_subset() -> Data:
    """Images uint8 (10000, 28, 28) and (2000, 28, 28) with labels uint8 (n,), one of each class in turn."""
    return _read("train"), _read("test")


def mosaic(images: Bytes, labels: Bytes) -> Bytes:
    """Images, evenly many of each class, as one picture: a row for each class, in the order given.

    PNG packs this better than any other arrangement tried (tools/make_subset.py), as images of a class are alike.
    """
    rows = [np.concatenate(list(images[labels == label]), axis=1) for label in range(CLASSES)]
    return np.concatenate(rows, axis=0)


def unmosaic(picture: Bytes) -> Split:
    """The inverse of `mosaic`, but one image of each class in turn."""
    count = picture.shape[1] // SIDE
    images = picture.reshape(CLASSES, SIDE, count, SIDE).transpose(2, 0, 1, 3)
    labels = np.tile(np.arange(CLASSES, dtype=np.uint8), count)
    return np.ascontiguousarray(images).reshape(-1, SIDE, SIDE), labels


def _read(part: str) -> Split:
    from PIL import Image

    path = FOLDER / f"fashion-mnist-{part}.png"
    try:
        with Image.open(path, formats=["PNG"]) as image:
            picture = np.asarray(image.convert("L"))
    except OSError as error:
        raise broken(path, f"cannot be read ({error}); install striate again") from None
    return unmosaic(picture)

"""CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 colour images, 32x32, ten classes."""

from __future__ import annotations

from pathlib import Path

from striate.datasets import cifar
from striate.datasets.arrays import Data
from striate.datasets.storage import RemoteFile, candidates, download

class_names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_FILES = cifar.Batches(
    folder="cifar-10-batches-py",
    training=tuple(f"data_batch_{i}" for i in range(1, 6)),
    test="test_batch",
    label_key=b"labels",
    classes=10,
)
_JPEG = "cifar10-jpeg.zip"
_REMOTE = RemoteFile(
    "cifar-10-python.tar.gz",
    ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
    170498071,
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
)


def load_data() -> Data:
    """Load CIFAR-10, from this machine if it is there, else from the network.

    A `cifar10-jpeg.zip` in $STRIATE_DATA (train/CLASS/*.jpg, test/CLASS/*.jpg) is taken too: its images are lossy
    copies, so accuracies are not comparable with the original's. Archives are decoded once and kept in Striate's cache.

    Returns:
        (x_train, y_train), (x_test, y_test): images uint8 (n, 32, 32, 3), RGB, 0 to 255; labels uint8 (n, 1), 0 to 9,
        named by `class_names`. n is 50,000 and 10,000.

    Raises:
        DatasetError: a file is damaged, or is nowhere on this machine and cannot be downloaded.
    """
    for path in candidates([*_FILES.places(_REMOTE.name), _JPEG]):
        if path.name == _JPEG:
            return _from_jpeg(path)
        if (data := cifar.load(path, _FILES)) is not None:
            return data
    path = download("CIFAR-10", _REMOTE, "")
    return cifar.from_archive(path, _FILES)


def _from_jpeg(path: Path) -> Data:
    from striate.datasets.cache import decoded
    from striate.datasets.jpeg import read_jpeg_zip

    return decoded(path, "", lambda: read_jpeg_zip(path, class_names, (32, 32)))

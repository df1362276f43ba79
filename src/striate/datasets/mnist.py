"""MNIST (LeCun, Cortes and Burges 1998): 60,000 + 10,000 grey images of handwritten digits, 28x28."""

from __future__ import annotations

from pathlib import Path

from striate.datasets.arrays import Data, check_split
from striate.datasets.npz import read_npz
from striate.datasets.storage import RemoteFile, download, find

class_names = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

_REMOTE = RemoteFile(
    "mnist.npz",
    ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",),
    11490434,
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)


def load_data(path: str = "mnist.npz") -> Data:
    """Load MNIST, from this machine if it is there, else from the network.

    Args:
        path: a file of its own in Keras's layout (x_train, y_train, x_test, y_test), absolute or relative to the places
            searched.

    Returns:
        (x_train, y_train), (x_test, y_test): images uint8 (n, 28, 28), 0 to 255; labels uint8 (n,), 0 to 9.
        n is 60,000 and 10,000.

    Raises:
        DatasetError: the file is damaged, or is nowhere on this machine and cannot be downloaded.
    """
    found: Path = find([path]) or find([_REMOTE.name]) or download("MNIST", _REMOTE, "")
    x_train, y_train, x_test, y_test = read_npz(found, ["x_train", "y_train", "x_test", "y_test"])
    check_split(found, x_train, y_train, (28, 28), len(class_names))
    check_split(found, x_test, y_test, (28, 28), len(class_names))
    return (x_train, y_train), (x_test, y_test)

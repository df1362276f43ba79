"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): 60,000 + 10,000 grey images of clothes, 28x28, ten classes."""

from __future__ import annotations

from pathlib import Path

from striate.datasets.arrays import Data, Split, check_split
from striate.datasets.idx import read_idx
from striate.datasets.storage import RemoteFile, download, find

class_names = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)

# Zalando's files; Google's copies, which Keras uses, are the same bytes.
_ADDRESSES = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
_FILES = {
    "train-images-idx3-ubyte.gz": (26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    "train-labels-idx1-ubyte.gz": (29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    "t10k-images-idx3-ubyte.gz": (4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    "t10k-labels-idx1-ubyte.gz": (5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
}
_HINT = "Without it, load_data(subset=True) gives the 12,000 images that Striate carries."


def load_data(subset: bool = False) -> Data:
    """Load Fashion-MNIST, from this machine if it is there, else from the network.

    Args:
        subset: take the 10,000 + 2,000 images that come with Striate (the first of each class) and look nowhere.

    Returns:
        (x_train, y_train), (x_test, y_test): images uint8 (n, 28, 28), 0 to 255; labels uint8 (n,), 0 to 9, named by
        `class_names`. n is 60,000 and 10,000.

    Raises:
        DatasetError: a file is damaged, or is nowhere on this machine and cannot be downloaded.
    """
    if subset:
        from striate.datasets.subset import load_subset

        return load_subset()
    return _split("train"), _split("t10k")


def _split(prefix: str) -> Split:
    paths = [_locate(f"{prefix}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1")]
    images, labels = read_idx(paths[0], dimensions=3), read_idx(paths[1], dimensions=1)
    check_split(paths[0], images, labels, (28, 28), len(class_names))
    return images, labels


def _locate(name: str) -> Path:
    plain = name.removesuffix(".gz")
    found = find([f"fashion-mnist/{name}", f"fashion-mnist/{plain}"])
    if found is not None:
        return found
    size, sha256 = _FILES[name]
    remote = RemoteFile(name, tuple(address + name for address in _ADDRESSES), size, sha256)
    return download("Fashion-MNIST", remote, "fashion-mnist", _HINT)

"""CIFAR-100 (Krizhevsky 2009): 50,000 + 10,000 colour images, 32x32, 100 classes in 20 groups."""

from __future__ import annotations

from typing import Literal

from striate.datasets import cifar
from striate.datasets.arrays import Data
from striate.datasets.storage import RemoteFile, candidates, download
from striate.errors import DatasetError

class_names = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
    "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
    "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger",
    "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
)  # fmt: skip
coarse_class_names = (
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables", "household_electrical_devices",
    "household_furniture", "insects", "large_carnivores", "large_man-made_outdoor_things",
    "large_natural_outdoor_scenes", "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates",
    "people", "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
)  # fmt: skip

_REMOTE = RemoteFile(
    "cifar-100-python.tar.gz",
    ("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",),
    169001437,
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
)


def load_data(label_mode: Literal["fine", "coarse"] = "fine") -> Data:
    """Load CIFAR-100, from this machine if it is there, else from the network.

    Args:
        label_mode: "fine" for the 100 classes (`class_names`), "coarse" for the 20 groups (`coarse_class_names`).

    Returns:
        (x_train, y_train), (x_test, y_test): images uint8 (n, 32, 32, 3), RGB, 0 to 255; labels uint8 (n, 1).
        n is 50,000 and 10,000.

    Raises:
        DatasetError: another label_mode; a file is damaged, or is nowhere on this machine and cannot be downloaded.
    """
    if label_mode not in ("fine", "coarse"):
        raise DatasetError(f'label_mode: got {label_mode!r}, expected "fine" or "coarse"')
    files = cifar.Batches(
        folder="cifar-100-python",
        training=("train",),
        test="test",
        label_key=f"{label_mode}_labels".encode(),
        classes=100 if label_mode == "fine" else 20,
    )
    for path in candidates(files.places(_REMOTE.name)):
        if (data := cifar.load(path, files)) is not None:
            return data
    return cifar.from_archive(download("CIFAR-100", _REMOTE, ""), files)

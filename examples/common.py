"""What the examples share: their one option, and the images most of them are about."""

from __future__ import annotations

import argparse

import striate
from striate.datasets import fashion_mnist
from striate.errors import DatasetError

CLASSES = fashion_mnist.class_names


def asked_to_be_quick(description: str) -> bool:
    """Whether --quick is on the command line: fewer images, for a look at what an example prints."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="fewer images and epochs: a few seconds, lower accuracies")
    return bool(parser.parse_args().quick)


def clothes(train: int, test: int, quick: bool = False):
    """Some images of Fashion-MNIST: ((x, y), (x_test, y_test)).

    All 60,000 + 10,000 where they are to be had, else (or to be quick) from the 12,000 that come with Striate.
    """
    try:
        data = fashion_mnist.load_data(subset=quick)
    except DatasetError:
        print("Fashion-MNIST is not here and not to be had: taking the 12,000 images that come with Striate.")
        data = fashion_mnist.load_data(subset=True)
    (x, y), (x_test, y_test) = data
    return (x[:train], y[:train]), (x_test[:test], y_test[:test])


def accuracy(model: striate.Model, x, y) -> float:
    """Of a classifier compiled with metrics=["accuracy"]."""
    return model.evaluate(x, y, batch_size=256, verbose=0, return_dict=True)["accuracy"]

"""Data sets as Keras returns them: NumPy arrays of uint8, found on this machine or downloaded once."""

from striate.datasets import cifar10, cifar100, fashion_mnist, mnist

__all__ = ["cifar10", "cifar100", "fashion_mnist", "mnist"]

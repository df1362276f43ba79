"""The one look at the test images: what was found beside what one began with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.checks import whole
from striate.random import generator, set_random_seed
from striate.search.lenet import LeNet

if TYPE_CHECKING:
    from striate.datasets.arrays import Data
    from striate.models import Sequential


@dataclass(frozen=True)
class Comparison:
    """Networks of the same sizes, trained on all training images from several seeds.

    Attributes:
        network: the sizes.
        model: the first of them; it is not chosen by its accuracy.
        accuracies: of each on the test images.
    """

    network: LeNet
    model: Sequential
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Of the accuracies."""
        return float(np.mean(self.accuracies))


def compare(
    networks: list[LeNet], data: Data, epochs: int, batch_size: int, seed: int, seeds: int = 3, engine: Any = None,
    told: Callable[[int, int], None] | None = None,
) -> list[Comparison]:
    """Train networks anew on all training images and measure them on the test images.

    Args:
        networks: the sizes, each trained from the same seeds.
        data: as `load_data` returns it.
        epochs, batch_size, engine: of every training.
        seed: decides about everything random; none of the trials' seeds.
        seeds: how often each is trained. The difference of two networks means little while the seeds' ranges overlap.
        told: called before each training with its number among all, from 1, and how many there are.
    """
    whole("seeds", seeds)
    (x, y), (x_test, y_test) = data
    found = []
    for i, network in enumerate(networks):
        models, accuracies = [], []
        for j in range(seeds):
            if told is not None:
                told(i * seeds + j + 1, len(networks) * seeds)
            set_random_seed(int(generator(seed, j, 0, 1).integers(2**32)))
            model = network.build(x.shape[1:] if x.ndim == 4 else (*x.shape[1:], 1), int(y.max()) + 1)
            model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0, engine=engine)
            models.append(model)
            result = model.evaluate(x_test, y_test, batch_size=256, verbose=0, return_dict=True, engine=engine)
            accuracies.append(float(result["accuracy"]))
        found.append(Comparison(network, models[0], tuple(accuracies)))
    return found

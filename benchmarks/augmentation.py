"""Training from ImageDataGenerator against training from arrays in memory: images a second, and what share is left.

    python augmentation.py [--networks lenet5 resnet18 resnet18-64] [--rounds 5] [--seconds 2] [--batch 32]

Rotation, shifts, zoom and flips at random for every image; the same network, batch size and optimizer on both sides,
which take turns within each round; the share is the median of the rounds' shares. Images are bytes; the arrays hold
the same as float32 from 0 to 1. Striate must be installed or on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import keras_like
import numpy as np

import striate
from striate.engines.image_warp import as_array

OPTIONS: dict[str, Any] = {
    "rotation_range": 20, "zoom_range": 0.15, "width_shift_range": 0.1, "height_shift_range": 0.1,
    "horizontal_flip": True, "rescale": 1 / 255,
}  # fmt: skip
# Of each network: the shape of its images, classes, and how many images there are at most.
SIZES: dict[str, tuple[tuple[int, int, int], int, int]] = {
    "lenet5": ((28, 28, 1), 10, 60_000),
    "resnet18-64": ((64, 64, 3), 10, 4_000),
    "resnet18": ((224, 224, 3), 100, 640),
}


def make(network: str) -> Any:
    shape, classes, _ = SIZES[network]
    striate.utils.set_random_seed(1)
    if network == "lenet5":
        small = keras_like.Framework("striate", 0)
        small.build(network)
        model: Any = small.model
    else:
        model = striate.applications.ResNet18(weights=None, input_shape=shape, classes=classes)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def sides(network: str, batch: int, count: int) -> dict[str, Callable[[int], float]]:
    """For each side a function that trains some epochs and returns the seconds they took."""
    shape, classes, _ = SIZES[network]
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (count, *shape)).astype(np.uint8), rng.integers(0, classes, count)
    scaled = x.astype(np.float32) / 255
    model = make(network)
    batches = striate.images.ImageDataGenerator(**OPTIONS).flow(x, y, batch_size=batch, seed=1)

    def run(*data: Any, **options: Any) -> Callable[[int], float]:
        def train(epochs: int) -> float:
            clock = keras_like.Clock(striate)
            model.fit(*data, epochs=epochs, verbose=0, callbacks=[clock.callback], **options)
            return clock.seconds

        return train

    return {"arrays": run(scaled, y, batch_size=batch), "augmented": run(batches)}


def measure(network: str, batch: int, rounds: int, seconds: float) -> list[dict[str, float]]:
    """Images a second of each side in each round."""
    most = SIZES[network][2]
    trial = sides(network, batch, 8 * batch)["arrays"]
    trial(1)
    rate = 8 * batch / trial(1)
    count = max(4, int(min(rate * seconds, most)) // batch) * batch
    epochs = max(1, round(rate * seconds / count))
    runs, found = sides(network, batch, count), []
    for run in runs.values():
        run(1)
    for i in range(rounds):
        order = list(runs)[:: 1 if i % 2 == 0 else -1]
        found.append({side: epochs * count / runs[side](epochs) for side in order})
    return found


def cost(network: str, batch: int) -> float:
    """Microseconds of processor time for an image, augmentation alone."""
    shape = SIZES[network][0]
    count = max(batch, 50_000_000 // (8 * int(np.prod(shape))) // batch * batch)
    x = np.random.default_rng(0).integers(0, 256, (count, *shape)).astype(np.uint8)
    batches = striate.images.ImageDataGenerator(**OPTIONS).flow(x, batch_size=batch, seed=1)
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        as_array(batches.take(len(batches))[0])
        best = min(best, time.process_time() - start)
    return best / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one side in one round")
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()
    print("| network | images | from arrays, images/s | augmented, images/s | share | augmentation, µs an image |")
    print("|---|---|---|---|---|---|")
    for network in arguments.networks:
        found = measure(network, arguments.batch, arguments.rounds, arguments.seconds)
        plain, augmented = (statistics.median(one[side] for one in found) for side in ("arrays", "augmented"))
        share = statistics.median(one["augmented"] / one["arrays"] for one in found)
        shape = "x".join(map(str, SIZES[network][0]))
        alone = cost(network, arguments.batch)
        print(f"| {network} | {shape} | {plain:,.0f} | {augmented:,.0f} | {share:.0%} | {alone:,.1f} |", flush=True)


if __name__ == "__main__":
    main()

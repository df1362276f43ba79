"""Striate's deep networks: those of striate.applications, trained and asked batch by batch."""

from __future__ import annotations

import time
from typing import Any

import keras_like
import networks

import striate


class Framework:
    """What deep_worker.py asks of a framework. The engine takes its threads from the environment."""

    def __init__(self, cores: int) -> None:
        self.version = str(striate.__version__)

    def build(self, network: str, x: Any, y: Any) -> int:
        """Number of trainable parameters."""
        if network in networks.NETWORKS:
            small = keras_like.Framework("striate", 0)
            small.build(network)
            self.model: Any = small.model
        else:
            striate.utils.set_random_seed(1)
            make = getattr(striate.applications, network)
            self.model = make(weights=None, input_shape=x.shape[1:], classes=1000)
        self.model.compile(striate.optimizers.SGD(1e-3), "sparse_categorical_crossentropy")
        self.x, self.y = x, y
        return sum(weight.numpy().size for weight in self.model.trainable_weights)

    def forward(self, batches: int) -> float:
        start = time.perf_counter()
        for _ in range(batches):
            self.model.predict_on_batch(self.x)
        return time.perf_counter() - start

    def train(self, steps: int) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            self.model.train_on_batch(self.x, self.y)
        return time.perf_counter() - start

"""Keras on TensorFlow and Striate: one program for both, since the interface is the same."""

from __future__ import annotations

import importlib
import os
import time
from typing import Any

import networks


class Framework:
    """What worker.py asks of a framework; here with `keras` or `striate` as the module."""

    def __init__(self, name: str, cores: int) -> None:
        if name == "keras":
            os.environ.setdefault("KERAS_BACKEND", "tensorflow")
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            import tensorflow as tf

            tf.config.threading.set_intra_op_parallelism_threads(cores)
            tf.config.threading.set_inter_op_parallelism_threads(cores)
        self.api: Any = importlib.import_module(name)
        self.version = str(self.api.__version__)
        if name == "keras":
            self.version += f" on TensorFlow {tf.__version__}"

    def build(self, network: str) -> int:
        api = self.api
        api.utils.set_random_seed(1)
        model = api.Sequential([api.Input(networks.IMAGE_SHAPE), *map(self._layer, networks.NETWORKS[network])])
        model.compile(api.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
        self.model = model
        return int(model.count_params())

    def _layer(self, layer: networks.Layer) -> Any:
        layers = self.api.layers
        match layer:
            case "conv", filters, kernel, padding:
                return layers.Conv2D(filters, kernel, padding=padding, activation="relu")
            case "pool", size:
                return layers.MaxPooling2D(size)
            case "dense", units:
                return layers.Dense(units, activation="relu")
            case "dropout", rate:
                return layers.Dropout(rate)
            case "classes",:
                return layers.Dense(networks.CLASSES, activation="softmax")
            case _:
                return layers.Flatten()

    def prepare_training(self, x: Any, y: Any, batch: int) -> dict[str, Any]:
        self.x, self.y, self.batch = x, y, batch
        return {}

    def train(self, steps: int) -> tuple[int, float]:
        """Images and seconds of one call of `fit`, timed within its epochs: without what fit does once."""
        clock = Clock(self.api)
        per_epoch = min(steps, len(self.x) // self.batch)
        epochs = max(1, round(steps / per_epoch))
        n = per_epoch * self.batch
        options = {"batch_size": self.batch, "epochs": epochs, "verbose": 0, "callbacks": [clock.callback]}
        self.model.fit(self.x[:n], self.y[:n], **options)
        return n * epochs, clock.seconds

    def prepare_prediction(self, x: Any, batch: int) -> dict[str, Any]:
        self.x, self.batch = x, batch
        return {}

    def predict(self, repeats: int) -> tuple[int, float]:
        start = time.perf_counter()
        for _ in range(repeats):
            self.model.predict(self.x, batch_size=self.batch, verbose=0)
        return repeats * len(self.x), time.perf_counter() - start

    def prepare_single(self, x: Any) -> dict[str, Any]:
        """The fastest of the ordinary ways to ask for one image."""
        self.x = x
        ways = {
            "model(x)": lambda: self.api_result(self.model(x, training=False)),
            "predict": lambda: self.model.predict(x, verbose=0),
        }
        if hasattr(self.model, "predict_on_batch"):
            ways["predict_on_batch"] = lambda: self.model.predict_on_batch(x)
        times = {}
        for name, way in ways.items():
            for _ in range(5):
                way()
            start = time.perf_counter()
            for _ in range(20):
                way()
            times[name] = time.perf_counter() - start
        best = min(times, key=lambda name: times[name])
        self.ask = ways[best]
        return {"way": best}

    @staticmethod
    def api_result(output: Any) -> Any:
        return output.numpy() if hasattr(output, "numpy") else output

    def single(self, repeats: int) -> tuple[int, float]:
        start = time.perf_counter()
        for _ in range(repeats):
            self.ask()
        return repeats, time.perf_counter() - start


class Clock:
    """Adds up the seconds between the beginnings and ends of epochs."""

    def __init__(self, api: Any) -> None:
        self.seconds = 0.0
        self.callback = api.callbacks.LambdaCallback(on_epoch_begin=self._begin, on_epoch_end=self._end)

    def _begin(self, epoch: int, logs: Any = None) -> None:
        self._start = time.perf_counter()

    def _end(self, epoch: int, logs: Any = None) -> None:
        self.seconds += time.perf_counter() - self._start

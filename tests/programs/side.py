"""Run programs on one side, Striate's or Keras's, from the same initial weights, and write down what training gave.

    python side.py striate|keras DATA WEIGHTS RECORDS.json PROGRAM...

Every model's weights are stored in the folder WEIGHTS before its first training, or read from there if the other side
has stored them. What is random in training is left out: the order of the examples stays, dropout drops nothing.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent


class Recorder:
    """Stands around a model's methods that train."""

    def __init__(self, model_class: Any, dropout: Any, weights: Path, set_seed: Any) -> None:
        self.weights, self.program, self.records = weights, "", []
        self.set_seed = set_seed
        self.seen: list[Any] = []
        init, fit, train_on_batch = dropout.__init__, model_class.fit, model_class.train_on_batch

        def no_dropout(layer: Any, *arguments: Any, **options: Any) -> None:
            init(layer, *arguments, **options)
            layer.rate = 0.0

        def recorded_fit(model: Any, *arguments: Any, **options: Any) -> Any:
            self.begin(model, arguments[0])
            history = fit(model, *arguments, **{**options, "shuffle": False})
            values = {name: [float(value) for value in listed] for name, listed in history.history.items()}
            shape = model.output_shape
            shapes = [list(s) for s in (shape if isinstance(shape, list) else [shape])]
            self.records.append({"history": values, "parameters": model.count_params(), "shapes": shapes})
            return history

        def recorded_step(model: Any, *arguments: Any, **options: Any) -> Any:
            self.begin(model, arguments[0])
            return train_on_batch(model, *arguments, **options)

        dropout.__init__, model_class.fit, model_class.train_on_batch = no_dropout, recorded_fit, recorded_step

    def begin(self, model: Any, x: Any) -> None:
        """Give a model that trains for the first time its initial weights."""
        if any(model is other for other in self.seen):
            return
        if not model.built:
            model.build((None, *x.shape[1:]))
        self.seen.append(model)
        path = self.weights / f"{self.program}-{len(self.seen)}.npz"
        if path.exists():
            with np.load(path) as stored:
                model.set_weights([stored[f"arr_{i}"] for i in range(len(stored.files))])
        else:
            np.savez(path, *model.get_weights())

    def run(self, program: Path) -> list[Any]:
        """What one program's trainings gave."""
        self.program, self.seen, self.records = program.stem, [], []
        runpy.run_path(str(program), run_name="__main__")
        return self.records


def striate_side(weights: Path) -> Recorder:
    from striate.programs.answering import answer

    answer()
    from striate.layers import Dropout
    from striate.models import Model
    from striate.random import set_random_seed

    return Recorder(Model, Dropout, weights, set_random_seed)


def keras_side(weights: Path, data: Path) -> Recorder:
    """Keras itself, also answering to the name of tensorflow, with the small data sets."""
    import keras
    from keras.src.utils import module_utils

    assert not module_utils.tensorflow.available  # asked before there is a module of that name
    tensorflow: Any = ModuleType("tensorflow")
    tensorflow.__version__, tensorflow.keras = "2.21.0", keras
    tensorflow.executing_eagerly = lambda: True  # Keras asks a module of that name
    tensorflow.random = ModuleType("tensorflow.random")
    tensorflow.random.set_seed = keras.utils.set_random_seed
    sys.modules["tensorflow"] = tensorflow
    for name in [name for name in sys.modules if name == "keras" or name.startswith("keras.")]:
        sys.modules[f"tensorflow.{name}"] = sys.modules[name]

    def loader(name: str) -> Any:
        def load_data() -> Any:
            with np.load(data / f"{name}-small.npz") as stored:
                return (stored["x_train"], stored["y_train"]), (stored["x_test"], stored["y_test"])

        return load_data

    for name in ("mnist", "cifar10"):
        getattr(keras.datasets, name).load_data = loader(name)
    keras.datasets.fashion_mnist.load_data = loader("fashion")
    return Recorder(keras.Model, keras.layers.Dropout, weights, keras.utils.set_random_seed)


def main(side: str, data: str, weights: str, records: str, *programs: str) -> None:
    target = Path(records).resolve()
    recorder = (
        striate_side(Path(weights)) if side == "striate" else keras_side(Path(weights), Path(data))
    )
    found = {}
    for program in programs:
        recorder.set_seed(0)
        folder = Path(program).parent.name
        found[f"{folder}/{Path(program).stem}"] = recorder.run(Path(program))
    target.write_text(json.dumps(found))


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "Agg")
    main(*sys.argv[1:])

"""Batches from generators and Sequences, and arrays in steps, against Keras from the same weights, step by step."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from training.networks import data, small
from training.test_against_keras import both, same_history
from training.test_feeds import _no_thread_is_left  # noqa: F401

X, Y = data(50)
W = np.linspace(0.5, 2, 50).astype(np.float32)


def sequence(library: Any, *arrays: Any, size: int = 8) -> Any:
    """A PyDataset of either library."""

    class Batches(library.utils.PyDataset):  # type: ignore[misc, name-defined]
        def __len__(self) -> int:
            return -(-len(arrays[0]) // size)

        def __getitem__(self, index: int) -> Any:
            return tuple(array[index * size : (index + 1) * size] for array in arrays)

    return Batches()


def endless(*arrays: Any, size: int = 8) -> Iterator[Any]:
    while True:
        for at in range(0, len(arrays[0]), size):
            yield tuple(array[at : at + size] for array in arrays)


def step_by_step(library: Any, model: Any, *args: Any, **arguments: Any) -> tuple[Any, list[Any], list[Any]]:
    """The history of a fit, each batch with its loss, and what the callbacks are told."""
    losses: list[tuple[int, float]] = []
    told: list[Any] = []

    class Note(library.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_train_begin(self, logs: Any = None) -> None:
            told.append(("train", self.params["steps"], self.params["epochs"]))

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            told.append(("epoch", epoch))

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            losses.append((batch, float(logs["loss"])))

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            told.append(("test", batch))

    model.compile(library.optimizers.SGD(0.05), "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    options = {"epochs": 3, "verbose": 0, "shuffle": False, "callbacks": [Note()], **arguments}
    return model.fit(*args, **options), losses, told


CASES: dict[str, Any] = {
    "sequence": lambda library: ([sequence(library, X, Y)], {}),
    "sequence with weights": lambda library: ([sequence(library, X, Y, W)], {}),
    "sequence, class weights": lambda library: ([sequence(library, X, Y)], {"class_weight": {0: 2.0, 3: 0.1}}),
    "sequence, short epochs": lambda library: ([sequence(library, X, Y)], {"steps_per_epoch": 3, "epochs": 2}),
    "sequence, validation": lambda library: (
        [sequence(library, X, Y)], {"validation_data": sequence(library, X[:20], Y[:20]), "validation_freq": 2}
    ),
    "generator": lambda library: ([endless(X, Y)], {"steps_per_epoch": 5}),
    "generator with weights": lambda library: ([endless(X, Y, W)], {"steps_per_epoch": 5}),
    "generator, arrays to validate": lambda library: (
        [endless(X, Y)], {"steps_per_epoch": 7, "validation_data": (X[:20], Y[:20], W[:20])}
    ),
    "generator, validation steps": lambda library: (
        [endless(X, Y)], {"steps_per_epoch": 7, "validation_data": sequence(library, X, Y), "validation_steps": 2}
    ),
    "arrays in steps": lambda library: ([X, Y], {"steps_per_epoch": 4, "epochs": 2, "batch_size": 5}),
    "arrays, batch size of steps": lambda library: ([X, Y], {"steps_per_epoch": 4}),
    "arrays, validation steps": lambda library: (
        [X, Y], {"batch_size": 8, "validation_data": (X[:30], Y[:30]), "validation_steps": 2}
    ),
    "finite generator": lambda library: ([(batch for batch in itertools.islice(endless(X, Y), 5))], {"epochs": 1}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_fit(keras: Any, case: str) -> None:
    def run(library: Any, model: Any) -> Any:
        args, options = CASES[case](library)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns about the end of every finite generator
            return step_by_step(library, model, *args, **options)

    (ours, our_losses, our_calls), (theirs, their_losses, their_calls) = both(keras, small, run)
    same_history(ours, theirs)
    assert [batch for batch, _ in our_losses] == [batch for batch, _ in their_losses]
    np.testing.assert_allclose([loss for _, loss in our_losses], [loss for _, loss in their_losses], rtol=3e-5)
    assert our_calls == their_calls


@pytest.mark.parametrize("steps", [9, 5])
def test_where_data_end_within_an_epoch_the_next_one_begins_anew(keras: Any, steps: int) -> None:
    def run(library: Any, model: Any) -> Any:
        with pytest.warns(UserWarning, match="ran out of data"):
            return step_by_step(library, model, X, Y, batch_size=8, steps_per_epoch=steps, epochs=4)

    (ours, our_losses, _), (theirs, their_losses, _) = both(keras, small, run)
    same_history(ours, theirs)
    assert [batch for batch, _ in our_losses] == [batch for batch, _ in their_losses]


def test_evaluate_and_predict(keras: Any) -> None:
    def run(library: Any, model: Any) -> Any:
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return [
            np.asarray(value)
            for value in (
                model.evaluate(sequence(library, X, Y), verbose=0),
                model.evaluate(sequence(library, X, Y, W), steps=3, verbose=0),
                model.evaluate(endless(X, Y), steps=5, verbose=0),
                model.evaluate(X, Y, steps=5, verbose=0),
                model.evaluate(X, Y, batch_size=9, steps=2, verbose=0),
                model.predict(sequence(library, X, Y), verbose=0),
                model.predict(sequence(library, X), steps=2, verbose=0),
                model.predict(endless(X), steps=2, verbose=0),
                model.predict(X, steps=3, verbose=0),
                model.predict(X, steps=3, batch_size=4, verbose=0),
            )
        ]

    for ours, theirs in zip(*both(keras, small, run), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=3e-5, atol=1e-6)


def two_inputs(library: Any) -> Any:
    layers = library.layers
    a, b = library.Input((6,), name="a"), library.Input((3,), name="b")
    hidden = layers.Concatenate()([a, b])
    kind = layers.Dense(4, activation="softmax", name="kind")(hidden)
    return library.Model([a, b], {"kind": kind, "value": layers.Dense(1, name="value")(hidden)})


def test_several_inputs_and_outputs_by_name(keras: Any) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((30, 6)).astype(np.float32), rng.random((30, 3)).astype(np.float32)
    kind, value = rng.integers(0, 4, 30), rng.random((30, 1)).astype(np.float32)

    def batches(named: bool) -> Iterator[Any]:
        while True:
            for at in range(0, 30, 10):
                p = slice(at, at + 10)
                x: Any = {"a": a[p], "b": b[p]} if named else (a[p], b[p])
                yield x, {"kind": kind[p], "value": value[p]}

    def run(library: Any, model: Any) -> Any:
        losses = {"kind": "sparse_categorical_crossentropy", "value": "mse"}
        model.compile(library.optimizers.SGD(0.05), loss=losses, metrics={"kind": ["accuracy"]})
        model.fit(batches(True), steps_per_epoch=3, epochs=2, verbose=0)
        history = model.fit(batches(False), steps_per_epoch=3, epochs=2, verbose=0)
        return history, model.predict(batches(True), steps=2, verbose=0)

    (ours, our_outputs), (theirs, their_outputs) = both(keras, two_inputs, run)
    same_history(ours, theirs)
    for name, output in their_outputs.items():
        np.testing.assert_allclose(our_outputs[name], output, rtol=3e-5, atol=1e-6)

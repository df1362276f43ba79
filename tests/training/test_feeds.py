"""Batches from generators, Sequences and iterables: the same bits as from arrays, epochs and steps, clean ends."""

from __future__ import annotations

import itertools
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate.engines.native import NativeEngine
from striate.random import set_random_seed
from striate.training.progress import Progress
from training.networks import data, small

X, Y = data(50)
W = np.linspace(0.5, 2, 50).astype(np.float32)


class Batches(striate.utils.Sequence):
    """Batches of arrays by their number."""

    def __init__(self, *arrays: Any, size: int = 8) -> None:
        super().__init__()
        self.arrays, self.size, self.ended = arrays, size, 0
        self.asked: list[int] = []

    def __len__(self) -> int:
        return -(-len(self.arrays[0]) // self.size)

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        part = slice(index * self.size, (index + 1) * self.size)
        return tuple(array[part] for array in self.arrays)

    def on_epoch_end(self) -> None:
        self.ended += 1


class Blocks:
    """Many batches at once, as the iterators of images give them."""

    def __init__(self, *arrays: Any, size: int = 8) -> None:
        self.arrays, self.batch_size, self.at = arrays, size, 0

    def __len__(self) -> int:
        return -(-len(self.arrays[0]) // self.batch_size)

    def take(self, batches: int) -> tuple[Any, Any, Any]:
        end = min(self.at + batches, len(self))
        part = slice(self.at * self.batch_size, end * self.batch_size)
        self.at = end % len(self)
        found = [array[part] for array in self.arrays]
        return (*found, None, None)[:3]


class Iterable:
    """A fresh iterator each time, of unknown length."""

    def __init__(self, *arrays: Any, size: int = 8) -> None:
        self.batches = Batches(*arrays, size=size)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.batches))


def endless(*arrays: Any, size: int = 8) -> Iterator[Any]:
    while True:
        yield from Batches(*arrays, size=size)


def endless_of(array: Any) -> Iterator[Any]:
    for (batch,) in endless(array):
        yield batch


def compiled(seed: int = 3, engine: Any = None) -> Any:
    set_random_seed(seed)
    model = small(striate)
    measures: dict[str, Any] = {"metrics": ["accuracy"], "weighted_metrics": ["acc"]}
    model.compile("adam", "sparse_categorical_crossentropy", engine=engine, **measures)
    return model


def fitted(*args: Any, **arguments: Any) -> tuple[Any, Any]:
    model = compiled(engine=arguments.pop("engine", None))
    return model, model.fit(*args, **{"epochs": 3, "verbose": 0, **arguments})


def same_bits(a: Any, b: Any) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


def from_arrays(**arguments: Any) -> tuple[Any, Any]:
    return fitted(X, Y, batch_size=8, shuffle=False, validation_data=(X[:20], Y[:20]), **arguments)


SOURCES: dict[str, Callable[..., tuple[Any, dict[str, Any]]]] = {
    "generator": lambda *arrays: (endless(*arrays), {"steps_per_epoch": 7}),
    "sequence": lambda *arrays: (Batches(*arrays), {}),
    "iterable": lambda *arrays: (Iterable(*arrays), {}),
    "blocks": lambda *arrays: (Blocks(*arrays), {}),
    "list": lambda *arrays: (itertools.cycle([list(batch) for batch in Batches(*arrays)]), {"steps_per_epoch": 7}),
    "zip": lambda *arrays: (zip(*map(endless_of, arrays), strict=False), {"steps_per_epoch": 7}),
}


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("source", SOURCES)
def test_the_same_batches_give_the_same_bits_as_arrays(source: str, weights: bool) -> None:
    arrays = (X, Y, W) if weights else (X, Y)
    given, arguments = SOURCES[source](*arrays)
    model, history = fitted(given, shuffle=False, validation_data=Batches(X[:20], Y[:20]), **arguments)
    other, expected = from_arrays(**({"sample_weight": W} if weights else {}))
    assert same_bits(model, other)
    assert history.history == expected.history
    assert model.optimizer.iterations == 21


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "striate-feed"]


def test_evaluate_and_predict_give_the_same_as_from_arrays() -> None:
    model = compiled()
    expected = model.evaluate(X, Y, batch_size=8, verbose=0)
    probabilities = model.predict(X, verbose=0)
    for given, steps in ((Batches(X, Y), None), (Iterable(X, Y), None), (endless(X, Y), 7), (Blocks(X, Y), None)):
        assert model.evaluate(given, steps=steps, verbose=0) == expected
    for given, steps in ((Batches(X, Y), None), (Batches(X), None), (iter([X[:30], X[30:]]), None), (Blocks(X), None)):
        np.testing.assert_array_equal(model.predict(given, steps=steps, verbose=0), probabilities)
    np.testing.assert_array_equal(model.predict(endless(X), steps=3, verbose=0), probabilities[:24])
    np.testing.assert_array_equal(model.predict(X, batch_size=8, steps=3, verbose=0), probabilities[:24])


@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_threads_gives_the_same_bits(threads: int) -> None:
    engine = NativeEngine(threads=threads)
    model, _ = fitted(Blocks(X, Y, W), engine=engine)
    assert same_bits(model, fitted(X, Y, sample_weight=W, batch_size=8, shuffle=False)[0])


def test_a_pass_of_unknown_length_that_ends_with_an_epoch_is_followed_by_the_next(recwarn: Any) -> None:
    model, history = fitted(Iterable(X, Y), steps_per_epoch=7)
    other, expected = fitted(X, Y, batch_size=8, shuffle=False)
    assert same_bits(model, other)
    assert history.history == expected.history
    assert not recwarn.list


def test_class_weights_as_for_arrays() -> None:
    weights = {0: 2.0, 3: 0.25}
    model, history = fitted(endless(X, Y), steps_per_epoch=7, class_weight=weights)
    other, expected = fitted(X, Y, batch_size=8, shuffle=False, class_weight=weights)
    assert same_bits(model, other)
    assert history.history == expected.history


def test_callbacks_as_for_arrays(tmp_path: Path) -> None:
    def run(folder: str, *args: Any, **arguments: Any) -> tuple[Any, Any, list[Any]]:
        told: list[Any] = []

        class Note(striate.callbacks.Callback):
            def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
                told.append((batch, self.model.optimizer.iterations))

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                told.append((batch, logs["loss"], logs["accuracy"]))

        callbacks = [
            Note(), striate.callbacks.ModelCheckpoint(tmp_path / folder / "best.keras", save_best_only=True),
            striate.callbacks.EarlyStopping(patience=1, min_delta=10, restore_best_weights=True),
            striate.callbacks.CSVLogger(tmp_path / f"{folder}.csv"), striate.callbacks.ReduceLROnPlateau(patience=1),
        ]  # fmt: skip
        model, history = fitted(*args, shuffle=False, callbacks=callbacks, epochs=9, **arguments)
        return model, history, told

    ours, history, told = run("stream", Batches(X, Y), validation_data=Batches(X[:20], Y[:20]))
    theirs, expected, heard = run("arrays", X, Y, batch_size=8, validation_data=(X[:20], Y[:20]))
    assert same_bits(ours, theirs)
    assert history.epoch == [0, 1]
    assert history.history == expected.history
    assert told == heard
    assert (tmp_path / "stream.csv").read_text() == (tmp_path / "arrays.csv").read_text()
    best = striate.models.load_model(tmp_path / "stream/best.keras")
    assert same_bits(best, striate.models.load_model(tmp_path / "arrays/best.keras"))


def test_the_number_of_batches_is_known_after_the_first_epoch() -> None:
    seen: list[Any] = []

    class Note(striate.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            assert self.params is not None
            seen.append(self.params["steps"])

    fitted(Iterable(X, Y), epochs=3, callbacks=[Note()])
    fitted(Batches(X, Y), epochs=1, callbacks=[Note()])
    fitted(endless(X, Y), epochs=1, steps_per_epoch=3, callbacks=[Note()])
    fitted(X, Y, epochs=1, callbacks=[Note()])
    assert seen == [None, 7, 7, 7, 3, 2]


def test_batches_are_counted_in_the_progress_line(capsys: pytest.CaptureFixture[str]) -> None:
    model = compiled()
    model.fit(Iterable(X, Y), epochs=2, validation_data=Batches(X, Y))
    model.evaluate(Batches(X, Y), verbose=2)
    model.predict(iter([X, X]))
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"Epoch 1/2 \S+ [\d,]+ batches/s - acc: ", lines[0])
    assert any(line.startswith("Epoch 2/2") for line in lines)
    assert re.match(r"Evaluate \S+ [\d,]+ batches/s - ", lines[-2])
    assert re.match(r"Predict \S+ [\d,]+ batches/s", lines[-1])


def test_a_live_line_without_a_known_end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("striate.training.progress.INTERVAL", 0)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    progress = Progress("Epoch 1/2", None, unit="batches")
    progress.update(3, {"loss": 1.0})
    assert re.search(r"\rEpoch 1/2 3 batches [\d,]+ batches/s - loss: 1.0000", capsys.readouterr().out)
    progress = Progress("Epoch 2/2", 12, unit="batches")
    progress.update(3, {"loss": 1.0})
    assert re.search(r"Epoch 2/2 .*━.* left [\d,]+ batches/s - loss: 1.0000", capsys.readouterr().out)

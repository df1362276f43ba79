"""Batches from generators, Sequences and iterables: the same bits as from arrays, epochs and steps, clean ends."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import striate
from striate.random import set_random_seed
from training.networks import data, small

X, Y = data(50)
W = np.linspace(0.5, 2, 50).astype(np.float32)


class Batches(striate.utils.Sequence):
    """Batches of arrays by their number."""

    def __init__(self, *arrays: Any, size: int = 8) -> None:
        super().__init__()
        self.arrays, self.size, self.ended, self.asked = arrays, size, 0, [0] * 0

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

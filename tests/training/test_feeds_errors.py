"""Batches that are wrong: the error names the batch, and nothing of the model is half-changed."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from striate.errors import DataError, ShapeError, StriateError
from training.networks import data
from training.test_feeds import Batches, Blocks, _no_thread_is_left, compiled, endless, fitted, same_bits  # noqa: F401

X, Y = data(50)


def with_batch(number: int, batch: Any) -> Iterator[Any]:
    """Seven good batches, but for one (from 1)."""
    for i, good in enumerate(Batches(X, Y)):
        yield batch if i == number - 1 else good


def nan_at(index: tuple[int, ...]) -> Any:
    array = X[:8].copy()
    array[index] = np.nan
    return array


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "images": ((X[:8, :7], Y[:8]), ShapeError, r"x: got images of shape \(7, 8, 1\), expected \(8, 8, 1\)"),
    "labels": ((X[:8], Y[:7]), ShapeError, "y: got 7 labels for 8 images in x"),
    "one-hot": ((X[:8], np.eye(5)[Y[:8]]), ShapeError, "y: got one-hot labels"),
    "outside": ((X[:8], np.full(8, 9)), DataError, "y: the label 9 at index 0 is outside the classes"),
    "nan": ((nan_at((3, 1, 2, 0)), Y[:8]), DataError, r"x: nan at index \(3, 1, 2, 0\)"),
    "weights": ((X[:8], Y[:8], np.ones(3)), ShapeError, r"sample_weight: got shape \(3,\)"),
    "none": (None, DataError, r"got None, expected x, \(x, y\) or \(x, y, sample_weight\)"),
    "empty": ((X[:0], Y[:0]), DataError, ".*expected at least one image"),
    "no labels": (X[:8], DataError, "y: got None, expected the labels of the 8 images"),
    "dictionary": ({"x": X[:8], "y": Y[:8]}, StriateError, r"\w+: x: got a dictionary .*\['x', 'y'\].*: \(x, y\)$"),
    "four": ((X[:8], Y[:8], None, None), DataError, "got a tuple of 4 things"),
    "text": ("batch", DataError, "x: got a value of type str"),
    "number": (3, DataError, "x: got the single number 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_batch_is_named_and_the_steps_before_it_count(case: str) -> None:
    batch, error, message = BAD[case]
    model = compiled()
    before = model.get_weights()
    with pytest.raises(error, match=f"^epoch 1, batch 1: {message}"):
        model.fit(with_batch(1, batch), verbose=0)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert model.optimizer.iterations == 0
    assert model.history is None
    with pytest.raises(error, match=f"^epoch 1, batch 5: {message}"):
        model.fit(with_batch(5, batch), verbose=0)
    assert model.optimizer.iterations == 4
    assert model.history.history == {}
    assert same_bits(model, fitted(X[:32], Y[:32], batch_size=8, shuffle=False, epochs=1)[0])
    with pytest.raises(error, match=f"^batch 2: {message}"):
        model.evaluate(with_batch(2, batch), verbose=0)
    with pytest.raises(error, match=f"^validation_data, batch 1: {message}"):
        model.fit(X, Y, verbose=0, validation_data=with_batch(1, batch))
    assert model.optimizer.iterations == 4


def test_a_wrong_batch_in_a_block_is_found() -> None:
    labels = np.where(np.arange(50) == 37, 7, Y)
    model = compiled()
    with pytest.raises(DataError, match=r"^epoch 1, batch 5: y: the label 7 at index 5 is outside"):
        model.fit(Blocks(X, labels), verbose=0)
    assert model.optimizer.iterations == 4


def test_what_a_generator_raises_comes_through() -> None:
    def failing() -> Iterator[Any]:
        yield from itertools.islice(Batches(X, Y), 3)
        raise KeyError("of the user")

    model = compiled()
    with pytest.raises(KeyError, match="of the user") as caught:
        model.fit(failing(), verbose=0)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "failing"
    assert model.optimizer.iterations == 3
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": Y}, "y: the Batches in x gives the labels, too"),
        ({"sample_weight": np.ones(50)}, "sample_weight: the Batches in x gives the weights, too"),
        ({"validation_split": 0.5}, "validation_split: got 0.5, but the Batches in x cannot be split"),
        ({"validation_data": endless(X, Y)}, "validation_data: the generator never ends, so validation_steps=..."),
        ({"validation_data": iter(Batches(X, Y)), "epochs": 2}, "can be gone through once, and there are 2"),
        ({"x": endless(X, Y)}, "x: the generator never ends, so steps_per_epoch=... must say how many batches"),
        ({"x": iter(Batches(X, Y)), "epochs": 3}, "can be gone through once, and there are 3 epochs; .* steps_"),
        ({"x": iter([])}, "x: the list_iterator gave no batch"),
        ({"x": Batches(X[:0], Y[:0])}, "the Batches has no batches: its length is 0"),
    ],
)
def test_what_cannot_work_is_refused_before_work(arguments: dict[str, Any], message: str) -> None:
    model = compiled()
    with pytest.raises(StriateError, match=message):
        model.fit(**{"x": Batches(X, Y), "verbose": 0, **arguments})
    assert model.optimizer.iterations == 0


def test_sizes_of_batches_that_come_whole_have_no_effect() -> None:
    model = compiled()
    with pytest.warns(UserWarning, match="^batch_size=3 has no effect: the Batches in x gives whole batches"):
        model.fit(Batches(X, Y), batch_size=3, shuffle=False, verbose=0)
    assert same_bits(model, fitted(X, Y, batch_size=8, shuffle=False, epochs=1)[0])
    with pytest.warns(UserWarning, match="^validation_batch_size=3 has no effect: the Batches in validation_data"):
        model.fit(X, Y, validation_data=Batches(X, Y), validation_batch_size=3, verbose=0)
    for call in (model.evaluate, model.predict):
        with pytest.warns(UserWarning, match="^batch_size=3 has no effect"):
            call(Batches(X, Y), batch_size=3, verbose=0)

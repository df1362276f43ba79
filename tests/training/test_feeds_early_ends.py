"""Generators that end before the batches are given that were asked for: an error, wherever it happens."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import striate
from striate.data import Dataset
from striate.errors import DataError
from training.networks import data
from training.test_feeds import Batches, _no_thread_is_left, compiled, endless, fitted, same_bits  # noqa: F401

X, Y = data(50)  # seven batches
LAST = "cannot begin again, but {}=7 asks for more; ask for fewer, or give a generator that goes on"


def some(count: int) -> Iterator[Any]:
    """So many batches, and no more."""
    yield from itertools.islice(endless(X, Y), count)


def test_within_an_epoch() -> None:
    model = compiled()
    ended: list[int] = []
    callback = striate.callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(1))
    message = r"^epoch 2, batch 4: x: the generator has ended, after 10 batches, and " + LAST.format("steps_per_epoch")
    with pytest.raises(DataError, match=message):
        model.fit(some(10), steps_per_epoch=7, epochs=5, verbose=0, callbacks=[callback])
    assert model.optimizer.iterations == 10
    assert model.history.epoch == [0]
    assert len(model.history.history["loss"]) == 1
    assert not ended  # as for any other error in the data
    other = compiled()
    other.fit(endless(X, Y), steps_per_epoch=10, verbose=0)
    assert same_bits(model, other)
    model.fit(some(7), steps_per_epoch=7, verbose=0)  # it can go on


def test_between_epochs() -> None:
    model = compiled()
    message = r"^epoch 3, batch 1: x: the generator has ended, after 14 batches, and " + LAST.format("steps_per_epoch")
    with pytest.raises(DataError, match=message):
        model.fit(some(14), steps_per_epoch=7, epochs=5, verbose=0)
    assert model.optimizer.iterations == 14
    assert model.history.epoch == [0, 1]


def test_the_end_of_the_last_epoch_is_none_too_early(recwarn: pytest.WarningsRecorder) -> None:
    model = compiled()
    assert model.fit(some(14), steps_per_epoch=7, epochs=2, verbose=0).epoch == [0, 1]
    assert model.fit(some(14), verbose=0).epoch == [0]
    assert model.fit(some(7), epochs=4, initial_epoch=3, verbose=0).epoch == [3]
    assert model.fit_generator(some(14), samples_per_epoch=50, nb_epoch=2, verbose=0).epoch == [0, 1]
    model.fit(X, Y, epochs=2, verbose=0, validation_data=some(14), validation_steps=7)
    model.evaluate(some(7), steps=7, verbose=0)
    assert model.predict(some(7), steps=7, verbose=0).shape == (50, 5)
    assert not recwarn.list


def test_training_that_stops_by_itself_asks_for_no_more() -> None:
    class Stop(striate.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == 1

    assert compiled().fit(some(14), steps_per_epoch=7, epochs=5, verbose=0, callbacks=[Stop()]).epoch == [0, 1]


@pytest.mark.parametrize(
    ("count", "epochs", "place", "kept"), [(3, 1, "4: the generator has ended, after 3", []), (10, 3, "4: the g", [0])]
)
def test_in_a_validation(count: int, epochs: int, place: str, kept: list[int]) -> None:
    model = compiled()
    message = f"^validation_data, batch {place}.*" + LAST.format("validation_steps")
    with pytest.raises(DataError, match=message):
        model.fit(X, Y, batch_size=8, epochs=epochs, validation_data=some(count), validation_steps=7, verbose=0)
    assert model.history.epoch == kept
    assert model.optimizer.iterations == 7 * (len(kept) + 1)


def test_before_a_validation() -> None:
    model = compiled()
    with pytest.raises(DataError, match=r"^validation_data, batch 1: the generator has ended, after 7 batches, and"):
        model.fit(X, Y, batch_size=8, epochs=3, validation_data=some(7), validation_steps=7, verbose=0)
    assert model.history.epoch == [0]


@pytest.mark.parametrize("call", [lambda model: model.evaluate, lambda model: model.predict])
def test_in_evaluate_and_predict(call: Callable[[Any], Any]) -> None:
    message = "^batch 4: x: the generator has ended, after 3 batches, and " + LAST.format("steps")
    with pytest.raises(DataError, match=message):
        call(compiled())(some(3), steps=7, verbose=0)


def test_one_batch_is_not_many() -> None:
    with pytest.raises(DataError, match=r"^batch 2: x: the list_iterator has ended, after 1 batch, and cannot"):
        compiled().evaluate(iter([(X, Y)]), steps=7, verbose=0)


class Again:
    """An iterator in Python that goes on after its end."""

    def __init__(self) -> None:
        self.batches = iter(Batches(X, Y))

    def __iter__(self) -> Again:
        return self

    def __next__(self) -> Any:
        try:
            return next(self.batches)
        except StopIteration:
            self.batches = iter(Batches(X, Y))
            raise


class Once(Again):
    """One that does not."""

    def __next__(self) -> Any:
        return next(self.batches)


def test_iterators_of_the_users_may_go_on_after_their_end() -> None:
    model, history = fitted(Again(), epochs=3)
    assert same_bits(model, fitted(X, Y, batch_size=8, shuffle=False, epochs=3)[0])
    assert history.epoch == [0, 1, 2]
    model = compiled()
    with pytest.raises(DataError, match=r"^epoch 2, batch 1: x: the Once has ended, after 7 batches, .* give steps_"):
        model.fit(Once(), epochs=3, verbose=0)
    assert model.history.epoch == [0]


def test_what_pretends_to_begin_again() -> None:
    generator = some(7)
    model = compiled()
    with pytest.raises(DataError, match=r"^epoch 2, batch 1: x: the \w*Dataset gave no batch when it began again"):
        model.fit(Dataset.from_generator(lambda: generator), epochs=3, verbose=0)
    assert model.history.epoch == [0]


@pytest.mark.parametrize("source", [lambda: Batches(X, Y), lambda: Dataset.from_tensor_slices((X, Y)).batch(8)])
def test_what_can_begin_again_does_so_with_a_warning(source: Callable[[], Any]) -> None:
    model = compiled()
    with pytest.warns(UserWarning, match="ran out of data after 7 of 9 batches") as caught:
        history = model.fit(source(), steps_per_epoch=9, epochs=2, verbose=0)
    assert history.epoch == [0, 1]
    assert len(caught) == 2
    assert {Path(warning.filename) for warning in caught} == {Path(__file__)}  # the user's own line
    assert model.optimizer.iterations == 14

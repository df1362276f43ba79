"""However a fit on batches ends, its thread ends too, and the model can go on; both engines."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import striate
from striate.engines import Examples
from striate.errors import StriateError
from striate.training.feeds import source_of, stream
from striate.training.feeds.ahead import Ahead
from training.networks import data
from training.test_feeds import Batches, Blocks, _no_thread_is_left, compiled, endless, fitted, same_bits  # noqa: F401
from training.test_interrupts import _handler_restored, press  # noqa: F401

X, Y = data(200)


class Pressing(Batches):
    """Presses Ctrl-C in the thread, while a later batch is made."""

    def __getitem__(self, index: int) -> Any:
        if len(self.asked) == 40:
            press()
        return super().__getitem__(index)


@pytest.mark.parametrize("each_batch", [False, True])
def test_ctrl_c_leaves_weights_of_the_steps_counted(each_batch: bool) -> None:
    model = compiled()
    ended: list[int] = []
    callbacks: list[Any] = [striate.callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(1))]
    if each_batch:
        callbacks.append(striate.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None))
    with pytest.raises(KeyboardInterrupt):
        model.fit(Pressing(X, Y), epochs=1000, verbose=0, shuffle=False, callbacks=callbacks)
    steps, history = model.optimizer.iterations, model.history
    assert ended == [1]
    assert steps >= 25
    assert len(history.epoch) == len(history.history["loss"]) == steps // 25
    other = compiled()
    other.fit(endless(X, Y), steps_per_epoch=steps, verbose=0)
    assert same_bits(model, other)
    model.fit(Batches(X, Y), epochs=1, verbose=0)
    assert model.optimizer.iterations == steps + 25


def test_ctrl_c_while_a_batch_is_awaited() -> None:
    def slow() -> Iterator[Any]:
        for i, batch in enumerate(endless(X, Y)):
            if i == 3:
                threading.Timer(0.1, press).start()
                time.sleep(0.5)
            yield batch

    model = compiled()
    with pytest.raises(KeyboardInterrupt):
        model.fit(slow(), steps_per_epoch=100, verbose=0)
    assert model.optimizer.iterations in (2, 3)  # the third may be in a block with the fourth, which did not come


def test_code_that_blocks_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.training.feeds.ahead.PATIENCE", 0.05)
    released = threading.Event()

    def blocked() -> Iterator[Any]:
        yield from itertools.islice(endless(X, Y), 3)
        threading.Timer(0.05, press).start()
        released.wait(20)

    model = compiled()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        model.fit(blocked(), steps_per_epoch=100, verbose=0)
    assert time.perf_counter() - start < 10
    released.set()
    for thread in threading.enumerate():
        if thread.name == "striate-feed":
            assert thread.daemon
            thread.join(10)


def test_a_callback_stops_in_the_middle() -> None:
    class Stop(striate.callbacks.Callback):
        every_batch = True

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 4

    given = Batches(X, Y)
    model = compiled()
    history = model.fit(given, epochs=3, verbose=0, callbacks=[Stop()])
    assert model.optimizer.iterations == 5
    assert history.epoch == [0]
    assert given.ended == 1
    assert len(given.asked) <= 6


def test_a_callback_that_raises_ends_the_thread() -> None:
    def fail(batch: int, logs: Any) -> None:
        raise RuntimeError("of the callback")

    model = compiled()
    with pytest.raises(RuntimeError, match="of the callback"):
        model.fit(Batches(X, Y), verbose=0, callbacks=[striate.callbacks.LambdaCallback(on_train_batch_end=fail)])
    with pytest.raises(RuntimeError, match="of the callback"):
        model.evaluate(Batches(X, Y), verbose=0, callbacks=[striate.callbacks.LambdaCallback(on_test_batch_end=fail)])


def test_a_loss_that_is_not_finite_ends_training(capfd: pytest.CaptureFixture[str]) -> None:
    model, other = compiled(), compiled()
    for diverging in (model, other):
        diverging.optimizer.learning_rate = 1e20
    history = model.fit((batch for batch in Batches(X, Y)), verbose=0)
    said = capfd.readouterr().err
    expected = other.fit(X, Y, batch_size=8, shuffle=False, epochs=3, verbose=0)
    assert "Epoch 1, step 2: the loss is not finite" in said
    assert said.replace("step 2:", "step 2 of 25:") == capfd.readouterr().err
    assert same_bits(model, other)
    assert model.optimizer.iterations == other.optimizer.iterations == 1
    np.testing.assert_array_equal(history.history["loss"], expected.history["loss"])


def test_nothing_is_taken_beyond_the_epochs() -> None:
    given = endless(X, Y)
    counted = Counted(given)
    model = compiled()
    model.fit(counted, steps_per_epoch=30, epochs=3, verbose=0)
    assert counted.taken == 90
    model.evaluate(counted, steps=7, verbose=0)
    assert counted.taken == 97
    model.predict(counted, steps=2, verbose=0)
    assert counted.taken == 99


def test_the_thread_makes_no_more_batches_than_are_wanted() -> None:
    def slow() -> Iterator[Any]:
        for batch in endless(X, Y):
            time.sleep(0.001)
            yield batch

    def check(x: Any, y: Any, weights: Any) -> Examples:
        return Examples([x], [y])

    counted = Counted(slow())
    feed = stream.StreamFeed(source_of(counted), check, 10**6)
    assert feed.begin(0, 0)
    block = feed.take(10**5)  # so many are begun to be made
    assert block is not None
    assert len(block) == 8
    feed.close()
    assert counted.taken < 1000


class Counted:
    """An iterator that counts."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        self.iterator, self.taken = iterator, 0

    def __iter__(self) -> Counted:
        return self

    def __next__(self) -> Any:
        self.taken += 1
        return next(self.iterator)


def test_a_stream_that_does_not_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LONGEST_EPOCH", 60)
    monkeypatch.setattr(stream, "LONG_EPOCH", 20)
    model = compiled()
    said = pytest.warns(UserWarning, match=r"x: the Counted has given \d+ batches and not ended yet")
    with said, pytest.raises(StriateError, match=r"the Counted has not ended after 60 batches; .*steps_per_epoch=..."):
        model.fit(Counted(endless(X, Y)), verbose=0)
    assert model.optimizer.iterations == 60
    model.fit(Counted(endless(X, Y)), steps_per_epoch=61, verbose=0)


@pytest.mark.parametrize("source", [Batches, Blocks])
def test_the_torch_engine_trains_alike(torch: Any, source: Any) -> None:
    model, history = fitted(source(X, Y), shuffle=False, validation_data=source(X[:20], Y[:20]), engine="torch")
    other, expected = fitted(
        X, Y, batch_size=8, shuffle=False, validation_data=(X[:20], Y[:20]), engine="torch"
    )
    assert same_bits(model, other)
    assert history.history == expected.history
    native, _ = fitted(source(X, Y), shuffle=False)
    for a, b in zip(model.get_weights(), native.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_the_thread_sees_the_context_of_fit() -> None:
    def dividing() -> Iterator[Any]:
        for x, y in Batches(X, Y):
            yield np.where(np.isnan(x / (x * 0)), 0, x), y

    with np.errstate(all="ignore"):
        compiled().fit(dividing(), verbose=0)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        compiled().fit(dividing(), verbose=0)


def test_results_come_in_order_and_errors_where_they_are_asked_for() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise KeyError(number)
        return number * number

    ahead = Ahead(work)
    for number in (1, 2, 3):
        ahead.ask(number)
    assert [ahead.get(), ahead.get()] == [1, 4]
    with pytest.raises(KeyError):
        ahead.get()
    ahead.close()


def test_training_from_another_thread() -> None:
    model = compiled()
    thread = threading.Thread(target=lambda: model.fit(Batches(X, Y), verbose=0))
    thread.start()
    thread.join()
    assert model.optimizer.iterations == 25
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

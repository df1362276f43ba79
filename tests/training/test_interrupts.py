"""Ctrl-C at any moment: weights, step count and history stay together, and whoever handles SIGINT still does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import striate
from striate.random import set_random_seed
from striate.training import interrupts, loop
from training.networks import data, small

X, Y = data(200)


@pytest.fixture(autouse=True)
def _handler_restored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background shells have it ignored
    yield
    signal.signal(signal.SIGINT, before)


def compiled() -> Any:
    set_random_seed(3)
    model = small(striate)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupt_after_training(monkeypatch: pytest.MonkeyPatch, calls: int, action: Callable[[], Any]) -> None:
    """Have SIGINT arrive just when the engine has changed the weights, before anyone has counted the steps."""
    original, count = loop.take_steps, [0]

    class Watched:
        def __init__(self, program: Any) -> None:
            self.program = program

        def train(self, *arguments: Any) -> Any:
            results = self.program.train(*arguments)
            count[0] += 1
            if count[0] == calls:
                action()
            return results

    def take_steps(model: Any, program: Any, *arguments: Any) -> Any:
        return original(model, Watched(program), *arguments)

    monkeypatch.setattr(loop, "take_steps", take_steps)


def weights_after(steps: int, seed: int) -> list[np.ndarray]:
    model = compiled()
    model.seed = seed

    def stop(batch: int, logs: Any) -> None:
        model.stop_training = model.optimizer.iterations >= steps

    model.fit(X, Y, epochs=1000, verbose=0, callbacks=[striate.callbacks.LambdaCallback(on_train_batch_end=stop)])
    assert model.optimizer.iterations == steps
    return model.get_weights()


def same(one: list[np.ndarray], two: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("calls", [1, 3])
def test_weights_are_those_of_the_steps_counted(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    model = compiled()
    ended: list[int] = []
    end = striate.callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(1))
    interrupt_after_training(monkeypatch, calls, press)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=5, verbose=0, callbacks=[end])
    monkeypatch.undo()
    assert ended == [1]
    assert model.optimizer.iterations > 0
    assert same(model.get_weights(), weights_after(model.optimizer.iterations, model.seed))
    assert len({len(values) for values in model.history.history.values()}) <= 1
    model.fit(X, Y, epochs=1, verbose=0)
    assert len(model.history.history["loss"]) == 1


def test_a_signal_from_another_thread() -> None:
    model = compiled()
    timer = threading.Timer(0.1, press)
    start = striate.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: timer.start() if epoch == 1 else None)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=10**6, verbose=0, callbacks=[start])
    timer.join()
    steps, history = model.optimizer.iterations, model.history
    assert len(history.history["loss"]) == len(history.epoch) == len(history.history["accuracy"])
    assert same(model.get_weights(), weights_after(steps, model.seed))
    model.fit(X, Y, epochs=1, verbose=0)
    assert model.optimizer.iterations == steps + 7


def test_your_own_handler_is_called_once_and_training_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = compiled(), []

    def handler(number: int, frame: Any) -> None:
        seen.append((number, model.optimizer.iterations))

    signal.signal(signal.SIGINT, handler)
    interrupt_after_training(monkeypatch, 1, press)
    model.fit(X, Y, epochs=1, verbose=0)
    assert seen == [(signal.SIGINT, 1)]  # after the step was counted
    assert signal.getsignal(signal.SIGINT) is handler
    assert model.optimizer.iterations == 7


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_what_is_no_handler_stays(handler: Any) -> None:
    signal.signal(signal.SIGINT, handler)
    with interrupts.held():
        assert signal.getsignal(signal.SIGINT) is handler
        if handler is signal.SIG_IGN:
            press()
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_error_inside_leaves_the_handler_as_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError, match="inside"), interrupts.held():
        raise RuntimeError("inside")
    assert signal.getsignal(signal.SIGINT) is before


def test_training_in_another_thread() -> None:
    model = compiled()
    thread = threading.Thread(target=lambda: model.fit(X, Y, epochs=1, verbose=0))
    thread.start()
    thread.join()
    assert model.optimizer.iterations == 7

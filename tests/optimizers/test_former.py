"""What Keras 2 called the arguments of optimizers, and its falling learning rate."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate import layers, optimizers
from striate.errors import StriateError
from striate.optimizers import schedules


def trained(optimizer: Any, epochs: int = 3) -> Any:
    striate.utils.set_random_seed(3)
    model = striate.Sequential([layers.Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(1)])
    model.compile(optimizer, "mse")
    x = np.random.default_rng(0).normal(size=(40, 4))
    model.fit(x, x.sum(axis=1), epochs=epochs, batch_size=8, verbose=0)
    return model


def test_the_most_copied_line() -> None:
    sgd = optimizers.SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True)
    assert (sgd.learning_rate, sgd.lr, sgd.decay, sgd.momentum, sgd.nesterov) == (0.01, 0.01, 1e-6, 0.9, True)
    assert sgd.learning_rate_at(1000) == 0.01 / (1 + 1e-6 * 1000)


@pytest.mark.parametrize("cls", [optimizers.SGD, optimizers.Adam, optimizers.RMSprop])
def test_decay_is_the_schedule_of_that_formula(cls: Any) -> None:
    former = trained(cls(lr=0.05, decay=0.1))
    today = trained(cls(schedules.InverseTimeDecay(0.05, 1, 0.1)))
    for ours, theirs in zip(former.get_weights(), today.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(trained(cls(lr=0.05)).get_weights()[0], former.get_weights()[0])


def test_saved_with_a_decay(tmp_path: Path, keras: Any) -> None:
    model = trained(optimizers.SGD(lr=0.05, decay=0.1, momentum=0.9))
    for name in ("m.keras", "m.h5"):
        model.save(tmp_path / name)
        again = striate.models.load_model(tmp_path / name)
        assert again.optimizer.iterations == 15
        assert again.optimizer.learning_rate == pytest.approx(0.05 / 2.5)
        theirs = keras.models.load_model(tmp_path / name)
        assert float(theirs.optimizer.learning_rate) == pytest.approx(0.05 / 2.5)


def test_epsilon_none_and_options_without_effect() -> None:
    adam = optimizers.Adam(lr=0.1, epsilon=None, jit_compile=True)
    assert adam.epsilon == 1e-7
    assert adam.get_config() == optimizers.Adam(0.1).get_config()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: optimizers.SGD(0.1, lr=0.1), "got learning_rate twice"),
        (lambda: optimizers.SGD(learning_rate=0.1, lr=0.1), "got learning_rate twice"),
        (lambda: optimizers.SGD(lr=-1), "got learning_rate=-1"),
        (lambda: optimizers.SGD(decay=-1), "got decay=-1"),
        (lambda: optimizers.SGD(schedules.ExponentialDecay(1.0, 1, 0.5), decay=0.1), "only one of them"),
        (lambda: optimizers.SGD(0.01, 0.9, 1e-6), "got nesterov=1e-06"),  # decay was third in Keras 2
    ],
)
def test_what_is_refused(make: Any, said: str) -> None:
    with pytest.raises(StriateError, match=said):
        make()


def test_the_rate_is_asked_and_set_as_a_variable() -> None:
    model = trained(optimizers.Adam(lr=0.5), epochs=1)
    rate = model.optimizer.lr
    assert (rate, rate.numpy(), rate.numpy().dtype) == (0.5, 0.5, np.float32)
    rate.assign(0.25)
    assert model.optimizer.learning_rate == 0.25
    model.optimizer.lr = 0.125
    assert model.optimizer.learning_rate == 0.125
    assert json.dumps(model.optimizer.learning_rate) == "0.125"
    assert type(pickle.loads(pickle.dumps(model.optimizer.learning_rate))) is float


def test_a_users_own_optimizer_names_its_arguments_itself() -> None:
    class Mine(optimizers.SGD):
        def __init__(self, lr: float, decay: float) -> None:
            super().__init__(lr * decay)

    assert Mine(lr=0.5, decay=0.5).learning_rate == 0.25

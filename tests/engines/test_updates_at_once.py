"""Weights of large dense layers change while their gradient is in the cache: as if it had been written down first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import layers
from striate.engines.native import NativeEngine

rng = np.random.default_rng(0)
IMAGES = rng.random((50, 12, 12, 1), dtype=np.float32)
LABELS = rng.integers(0, 10, 50)
# No gradient is clipped by such a bound, but with one gradients are written down, as their norm has to be known first.
NO_BOUND = 1e30


def trained(optimizer: Any, *, units: int, batch_size: int, threads: int = 2, **options: Any) -> list[np.ndarray]:
    striate.utils.set_random_seed(3)
    model = striate.Sequential(
        [
            layers.Input((12, 12, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(units, activation="relu", **options),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(IMAGES, LABELS, batch_size=batch_size, epochs=2, verbose=0, engine=NativeEngine(threads))
    return [*model.get_weights(), *(np.asarray(value) for value in model.optimizer.variables)]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("Adam", {}),
        ("Adam", {"amsgrad": True}),
        ("AdamW", {"weight_decay": 0.1}),
        ("RMSprop", {"centered": True, "momentum": 0.5}),
        ("Adam", {"use_ema": True, "ema_overwrite_frequency": 3}),
        ("Nadam", {}),
    ],
)
@pytest.mark.parametrize(("units", "batch_size"), [(12, 32), (200, 7), (170, 50)])  # 9,600 weights; over 128 K the last
def test_as_if_written_down_first(name: str, options: dict[str, Any], units: int, batch_size: int) -> None:
    make = getattr(striate.optimizers, name)
    at_once = trained(make(0.01, **options), units=units, batch_size=batch_size)
    written = trained(make(0.01, **options, global_clipnorm=NO_BOUND), units=units, batch_size=batch_size)
    for a, b in zip(at_once, written, strict=True):
        np.testing.assert_array_equal(a, b)


def test_constraint_of_each_number() -> None:
    at_once = trained(striate.optimizers.SGD(0.1), units=12, batch_size=32, kernel_constraint="non_neg")
    bound = striate.optimizers.SGD(0.1, global_clipnorm=NO_BOUND)
    written = trained(bound, units=12, batch_size=32, kernel_constraint="non_neg")
    for a, b in zip(at_once, written, strict=True):
        np.testing.assert_array_equal(a, b)
    assert at_once[2].min() == 0


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_same_bits_on_any_number_of_threads(threads: int) -> None:
    for a, b in zip(
        trained("adam", units=200, batch_size=32, threads=threads),
        trained("adam", units=200, batch_size=32),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_weights_of_two_layers_in_one_are_written_down() -> None:
    """The second use of a shared layer needs the weights of before the step."""

    def loss_and_weights(optimizer: Any) -> list[np.ndarray]:
        striate.utils.set_random_seed(5)
        x = layers.Input((100,))
        shared = layers.Dense(100, activation="tanh")
        model = striate.Model(x, layers.Dense(1)(shared(shared(x))))
        model.compile(optimizer, "mse")
        data = np.random.default_rng(1).random((40, 100), dtype=np.float32)
        model.fit(data, data[:, :1], batch_size=8, epochs=2, verbose=0)
        return model.get_weights()

    at_once = loss_and_weights(striate.optimizers.Adam(0.01))
    for a, b in zip(at_once, loss_and_weights(striate.optimizers.Adam(0.01, global_clipnorm=NO_BOUND)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_loss_that_is_not_finite_changes_no_weight() -> None:
    x = layers.Input((100,))
    model = striate.Model(x, layers.Dense(100, activation="exponential")(x))
    model.compile(striate.optimizers.SGD(0.1), "mse")
    before = model.get_weights()
    data = np.full((8, 100), 3e3, dtype=np.float32)
    model.layers[-1].set_weights([np.full((100, 100), 0.1, dtype=np.float32), before[1]])
    before = model.get_weights()
    model.fit(data, data, verbose=0)
    assert np.isnan(model.history.history["loss"][0]) or np.isinf(model.history.history["loss"][0])
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)

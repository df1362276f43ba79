"""Training against Keras step by step: same weights, same batches, every optimizer and option."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "learning_rate": 0.01}),
    ("Adam", {"clipnorm": 0.05}),
    ("Adam", {"clipvalue": 0.003}),
    ("Adam", {"global_clipnorm": 0.05, "weight_decay": 0.1}),
    ("SGD", {"clipnorm": 0.05}),
    ("SGD", {"clipvalue": 0.003, "momentum": 0.5}),
    ("SGD", {"global_clipnorm": 0.05}),
    ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.05}),
    ("Nadam", {"learning_rate": 0.005}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.8, "centered": True}),
    ("Adagrad", {"learning_rate": 0.05}),
    ("Adadelta", {"learning_rate": 1.0}),
]


def network(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ]
    )


def images_and_labels() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return rng.normal(size=(44, 8, 8, 2)).astype(np.float32), rng.integers(0, 5, 44)


@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{n}-{'-'.join(map(str, o))}" for n, o in CASES])
def test_every_step_is_keras(keras: Any, name: str, options: dict[str, Any]) -> None:
    keras.utils.set_random_seed(1)
    x, y = images_and_labels()
    theirs, ours = network(keras), network(striate)
    ours.set_weights(theirs.get_weights())
    for library, model in ((keras, theirs), (striate, ours)):
        model.compile(getattr(library.optimizers, name)(**options), "sparse_categorical_crossentropy")
    for step in range(12):
        batch = slice(step % 5 * 10, step % 5 * 10 + 10)  # the fifth holds four images
        expected = float(theirs.train_on_batch(x[batch], y[batch]))
        assert ours.train_on_batch(x[batch], y[batch]) == pytest.approx(expected, rel=2e-5), f"step {step}"
    assert ours.optimizer.iterations == 12
    # Where a gradient is almost zero, rounding alone decides about a good part of an Adam step.
    atol = max(3e-5, 0.01 * ours.optimizer.learning_rate) if "Ada" in name and name != "Adadelta" else 3e-5
    for got, want in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=atol)


def test_a_schedule_is_followed_step_by_step(keras: Any) -> None:
    keras.utils.set_random_seed(1)
    x, y = images_and_labels()
    theirs, ours = network(keras), network(striate)
    ours.set_weights(theirs.get_weights())
    histories = []
    for library, model in ((keras, theirs), (striate, ours)):
        schedule = library.optimizers.schedules.CosineDecay(0.1, 12)
        model.compile(library.optimizers.SGD(schedule), "sparse_categorical_crossentropy")
        histories.append(model.fit(x, y, batch_size=11, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(histories[1], histories[0], rtol=2e-5)
    for got, want in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_frozen_parameters_stay() -> None:
    x, y = images_and_labels()
    model = network(striate)
    model.layers[0].trainable = False
    model.compile(striate.optimizers.AdamW(weight_decay=0.5), "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1], before[1])
    assert np.abs(after[2] - before[2]).max() > 0

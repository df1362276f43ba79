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
    ("Adamax", {"learning_rate": 0.005}),
    ("Ftrl", {"learning_rate": 0.05}),
    (
        "Ftrl",
        {"learning_rate": 0.05, "learning_rate_power": -0.6, "l1_regularization_strength": 0.001, "beta": 0.1,
         "l2_regularization_strength": 0.01, "l2_shrinkage_regularization_strength": 0.001},
    ),
    ("Lion", {"learning_rate": 0.0003, "weight_decay": 0.1}),
    ("SGD", {"use_ema": True, "ema_momentum": 0.7, "momentum": 0.9}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 5}),
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


@pytest.mark.parametrize("frequency", [None, 4])
def test_averages_at_the_end_of_fit(keras: Any, frequency: int | None) -> None:
    x, y = images_and_labels()
    theirs, ours = network(keras), network(striate)
    ours.set_weights(theirs.get_weights())
    losses = []
    for library, model in ((keras, theirs), (striate, ours)):
        rule = library.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=frequency)
        model.compile(rule, "sparse_categorical_crossentropy")
        for _ in range(2):  # the second fit goes on from the averages
            losses.append(model.fit(x, y, batch_size=11, epochs=2, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[2:], losses[:2], rtol=2e-5)
    for got, want in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_left_out_of_weight_decay(keras: Any) -> None:
    x, y = images_and_labels()
    theirs, ours = network(keras), network(striate)
    ours.set_weights(theirs.get_weights())
    for library, model in ((keras, theirs), (striate, ours)):
        rule = library.optimizers.AdamW(0.01, weight_decay=0.5)
        rule.exclude_from_weight_decay(var_list=[model.layers[0].kernel], var_names=["bias"])
        model.compile(rule, "sparse_categorical_crossentropy")
        model.fit(x, y, batch_size=11, epochs=2, shuffle=False, verbose=0)
    for got, want in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="before training begins"):
        ours.optimizer.exclude_from_weight_decay(var_names=["bias"])


def constrained(library: Any) -> Any:
    layers, kept = library.layers, library.constraints
    return library.Sequential(
        [
            library.Input((8, 8, 2)),
            layers.Conv2D(4, 3, kernel_constraint=kept.MaxNorm(0.5, axis=[0, 1, 2]), bias_constraint="non_neg"),
            layers.DepthwiseConv2D(3, depthwise_constraint=kept.UnitNorm([0, 1])),
            layers.BatchNormalization(gamma_constraint=kept.MinMaxNorm(0.5, 1.5, 0.9), beta_constraint=kept.NonNeg()),
            layers.Flatten(),
            layers.Dense(6, "tanh", kernel_regularizer=library.regularizers.OrthogonalRegularizer(0.1, "columns")),
            layers.Dense(5, activation="softmax", kernel_constraint=kept.MinMaxNorm(0.2, 0.9, rate=0.5)),
        ]
    )


@pytest.mark.parametrize("options", [{}, {"clipnorm": 0.1}, {"use_ema": True, "ema_overwrite_frequency": 2}])
def test_constraints_and_penalties_of_matrices(keras: Any, options: dict[str, Any]) -> None:
    x, y = images_and_labels()
    theirs, ours = constrained(keras), constrained(striate)
    ours.set_weights(theirs.get_weights())
    for library, model in ((keras, theirs), (striate, ours)):
        model.compile(library.optimizers.SGD(0.1, **options), "sparse_categorical_crossentropy")
    for step in range(6):
        batch = slice(step % 4 * 11, step % 4 * 11 + 11)
        expected = float(theirs.train_on_batch(x[batch], y[batch]))
        assert ours.train_on_batch(x[batch], y[batch]) == pytest.approx(expected, rel=1e-4), f"step {step}"
    for got, want in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4)
    config = ours.get_config()
    for mine, other in zip(config["layers"], theirs.get_config()["layers"], strict=True):
        for key, value in mine["config"].items():
            if key.endswith("_constraint"):
                assert value == other["config"][key] or value | {"config": 0} == other["config"][key] | {"config": 0}
    assert striate.Sequential.from_config(config).get_config() == config


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

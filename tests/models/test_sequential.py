"""Sequential models: building, changing, weights, configurations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import layers
from striate.errors import ShapeError, StriateError
from striate.random import set_random_seed


def network(*first: Any) -> striate.Sequential:
    return striate.Sequential(
        [*first, layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)]
    )


@pytest.mark.parametrize("way", ["Input", "input_shape", "build", "call", "fit"])
def test_every_way_to_say_the_shape(way: str) -> None:
    set_random_seed(1)
    if way == "input_shape":
        model = striate.Sequential([layers.Conv2D(4, 3, input_shape=(6, 6, 1)), layers.Flatten(), layers.Dense(3)])
    else:
        first = [striate.Input((6, 6, 1))] if way == "Input" else []
        model = striate.Sequential([*first, layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3)])
    if way in ("build", "call", "fit"):
        assert not model.built
        assert model.weights == []
        with pytest.raises(StriateError, match="begin with Input"):
            model.output_shape  # noqa: B018
    if way == "build":
        model.build((None, 6, 6, 1))
    if way == "call":
        model(np.zeros((1, 6, 6, 1)))
    if way == "fit":
        model.compile("sgd", "mse")
        model.fit(np.zeros((2, 6, 6, 1)), np.zeros((2, 3)), verbose=0)
    assert model.built
    assert model.input_shape == (None, 6, 6, 1)
    assert model.output_shape == (None, 3)
    assert model.count_params() == 40 + 64 * 3 + 3
    assert [layer.name for layer in model.layers] == ["conv2d", "flatten", "dense"]


def test_add_and_pop() -> None:
    model = striate.Sequential(name="mine")
    model.add(striate.Input((6, 6, 1)))
    model.add(layers.Conv2D(4, 3))
    assert model.output_shape == (None, 4, 4, 4)
    model.add(layers.Flatten())
    assert model.output_shape == (None, 64)
    assert model.pop().name == "flatten"
    assert model.output_shape == (None, 4, 4, 4)
    assert model(np.zeros((2, 6, 6, 1))).shape == (2, 4, 4, 4)
    model.pop()
    with pytest.raises(StriateError, match="mine: there is no layer to pop"):
        model.pop()


def test_layers_added_after_training_are_trained_too() -> None:
    model = striate.Sequential([striate.Input((4,)), layers.Dense(3)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 3)), verbose=0)
    model.add(layers.Dense(2))
    before = model.get_weights()
    model.fit(np.ones((4, 4)), np.full((4, 2), 9.0), verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_layer_that_does_not_fit_is_not_added() -> None:
    model = striate.Sequential([striate.Input((4, 4, 1)), layers.Conv2D(2, 3)])
    with pytest.raises(ShapeError, match="a 3x3 kernel does not fit a 2x2 input"):
        model.add(layers.Conv2D(2, 3, name="large"))
    assert [layer.name for layer in model.layers] == ["conv2d"]
    assert model.output_shape == (None, 2, 2, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: striate.Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")]), "a layer 'a' already"),
        (lambda: striate.Sequential([layers.Dense]), r"write Dense\(...\)"),
        (lambda: striate.Sequential([3]), "got 3, expected a layer"),
        (lambda: striate.Sequential([layers.Dense(1), striate.Input((3,))]), "can only be the first"),
        (lambda: striate.Sequential([d := layers.Dense(1), d]), "is in the model already"),
        (lambda: striate.Sequential().build((None, 3)), "has no layers"),
        (lambda: network(striate.Input((6, 6, 1))).build((None, 7, 7, 1)), r"is for images of shape \(6, 6, 1\)"),
        (lambda: striate.Sequential().predict(np.ones((1, 2)), verbose=0), "has no layers"),
    ],
)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(StriateError, match=message):
        make()


def test_weights() -> None:
    model = network(striate.Input((6, 6, 1)))
    assert [w.name for w in model.weights][:3] == ["conv2d/kernel", "conv2d/bias", "batch_normalization/gamma"]
    assert len(model.trainable_weights) == 6
    assert len(model.non_trainable_weights) == 2
    weights = [np.full(w.shape, i, dtype=np.float32) for i, w in enumerate(model.weights)]
    model.set_weights(weights)
    for got, want in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(got, want)
    got[...] = 99  # a copy
    assert model.get_weights()[-1].max() < 99
    with pytest.raises(ShapeError, match="got 3 arrays, expected 8"):
        model.set_weights(weights[:3])
    weights[6] = np.zeros((1, 1), np.float32)
    with pytest.raises(ShapeError, match=r"dense/kernel has shape \(64, 3\), got \(1, 1\)"):
        model.set_weights([w + 1 for w in weights])
    assert model.get_weights()[0].max() == 0  # nothing was changed


def test_trainable_is_for_all_layers() -> None:
    model = network(striate.Input((6, 6, 1)))
    model.trainable = False
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 8
    model.trainable = True
    assert len(model.trainable_weights) == 6
    assert striate.Sequential([striate.Input((3,)), layers.Dense(2)], trainable=False).trainable_weights == []


def test_get_layer() -> None:
    model = network()
    assert model.get_layer("conv2d") is model.layers[0]
    assert model.get_layer(index=-1) is model.layers[3]
    with pytest.raises(StriateError, match="did you mean 'conv2d'"):
        model.get_layer("conv_2d")
    with pytest.raises(StriateError, match="index=4"):
        model.get_layer(index=4)
    with pytest.raises(StriateError, match="either a name or an index"):
        model.get_layer()


@pytest.mark.parametrize("known", [True, False])
def test_configurations(keras: Any, known: bool) -> None:
    model = network(*([striate.Input((6, 6, 1))] if known else []))
    config = model.get_config()
    again = striate.Sequential.from_config(config)
    assert again.get_config() == config
    theirs = keras.Sequential.from_config(config)
    assert [layer.name for layer in theirs.layers] == [layer.name for layer in model.layers]
    assert striate.Sequential.from_config(theirs.get_config()).built is known
    with pytest.raises(StriateError, match="expected name and layers"):
        striate.Sequential.from_config({"name": "x"})


def test_compile_configuration(keras: Any) -> None:
    model = network(striate.Input((6, 6, 1)))
    loss = striate.losses.CategoricalCrossentropy(label_smoothing=0.1)
    metrics = ["accuracy", striate.metrics.TopKCategoricalAccuracy(k=2), lambda y, p: 0 * p]
    model.compile(striate.optimizers.SGD(0.5, momentum=0.9), loss, metrics=metrics)
    config = model.get_compile_config()
    theirs = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Dense(1)])
    theirs.compile_from_config(config)
    assert theirs.optimizer.momentum == 0.9
    assert theirs.loss.get_config()["label_smoothing"] == 0.1
    other = network(striate.Input((6, 6, 1)))
    other.compile_from_config(theirs.get_compile_config())
    assert other.get_compile_config() == config
    assert other.optimizer.built


def test_calling_in_training_mode_updates_nothing() -> None:
    model = network(striate.Input((6, 6, 1)))
    x = np.random.default_rng(0).normal(3, 2, (16, 6, 6, 1)).astype(np.float32)
    before = model.get_weights()
    trained, inferred = model(x, training=True), model(x)
    assert np.abs(trained - inferred).max() > 0.1
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_names_are_counted() -> None:
    assert [striate.Sequential().name, striate.Sequential().name] == ["sequential", "sequential_1"]


def test_save_and_load(tmp_path: Any) -> None:
    model = network(striate.Input((6, 6, 1)))
    x = np.random.default_rng(0).random((4, 6, 6, 1))
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(striate.models.load_model(tmp_path / "m.keras")(x), model(x))
    with pytest.raises(StriateError):
        model.save(tmp_path / "m.keras", overwrite=False)
    model.save_weights(tmp_path / "m.weights.h5")
    other = network(striate.Input((6, 6, 1)))
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(other(x), model(x))

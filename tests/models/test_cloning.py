"""clone_model: new inputs, other layers, shared layers, inner models."""

from __future__ import annotations

import copy
import pickle
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import striate
from striate import Input, Model, layers
from striate.errors import StriateError
from striate.models import clone_model

X = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)


def network(api: Any = striate) -> Any:
    """A shared layer, an inner model and two outputs."""
    x = api.layers.Input((6,), name="x")
    inner_x = api.layers.Input((5,))
    inner = api.Model(inner_x, api.layers.Dense(3, name="deep")(inner_x), name="inner")
    shared = api.layers.Dense(6, name="shared", activation="tanh")
    y = inner(api.layers.Dense(5, name="five")(shared(shared(x))))
    return api.Model(x, {"a": y, "b": api.layers.Dropout(0.5, name="drop")(y)}, name="whole")


def test_new_inputs(keras: ModuleType) -> None:
    for api in (keras, striate):
        model, start = network(api), api.layers.Input((6,), name="other")
        clone = api.models.clone_model(model, input_tensors=start)
        assert clone.inputs[0].name == "other"
        assert [layer.name for layer in clone.layers] == ["other", "shared", "five", "inner", "drop"]
        clone.set_weights(model.get_weights())
        np.testing.assert_allclose(
            clone.predict(X, verbose=0)["b"], model.predict(X, verbose=0)["b"], rtol=1e-5, atol=1e-6
        )
        assert clone.layers[1] is not model.layers[1]


@pytest.mark.parametrize("recursive", [False, True])
def test_other_layers_in_their_places(keras: ModuleType, recursive: bool) -> None:
    """As Keras does: each layer once, inputs never, inner models as such unless recursive."""
    seen: list[list[str]] = []
    for api in (keras, striate):
        names: list[str] = []

        def replace(layer: Any, api: Any = api, names: list[str] = names) -> Any:
            names.append(layer.name)
            if layer.name == "five":
                return api.layers.Dense(5, use_bias=False, name="without_bias")
            return type(layer).from_config(layer.get_config())

        clone = api.models.clone_model(network(api), clone_function=replace, recursive=recursive)
        seen.append(names)
        assert [layer.name for layer in clone.layers] == ["x", "shared", "without_bias", "inner", "drop"]
        assert clone.predict(X, verbose=0)["a"].shape == (4, 3)
    assert sorted(seen[0]) == sorted(seen[1])
    assert ("deep" in seen[1]) == recursive


def test_sequential() -> None:
    model = striate.Sequential([Input((6,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")])
    clone = clone_model(model, clone_function=lambda layer: layer)
    assert clone.layers == model.layers
    np.testing.assert_array_equal(clone.predict(X, verbose=0), model.predict(X, verbose=0))
    clone = clone_model(model, input_tensors=Input((6,), name="new"))
    assert clone.input.name == "new"
    assert [layer.name for layer in clone.layers] == ["a", "b"]
    assert not clone_model(striate.Sequential([layers.Dense(2)]), clone_function=lambda layer: layer).built


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_tensors": [Input((6,)), Input((6,))]}, "input_tensors: got 2, expected 1"),
        ({"input_tensors": X}, "input_tensors: got array"),
        ({"clone_function": 3}, "clone_function=3, expected a function of a layer"),
        ({"clone_function": lambda layer: None}, "clone_function made None of shared"),
        ({"call_function": print}, "call_function=.*expected None"),
        ({"input_tensors": Input((7,))}, "shared"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], message: str) -> None:
    model = network()
    if message == "shared":
        options = {**options, "clone_function": lambda layer: layer}
    with pytest.raises(StriateError, match=message):
        clone_model(model, **options)


def test_a_thing_that_is_no_model() -> None:
    with pytest.raises(StriateError, match="clone_model: got 3, expected a model"):
        clone_model(3)  # type: ignore[arg-type]


def test_weights_are_new_and_training_is_apart() -> None:
    model = Model(*(lambda x: (x, layers.Dense(2)(x)))(Input((6,))))
    clone = clone_model(model, clone_function=lambda layer: type(layer).from_config(layer.get_config()))
    before = model.get_weights()
    clone.compile("sgd", "mse")
    clone.fit(X, np.ones((4, 2)), verbose=0)
    assert all(map(np.array_equal, before, model.get_weights()))


def test_copies_by_pickle_and_deepcopy() -> None:
    """Weights, compilation and the optimizer's state, in a model of its own."""
    x, y = np.random.default_rng(0).random((16, 4), dtype=np.float32), np.arange(16) % 2
    inputs = striate.Input((4,))
    hidden = striate.layers.BatchNormalization()(striate.layers.Dense(3, activation="relu")(inputs))
    model = striate.Model(inputs, striate.layers.Dense(2, activation="softmax")(hidden), name="net")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2, verbose=0)
    expected = model.predict(x, verbose=0)
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert (copied.name, copied.optimizer.iterations) == ("net", 2)
        np.testing.assert_array_equal(copied.predict(x, verbose=0), expected)
        assert copied.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
        copied.fit(x, y, verbose=0)
        np.testing.assert_array_equal(model.predict(x, verbose=0), expected)  # untouched
    assert not copy.deepcopy(striate.Sequential([striate.layers.Dense(2)])).built

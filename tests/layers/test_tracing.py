"""Functions of the user's own as activations and in Lambda: what they ask for is what the network does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import striate
from striate import activations, layers
from striate import tensorflow as tf
from striate.errors import StriateError, UnavailableError
from striate.keras import backend

Function = Callable[[Any], Any]
X = np.random.default_rng(0).standard_normal((5, 4, 4, 3)).astype(np.float32)

FUNCTIONS: dict[str, Function] = {
    "swish": lambda x: x * backend.sigmoid(x),
    "mish": lambda x: x * tf.tanh(tf.math.softplus(x)),
    "gelu": lambda x: 0.5 * x * (1 + tf.tanh(0.7978846 * (x + 0.044715 * tf.pow(x, 3)))),
    "clip": lambda x: backend.clip(x, -0.5, 0.75),
    "clip below": lambda x: backend.clip(x, 0.25, None),
    "maximum": lambda x: tf.maximum(0.1 * x, x),
    "maximum with a number": lambda x: tf.maximum(x, 0.25) + tf.minimum(0.5, x),
    "square": lambda x: backend.square(x) - tf.abs(-x),
    "gaussian": lambda x: tf.exp(-tf.square(x)),
    "difference": lambda x: tf.math.squared_difference(x, tf.multiply(2.0, x)) / 3,
    "activations": lambda x: activations.relu(x, 0.1, 2.0) + activations.elu(x) + activations.softmax(x, axis=-1),
    "relu6": lambda x: tf.nn.relu6(x) + backend.hard_sigmoid(x) + activations.swish(x),
    "identity": lambda x: x,
}


def small(library: Any, function: Function) -> Any:
    return library.Sequential(
        [
            library.Input((4, 4, 3)),
            library.layers.Conv2D(4, 3, activation=function),
            library.layers.Activation(function),
            library.layers.Lambda(function),
            library.layers.Flatten(),
            library.layers.Dense(2, activation=function),
        ]
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers(name: str) -> None:
    function = FUNCTIONS[name]
    model = small(striate, function)
    kernel, bias = model.layers[-1].get_weights()
    plain = layers.Conv2D(4, 3, weights=model.layers[0].get_weights())
    hidden = np.asarray(function(function(function(plain(X))))).reshape(5, -1)
    np.testing.assert_allclose(model.predict(X, verbose=0), function(tf.constant(hidden @ kernel + bias)), 1e-4, 1e-5)


def with_keras(library: Any) -> dict[str, Function]:
    return {
        "swish": lambda x: x * library.activations.sigmoid(x),
        "shrunk": lambda x: 0.5 * library.activations.tanh(1 - x) ** 2 - abs(x) / 3,
        "relu": lambda x: library.activations.relu(x, negative_slope=0.2) * library.activations.softplus(-x),
    }


@pytest.mark.parametrize("name", ["swish", "shrunk", "relu"])
def test_training_is_keras(keras: Any, name: str) -> None:
    """The same weights, and so the same gradients, after three steps."""
    theirs, ours = small(keras, with_keras(keras)[name]), small(striate, with_keras(striate)[name])
    ours.set_weights(theirs.get_weights())
    y = np.random.default_rng(1).standard_normal((5, 2)).astype(np.float32)
    for model, library in ((theirs, keras), (ours, striate)):
        model.compile(library.optimizers.SGD(0.05), "mse")
        model.fit(X, y, batch_size=5, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_two_tensors() -> None:
    a, b = striate.Input((5,)), striate.Input((5,))
    distance = layers.Lambda(lambda pair: tf.abs(pair[0] - pair[1]), name="distance")([a, b])
    model = striate.Model([a, b], [distance, layers.Lambda(lambda pair: pair[1])([a, b])])
    first, second = np.full((2, 5), 3.0), np.full((2, 5), 4.5)
    found = model.predict([first, second], verbose=0)
    np.testing.assert_array_equal(found[0], np.full((2, 5), 1.5))
    np.testing.assert_array_equal(found[1], second)


def test_arguments_and_shapes() -> None:
    layer = layers.Lambda(lambda x, power: x[..., 0] ** power, arguments={"power": 2})
    assert layer(striate.Input((None, 7, 3))).shape == (None, None, 7)
    np.testing.assert_allclose(layer(X), X[..., 0] ** 2, rtol=1e-6)


def test_functions_are_called_for_new_shapes_alone() -> None:
    calls = []

    def noted(x: Any) -> Any:
        calls.append(x.shape)
        return x * activations.sigmoid(x)

    model = small(striate, noted)
    model.compile("sgd", "mse")
    before = len(calls)
    model.fit(X, np.zeros((5, 2)), epochs=3, verbose=0)
    assert len(calls) == before


def test_names_are_those_without_the_function() -> None:
    striate.keras.backend.clear_session()
    model = small(striate, FUNCTIONS["gelu"])
    assert [layer.name for layer in model.layers] == ["conv2d", "activation", "lambda", "flatten", "dense"]
    assert layers.Multiply().name == "multiply"


def test_a_factor_and_an_offset_are_rescaling() -> None:
    layer = layers.Lambda(lambda x: x / 4 - 1)
    assert (type(layer), layer.scale, layer.offset) == (layers.Rescaling, 0.25, -1.0)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (np.tanh, "activation: tanh does what no layer does"),
        (lambda x: tf.reduce_sum(x), "got no axis, but each image stays by itself"),
        (lambda x: tf.math.sin(x), "sin: got the symbolic tensor"),
        (lambda x: 1.0, r"returned 1\.0, expected a symbolic tensor"),
        (lambda x: layers.Dense(2)(x), "uses dense .Dense., which is no mere function"),
        (lambda x: layers.PReLU()(x), "uses p_re_lu .PReLU., which is no mere function"),
        (lambda x: activations.gelu(x, approximate=True), "gelu: got {'approximate': True}"),
    ],
)
def test_what_cannot_be(function: Any, message: str) -> None:
    with pytest.raises(UnavailableError, match=message):
        layers.Dense(3, activation=function)(striate.Input((4,)))


def test_files(tmp_path: Any) -> None:
    model = small(striate, FUNCTIONS["swish"])
    for path in ("m.keras", "m.h5"):
        with pytest.raises(StriateError, match=r"code of your own.*save the weights alone"):
            model.save(tmp_path / path)
    assert not list(tmp_path.iterdir())
    model.save_weights(tmp_path / "m.weights.h5")
    other = small(striate, FUNCTIONS["swish"])
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))

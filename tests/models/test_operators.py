"""Operators on symbolic tensors, against NumPy and, in files, against Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import striate
import striate.tensorflow as tf
from striate import Model, layers
from striate.errors import StriateError
from striate.keras import backend as K

RNG = np.random.default_rng(3)
A, B = RNG.normal(size=(2, 5, 4, 6, 3)).astype(np.float32)

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a + 2": lambda a, b: a + 2,
    "2 + a": lambda a, b: 2 + a,
    "a - 0.5": lambda a, b: a - 0.5,
    "1 - a": lambda a, b: 1 - a,
    "3 * a": lambda a, b: 3 * a,
    "a * float32": lambda a, b: a * np.float32(0.25),
    "a / 255": lambda a, b: a / 255.0,
    "-a": lambda a, b: -a,
    "a ** 1": lambda a, b: a**1,
    "a ** 3": lambda a, b: a**3,
    "gate": lambda a, b: a * (1 - b) + b / 2,
    "a[..., 0]": lambda a, b: a[..., 0],
    "a[:, 1]": lambda a, b: a[:, 1],
    "a[:, 1:3, ::2]": lambda a, b: a[:, 1:3, ::2],
    "a[:, -1, ..., 1:]": lambda a, b: a[:, -1, ..., 1:],
    "a[..., None]": lambda a, b: a[..., None],
    "a[:, None, 2]": lambda a, b: a[:, None, 2],
}

OURS: dict[str, Callable[[Any, Any], Any]] = {  # what Keras on PyTorch cannot do
    "a[:]": lambda a, b: a[:],
    "a[...]": lambda a, b: a[...],
    "a[:, :, ::-1, -2:]": lambda a, b: a[:, :, ::-1, -2:],
    "abs": lambda a, b: abs(a),
    "float64 * a": lambda a, b: np.float64(0.25) * a,
}


def network(api: Any, operator: Callable[[Any, Any], Any]) -> Any:
    a, b = api.layers.Input((4, 6, 3), name="a"), api.layers.Input((4, 6, 3), name="b")
    return api.Model([a, b], [operator(a, b), b])


@pytest.mark.parametrize("name", [*OPERATORS, *OURS])
def test_values(name: str) -> None:
    operator = {**OPERATORS, **OURS}[name]
    model = network(striate, operator)
    expected = operator(A, B)
    assert model.output_shape[0] == (None, *expected.shape[1:])
    np.testing.assert_allclose(model.predict([A, B], verbose=0)[0], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", OPERATORS)
def test_files_both_ways_with_keras(keras: ModuleType, tmp_path: Path, name: str) -> None:
    expected = OPERATORS[name](A, B)
    network(striate, OPERATORS[name]).save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    network(keras, OPERATORS[name]).save(tmp_path / "theirs.keras")
    ours = striate.models.load_model(tmp_path / "theirs.keras")
    again = striate.models.load_model(tmp_path / "ours.keras")
    for model in (theirs, ours, again):
        np.testing.assert_allclose(model.predict([A, B], verbose=0)[0], expected, rtol=1e-6, atol=1e-7)
    copy = striate.models.clone_model(again)
    np.testing.assert_allclose(copy.predict([A, B], verbose=0)[0], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("function", ["relu", "sigmoid", "silu", "softplus"])
def test_functions_of_keras_ops_in_files(keras: ModuleType, tmp_path: Path, function: str) -> None:
    a = keras.Input((4, 6, 3))
    model = keras.Model(a, getattr(keras.ops, function)(a))
    model.save(tmp_path / "theirs.keras")
    ours = striate.models.load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(ours.predict(A, verbose=0), model.predict(A, verbose=0), rtol=1e-5, atol=1e-6)


FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "a / b": lambda a, b: a / (tf.abs(b) + 1),
    "1 / a": lambda a, b: 1 / (a * a + 1),
    "a ** 0.5": lambda a, b: tf.abs(a) ** 0.5,
    "a ** -2": lambda a, b: (tf.abs(a) + 1) ** -2,
    "a ** 1.5": lambda a, b: (tf.abs(a) + 0.1) ** 1.5,
    "pow": lambda a, b: tf.pow(tf.abs(a) + 0.1, 0.7),
    "sqrt": lambda a, b: tf.sqrt(tf.square(a) + tf.square(b)),
    "rsqrt": lambda a, b: tf.math.rsqrt(tf.square(a) + 1),
    "log": lambda a, b: tf.math.log(tf.abs(a) + 0.5) + tf.math.log1p(tf.abs(b)),
    "reciprocal": lambda a, b: tf.math.reciprocal(tf.abs(a) + 1),
    "sum of rows": lambda a, b: tf.reduce_sum(a, axis=1),
    "sum of channels": lambda a, b: K.sum(a * b, axis=-1, keepdims=True),
    "sum of positions": lambda a, b: tf.reduce_sum(a, axis=[1, 2]),
    "mean of an axis": lambda a, b: K.mean(a, axis=2),
    "mean of all": lambda a, b: tf.reduce_mean(a, axis=(1, 2, 3), keepdims=True),
    "max": lambda a, b: tf.reduce_max(a, axis=-1),
    "min": lambda a, b: K.min(a, axis=[1, 3], keepdims=True),
    "std": lambda a, b: K.std(a, axis=-1),
    "var": lambda a, b: K.var(a, axis=[1, 2], keepdims=True),
    "transpose": lambda a, b: tf.transpose(a, perm=[0, 3, 1, 2]),
    "permute": lambda a, b: K.permute_dimensions(a, (0, 2, 1, 3)),
    "squeeze": lambda a, b: K.squeeze(a[:, :1], 1),
    "squeeze all": lambda a, b: tf.squeeze(a[:, :1, :, :1]),
    "stack": lambda a, b: tf.stack([a, b], axis=1),
    "stack at the end": lambda a, b: K.stack([a, b], axis=-1),
    "batch_dot": lambda a, b: K.batch_dot(K.batch_flatten(a), K.batch_flatten(b), axes=1),
    "distance": lambda a, b: K.sqrt(K.maximum(K.sum(K.square(a - b), axis=1, keepdims=True), K.epsilon())),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    function = FUNCTIONS[name]
    model, expected = network(striate, function), function(tf.constant(A), tf.constant(B))
    assert model.output_shape[0] == (None, *expected.shape[1:])
    np.testing.assert_allclose(model.predict([A, B], verbose=0)[0], expected, rtol=1e-5, atol=1e-6)
    copy = striate.models.clone_model(model)
    np.testing.assert_allclose(copy.predict([A, B], verbose=0)[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_in_files(keras: ModuleType, tmp_path: Path, name: str) -> None:
    model = network(striate, FUNCTIONS[name])
    expected = model.predict([A, B], verbose=0)[0]
    model.save(tmp_path / "ours.keras")
    for load in (striate.models.load_model, keras.models.load_model):
        found = load(tmp_path / "ours.keras").predict([A, B], verbose=0)[0]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", ["sqrt", "log", "reciprocal", "sum", "mean", "max", "min"])
def test_functions_of_numbers_and_axes_in_keras_s_files(keras: ModuleType, tmp_path: Path, function: str) -> None:
    a = keras.Input((4, 6, 3))
    options = {} if function in ("sqrt", "log", "reciprocal") else {"axis": (1, -1), "keepdims": True}
    model = keras.Model(a, getattr(keras.ops, function)(a, **options))
    model.save(tmp_path / "theirs.keras")
    ours, images = striate.models.load_model(tmp_path / "theirs.keras"), np.abs(A) + 1
    np.testing.assert_allclose(ours.predict(images, verbose=0), model.predict(images, verbose=0), rtol=1e-5, atol=1e-6)


def test_operations_without_a_layer_are_refused_by_name(keras: ModuleType, tmp_path: Path) -> None:
    a = keras.Input((4, 6, 3))
    for result in (keras.ops.erf(a), a / (a + 1), a**0.5, keras.ops.prod(a, axis=1)):
        keras.Model(a, result).save(tmp_path / "theirs.keras")
        with pytest.raises(StriateError, match=r"keras\.ops\.\w+ with .* has no layer here"):
            striate.models.load_model(tmp_path / "theirs.keras")


def test_operators_are_trained_through() -> None:
    """y = w x[0] + 1 learned from its values, past a slice, a product and a sum."""
    x = layers.Input((2, 3))
    y = 1 + 2 * layers.Dense(1, use_bias=False)(x[:, 0])
    model = Model(x, y)
    model.compile(striate.optimizers.SGD(0.1), "mse")
    data = RNG.normal(size=(64, 2, 3)).astype(np.float32)
    model.fit(data, data[:, 0] @ [[1.0], [-2.0], [3.0]] + 1, epochs=30, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], [[0.5], [-1.0], [1.5]], atol=1e-3)


def test_open_sizes() -> None:
    x = layers.Input((None, None, 3))
    model = Model(x, layers.GlobalAveragePooling2D()(2 * x[:, ::2, 1:]))
    np.testing.assert_allclose(model.predict(A, verbose=0), 2 * A[:, ::2, 1:].mean((1, 2)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("operator", "message"),
    [
        (lambda a, b: a / 0, r"got .* / 0, expected a tensor divided by a number other than 0"),
        (lambda a, b: a + np.ones(2), "got ndarray .*expected a symbolic tensor or a finite number"),
        (lambda a, b: np.ones((3, 3)) * a, "got ndarray .*expected a symbolic tensor or a finite number"),
        (lambda a, b: a * "2", "got str '2' beside it"),
        (lambda a, b: a * True, "got bool"),
        (lambda a, b: a * float("nan"), "got float 'nan'"),
        (lambda a, b: a**0, "got the exponent 0, which makes 1 of every number"),
        (lambda a, b: tf.reduce_sum(a), "got no axis, but each image stays by itself"),
        (lambda a, b: tf.reduce_sum(a, axis=0), "got axis=0, expected the number of an axis; 0 is the batch"),
        (lambda a, b: tf.reduce_min(a, axis=[1, 4]), r"got axis=\[1, 4\] for images of 3 axes"),
        (lambda a, b: tf.transpose(a), r"the batch stays first: \(0, \.\.\.\)"),
        (lambda a, b: tf.squeeze(a, axis=1), "expected axes of size one"),
        (lambda a, b: a[0], r"got the key 0; the first part is for the batch"),
        (lambda a, b: a[1:], r"the first part is for the batch"),
        (lambda a, b: a[..., 3], "the key has 3 for axis 3, which has 3 places"),
        (lambda a, b: a[:, 4:], "the key leaves nothing of axis 1, which has 4 places"),
        (lambda a, b: a[:, 0, 0, 0, 0], "has more axes than images of shape"),
        (lambda a, b: a[:, [0, 1]], r"got \[0, 1\] in the key"),
        (lambda a, b: a[:, ::0], "in the key"),
        (lambda a, b: a[(..., *[None] * 40)], "got a key of 41 parts, expected at most 32"),
    ],
)
def test_errors(operator: Callable[[Any, Any], Any], message: str) -> None:
    with pytest.raises(StriateError, match=message):
        network(striate, operator)


AFFINE: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "x / 127.5 - 1": lambda x: x / 127.5 - 1.0,
    "standardized": lambda x: (x - np.float32(0.3)) / np.float64(2.5),
    "float32 - x": lambda x: np.float32(1) - 2 * x,
    "-(x + 3) * 0.5": lambda x: -(3 + x) * np.array(0.5),
}


@pytest.mark.parametrize("name", AFFINE)
def test_lambda_of_a_factor_and_an_offset(name: str, tmp_path: Path) -> None:
    model = striate.Sequential([layers.Lambda(AFFINE[name], input_shape=(4, 6, 3), name="l"), layers.Flatten()])
    found, expected = model.predict(A, verbose=0), AFFINE[name](A).reshape(len(A), -1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert (type(model.layers[0]), model.layers[0].name) == (layers.Rescaling, "l")
    model.save(tmp_path / "m.keras")
    again = striate.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(A, verbose=0), found)


def test_lambda_among_symbolic_tensors() -> None:
    x = layers.Input((3,))
    model = striate.Model(x, layers.Lambda(lambda t, by: t * by, output_shape=(3,), arguments={"by": 3})(x))
    np.testing.assert_allclose(model(B[0, 0]), 3 * B[0, 0], rtol=1e-6)


def test_a_number_for_each_channel() -> None:
    image = layers.Input((4, 5, 3))
    means = np.array([103.9, 116.8, 123.7])
    flat = means.reshape(1, 1, 3)
    for make in (lambda x: x - means, lambda x: means - x, lambda x: x * list(means), lambda x: x / flat):
        pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3)).astype(np.float32)
        model = striate.Model(image, make(image))
        np.testing.assert_allclose(model.predict(pixels, verbose=0), make(pixels), rtol=1e-4)

"""Operators on symbolic tensors, against NumPy and, in files, against Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import striate
from striate import Model, layers
from striate.errors import StriateError

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


def test_operations_without_a_layer_are_refused_by_name(keras: ModuleType, tmp_path: Path) -> None:
    a = keras.Input((4, 6, 3))
    for result in (keras.ops.erf(a), a / (a + 1), a**0.5, keras.ops.sum(a, axis=1)):
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
        (lambda a, b: a / b, "cannot be divided by .*only division by a number"),
        (lambda a, b: 1 / a, r"got 1 / .*expected a tensor divided by a number"),
        (lambda a, b: a / 0, r"got .* / 0, expected a tensor divided by a number other than 0"),
        (lambda a, b: a + np.ones(3), "got ndarray .*expected a symbolic tensor or a finite number"),
        (lambda a, b: np.ones(3) * a, "got ndarray .*expected a symbolic tensor or a finite number"),
        (lambda a, b: a * "2", "got str '2' beside it"),
        (lambda a, b: a * True, "got bool"),
        (lambda a, b: a * float("nan"), "got float 'nan'"),
        (lambda a, b: a**0.5, r"got the exponent 0\.5, expected a whole number from 1 to 16"),
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

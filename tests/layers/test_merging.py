"""Layers of several inputs, beside Keras's: shapes, values, configurations; and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from striate import Model, layers
from striate.errors import ShapeError, StriateError

from .test_values import BATCH, numbers

Shapes = list[tuple[int, ...]]
ELEMENTWISE = ["Add", "Average", "Multiply", "Maximum", "Minimum"]
CASES: list[tuple[str, dict[str, Any], Shapes]] = [
    *((name, {}, [(4, 5, 3), (4, 5, 3)]) for name in [*ELEMENTWISE, "Subtract"]),
    *((name, {}, [(4, 5, 3), (1, 1, 3), (4, 1, 3)]) for name in ELEMENTWISE),
    *((name, {}, [(5, 3), (4, 5, 3)]) for name in ELEMENTWISE),
    ("Subtract", {"name": "less"}, [(1, 5, 1), (4, 1, 3)]),
    ("Dot", {"axes": 1}, [(6,), (6,)]),
    ("Dot", {"axes": -1, "normalize": True}, [(6,), (6,)]),
    ("Dot", {"axes": (1, 2)}, [(3, 5), (4, 3)]),
    ("Dot", {"axes": [2, 1], "normalize": True}, [(5, 3), (3, 4)]),
    ("Dot", {"axes": (2, 1)}, [(5, 3), (3,)]),
    ("Dot", {"axes": (1, 1)}, [(3, 2, 2), (3, 4)]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_call_is_keras_s(keras: Any, case: tuple[str, dict[str, Any], Shapes]) -> None:
    name, arguments, shapes = case
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    rng = np.random.default_rng(2)
    images = [rng.normal(size=(BATCH, *shape)).astype(np.float32) for shape in shapes]
    expected = numbers(theirs([keras.ops.convert_to_tensor(image) for image in images]))
    np.testing.assert_allclose(ours(images), expected, rtol=2e-5, atol=2e-5)
    given = [(None, *shape) for shape in shapes]
    assert ours.compute_output_shape(given) == (None, *expected.shape[1:])
    symbols = [layers.Input(shape) for shape in shapes]
    model = Model(symbols, ours(symbols))
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=2e-5, atol=2e-5)
    model.summary(details=True, print_fn=lambda text: None)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_configuration_is_keras_s(keras: Any, case: tuple[str, dict[str, Any], Shapes]) -> None:
    name, arguments, _ = case
    ours = getattr(layers, name)(**arguments)
    theirs = getattr(keras.layers, name)(**{"name": ours.name, **arguments})
    assert ours.get_config() == theirs.get_config()
    again = layers.deserialize(json.loads(json.dumps(keras.layers.serialize(theirs))))
    assert type(again) is type(ours)
    assert type(keras.layers.deserialize(json.loads(json.dumps(layers.serialize(ours))))).__name__ == name


@pytest.mark.parametrize("name", [*ELEMENTWISE, "Subtract", "Dot", "Concatenate"])
def test_each_has_a_function(keras: Any, name: str) -> None:
    x = [np.full((2, 3), 2.0, np.float32), np.full((2, 3), 5.0, np.float32)]
    expected = numbers(getattr(keras.layers, name.lower())([keras.ops.convert_to_tensor(image) for image in x]))
    np.testing.assert_allclose(getattr(layers, name.lower())(x), expected)


def test_one_input_stays_as_it_is() -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    for name in ELEMENTWISE:
        np.testing.assert_array_equal(getattr(layers, name)()([x]), x)


def test_operators_of_symbolic_tensors() -> None:
    a, b = layers.Input((4,)), layers.Input((4,))
    model = Model([a, b], (a + b) * a - b)
    x, y = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)
    np.testing.assert_allclose(model.predict([x, y], verbose=0), (x + y) * x - y, rtol=1e-5, atol=1e-6)


def test_squeeze_and_excitation_trains() -> None:
    """A gate for each channel (Hu et al. 2018), learned from data that only depends on channel sums."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(256, 6, 6, 4)).astype(np.float32)
    y = (x[..., 0].mean((1, 2)) > 0).astype(np.int64)
    images = layers.Input((6, 6, 4))
    gate = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(images))
    out = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(layers.multiply([images, gate])))
    model = Model(images, out)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.05
    history = model.fit(x, y, epochs=20, verbose=0)
    assert history.history["accuracy"][-1] > 0.95


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (
            lambda: layers.Multiply()([np.ones((2, 3)), np.ones((2, 4))]),
            "multiply: cannot combine (3,) and (4,) element",
        ),
        (lambda: layers.Subtract()([np.ones((2, 3))]), "subtract: takes two inputs, got 1"),
        (lambda: layers.Subtract()([np.ones((2, 3))] * 3), "subtract: takes two inputs, got 3"),
        (
            lambda: layers.Dot(1)([np.ones((2, 3)), np.ones((2, 4))]),
            "dot: got axes=1 for inputs of shapes (3,) and (4,)",
        ),
        (lambda: layers.Dot(0), "dot: got axis=0, expected the number of an axis; 0 is the batch"),
        (lambda: layers.Dot((1, 2, 3)), "dot: got axes=(1, 2, 3), expected the number of an axis, or two of them"),
        (lambda: layers.Dot(3)([np.ones((2, 3)), np.ones((2, 3))]), "dot: got axis=3 for images of shape (3,)"),
        (lambda: layers.Dot(1, normalize=1), "dot: got normalize=1, expected True or False"),
    ],
)
def test_errors(make: Any, error: str) -> None:
    layers.base.reset_names()
    with pytest.raises((ShapeError, StriateError)) as caught:
        make()
    assert str(caught.value).startswith(error)

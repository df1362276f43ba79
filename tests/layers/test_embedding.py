"""Embedding: whole numbers in, beside Keras; what is no row of the table is refused before any work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from striate import Model, Sequential, layers
from striate.errors import DataError, StriateError

from .test_values import numbers


def text(count: int = 40, length: int = 12, words: int = 50) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Sentences of which those with word 7 are of class 1."""
    x = np.random.default_rng(0).integers(8, words, size=(count, length))
    x[: count // 2, 3] = 7
    return x, (np.arange(count) < count // 2).astype(np.int64)


def classifier() -> Any:
    return Sequential(
        [
            layers.Embedding(50, 6, input_length=12), layers.Conv1D(8, 3, activation="relu"),
            layers.GlobalMaxPooling1D(), layers.Dense(2, activation="softmax"),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "float32", "float64"])
@pytest.mark.parametrize("shape", [(4,), (3, 4), ()])
def test_a_call_is_keras_s(keras: Any, dtype: str, shape: tuple[int, ...]) -> None:
    ours, theirs = layers.Embedding(9, 5), keras.layers.Embedding(9, 5)
    x = np.random.default_rng(1).integers(0, 9, size=(6, *shape)).astype(dtype)
    theirs.build((None, *shape))
    ours.build((None, *shape))
    ours.set_weights(theirs.get_weights())
    np.testing.assert_array_equal(ours(x), numbers(theirs(x)))


def test_a_text_convolution_learns() -> None:
    x, y = text(200)
    model = classifier()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.02
    assert model.fit(x, y, epochs=15, verbose=0).history["accuracy"][-1] > 0.95


def test_training_is_keras_s(keras: Any) -> None:
    """Three steps of SGD: the table's gradient adds up over the places where a word stands."""
    x, y = text()
    ours = classifier()
    theirs = keras.Sequential(
        [
            keras.layers.Input((12,)), keras.layers.Embedding(50, 6), keras.layers.Conv1D(8, 3, activation="relu"),
            keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(2, activation="softmax"),
        ]
    )  # fmt: skip
    theirs.set_weights(ours.get_weights())
    for model, library in ((ours, None), (theirs, keras)):
        optimizer = "sgd" if library is None else library.optimizers.SGD(0.01)
        model.compile(optimizer, "sparse_categorical_crossentropy")
        model.fit(x, y, batch_size=40, epochs=3, shuffle=False, verbose=0)
    for mine, its in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-4, atol=1e-6)


def test_weights_given() -> None:
    table = np.arange(8, dtype=np.float32).reshape(4, 2)
    np.testing.assert_array_equal(layers.Embedding(4, 2, weights=[table])(np.array([[3, 0]])), [[[6, 7], [0, 1]]])


@pytest.mark.parametrize("wrong", [50, -1, 2.5, 1000000])
@pytest.mark.parametrize(
    "use",
    [
        lambda model, x, y: model.fit(x, y, verbose=0),
        lambda model, x, y: model.evaluate(x, y, verbose=0),
        lambda model, x, y: model.predict(x, verbose=0),
        lambda model, x, y: model.read(x),
        lambda model, x, y: model(x),
        lambda model, x, y: model.layers[0](x),
        lambda model, x, y: model.train_on_batch(x, y),
    ],
    ids=["fit", "evaluate", "predict", "read", "call", "layer", "train_on_batch"],
)
def test_what_is_no_row_is_refused(use: Callable[..., Any], wrong: float) -> None:
    x, y = text(10)
    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.build((None, 12))
    before = model.get_weights()
    bad = x.astype(np.float64) if wrong == 2.5 else x.copy()
    bad[4, 2] = wrong
    with pytest.raises(DataError, match=rf"got {wrong} at index \(4, 2\), expected whole numbers from 0 to 49"):
        use(model, bad, y)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_numbers_that_were_computed_are_refused() -> None:
    layers.base.reset_names()
    x = layers.Input((4,))
    with pytest.raises(StriateError, match=r"^embedding: takes whole numbers straight from an Input, got what dense"):
        Model(x, layers.Embedding(3, 2)(layers.Dense(4)(x))).predict(np.zeros((1, 4)), verbose=0)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: layers.Embedding(0, 2), "embedding: got input_dim=0, expected a whole number of at least 1"),
        (lambda: layers.Embedding(2**24 + 1, 2), "embedding: got input_dim=16777217, expected at most 16777216"),
        (lambda: layers.Embedding(3, 2.5), "embedding: got output_dim=2.5, expected a whole number of at least 1"),
        (lambda: layers.Embedding(3, 2, mask_zero=True), "embedding: got mask_zero=True, which Striate does not have"),
        (lambda: layers.Embedding(3, 2, lora_rank=2), "embedding: got lora_rank=2, which Striate does not have"),
    ],
)
def test_errors(make: Callable[[], Any], error: str) -> None:
    layers.base.reset_names()
    with pytest.raises(StriateError) as caught:
        make()
    assert str(caught.value).startswith(error)

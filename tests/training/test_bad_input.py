"""What bad input gets: one clear error before any work, with the weights as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate.errors import DataError, NotCompiledError, ShapeError, StriateError
from training.networks import data, small

X, Y = data()
ONE_HOT = np.eye(5)[Y]


def changed(array: np.ndarray, index: Any, value: float) -> np.ndarray:
    array = array.astype(np.float32)
    array[index] = value
    return array


BAD_FITS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "rank": ({"x": X[:, 0]}, ShapeError, r"x: got images of shape \(8, 1\), expected \(8, 8, 1\)"),
    "size": ({"x": X[:, :7]}, ShapeError, r"x: got images of shape \(7, 8, 1\)"),
    "single image": ({"x": X[0]}, ShapeError, r"for a single image give x\[np.newaxis\]"),
    "channels first": ({"x": np.zeros((50, 1, 8, 8))}, ShapeError, r"np.moveaxis\(x, 1, -1\)"),
    "empty": ({"x": X[:0], "y": Y[:0]}, DataError, "expected at least one image"),
    "no labels": ({"y": None}, DataError, "y: got None, expected the labels of the 50 images"),
    "fewer labels": ({"y": Y[:49]}, ShapeError, "y: got 49 labels for 50 images"),
    "text": ({"x": np.full((50, 8, 8, 1), "a")}, DataError, "x: got an array .* of dtype <U1, expected numbers"),
    "objects": ({"x": np.array([None] * 50)}, DataError, "of dtype object"),
    "numbers as objects": ({"x": X.astype(object)}, DataError, r'of dtype object.*one by one: .astype\("float32"\)$'),
    "ragged": ({"x": [[1, 2], [3]]}, DataError, "x: cannot be made into an array"),
    "complex": ({"x": X * 1j}, DataError, "complex"),
    "nothing": ({"x": None}, DataError, "x: got None"),
    "a generator": ({"x": (i for i in range(3))}, StriateError, "y: the generator in x gives the labels, too"),
    "a function": ({"x": lambda: X}, DataError, "x: got a function, .*; give what calling it returns"),
    "a class": ({"x": dict}, DataError, "x: got the class dict, .*; give what calling it returns"),
    "an object": ({"x": object()}, DataError, "x: got a value of type object of dtype object, expected numbers$"),
    "a number": ({"x": 3}, DataError, "single number"),
    "nan": ({"x": changed(X, (7, 3, 2, 0), np.nan)}, DataError, r"x: nan at index \(7, 3, 2, 0\)"),
    "infinity": ({"x": changed(X, (49, 0, 0, 0), -np.inf)}, DataError, r"x: -inf at index \(49, 0, 0, 0\)"),
    "nan label": ({"y": changed(Y, 3, np.nan)}, DataError, "the label at index 3 is nan"),
    "nan weight": ({"sample_weight": changed(np.ones(50), 9, np.nan)}, DataError, r"weight: nan at index \(9,\)"),
    "label too large": ({"y": changed(Y, 4, 5)}, DataError, r"y: the label 5.0 at index 4 is outside the classes"),
    "label negative": ({"y": np.where(np.arange(50) == 2, -1, Y)}, DataError, "label -1 at index 2 is outside"),
    "labels from one": ({"y": Y + 1}, DataError, "seem to start at 1"),
    "fractional label": ({"y": changed(Y, 6, 0.5)}, DataError, "the label at index 6 is 0.5, expected whole"),
    "one-hot": ({"y": ONE_HOT}, ShapeError, 'got one-hot labels .* use loss="categorical_crossentropy"'),
    "labels of wrong shape": ({"y": np.zeros((50, 3))}, ShapeError, "expected class numbers of shape"),
    "weights of wrong shape": ({"sample_weight": np.ones(49)}, ShapeError, r"sample_weight: got shape \(49,\)"),
    "both weights": ({"sample_weight": np.ones(50), "class_weight": {0: 1}}, StriateError, "use one of them"),
    "class weight list": ({"class_weight": [1, 2]}, DataError, "class_weight: got a value of type list"),
    "class weight key": ({"class_weight": {"a": 1}}, DataError, "class_weight: got 'a': 1"),
    "batch size 0": ({"batch_size": 0}, StriateError, "batch_size: got 0, expected a whole number of at least 1"),
    "batch size half": ({"batch_size": 0.5}, StriateError, "batch_size: got 0.5"),
    "epochs 0": ({"epochs": 0}, StriateError, "epochs: got 0"),
    "initial epoch": ({"initial_epoch": -1}, StriateError, "initial_epoch: got -1"),
    "verbose": ({"verbose": 3}, StriateError, "verbose: got 3"),
    "shuffle": ({"shuffle": "batch"}, StriateError, "shuffle: got 'batch'"),
    "steps": ({"steps_per_epoch": 0}, StriateError, "steps_per_epoch: got 0, expected a whole number of at least 1"),
    "split": ({"validation_split": 1.5}, StriateError, "validation_split: got 1.5"),
    "split too small": ({"validation_split": 0.999}, StriateError, "leaves 0 for training and 50 for validation"),
    "validation single": ({"validation_data": X}, StriateError, r"validation_data: got a value of type ndarray"),
    "validation labels": ({"validation_data": (X, Y[:3])}, ShapeError, "validation_data y: got 3 labels for 50 images"),
    "validation images": ({"validation_data": (X[:, 1:], Y)}, ShapeError, "validation_data x: got images of shape"),
    "validation nan": ({"validation_data": (X * np.nan, Y)}, DataError, "validation_data x: nan"),
    "callback class": ({"callbacks": [striate.callbacks.EarlyStopping]}, StriateError, r"EarlyStopping\(...\)"),
    "callback function": ({"callbacks": [print]}, StriateError, "callbacks: got <built-in function print>"),
}


@pytest.mark.parametrize("case", BAD_FITS)
def test_fit(case: str) -> None:
    arguments, error, message = BAD_FITS[case]
    model = small(striate)
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.fit(**{"x": X, "y": Y, "verbose": 0, **arguments})
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert model.optimizer.iterations == 0
    if set(arguments) <= {"x", "y", "sample_weight", "batch_size", "verbose"}:
        with pytest.raises(error, match=message):
            model.evaluate(**{"x": X, "y": Y, "verbose": 0, **arguments})


FIT_BEFORE_BUILDING = {"size", "channels first", "validation images"}  # then any size of image is right


@pytest.mark.parametrize("case", sorted(set(BAD_FITS) - FIT_BEFORE_BUILDING))
def test_an_unbuilt_model_stays_unbuilt(case: str) -> None:
    arguments, error, _ = BAD_FITS[case]
    layers = striate.layers
    model = striate.Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(5, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(error):
        model.fit(**{"x": X, "y": Y, "verbose": 0, **arguments})
    assert not model.built
    assert model.weights == []


@pytest.mark.parametrize(
    ("loss", "units", "y", "message"),
    [
        ("categorical_crossentropy", 5, Y, 'class numbers: use loss="sparse_categorical_crossentropy"'),
        ("categorical_crossentropy", 5, Y[:, None], r"to_categorical\(y, 5\)"),
        ("categorical_crossentropy", 5, np.eye(4)[Y % 4], "the last layer needs 4 units"),
        ("binary_crossentropy", 1, Y, "takes numbers from 0 to 1"),
        ("binary_crossentropy", 5, Y, "class numbers"),
        ("sparse_categorical_crossentropy", 1, Y % 2, 'one output use loss="binary_crossentropy"'),
        ("mse", 3, np.zeros((50, 2)), r"expected \(50, 3\)"),
        ("mse", 5, Y[:, None], r"expected \(50, 5\)"),
    ],
)
def test_labels_and_loss_that_do_not_fit(loss: str, units: int, y: np.ndarray, message: str) -> None:
    model = small(striate, units)
    model.compile("sgd", loss)
    with pytest.raises(StriateError, match=message):
        model.fit(X, y, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "adm"}, "unknown optimizer 'adm': did you mean 'adam'"),
        ({"loss": "crossentropi"}, "unknown loss 'crossentropi': did you mean 'crossentropy'"),
        ({"metrics": ["acuracy"]}, "unknown metric 'acuracy'"),
        ({"metrics": [3]}, "metrics: got 3"),
        ({"loss": ["mse", "mse"]}, "got 2 losses for 1 outputs"),
        ({"loss_weights": [1, 2]}, "loss_weights: got 2 for 1 losses"),
    ],
)
def test_compile(arguments: dict[str, Any], message: str) -> None:
    model = small(striate)


    def run() -> None:
        model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **arguments})
        model.fit(X, Y, verbose=0)

    with pytest.raises(StriateError, match=message):
        run()


def test_before_compile() -> None:
    model = small(striate)
    for call in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        with pytest.raises(NotCompiledError, match="sequential: call compile"):
            call(X, Y)
    model.compile("sgd")
    with pytest.raises(NotCompiledError, match="no loss"):
        model.fit(X, Y)
    assert model.predict(X, verbose=0).shape == (50, 5)


@pytest.mark.parametrize("x", [X[:, :7], X[:0], None, X * np.nan, "images", (X[i] for i in range(3))])
def test_predict_and_call(x: Any) -> None:
    model = small(striate)
    with pytest.raises(StriateError):
        model.predict(x, verbose=0)
    with pytest.raises(StriateError):
        model(x)


def test_kinds_of_arrays_that_are_fine() -> None:
    model = small(striate)
    model.compile("sgd", "sparse_categorical_crossentropy")
    pixels = (X * 100).astype(np.uint8)
    expected = model.evaluate(pixels.astype(np.float32), Y, verbose=0)
    types = [pixels.astype(kind) for kind in (np.int64, np.float64, np.float16)]
    orders = [np.asfortranarray(pixels), np.repeat(pixels, 2, axis=0)[::2]]
    for x in (pixels, *types, *orders, pixels.tolist(), [pixels]):
        assert model.evaluate(x, Y, verbose=0) == pytest.approx(expected, rel=1e-6)
        np.testing.assert_allclose(model.predict(x, verbose=0), model(pixels), rtol=1e-6)
    for y in (Y.astype(np.uint8), Y.astype(np.float64), Y.tolist(), Y[:, None], list(Y)):
        assert model.evaluate(pixels, y, verbose=0) == pytest.approx(expected, rel=1e-6)
    model.predict(pixels > 50, verbose=0)

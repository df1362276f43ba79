"""Losses that the user writes, against Keras: the same functions of the same keras.ops, from the same weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
import striate.keras as ours
from striate.engines.native import NativeEngine
from striate.errors import ModelFileError, ShapeError, StriateError, UnavailableError
from striate.keras import backend as K
from striate.losses import OwnLoss

rng = np.random.default_rng(0)
IMAGES = rng.random((41, 8, 8, 1), dtype=np.float32)
MASKS = (IMAGES > 0.5).astype(np.float32)
CLASSES = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 41)]


def squared(keras: Any) -> Callable[..., Any]:
    return lambda t, y: keras.ops.mean(keras.ops.square(t - y), axis=-1)


def overlap(keras: Any) -> Callable[..., Any]:
    """Dice over the whole batch: couples its images."""
    total = keras.ops.sum
    return lambda t, y: 1 - (2 * total(t * y) + 1) / (total(t) + total(y) + 1)


def overlap_of_each(keras: Any) -> Callable[..., Any]:
    axes = (1, 2, 3)
    total = keras.ops.sum
    return lambda t, y: 1 - (2 * total(t * y, axis=axes) + 1) / (total(t, axis=axes) + total(y, axis=axes) + 1)


def overlap_in_rows(keras: Any) -> Callable[..., Any]:
    ops = keras.ops

    def loss(t: Any, y: Any) -> Any:
        a, b = ops.reshape(t, (-1,)), ops.reshape(y, (-1,))
        return 1 - (2 * ops.sum(a * b) + 1) / (ops.sum(a) + ops.sum(b * b) + 1)

    return loss


def cross_entropy(keras: Any) -> Callable[..., Any]:
    ops = keras.ops

    def loss(t: Any, y: Any) -> Any:
        p = ops.clip(y, 1e-5, 1 - 1e-5)
        return -ops.mean(3 * t * ops.log(p) + (1 - t) * ops.log(1 - p))

    return loss


def sum_of_two(keras: Any) -> Callable[..., Any]:
    return lambda t, y: keras.losses.binary_crossentropy(t, y) + 0.5 * overlap(keras)(t, y)


def class_loss(keras: Any) -> Callable[..., Any]:
    return lambda t, y: keras.losses.categorical_crossentropy(t, y, label_smoothing=0.1) * 2.0


def masked(keras: Any) -> Callable[..., Any]:
    ops = keras.ops
    return lambda t, y: ops.mean(ops.square(t - y) * ops.cast(ops.not_equal(t, 0.0), "float32"), axis=-1)


def focal(keras: Any) -> Callable[..., Any]:
    ops = keras.ops

    def loss(t: Any, y: Any) -> Any:
        right = ops.where(ops.equal(t, 1.0), y, 1.0 - y)
        return -ops.mean(ops.power(1.0 - right, 2.0) * ops.log(ops.clip(right, 1e-4, 1.0)))

    return loss


def one_sided(keras: Any) -> Callable[..., Any]:
    ops = keras.ops
    return lambda t, y: ops.mean(ops.where(t > y, 3.0 * ops.square(t - y), ops.square(t - y)))


def of_columns(keras: Any) -> Callable[..., Any]:
    ops = keras.ops
    weights = ops.convert_to_tensor(np.array([1.0, 2.0, 5.0], np.float32))
    return lambda t, y: -ops.sum(t * ops.log(ops.clip(y, 1e-6, 1.0)) * weights, axis=-1)


def objects(keras: Any) -> Callable[..., Any]:
    entropy, error = keras.losses.BinaryCrossentropy(), keras.losses.Huber(0.3)
    return lambda t, y: entropy(t, y) + error(t, y) + overlap(keras)(t, y)


def margin(keras: Any) -> Callable[..., Any]:
    """Of two images: near to each other where the label is 1 (Hadsell, Chopra and LeCun 2006)."""
    ops = keras.ops
    return lambda t, y: ops.mean(t * ops.square(y) + (1 - t) * ops.square(ops.maximum(1.0 - y, 0.0)))


def masks(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)), layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )  # fmt: skip


def classes(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")])


def distance(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1, activation="sigmoid")])


CASES: dict[str, tuple[Any, Any, Any]] = {
    "squared": (masks, squared, MASKS), "overlap": (masks, overlap, MASKS), "each": (masks, overlap_of_each, MASKS),
    "rows": (masks, overlap_in_rows, MASKS), "cross entropy": (masks, cross_entropy, MASKS),
    "sum": (masks, sum_of_two, MASKS), "classes": (classes, class_loss, CLASSES),
    "margin": (distance, margin, CLASSES[:, 0]), "masked": (masks, masked, MASKS), "focal": (masks, focal, MASKS),
    "one-sided": (masks, one_sided, MASKS), "columns": (classes, of_columns, CLASSES),
    "objects": (masks, objects, MASKS),
}  # fmt: skip


NOT_WEIGHTED = ("squared", "sum", "masked")  # Keras does not broadcast weights to values at each position


RUNS = [(name, weighted) for name in CASES for weighted in (False, True) if not (weighted and name in NOT_WEIGHTED)]


@pytest.mark.parametrize(("name", "weighted"), RUNS)
def test_training_is_keras(keras: Any, name: str, weighted: bool) -> None:
    make, loss, labels = CASES[name]
    theirs, own = make(keras), make(ours)
    own.set_weights(theirs.get_weights())
    weights = np.linspace(0.5, 1.5, 41).astype(np.float32) if weighted else None
    histories, results = [], []
    for library, model in ((keras, theirs), (ours, own)):
        model.compile(library.optimizers.SGD(0.05), loss(library), metrics=["mae"])
        given = {"batch_size": 16, "sample_weight": weights, "verbose": 0}
        histories.append(model.fit(IMAGES, labels, epochs=3, shuffle=False, **given).history)
        results.append(model.evaluate(IMAGES, labels, **given))
    assert histories[0].keys() == histories[1].keys()
    for key in histories[0]:
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=2e-4, atol=1e-6)
    np.testing.assert_allclose(results[1], results[0], rtol=2e-4)
    for a, b in zip(own.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_both_engines(torch: Any, name: str) -> None:
    make, loss, labels = CASES[name]
    found = []
    for engine in ("native", "torch"):
        striate.utils.set_random_seed(1)
        model = make(ours)
        model.compile("adam", loss(ours))
        history = model.fit(IMAGES, labels, batch_size=16, epochs=2, verbose=0, engine=engine)
        found.append([*history.history["loss"], model.evaluate(IMAGES, labels, batch_size=16, verbose=0)])
    np.testing.assert_allclose(*found, rtol=2e-4)


@pytest.mark.parametrize("batch_size", [5, 16, 41])
def test_a_loss_of_the_batch_gives_the_same_bits_on_any_number_of_threads(batch_size: int) -> None:
    found = []
    for threads in (1, 2, 5):
        striate.utils.set_random_seed(1)
        model = masks(ours)
        model.compile("adam", overlap(ours))
        model.fit(IMAGES, MASKS, batch_size=batch_size, epochs=2, verbose=0, engine=NativeEngine(threads))
        found.append([*model.get_weights(), model.evaluate(IMAGES, MASKS, batch_size=batch_size, verbose=0)])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_evaluation_of_a_batch_loss_follows_the_callers_batches() -> None:
    model = masks(ours)
    model.compile("sgd", overlap(ours))
    x, t = np.tile(IMAGES, (8, 1, 1, 1)), np.tile(MASKS, (8, 1, 1, 1))
    function = OwnLoss(overlap(ours))
    for size in (100, 300):
        y = model.predict(x, verbose=0)
        parts = [(slice(at, at + size), len(x[at : at + size])) for at in range(0, len(x), size)]
        expected = sum(float(function(t[part], y[part])) * count for part, count in parts) / len(x)
        assert model.evaluate(x, t, batch_size=size, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_several_outputs_with_losses_of_both_kinds(keras: Any) -> None:
    def make(library: Any) -> Any:
        image = library.Input((8, 8, 1))
        hidden = library.layers.Conv2D(2, 3, padding="same", activation="relu")(image)
        mask = library.layers.Conv2D(1, 1, activation="sigmoid", name="mask")(hidden)
        kind = library.layers.Dense(3, activation="softmax", name="kind")(library.layers.Flatten()(hidden))
        return library.Model(image, [mask, kind])

    theirs, own = make(keras), make(ours)
    own.set_weights(theirs.get_weights())
    histories = []
    for library, model in ((keras, theirs), (ours, own)):
        losses = {"mask": overlap(library), "kind": "categorical_crossentropy"}
        model.compile(library.optimizers.SGD(0.1), losses, loss_weights={"mask": 2.0, "kind": 0.5})
        labels = {"mask": MASKS, "kind": CLASSES}
        histories.append(model.fit(IMAGES, labels, batch_size=41, epochs=2, shuffle=False, verbose=0).history)
    assert histories[0].keys() == histories[1].keys()
    for key in histories[0]:
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=2e-4)


class Tilted(ours.losses.Loss):
    """A class of the user's, with an attribute of its own."""

    def __init__(self, slope: float = 2.0, **options: Any) -> None:
        super().__init__(**options)
        self.slope = slope

    def call(self, y_true: Any, y_pred: Any) -> Any:
        error = y_true - y_pred
        return K.mean(K.maximum(self.slope * error, -error), axis=-1)


def test_classes_with_a_call() -> None:
    model = masks(ours)
    model.compile(ours.optimizers.Adam(0.01), Tilted(3.0))
    losses = model.fit(IMAGES, MASKS, epochs=10, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    y = model.predict(IMAGES, verbose=0)
    error = MASKS - y
    assert model.evaluate(IMAGES, MASKS, verbose=0) == pytest.approx(np.maximum(3 * error, -error).mean(), rel=1e-5)
    model.compile("sgd", Tilted)  # the class itself
    assert model.evaluate(IMAGES, MASKS, verbose=0) > 0


def test_every_way_of_training(tmp_path: Path) -> None:
    model = masks(ours)
    model.compile("adam", overlap(ours), metrics=["mse"])
    model.fit(((IMAGES[k : k + 8], MASKS[k : k + 8]) for k in range(0, 40, 8)), verbose=0)  # a generator
    model.fit(IMAGES, MASKS, validation_split=0.2, verbose=0)
    assert len(model.train_on_batch(IMAGES[:8], MASKS[:8])) == 2
    assert np.isfinite(model.test_on_batch(IMAGES[:8], MASKS[:8])).all()
    assert model.predict(IMAGES, verbose=0).shape == MASKS.shape
    flow = striate.images.ImageDataGenerator().flow(IMAGES, MASKS, batch_size=8)
    model.fit(flow, epochs=1, verbose=0)


@pytest.mark.parametrize("file", ["model.keras", "model.h5"])
def test_files_name_the_loss_and_custom_objects_give_it(tmp_path: Path, file: str) -> None:
    def dice(y_true: Any, y_pred: Any) -> Any:
        return overlap(ours)(y_true, y_pred)

    def share(y_true: Any, y_pred: Any) -> Any:
        return K.mean(y_pred)

    model = masks(ours)
    model.compile("adam", dice, metrics=["mse", share])
    model.fit(IMAGES, MASKS, verbose=0)
    model.save(tmp_path / file)
    again = ours.models.load_model(tmp_path / file, custom_objects={"dice": dice, "share": share})
    with pytest.warns(UserWarning, match="its metric share is code of your own"):
        fewer = ours.models.load_model(tmp_path / file, custom_objects={"dice": dice})
    assert len(fewer.evaluate(IMAGES, MASKS, verbose=0)) == 2
    assert again.evaluate(IMAGES, MASKS, verbose=0) == model.evaluate(IMAGES, MASKS, verbose=0)
    with pytest.raises(ModelFileError, match="custom_objects"):
        ours.models.load_model(tmp_path / file)
    bare = ours.models.load_model(tmp_path / file, compile=False)
    np.testing.assert_array_equal(bare.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda t, y: float(K.mean(t - y)), "losses"),
        (lambda t, y: np.mean(t), "losses"),
        (lambda t, y: K.max(t - y), "sums and means over all"),
        (lambda t, y: K.mean(t - y, axis=0), "got axis=0; sums and means"),
        (lambda t, y: K.flatten(t) * y, "losses"),
        (lambda t, y: 3.0, "expected a symbolic tensor"),
        (lambda t, y: 2 * ours.losses.log_cosh(t, y), "log_cosh: got symbolic tensors; one of mean_sq"),
    ],
)
def test_what_no_operation_does_is_refused(loss: Any, message: str) -> None:
    model = masks(ours)
    before = model.get_weights()
    model.compile("sgd", loss)
    with pytest.raises(UnavailableError, match=message):
        model.fit(IMAGES, MASKS, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_function_that_returns_nothing_or_takes_other_arguments_is_a_mistake() -> None:
    model = masks(ours)
    with pytest.raises(StriateError, match=r"is to take \(y_true, y_pred\)"):
        model.compile("sgd", lambda t: t)
    model.compile("sgd", lambda t, y: None)
    with pytest.raises(StriateError, match="returned None") as caught:
        model.fit(IMAGES, MASKS, verbose=0)
    assert not isinstance(caught.value, UnavailableError)


def test_a_variable_in_a_loss_is_taken_as_it_is() -> None:
    factor = K.variable(2.0, name="factor")
    model = masks(ours)
    model.compile("sgd", lambda t, y: factor * K.mean(K.square(t - y)))
    with pytest.warns(UserWarning, match="takes the variable 'factor.*' as it is now"):
        model.fit(IMAGES, MASKS, verbose=0)


def test_labels_that_do_not_fit_are_named() -> None:
    model = masks(ours)
    model.compile("sgd", overlap_of_each(ours))
    with pytest.raises(ShapeError, match=r"y: labels of shape \(5, 7, 1\) and the output \(8, 8, 1\)"):
        model.fit(IMAGES, np.zeros((41, 5, 7, 1)), verbose=0)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(IMAGES, np.full_like(MASKS, np.nan), verbose=0)


def test_outside_of_losses_batches_stay_apart() -> None:
    image = ours.Input((8, 8, 1))
    for function in (K.sum, K.flatten, lambda x: K.reshape(x, (-1,))):
        with pytest.raises(UnavailableError, match="each image stays by itself"):
            function(image)

"""Metrics against Keras: values, streaming, weights, names."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from striate import metrics
from striate.errors import ShapeError, StriateError

NEED_ARGUMENTS = {
    "SensitivityAtSpecificity", "SpecificityAtSensitivity", "PrecisionAtRecall", "RecallAtPrecision", "IoU", "MeanIoU",
    "OneHotIoU", "OneHotMeanIoU",
}  # fmt: skip
CASES: list[tuple[str, dict[str, Any], str]] = [  # class, options, kind of data
    ("Accuracy", {}, "equal"),
    ("BinaryAccuracy", {}, "binary"),
    ("BinaryAccuracy", {"threshold": 0.3}, "binary"),
    ("CategoricalAccuracy", {}, "one-hot"),
    ("SparseCategoricalAccuracy", {}, "sparse"),
    ("SparseCategoricalAccuracy", {}, "sparse column"),
    ("TopKCategoricalAccuracy", {"k": 2}, "one-hot"),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, "sparse"),
    ("SparseTopKCategoricalAccuracy", {}, "sparse"),
    ("MeanSquaredError", {}, "one-hot"),
    ("RootMeanSquaredError", {}, "one-hot"),
    ("MeanAbsoluteError", {}, "one-hot"),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, "one-hot"),
    ("CategoricalCrossentropy", {}, "one-hot"),
    ("CategoricalCrossentropy", {"from_logits": True}, "one-hot"),
    ("SparseCategoricalCrossentropy", {}, "sparse"),
    ("MeanAbsolutePercentageError", {}, "numbers"),
    ("MeanSquaredLogarithmicError", {}, "numbers"),
    ("LogCoshError", {}, "numbers"),
    ("CosineSimilarity", {}, "numbers"),
    ("Hinge", {}, "one-hot"),
    ("SquaredHinge", {}, "binary"),
    ("CategoricalHinge", {}, "one-hot"),
    ("KLDivergence", {}, "one-hot"),
    ("Poisson", {}, "numbers"),
]


def data(kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    scores = rng.random((40, 6)).astype(np.float32)
    scores /= scores.sum(1, keepdims=True)
    classes = rng.integers(0, 6, 40)
    if kind == "equal":
        return classes.astype(np.float32), rng.integers(0, 6, 40).astype(np.float32)
    if kind == "binary":
        return rng.integers(0, 2, (40, 1)).astype(np.float32), rng.random((40, 1)).astype(np.float32)
    if kind == "numbers":
        return rng.gamma(2, size=(40, 6)).astype(np.float32), scores * 3
    labels = {"one-hot": np.eye(6, dtype=np.float32)[classes], "sparse": classes, "sparse column": classes[:, None]}
    return labels[kind], scores


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "options", "kind"), CASES)
def test_value_is_keras(keras: Any, name: str, options: dict[str, Any], kind: str, weighted: bool) -> None:
    y, p = data(kind)
    weights = np.linspace(0, 3, 40).astype(np.float32) if weighted else None
    ours, theirs = getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)
    for start, stop in ((0, 7), (7, 39), (39, 40)):
        w = None if weights is None else weights[start:stop]
        ours.update_state(y[start:stop], p[start:stop], sample_weight=w)
        theirs.update_state(y[start:stop], p[start:stop], sample_weight=w)
    assert ours.result() == pytest.approx(float(theirs.result()), rel=3e-6)
    assert ours.name == theirs.name
    ours.reset_state()
    assert ours.result() == 0


@pytest.mark.parametrize(("name", "options", "kind"), CASES)
def test_pieces_of_any_size_give_the_same_bits(name: str, options: dict[str, Any], kind: str) -> None:
    y, p = data(kind)
    weights = np.random.default_rng(0).random(40)
    whole, pieces = getattr(metrics, name)(**options), getattr(metrics, name)(**options)
    whole.update_state(y, p, sample_weight=weights)
    for start, stop in ((0, 1), (1, 17), (17, 40)):
        pieces.update_state(y[start:stop], p[start:stop], sample_weight=weights[start:stop])
    assert whole.result() == pieces.result()


def test_labels_at_each_position(keras: Any) -> None:
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 4, (5, 3, 3)), rng.random((5, 3, 3, 4)).astype(np.float32)
    for name in ("SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy"):
        options = {"k": 2} if "Top" in name else {}
        ours, theirs = getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)
        ours.update_state(y, p)
        theirs.update_state(y, p)
        assert ours.result() == pytest.approx(float(theirs.result()), rel=1e-6)


def test_mean_is_keras(keras: Any) -> None:
    four = [1, 3, 5, 7]
    for values, weights in ((4.0, None), (four, None), (four, [1, 1, 0, 0]), ([[1, 2], [3, 6]], None), (2.5, 3)):
        ours, theirs = metrics.Mean(), keras.metrics.Mean()
        ours.update_state(1.0)
        theirs.update_state(1.0)
        ours.update_state(values, sample_weight=weights)
        theirs.update_state(np.array(values, dtype=np.float32), sample_weight=weights)
        assert ours.result() == pytest.approx(float(theirs.result()))


def test_top_k_of_no_more_classes_than_k_is_always_right() -> None:
    metric = metrics.TopKCategoricalAccuracy()
    metric.update_state(np.eye(3), np.random.default_rng(0).random((3, 3)))
    assert metric.result() == 1


@pytest.mark.parametrize(
    ("target_shape", "output_shape", "name"),
    [((8, 1), (8, 1), "BinaryAccuracy"), ((8,), (8, 5), "SparseCategoricalAccuracy"),
     ((8, 1), (8, 5), "SparseCategoricalAccuracy"), ((8, 5), (8, 5), "CategoricalAccuracy"),
     ((8, 4, 4), (8, 4, 4, 5), "SparseCategoricalAccuracy")],
)  # fmt: skip
@pytest.mark.parametrize("asked", ["accuracy", "acc", "Accuracy"])
def test_accuracy_follows_shapes(target_shape: Any, output_shape: Any, name: str, asked: str) -> None:
    metric = metrics.resolve(asked, target_shape, output_shape)
    assert type(metric).__name__ == name
    assert metric.name == asked


def test_every_name_that_keras_knows_for_these(keras: Any) -> None:
    from keras.src.metrics import ALL_OBJECTS_DICT

    ours = {cls for name in metrics.__all__ if isinstance(cls := getattr(metrics, name), type)}
    names = {cls.__name__ for cls in ours if cls not in (metrics.Metric, metrics.MeanMetricWrapper)}
    known = [name for name, cls in ALL_OBJECTS_DICT.items() if cls.__name__ in names]
    assert len(known) > 2 * len(names)
    for name in known:
        theirs = ALL_OBJECTS_DICT[name]
        if theirs.__name__ in NEED_ARGUMENTS:
            continue
        assert type(metrics.get(name)).__name__ == theirs.__name__
    absent = set(ALL_OBJECTS_DICT.values()) - {ALL_OBJECTS_DICT[name] for name in known}
    assert {cls.__name__ for cls in absent} == {"MeanMetricWrapper", "Metric"}


@pytest.mark.parametrize("name", [name for name in metrics.__all__ if name[0].isupper()])
def test_signatures_are_keras(keras: Any, name: str) -> None:
    def arguments(cls: type) -> list[tuple[str, Any]]:
        return [(p.name, p.default) for p in inspect.signature(cls).parameters.values()]

    if name not in ("MeanMetricWrapper", "Metric"):
        theirs = arguments(getattr(keras.metrics, name))
        assert arguments(getattr(metrics, name)) == theirs


def test_a_function_of_ones_own() -> None:
    def largest_error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return np.abs(y_true - y_pred).max(axis=1)

    metric = metrics.get(largest_error)
    metric.update_state(np.zeros((2, 2)), np.array([[1.0, 3.0], [2.0, 0.0]]))
    assert (metric.name, metric.result()) == ("largest_error", 2.5)


@pytest.mark.parametrize(("name", "options", "kind"), CASES)
def test_configurations_are_keras(keras: Any, name: str, options: dict[str, Any], kind: str) -> None:
    form = metrics.serialize(getattr(metrics, name)(**options))
    theirs = keras.metrics.deserialize(form)
    assert type(theirs).__name__ == name
    assert type(metrics.deserialize(keras.metrics.serialize(theirs))).__name__ == name
    assert {key: theirs.get_config().get(key) for key in options} == options


def test_what_is_refused() -> None:
    with pytest.raises(StriateError, match="did you mean 'Accuracy' or 'accuracy'"):
        metrics.get("acuracy")
    with pytest.raises(StriateError, match="expected a metric"):
        metrics.get(3)  # type: ignore[arg-type]
    with pytest.raises(StriateError, match="k=0"):
        metrics.TopKCategoricalAccuracy(k=0)
    with pytest.raises(ShapeError, match=r"class numbers of shape \(3,\)"):
        metrics.SparseCategoricalAccuracy().update_state([1, 2, 3], np.ones((2, 4)))
    with pytest.raises(ShapeError, match="3 sample weights for 2 examples"):
        metrics.SparseCategoricalAccuracy().update_state([1, 2], np.ones((2, 4)), sample_weight=[1, 2, 3])

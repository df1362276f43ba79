"""Metrics that count: against Keras on random streams, with weights, and independent of how the stream is cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import metrics
from striate.errors import ShapeError, StriateError

Case = tuple[str, dict[str, Any], str]  # class, options, kind of data
CASES: list[Case] = [
    *[(name, {}, "binary") for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")],
    ("TruePositives", {"thresholds": [0.2, 0.7]}, "binary"),
    ("FalseNegatives", {"thresholds": 0.3}, "labels"),
    ("Precision", {}, "binary"),
    ("Precision", {"thresholds": [0.9, 0.1, 0.35]}, "binary"),
    ("Precision", {"thresholds": [0.0, 0.5, 1.0]}, "binary"),
    ("Precision", {"top_k": 2}, "labels"),
    ("Precision", {"class_id": 1}, "labels"),
    ("Recall", {}, "binary"),
    ("Recall", {"thresholds": 0.2}, "labels"),
    ("Recall", {"top_k": 2, "class_id": 0}, "labels"),
    ("SensitivityAtSpecificity", {"specificity": 0.6}, "binary"),
    ("SpecificityAtSensitivity", {"sensitivity": 0.7, "num_thresholds": 20}, "binary"),
    ("PrecisionAtRecall", {"recall": 0.5}, "binary"),
    ("RecallAtPrecision", {"precision": 0.55}, "binary"),
    ("RecallAtPrecision", {"precision": 0.3, "num_thresholds": 1, "class_id": 2}, "labels"),
    ("AUC", {}, "binary"),
    ("AUC", {"num_thresholds": 7}, "binary"),
    ("AUC", {"num_thresholds": 2}, "binary"),
    ("AUC", {}, "grid"),
    ("AUC", {"curve": "PR"}, "binary"),
    ("AUC", {"curve": "PR", "summation_method": "majoring"}, "binary"),
    ("AUC", {"summation_method": "minoring", "thresholds": [0.7, 0.1, 0.45]}, "binary"),
    ("AUC", {"curve": "PRGAIN"}, "binary"),
    ("AUC", {"multi_label": True}, "labels"),
    ("AUC", {"multi_label": True, "curve": "PR", "label_weights": [1.0, 2.0, 0.5, 0.0]}, "labels"),
    ("AUC", {"label_weights": [1.0, 2.0, 0.5, 0.25]}, "labels"),
    ("AUC", {"from_logits": True}, "logits"),
    *[("F1Score", {"average": average}, "labels") for average in (None, "micro", "macro", "weighted")],
    ("F1Score", {"threshold": 0.4, "average": "macro"}, "labels"),
    ("FBetaScore", {"beta": 2.0}, "labels"),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, "classes"),
    ("IoU", {"num_classes": 4, "target_class_ids": [1], "ignore_class": 3}, "classes"),
    ("MeanIoU", {"num_classes": 4}, "classes"),
    ("MeanIoU", {"num_classes": 6, "sparse_y_pred": False}, "scores"),
    ("BinaryIoU", {"threshold": 0.3}, "binary"),
    ("BinaryIoU", {"target_class_ids": [1]}, "binary"),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [0, 1]}, "one-hot"),
    ("OneHotMeanIoU", {"num_classes": 4}, "one-hot"),
]
IDS = [f"{name}-{'-'.join(map(str, options.values()))}-{kind}" for name, options, kind in CASES]
SIZE = 60


def data(kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(17)
    outputs = rng.random((SIZE, 4)).astype(np.float32)
    labels = (rng.random((SIZE, 4)) < 0.3 + 0.4 * outputs).astype(np.float32)
    classes = rng.integers(0, 4, SIZE)
    said = np.where(rng.random(SIZE) < 0.6, classes, rng.integers(0, 4, SIZE))
    return {
        "binary": (labels[:, :1], outputs[:, :1]),
        "grid": (labels[:, :1], (np.round(outputs[:, :1] * 199) / 199).astype(np.float32)),  # on the thresholds
        "labels": (labels, outputs),
        "logits": (labels[:, :1], outputs[:, :1] * 6 - 3),
        "classes": (classes, said),
        "scores": (classes, outputs),
        "one-hot": (np.eye(4, dtype=np.float32)[classes], outputs + np.eye(4, dtype=np.float32)[said]),
    }[kind]


def fed(metric: Any, kind: str, weights: np.ndarray | None, cuts: tuple[int, ...]) -> Any:
    y, p = data(kind)
    for start, stop in zip((0, *cuts), (*cuts, SIZE), strict=True):
        w = None if weights is None else weights[start:stop]
        metric.update_state(y[start:stop], p[start:stop], sample_weight=w)
    return metric


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "options", "kind"), CASES, ids=IDS)
def test_value_is_keras(keras: Any, name: str, options: dict[str, Any], kind: str, weighted: bool) -> None:
    weights = np.random.default_rng(1).uniform(0.2, 3, SIZE).astype(np.float32) if weighted else None
    dtype = {"dtype": "float32"} if "IoU" in name else {}  # else Keras takes whole parts of weights
    ours = fed(getattr(metrics, name)(**options), kind, weights, (13, 14, 50))
    theirs = fed(getattr(keras.metrics, name)(**options, **dtype), kind, weights, (13, 14, 50))
    expected = keras.ops.convert_to_numpy(theirs.result())
    np.testing.assert_allclose(ours.result(), expected, rtol=3e-5, atol=1e-6)
    assert np.ndim(ours.result()) == np.ndim(expected)
    assert ours.scalar == (np.ndim(expected) == 0)
    assert ours.direction == getattr(theirs, "_direction", ours.direction)  # Keras knows none of counts
    ours.reset_state()
    assert not np.any(ours.result())


@pytest.mark.parametrize(("name", "options", "kind"), CASES, ids=IDS)
def test_pieces_of_any_size_give_the_same_bits(name: str, options: dict[str, Any], kind: str) -> None:
    weights = np.random.default_rng(0).random(SIZE)
    for w in (None, weights):
        whole = fed(getattr(metrics, name)(**options), kind, w, ())
        pieces = fed(getattr(metrics, name)(**options), kind, w, (1, 2, 29, 55))
        np.testing.assert_array_equal(whole.result(), pieces.result())


@pytest.mark.parametrize(("name", "options", "kind"), CASES, ids=IDS)
def test_configurations_are_keras(keras: Any, name: str, options: dict[str, Any], kind: str) -> None:
    ours = getattr(metrics, name)(**options)
    theirs = keras.metrics.deserialize(metrics.serialize(ours))
    assert type(theirs).__name__ == name
    again = metrics.deserialize(keras.metrics.serialize(getattr(keras.metrics, name)(**options)))
    mine, back = ours.get_config(), again.get_config()
    assert set(back) == set(mine) == set(theirs.get_config())
    for key in set(mine) - {"name", "thresholds", "label_weights"}:
        assert mine[key] == back[key], key
    np.testing.assert_array_equal(fed(ours, kind, None, ()).result(), fed(again, kind, None, ()).result())


def test_sum_is_keras(keras: Any) -> None:
    four = [1, 3, 5, 7]
    for values, weights in ((4.0, None), (four, None), (four, [1, 1, 0, 0.5]), ([[1, 2], [3, 6]], [2, 1])):
        ours, theirs = metrics.Sum(), keras.metrics.Sum()
        ours.update_state(values, sample_weight=weights)
        theirs.update_state(np.array(values, dtype=np.float32), sample_weight=weights)
        assert ours.result() == pytest.approx(float(theirs.result()))
    ours.reset_state()
    assert ours.result() == 0


def test_area_of_a_perfect_and_of_a_useless_network() -> None:
    y = np.array([0, 0, 1, 1])
    for outputs, area in (([0.1, 0.2, 0.8, 0.9], 1.0), ([0.5, 0.5, 0.5, 0.5], 0.5), ([0.9, 0.8, 0.2, 0.1], 0.0)):
        assert metrics.AUC()(y, np.array(outputs)) == pytest.approx(area, abs=1e-12)


def test_in_training_as_keras_has_them(keras: Any) -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(50, 6)).astype(np.float32), rng.integers(0, 2, (50, 1)).astype(np.float32)
    logs = []
    weights = None
    for library in (keras, striate):
        layers = library.layers
        model = library.Sequential([library.Input((6,)), layers.Dense(4, "tanh"), layers.Dense(1, "sigmoid")])
        weights = model.get_weights() if weights is None else weights
        model.set_weights(weights)
        kinds = library.metrics
        measures = [kinds.AUC(name="auc"), kinds.Precision(name="p"), kinds.Recall(name="r"), "mae", "hinge"]
        measures += [kinds.F1Score("macro", threshold=0.5)]
        model.compile(library.optimizers.SGD(0.1), "binary_crossentropy", metrics=measures)
        logs.append(model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history)
    assert list(logs[1]) == list(logs[0])
    for key, values in logs[1].items():
        np.testing.assert_allclose(values, [float(value) for value in logs[0][key]], rtol=2e-5, err_msg=key)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.Precision(thresholds=1.5), "precision: got thresholds=1.5, expected numbers from 0 to 1"),
        (lambda: metrics.Recall(top_k=0), "recall: got top_k=0"),
        (lambda: metrics.AUC(curve="x"), 'auc: got curve=\'x\', expected one of "ROC", "PR", "PRGAIN"'),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds=1"),
        (lambda: metrics.AUC(num_labels=3), "needs multi_label=True"),
        (lambda: metrics.F1Score(average="mean"), "average='mean'"),
        (lambda: metrics.FBetaScore(beta=0.0), "beta=0.0, expected a number above 0"),
        (lambda: metrics.MeanIoU(0), "mean_io_u: got num_classes=0"),
        (lambda: metrics.MeanIoU(10**9), "mean_io_u: got num_classes=10{9}, expected at most 10,000"),
        (lambda: metrics.OneHotIoU(10**9, [0]), "one_hot_io_u: got num_classes=10{9}, expected at most 10,000"),
        (lambda: metrics.IoU(2, [2]), r"target_class_ids=\[2\], expected classes from 0 to 1"),
        (lambda: metrics.PrecisionAtRecall(1.5), "recall=1.5, expected a number from 0 to 1"),
        (lambda: metrics.AUC(10**12), "auc: got num_thresholds=10{12}, expected at most 1,000,000"),
        (lambda: metrics.PrecisionAtRecall(0.5, 10**12), "num_thresholds=10{12}, expected at most 1,000,000"),
    ],
)  # fmt: skip
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(StriateError, match=message):
        make()


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"class_id=5 does not fit outputs of shape \(3, 2\)"):
        metrics.Precision(class_id=5).update_state(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(ShapeError, match=r"sample weights of shape \(2,\) do not fit outputs of shape \(3, 1\)"):
        metrics.AUC().update_state(np.ones((3, 1)), np.ones((3, 1)), sample_weight=[1, 2])
    with pytest.raises(ShapeError, match="expected both"):
        metrics.F1Score().update_state(np.ones(3), np.ones(3))
    with pytest.raises(ShapeError, match="4 labels for 3 predictions"):
        metrics.MeanIoU(2).update_state(np.ones(4), np.ones(3))
    area = metrics.AUC(multi_label=True)
    area.update_state(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(ShapeError, match="got 3 labels after 2"):
        area.update_state(np.ones((3, 3)), np.ones((3, 3)))


@pytest.mark.parametrize("name", ["BinaryIoU", "Precision", "TruePositives"])
def test_an_output_that_equals_the_threshold(keras: Any, name: str) -> None:
    """It means yes to BinaryIoU, and no to the counts."""
    y, outputs = np.array([1, 1, 1, 0, 0]), np.array([0.5, 0.5, 0.75, 0.25, 0.5], np.float32)
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    for metric in (ours, theirs):
        metric.update_state(y, outputs)
    assert ours.result() == pytest.approx(float(theirs.result()))

"""The coefficient of determination and correlations, batch by batch, against Keras."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import striate
from striate import callbacks
from striate.errors import StriateError

RNG = np.random.default_rng(8)
T, Y = RNG.normal(size=(2, 60, 4)).astype(np.float32)
Y = (0.7 * T + 0.3 * Y).astype(np.float32)
W = RNG.uniform(0.2, 2, 60).astype(np.float32)

METRICS: list[tuple[str, dict[str, Any]]] = [
    ("R2Score", {}),
    ("R2Score", {"class_aggregation": None}),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}),
    ("R2Score", {"num_regressors": 3}),
    ("PearsonCorrelation", {}),
    ("ConcordanceCorrelation", {}),
]


@pytest.mark.parametrize("weights", [None, W])
@pytest.mark.parametrize(("name", "options"), METRICS)
def test_values(keras: ModuleType, name: str, options: dict[str, Any], weights: Any) -> None:
    theirs, ours = (getattr(api.metrics, name)(**options) for api in (keras, striate))
    for _ in range(2):  # a second time after a reset
        for part in (slice(0, 13), slice(13, 60)):
            for metric in (theirs, ours):
                metric.update_state(T[part], Y[part], sample_weight=None if weights is None else weights[part])
        np.testing.assert_allclose(np.asarray(ours.result()), np.asarray(theirs.result()), rtol=1e-4)
        assert np.ndim(ours.result()) == (options.get("class_aggregation", "") is None)
        for metric in (theirs, ours):
            metric.reset_state()
    again = striate.metrics.deserialize(striate.metrics.serialize(ours))
    assert again.get_config() == ours.get_config()
    assert keras.metrics.deserialize(striate.metrics.serialize(ours)).name == ours.name


@pytest.mark.parametrize("name", ["pearson_correlation", "concordance_correlation"])
@pytest.mark.parametrize("axis", [-1, 0])
def test_functions(keras: ModuleType, name: str, axis: int) -> None:
    theirs = np.asarray(getattr(keras.metrics, name)(T, Y, axis=axis))
    np.testing.assert_allclose(getattr(striate.metrics, name)(T, Y, axis=axis), theirs, rtol=1e-4, atol=1e-5)


def test_more_regressors_than_numbers() -> None:
    metric = striate.metrics.R2Score(num_regressors=8)
    metric.update_state(T[:2], Y[:2])
    with pytest.warns(UserWarning, match="8 regressors for 8 numbers"):
        adjusted = metric.result()
    plain = striate.metrics.R2Score()
    plain.update_state(T[:2], Y[:2])
    assert adjusted == plain.result()


def test_errors() -> None:
    with pytest.raises(StriateError, match="class_aggregation='mean', expected one of"):
        striate.metrics.R2Score(class_aggregation="mean")
    with pytest.raises(StriateError, match="num_regressors"):
        striate.metrics.R2Score(num_regressors=-1)
    with pytest.raises(StriateError, match=r"expected \(n, values\)"):
        striate.metrics.R2Score().update_state(T[0], Y[0])


def test_poisson_of_negative_outputs_is_nan_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(striate.losses.Poisson()([1.0], [-2.0]))


def test_arrays_in_histories(keras: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """F1 of each class: the history has an array for each epoch, as Keras's has; lines show them."""
    histories, x, labels = [], T[:, :2], np.eye(4, dtype=np.float32)[RNG.integers(0, 4, 60)]
    weights = None
    for api in (keras, striate):
        model = api.Sequential([api.Input((2,)), api.layers.Dense(4, activation="softmax")])
        weights = weights or model.get_weights()
        model.set_weights(weights)
        f1 = [api.metrics.F1Score(average=None), api.metrics.R2Score(class_aggregation=None)]
        model.compile("sgd", "categorical_crossentropy", metrics=f1)
        options = {"shuffle": False, "validation_split": 0.25, "epochs": 2}
        histories.append(model.fit(x, labels, verbose=0, **options).history)
        assert np.shape(model.evaluate(x, labels, verbose=0, return_dict=True)["f1_score"]) == (4,)
    assert histories[0].keys() == histories[1].keys()
    for key, values in histories[1].items():
        np.testing.assert_allclose(values, np.asarray(histories[0][key]), rtol=1e-4, atol=1e-6)
    model.fit(x, labels, verbose=2)
    assert "f1_score: [" in capsys.readouterr().out


def test_arrays_and_callbacks(tmp_path: Path) -> None:
    """What compares values names the metric; tables hold all the numbers."""
    model = striate.Sequential([striate.Input((2,)), striate.layers.Dense(4, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=[striate.metrics.F1Score()])
    data = T[:, :2], np.eye(4, dtype=np.float32)[RNG.integers(0, 4, 60)]
    best = callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="f1_score", save_best_only=True)
    for watching in (callbacks.EarlyStopping("f1_score"), callbacks.ReduceLROnPlateau("f1_score"), best):
        with pytest.raises(StriateError, match=r"'f1_score' is an array of shape \(4,\).*average=\"macro\""):
            model.fit(*data, verbose=0, callbacks=[watching])
    with pytest.raises(StriateError, match="cannot be filled in"):
        model.fit(*data, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "{f1_score:.2f}.keras")])
    history = model.fit(*data, verbose=0, callbacks=[callbacks.CSVLogger(tmp_path / "log.csv")]).history
    with open(tmp_path / "log.csv", newline="") as file:
        row = next(csv.DictReader(file))
    np.testing.assert_allclose([float(n) for n in row["f1_score"].strip('"[]').split(", ")], history["f1_score"][0])

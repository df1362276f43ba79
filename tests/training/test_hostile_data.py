"""Data at the edges of what numbers can be: one DataError, no warning, nothing allocated or called before it."""

from __future__ import annotations

import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate import callbacks
from striate.errors import DataError, StriateError
from training.networks import data, small

X, Y = data()


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def model_for(loss: str = "sparse_categorical_crossentropy") -> Any:
    model = small(striate)
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    ("loss", "dtype", "message"),
    [
        ("mse", np.float64, r"label at index 3 is 1e\+300 \(NaN, infinity or beyond float32\)"),
        ("mse", np.longdouble, r"label at index 3 is 1e\+300 \(NaN, infinity or beyond float32\)"),
        ("sparse_categorical_crossentropy", np.float64, r"label at index 3 is 1e\+300 \(NaN, infinity or beyond"),
    ],
)
def test_labels_beyond_float32(loss: str, dtype: Any, message: str) -> None:
    y = (np.eye(5)[Y] if loss == "mse" else Y).astype(dtype)
    y[3] = 1e300
    with pytest.raises(DataError, match=message):
        model_for(loss).fit(X, y, verbose=0)


def test_class_numbers_that_no_integer_holds() -> None:
    y = np.where(np.arange(50) == 7, 1e20, Y)
    with pytest.raises(DataError, match=r"the label 1e\+20 at index 7 is outside the classes: .* labels are 0 to 4$"):
        model_for().fit(X, y, verbose=0)


@pytest.mark.parametrize("dtype", [np.longdouble, np.float64])
def test_images_and_weights_beyond_float32(dtype: Any) -> None:
    x, weights = X.astype(dtype), np.ones(50, dtype=dtype)
    x[4, 1, 2, 0] = weights[9] = 1e300
    if dtype is np.longdouble:  # what is read in place is the engine's to find
        with pytest.raises(DataError, match=r"x: inf at index \(4, 1, 2, 0\) \(NaN, infinity or beyond float32\)"):
            model_for().fit(x, Y, verbose=0)
    with pytest.raises(DataError, match=r"sample_weight: inf at index \(9,\)"):
        model_for().fit(X, Y, sample_weight=weights, verbose=0)


def test_masked_arrays() -> None:
    with pytest.raises(DataError, match=r"x: got a masked array, .* fill the holes: x.filled\(0\)"):
        model_for().fit(np.ma.masked_array(X, mask=X > 0.5), Y, verbose=0)
    with pytest.raises(DataError, match="y: got a masked array"):
        model_for().fit(X, np.ma.masked_array(Y), verbose=0)


@pytest.mark.parametrize("key", [-1, 5, 99, 10**9, 10**30, True, 1.5, "a"])
def test_class_weights_are_of_classes(key: Any) -> None:
    model = model_for()
    tracemalloc.start()
    with pytest.raises(DataError, match=r"class_weight: got .*, expected a class number from 0 to 4: .* 5 classes"):
        model.fit(X, Y, class_weight={0: 1.0, key: 2.0}, verbose=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 << 20


def test_class_weight_beyond_float32() -> None:
    with pytest.raises(DataError, match="expected a class number and a finite weight"):
        model_for().fit(X, Y, class_weight={0: 1e300}, verbose=0)


@pytest.mark.parametrize("labels", ["sparse", "one-hot", "binary"])
def test_class_weights_weigh_their_class(labels: str) -> None:
    weights = np.where(Y == 1, 3.0, 1.0)
    y = {"sparse": Y, "one-hot": np.eye(5)[Y], "binary": (Y == 1).astype(float)}[labels]
    results = []
    for given in ({"class_weight": {1: 3.0}}, {"sample_weight": weights}):
        striate.utils.set_random_seed(1)
        model = small(striate, *((1, "sigmoid") if labels == "binary" else (5, "softmax")))
        model.compile("sgd", {"sparse": "sparse_categorical_crossentropy", "binary": "bce"}.get(labels, "mse"))
        results.append(model.fit(X, y, verbose=0, **given).history["loss"])
    assert results[0] == results[1]


@pytest.mark.parametrize("convert", [lambda x: x.astype(np.float16), lambda x: np.asfortranarray(x)])
def test_predict_finds_nan_before_any_hook(convert: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.training.data.PIECE_BYTES", 1000)  # several pieces
    x = convert(X)
    x[47, 3, 2, 0] = np.nan
    called: list[int] = []
    hook = callbacks.LambdaCallback(
        on_predict_begin=lambda logs: called.append(1), on_predict_batch_end=lambda batch, logs: called.append(2)
    )
    with pytest.raises(DataError, match=r"x: nan at index \(47, 3, 2, 0\)"):
        model_for().predict(x, verbose=0, callbacks=[hook])
    assert called == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: callbacks.EarlyStopping(patience=-1), "EarlyStopping: got patience=-1, expected a whole number"),
        (lambda: callbacks.EarlyStopping(start_from_epoch=-1), "EarlyStopping: got start_from_epoch=-1"),
        (lambda: callbacks.ReduceLROnPlateau(patience=-2), "ReduceLROnPlateau: got patience=-2, expected a whole"),
        (lambda: callbacks.ReduceLROnPlateau(cooldown=0.5), "ReduceLROnPlateau: got cooldown=0.5"),
    ],
)
def test_patience(make: Any, message: str) -> None:
    with pytest.raises(StriateError, match=message):
        make()


def test_files_that_cannot_be_written_are_found_before_the_first_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for callback, message in (
        (callbacks.CSVLogger(tmp_path / "none" / "log.csv"), "CSVLogger: filename=.*none.*cannot be written"),
        (callbacks.ModelCheckpoint(tmp_path / "file" / "m.keras"), "ModelCheckpoint: filepath=.*cannot write there"),
        (callbacks.ModelCheckpoint(tmp_path / "file" / "{epoch}" / "m.keras"), "ModelCheckpoint: filepath="),
    ):
        model = model_for()
        with pytest.raises(StriateError, match=message):
            model.fit(X, Y, verbose=0, callbacks=[callback])
        assert model.optimizer.iterations == 0
    model_for().fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "a" / "{epoch}" / "m.keras")])
    assert (tmp_path / "a" / "1" / "m.keras").exists()

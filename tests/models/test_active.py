"""Layers called with training=True: random in prediction, too, with the statistics of the batch."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import striate
from striate import Model, layers
from striate.random import set_random_seed

X = np.random.default_rng(1).normal(2, 3, (40, 6)).astype(np.float32)
ONES = np.ones((600, 50), np.float32)


@pytest.fixture(params=["native", "torch"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "torch":
        pytest.importorskip("torch", reason='needs PyTorch: pip install "striate[peers]"')
    return str(request.param)


def monte_carlo(engine: str, inner: bool = False) -> Any:
    x = layers.Input((50,))
    if inner:
        y = striate.Sequential([layers.Input((50,)), layers.Dropout(0.5)])(x, training=True)
    else:
        y = layers.Dropout(0.5)(x, training=True)
    model = Model(x, layers.Dropout(0.9)(y))
    model.compile("sgd", "mse", engine=engine)
    return model


@pytest.mark.parametrize("inner", [False, True])
def test_dropout_in_prediction(engine: str, inner: bool) -> None:
    model = monte_carlo(engine, inner)
    for outputs in (model.predict(ONES, verbose=0), np.asarray(model(ONES[:64]))):
        assert set(np.unique(outputs)) == {0.0, 2.0}
        assert abs((outputs == 0).mean() - 0.5) < 0.03
        assert not np.array_equal(outputs[:32], outputs[32:64])  # the next batch of 32 draws anew
    assert not np.array_equal(model.predict(ONES, verbose=0), model.predict(ONES, verbose=0))


def test_its_numbers_follow_the_seed(engine: str) -> None:
    model, found = monte_carlo(engine), []
    for seed in (1, 1, 2):
        set_random_seed(seed)
        found.append(model.predict(ONES, verbose=0))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_evaluation_measures_what_prediction_gives(engine: str) -> None:
    model = monte_carlo(engine)
    assert model.evaluate(ONES, ONES, verbose=0) == pytest.approx(1.0, abs=1e-6)  # outputs of 0 and 2 for 1
    history = model.fit(ONES, ONES, epochs=1, verbose=0, validation_data=(ONES, ONES)).history
    assert history["val_loss"][0] == pytest.approx(1.0, abs=1e-6)
    assert history["loss"][0] > 5  # both dropouts: 0 or 20 for 1, 19 on average


def test_batch_normalization_with_the_statistics_of_each_batch(engine: str) -> None:
    x = layers.Input((6,))
    y = layers.BatchNormalization(momentum=0.5, epsilon=1e-3)(x, training=True)
    model = Model(x, layers.BatchNormalization(momentum=0.5, epsilon=0.0, name="moving")(y))
    model.compile("sgd", "mse", engine=engine)
    moving = model.get_layer("moving")

    def expected() -> np.ndarray:
        parts = [X[start : start + 16].astype(np.float64) for start in (0, 16, 32)]
        own = np.concatenate([(part - part.mean(0)) / np.sqrt(part.var(0) + 1e-3) for part in parts])
        return (own - moving.moving_mean.numpy()) / np.sqrt(moving.moving_variance.numpy())

    for _ in range(2):
        np.testing.assert_allclose(model.predict(X, batch_size=16, verbose=0), expected(), rtol=1e-3, atol=1e-4)
        loss = np.square(expected() - X).mean()
        assert model.evaluate(X, X, batch_size=16, verbose=0) == pytest.approx(loss, rel=1e-4)
        moving.set_weights([np.ones(6), np.zeros(6), np.full(6, 0.5), np.full(6, 2.0)])
    before = model.layers[1].moving_mean.numpy()
    model.train_on_batch(X, X)
    np.testing.assert_allclose(model.layers[1].moving_mean.numpy(), (before + X.mean(0)) / 2, rtol=1e-4)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_files_keep_it(keras: ModuleType, tmp_path: Path, ending: str) -> None:
    monte_carlo("native").save(tmp_path / f"ours{ending}")
    x = keras.Input((50,))
    keras.Model(x, keras.layers.Dropout(0.5)(x, training=True)).save(tmp_path / f"theirs{ending}")
    loaded = [striate.models.load_model(tmp_path / f"{name}{ending}") for name in ("ours", "theirs")]
    for model in (*loaded, striate.models.clone_model(loaded[0])):
        assert set(np.unique(model.predict(ONES, verbose=0))) == {0.0, 2.0}
    keras.models.load_model(tmp_path / f"ours{ending}")  # there only layers called outside a model follow the call


def test_reading_and_training_on_one_batch(engine: str) -> None:
    model = monte_carlo(engine)
    assert set(np.unique(np.asarray(model(ONES[:8], training=True)).round(3))) == {0.0, 20.0}
    before = model.optimizer.iterations
    model.train_on_batch(ONES, ONES)
    assert model.optimizer.iterations == before + 1

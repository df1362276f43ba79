"""Normalization: given or adapted statistics, beside Keras."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from striate import Sequential, layers
from striate.errors import StriateError
from striate.models import load_model

from .test_values import numbers

DATA = np.random.default_rng(3).normal(5, [1.0, 20.0, 0.1], size=(40, 4, 6, 3)).astype(np.float32)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("axis", [-1, 3, None, 1, (1, 3), (-1, 1), (1, 2, 3)])
def test_adapt_is_keras_s(keras: Any, axis: Any, invert: bool) -> None:
    ours, theirs = (lib.Normalization(axis=axis, invert=invert) for lib in (layers, keras.layers))
    ours.adapt(DATA)
    theirs.adapt(DATA)
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    for mine, its in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-3, atol=1e-5)  # Keras sums in float32
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(DATA[:5]), numbers(theirs(DATA[:5])), rtol=1e-5, atol=1e-4)
    assert not ours.trainable_weights


@pytest.mark.parametrize("axis", [-1, None, (1, 3)])
@pytest.mark.parametrize(
    "data",
    [
        lambda: [DATA[:7], DATA[7:8], DATA[8:]], lambda: (part for part in (DATA[:30], DATA[30:])),
        lambda: iter([(DATA[:20], None), (DATA[20:], None)]),
        lambda: DATA.astype(np.float64), lambda: DATA.tolist(),
    ],
    ids=["list", "generator", "pairs", "float64", "nested lists"],
)  # fmt: skip
def test_data_in_any_form(data: Callable[[], Any], axis: Any) -> None:
    layer = layers.Normalization(axis)
    layer.adapt(data())
    kept = () if axis is None else (3,) if axis == -1 else (1, 3)
    over = tuple(d for d in range(4) if d not in kept)
    np.testing.assert_allclose(layer.mean.value, DATA.astype(np.float64).mean(over), rtol=1e-6)
    np.testing.assert_allclose(layer.variance.value, DATA.astype(np.float64).var(over), rtol=1e-6)


def test_far_from_zero_and_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.layers.standardization.PIECE", 50)
    data = (np.random.default_rng(0).normal(size=(300, 2)) * 0.1 + 1e4).astype(np.float32)
    layer = layers.Normalization()
    layer.adapt(data)
    np.testing.assert_allclose(layer.variance.value, data.astype(np.float64).var(0), rtol=1e-6)


@pytest.mark.parametrize(
    ("axis", "mean", "variance"),
    [(-1, 3.0, 2.0), (-1, [1, 2, 3], [4, 5, 0]), ((1, 3), [1, 2, 3], [4, 5, 6]), (None, 1, 4)],
)
def test_given_statistics_are_keras_s(keras: Any, axis: Any, mean: Any, variance: Any) -> None:
    ours, theirs = (lib.Normalization(axis, mean=mean, variance=variance) for lib in (layers, keras.layers))
    np.testing.assert_allclose(ours(DATA[:5]), numbers(theirs(DATA[:5])), rtol=1e-5, atol=1e-4)
    assert ours.weights == [] == theirs.weights
    config = {**theirs.get_config(), "name": ours.name}
    assert json.loads(json.dumps(ours.get_config())) == json.loads(json.dumps(config))
    again = layers.deserialize(json.loads(json.dumps(keras.layers.serialize(theirs))))
    np.testing.assert_array_equal(again(DATA[:5]), ours(DATA[:5]))


def test_files_pass_between_keras_and_here(keras: Any, tmp_path: Any) -> None:
    """Whole numbers, learned and fixed parameters of some axes, in both directions."""

    def network(lib: Any, sequential: Any) -> Any:
        kept = [lib.Embedding(20, 6), lib.LayerNormalization(), lib.PReLU(shared_axes=[1]), lib.GroupNormalization(2)]
        kept += [lib.RMSNormalization(), lib.Normalization(name="adapted"), lib.Normalization(mean=1.0, variance=2.0)]
        return sequential([lib.Input((9,)), *kept, lib.UnitNormalization(), lib.Flatten(), lib.Dense(3)])

    x = np.random.default_rng(0).integers(0, 20, size=(4, 9))
    ours, theirs = network(layers, Sequential), network(keras.layers, keras.Sequential)
    for model in (ours, theirs):
        model.get_layer("adapted").adapt(np.random.default_rng(1).normal(3, 2, size=(50, 9, 6)).astype(np.float32))
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    opened = keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_allclose(opened.predict(x, verbose=0), ours.predict(x, verbose=0), rtol=1e-4, atol=1e-5)
    again = load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def test_adapting_again_reaches_a_compiled_network() -> None:
    layer = layers.Normalization()
    model = Sequential([layers.Input((4, 6, 3)), layer])
    np.testing.assert_allclose(model.predict(DATA, verbose=0), DATA, rtol=1e-6)
    layer.adapt(DATA)
    outputs = model.predict(DATA, verbose=0)
    np.testing.assert_allclose(outputs.mean((0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(outputs.std((0, 1, 2)), 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (
            lambda: layers.Normalization(mean=1.0),
            "normalization: got mean=1.0 and variance=None, expected both or none",
        ),
        (
            lambda: layers.Normalization(mean=1, variance=-1),
            "normalization: got variance=-1, expected numbers of at least 0",
        ),
        (
            lambda: layers.Normalization(None, [1], [1]),
            "normalization: got mean of shape (1,), expected finite numbers",
        ),
        (
            lambda: layers.Normalization(axis=0),
            "normalization: got axis=0, expected the number of an axis; 0 is the batch",
        ),
        (lambda: layers.Normalization(mean=1, variance=1).adapt(DATA), "normalization: has been given its mean"),
        (lambda: layers.Normalization().adapt([]), "normalization: adapt got no data"),
        (
            lambda: layers.Normalization().adapt([DATA, DATA[..., :2]]),
            "normalization: adapt got images of shape (4, 6, 2)",
        ),
        (lambda: layers.Normalization().adapt(DATA * np.nan), "normalization: nan at index (0, 0, 0, 0)"),
    ],
)
def test_errors(make: Callable[[], Any], error: str) -> None:
    layers.base.reset_names()
    with pytest.raises(StriateError) as caught:
        make()
    assert str(caught.value).startswith(error)

"""Losses of the user's own that come to one of the engine's are it; tests/models/test_own_losses.py has the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import losses
from striate import tensorflow as tf
from striate.keras import backend as K
from striate.keras import ops
from training.networks import data, small


class Own(losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_pred - y_true), axis=-1)


@pytest.mark.parametrize(
    ("own", "kind", "options"),
    [
        (lambda t, p: losses.mean_squared_error(t, p), "mean_squared_error", {}),
        (lambda t, p: K.mean(losses.huber(t, p, delta=2.0)), "huber", {"delta": 2.0}),
        (lambda t, p: K.categorical_crossentropy(t, p), "categorical_crossentropy", {"from_logits": False}),
        (
            lambda t, p: losses.sparse_categorical_crossentropy(t, p, from_logits=True),
            "sparse_categorical_crossentropy", {"from_logits": True},
        ),
        (
            lambda t, p: tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(tf.reshape(t, [-1]), tf.int32), p)
            ),
            "sparse_categorical_crossentropy", {"from_logits": True},
        ),
        (lambda t, p: K.mean(K.binary_crossentropy(t, p), axis=-1), "binary_crossentropy", {"from_logits": False}),
        (
            lambda t, p: tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=p), "categorical_crossentropy",
            {"from_logits": True},
        ),
        (
            lambda t, p: losses.CategoricalCrossentropy(label_smoothing=0.2)(t, p), "categorical_crossentropy",
            {"label_smoothing": 0.2},
        ),
    ],
)  # fmt: skip
def test_what_it_calls(own: Any, kind: str, options: dict[str, Any]) -> None:
    found = losses.get(own)
    assert found.kind == kind
    assert {key: found.options[key] for key in options} == options


@pytest.mark.parametrize(
    "own",
    [
        Own(), Own, lambda t, p: ops.mean(ops.square(t - p), axis=-1) * 2, lambda t, p: 1 - ops.sum(t * p),
        lambda t, p: losses.mean_squared_error(t[:, :3], p[:, :3]), lambda t, p: losses.mean_squared_error(p, t),
        lambda t, p: losses.mean_squared_error(tf.reshape(t, [-1]), p), lambda t, p: None,
        lambda t, p: 2 * losses.mean_squared_error(t, p),
        lambda t, p: losses.mean_squared_error(t, p) * K.cast(K.not_equal(t, -1), "float32"),
    ],
)  # fmt: skip
def test_others_stay_their_own(own: Any) -> None:
    assert isinstance(losses.get(own), losses.OwnLoss)


def test_mistakes_are_the_users() -> None:
    with pytest.raises(NameError, match="nowhere"):
        losses.get(lambda t, p: nowhere)  # type: ignore[name-defined]  # noqa: F821


def test_training_and_files(tmp_path: Any) -> None:
    x, y = data(50)
    labels, history = np.eye(5, dtype=np.float32)[y], []
    weights = small(striate).get_weights()
    for loss in ("mse", Own(name="own"), lambda t, p: K.mean(K.square(t - p))):
        model = small(striate)
        model.set_weights(weights)
        model.compile("adam", loss, metrics=["accuracy"])
        history.append(model.fit(x, labels, epochs=2, shuffle=False, verbose=0).history["loss"])
        model.save(tmp_path / "m.keras")
        assert striate.models.load_model(tmp_path / "m.keras", {"Own": Own}).compiled
    for other in history[1:]:
        np.testing.assert_allclose(other, history[0], rtol=1e-5)
    assert float(Own()(labels, np.zeros_like(labels))) == pytest.approx(0.2)

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
        (lambda t, p: K.mean(K.square(t - p), axis=-1), "mean_squared_error", {}),
        (lambda t, p: tf.reduce_mean((p - t) ** 2), "mean_squared_error", {}), (Own(), "mean_squared_error", {}),
        (Own, "mean_squared_error", {}), (lambda t, p: tf.abs(t - p), "mean_absolute_error", {}),
        (lambda t, p: losses.huber(t, p), "huber", {}),
        (lambda t, p: K.categorical_crossentropy(t, p), "categorical_crossentropy", {"from_logits": False}),
        (
            lambda t, p: losses.sparse_categorical_crossentropy(t, p, from_logits=True),
            "sparse_categorical_crossentropy", {"from_logits": True},
        ),
        (
            lambda t, p: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tf.reshape(t, [-1]), p)),
            "sparse_categorical_crossentropy", {"from_logits": True},
        ),
        (lambda t, p: K.mean(K.binary_crossentropy(t, p), axis=-1), "binary_crossentropy", {"from_logits": False}),
        (
            lambda t, p: tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=p), "categorical_crossentropy",
            {"from_logits": True},
        ),
    ],
)  # fmt: skip
def test_what_it_comes_to(own: Any, kind: str, options: dict[str, Any]) -> None:
    found = losses.get(own)
    assert found.kind == kind
    assert {key: found.options[key] for key in options} == options


@pytest.mark.parametrize(
    "own",
    [
        lambda t, p: ops.mean(ops.square(t - p), axis=-1) * 2, lambda t, p: ops.sqrt(ops.mean(ops.square(t - p))),
        lambda t, p: K.mean(K.square(t - p) * [1, 2, 3, 4, 5], axis=-1), lambda t, p: 1 - ops.sum(t * p),
        lambda t, p: -ops.sum(t * ops.log(p + 1e-3), axis=-1), lambda t, p: p, lambda t, p: None, lambda t: t, max,
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
        assert striate.models.load_model(tmp_path / "m.keras").compiled
    assert history[0] == history[1] == history[2]
    assert float(Own()(labels, np.zeros_like(labels))) == pytest.approx(0.2)

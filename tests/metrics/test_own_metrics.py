"""Metrics of the user's own, as programs for Keras write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate.keras import ops

R = np.random.default_rng(0)
X, Y = R.random((40, 6), dtype=np.float32), R.integers(0, 3, 40)


def recall(library: Any, tensors: Any) -> Any:
    """Of class 1, as in Keras's documentation; tensors: the functions of arrays."""

    class Recall(library.metrics.Metric):  # type: ignore[misc, name-defined]
        def __init__(self, name: str = "recall_of_1", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.found = self.add_weight(name="found", initializer="zeros")
            self.all = self.add_weight(shape=(1,), name="all", initializer="zeros")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            said, truth = tensors.argmax(y_pred, axis=-1), tensors.reshape(tensors.cast(y_true, "int32"), (-1,))
            ones = tensors.cast(tensors.equal(truth, 1), "float32")
            self.found.assign_add(tensors.sum(ones * tensors.cast(tensors.equal(said, 1), "float32")))
            self.all.assign_add(tensors.reshape(tensors.sum(ones), (1,)))

        def result(self) -> Any:
            return self.found / (self.all[0] + 1e-7)

    return Recall()


def trained(library: Any, tensors: Any, weights: list[np.ndarray] | None) -> tuple[dict[str, list[float]], Any]:
    model = library.Sequential([library.Input((6,)), library.layers.Dense(3, activation="softmax")])
    if weights:
        model.set_weights(weights)
    before = model.get_weights()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[recall(library, tensors)])
    history = model.fit(X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0, validation_data=(X, Y)).history
    return history, before


def test_a_class_with_weights(keras: Any) -> None:
    theirs, weights = trained(keras, keras.ops, None)
    ours, _ = trained(striate, ops, weights)
    assert set(ours) == set(theirs)
    np.testing.assert_allclose(ours["recall_of_1"], theirs["recall_of_1"], rtol=1e-4)
    np.testing.assert_allclose(ours["val_recall_of_1"], theirs["val_recall_of_1"], rtol=1e-4)


def test_weights() -> None:
    metric = recall(striate, ops)
    metric.update_state([1, 1, 0], np.eye(3)[[1, 0, 1]])
    assert [state.name for state in metric.variables] == ["found", "all"]
    assert float(metric.result()) == pytest.approx(0.5)
    metric.reset_state()
    assert [float(np.sum(state)) for state in metric.variables] == [0.0, 0.0]
    state = metric.add_weight(shape=(2,), initializer="ones")
    assert state.assign_sub([1, 0]).numpy().tolist() == [0.0, 1.0]

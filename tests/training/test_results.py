"""Results under the names of both eras."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate import callbacks, layers
from striate.training.results import Results


def test_the_other_spelling() -> None:
    results: Results[int] = Results(accuracy=1, val_acc=2, learning_rate=3)
    assert (results["acc"], results["val_accuracy"], results["lr"]) == (1, 2, 3)
    assert (results.get("acc"), results.get("loss"), results.get("loss", 7)) == (1, None, 7)
    assert list(results) == ["accuracy", "val_acc", "learning_rate"]
    assert "acc" not in results
    with pytest.raises(KeyError, match="loss"):
        results["loss"]
    for again in (copy.deepcopy(results), pickle.loads(pickle.dumps(results))):
        assert again == results == dict(results)
        assert again["acc"] == 1
    assert json.loads(json.dumps(results)) == results


class Watch(callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert logs is not None
        self.seen.append((logs.get("acc"), logs["val_acc"], logs.get("loss")))


def compiled(metric: str) -> Any:
    striate.utils.set_random_seed(1)
    model = striate.Sequential([layers.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[metric])
    return model


@pytest.mark.parametrize(("metric", "other"), [("accuracy", "acc"), ("acc", "accuracy")])
def test_history_and_callbacks(tmp_path: Path, metric: str, other: str) -> None:
    model, watch = compiled(metric), Watch()
    x, y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3
    path = tmp_path / "{epoch:02d}-{val_acc:.2f}.h5"
    history = model.fit(
        x, y, epochs=2, validation_split=0.2, verbose=0,
        callbacks=[
            watch, callbacks.EarlyStopping(monitor="val_acc"), callbacks.ReduceLROnPlateau(monitor="acc"),
            callbacks.ModelCheckpoint(path, monitor="val_acc", save_best_only=True),
        ],
    )  # fmt: skip
    assert sorted(history.history) == sorted(["learning_rate", "loss", metric, "val_loss", f"val_{metric}"])
    assert history.history[other] == history.history[metric] == [acc for acc, _, _ in watch.seen]
    assert history.history[f"val_{other}"] == [acc for _, acc, _ in watch.seen]
    assert history.history["lr"] == history.history["learning_rate"]
    saved = sorted(tmp_path.glob("*.h5"))
    assert saved[0].name == f"01-{watch.seen[0][1]:.2f}.h5"
    assert striate.models.load_model(saved[0]).count_params() == model.count_params()


def test_weights_alone_in_the_layout_of_keras_2(tmp_path: Path) -> None:
    model = compiled("acc")
    x, y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3
    callback = callbacks.ModelCheckpoint(str(tmp_path / "w.hdf5"), save_weights_only=True)
    model.fit(x, y, verbose=0, callbacks=[callback])
    other = compiled("acc")
    other.load_weights(tmp_path / "w.hdf5")
    for ours, theirs in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)

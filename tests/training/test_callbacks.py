"""Callbacks that write files, watch values, and what they refuse. Those that steer training: test_against_keras.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import callbacks
from striate.errors import StriateError
from training.networks import data, small

X, Y = data()


def fit(*listed: callbacks.Callback, **arguments: Any) -> Any:
    model = small(striate)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, **{"epochs": 3, "verbose": 0, "callbacks": list(listed), **arguments})
    return model


def test_csv_logger_writes_what_keras_writes(keras: Any, tmp_path: Any) -> None:
    logs = [{"accuracy": 0.5, "loss": 1.25, "val_loss": 2.0}, {"accuracy": 0.75, "loss": 1.0}]
    for library, path in ((striate, tmp_path / "ours.csv"), (keras, tmp_path / "theirs.csv")):
        for append in (False, True):
            logger = library.callbacks.CSVLogger(str(path), separator=";", append=append)
            logger.on_train_begin()
            for epoch, values in enumerate(logs):
                logger.on_epoch_end(epoch, dict(values))
            logger.on_train_end()
    ours = (tmp_path / "ours.csv").read_text()
    assert ours.splitlines() == (tmp_path / "theirs.csv").read_text().splitlines()
    assert len(ours.splitlines()) == 5


def test_checkpoints_under_names_of_tensorflow(tmp_path: Any) -> None:
    path = str(tmp_path / "training" / "cp-{epoch:02d}.ckpt")
    with pytest.warns(UserWarning, match="the weights are saved as"):
        model = fit(callbacks.ModelCheckpoint(path, save_weights_only=True), epochs=2)
    assert sorted(file.name for file in (tmp_path / "training").iterdir()) == [
        "cp-01.ckpt.weights.h5", "cp-02.ckpt.weights.h5"
    ]  # fmt: skip
    model.load_weights(path.format(epoch=1))


def test_csv_logger_during_fit(tmp_path: Any) -> None:
    fit(callbacks.CSVLogger(tmp_path / "log.csv"), validation_split=0.2)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0] == "epoch,accuracy,loss,val_accuracy,val_loss"
    assert [line.split(",")[0] for line in lines[1:]] == ["0", "1", "2"]


class Saved:
    """Stands in for a model: remembers what it was asked to save."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.directions: dict[str, Any] = {"loss": "down"}

    def save(self, path: str) -> None:
        self.paths.append(path)

    save_weights = save


@pytest.mark.parametrize(
    ("options", "losses", "expected"),
    [
        ({}, [3.0, 4.0], ["{d}/m-01-3.0.keras", "{d}/m-02-4.0.keras"]),
        ({"save_best_only": True}, [3.0, 4.0, 2.0], ["{d}/m-01-3.0.keras", "{d}/m-03-2.0.keras"]),
        ({"save_best_only": True, "mode": "max"}, [3.0, 4.0, 2.0], ["{d}/m-01-3.0.keras", "{d}/m-02-4.0.keras"]),
        ({"save_best_only": True, "initial_value_threshold": 2.5}, [3.0, 2.0], ["{d}/m-02-2.0.keras"]),
    ],
)
def test_model_checkpoint(tmp_path: Any, options: Any, losses: list[float], expected: list[str]) -> None:
    model = Saved()
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "d" / "m-{epoch:02d}-{val_loss:.1f}.keras", **options)
    checkpoint.set_model(model)  # type: ignore[arg-type]
    for epoch, loss in enumerate(losses):
        checkpoint.on_epoch_end(epoch, {"val_loss": loss})
    assert model.paths == [path.format(d=tmp_path / "d") for path in expected]


def test_model_checkpoint_after_some_batches(tmp_path: Any, monkeypatch: Any) -> None:
    paths: list[str] = []
    monkeypatch.setattr(striate.Model, "save_weights", lambda self, path: paths.append(str(path)))
    path = tmp_path / "{epoch}-{batch}.weights.h5"
    fit(callbacks.ModelCheckpoint(path, save_weights_only=True, save_freq=3), batch_size=10, epochs=2)
    assert paths == [str(tmp_path / name) for name in ("1-3.weights.h5", "2-1.weights.h5", "2-4.weights.h5")]


def test_model_checkpoint_files_can_be_loaded(tmp_path: Any) -> None:
    model = fit(callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="accuracy", save_best_only=True), epochs=1)
    loaded = striate.models.load_model(tmp_path / "best.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_early_stopping_says_what_it_does(capsys: Any) -> None:
    stop = callbacks.EarlyStopping(monitor="loss", min_delta=100, verbose=1, restore_best_weights=True)
    model = fit(stop, epochs=9)
    out = capsys.readouterr().out
    assert "Epoch 2: early stopping" in out
    assert "Restoring model weights from the end of the best epoch: 1." in out
    assert model.history.epoch == [0, 1]


def test_a_value_that_is_not_there() -> None:
    with pytest.warns(UserWarning, match="EarlyStopping: there is no 'val_loss' to watch; there are accuracy, loss"):
        fit(callbacks.EarlyStopping(), epochs=1)


def test_a_direction_that_is_not_known() -> None:
    stop = callbacks.EarlyStopping(monitor="val_beauty")
    stop.set_model(Saved())  # type: ignore[arg-type]
    stop.on_epoch_end(0, {"val_beauty": 1.0})
    with pytest.raises(StriateError, match='give mode="max"'):
        stop.on_epoch_end(1, {"val_beauty": 1.0})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: callbacks.EarlyStopping(mode="down"), "mode='down'"),
        (lambda: callbacks.ReduceLROnPlateau(factor=1.0), "factor=1.0"),
        (lambda: callbacks.ModelCheckpoint("model.h6"), r"models are saved as \*.keras"),
        (lambda: callbacks.ModelCheckpoint("m.keras", save_weights_only=True), r"alone are saved as \*.weights"),
        (lambda: callbacks.ModelCheckpoint("m.keras", save_freq="batch"), "save_freq='batch'"),
        (lambda: callbacks.LambdaCallback(on_epoch_finish=print), "on_epoch_finish"),
    ],
)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(StriateError, match=message):
        make()


def test_a_schedule_that_returns_no_number() -> None:
    with pytest.raises(StriateError, match="the schedule returned None"):
        fit(callbacks.LearningRateScheduler(lambda epoch, rate: None))  # type: ignore[arg-type, return-value]


def test_a_callback_that_forgets_its_base() -> None:
    class Forgetful(callbacks.Callback):
        def __init__(self) -> None:
            pass

    with pytest.raises(StriateError, match="super"):
        fit(Forgetful())


def test_what_is_put_into_logs_gets_into_the_history() -> None:
    add = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=epoch * 2))
    assert fit(add).history.history["extra"] == [0, 2, 4]


def test_ones_own_history_goes_on_over_two_fits() -> None:
    history = callbacks.History()
    model = small(striate)
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert model.fit(X, Y, verbose=0, callbacks=[history]) is history
    model.fit(X, Y, verbose=0, callbacks=[history])
    assert len(history.history["loss"]) == 2


def test_a_schedule_may_return_a_tensor() -> None:
    import striate.tensorflow as tf

    fitted = fit(callbacks.LearningRateScheduler(lambda epoch, rate: rate * tf.math.exp(-0.5)))
    assert fitted.optimizer.learning_rate == pytest.approx(0.01 * np.exp(-1.5), rel=1e-5)
    for wrong in (np.array([0.1, 0.2]), True, "0.1"):
        with pytest.raises(StriateError, match="the schedule returned"):
            fit(callbacks.LearningRateScheduler(lambda epoch: wrong))  # noqa: B023 (called at once)


def test_words_of_keras_2(tmp_path: Any) -> None:
    fit(callbacks.ModelCheckpoint(str(tmp_path / "{epoch}.keras"), period=2), epochs=5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.keras", "4.keras"]
    with pytest.raises(StriateError, match="got period=0"):
        callbacks.ModelCheckpoint("m.keras", period=0)
    assert callbacks.ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5

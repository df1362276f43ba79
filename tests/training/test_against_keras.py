"""Whole runs of fit and evaluate against Keras from the same weights: histories, keys, values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from training.networks import data, small


def both(keras: Any, build: Any, run: Any) -> tuple[Any, Any]:
    """Striate's and Keras's result of the same run from the same weights."""
    keras.utils.set_random_seed(1)
    theirs, ours = build(keras), build(striate)
    ours.set_weights(theirs.get_weights())
    return run(striate, ours), run(keras, theirs)


def same_history(ours: Any, theirs: Any, rtol: float = 3e-5) -> None:
    assert list(ours.history) == list(theirs.history)
    assert ours.epoch == theirs.epoch
    for name, values in theirs.history.items():
        np.testing.assert_allclose(ours.history[name], values, rtol=rtol, atol=1e-6, err_msg=name)


COMPILE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # compile's arguments, fit's arguments
    "split": ({"metrics": ["accuracy"]}, {"validation_split": 0.3}),
    "weights": (
        {"metrics": ["acc"], "weighted_metrics": ["acc"]},
        {"sample_weight": np.linspace(0, 2, 50), "validation_split": 0.2},
    ),
    "class weights": ({"weighted_metrics": ["accuracy"]}, {"class_weight": {0: 2.0, 3: 0.5}, "validation_split": 0.2}),
    "names": ({"metrics": ["sparse_categorical_crossentropy", "accuracy", "acc"]}, {}),
    "initial epoch": ({}, {"initial_epoch": 1, "epochs": 3}),
    "validation frequency": ({"metrics": ["accuracy"]}, {"validation_freq": 2, "validation_split": 0.3, "epochs": 4}),
    "batch of one": ({}, {"batch_size": 1}),
    "batch of all": ({"metrics": ["accuracy"]}, {"batch_size": 500}),
}


@pytest.mark.parametrize("case", COMPILE)
def test_history_is_keras(keras: Any, case: str) -> None:
    settings, arguments = COMPILE[case]
    x, y = data()

    def run(library: Any, model: Any) -> Any:
        model.compile(library.optimizers.SGD(0.05), "sparse_categorical_crossentropy", **settings)
        return model.fit(x, y, **{"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0, **arguments})

    same_history(*both(keras, small, run))


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "mse", "binary_crossentropy"])
def test_one_hot_labels(keras: Any, loss: str) -> None:
    x, y = data()
    labels = np.eye(5)[y]

    def run(library: Any, model: Any) -> Any:
        metrics = ["accuracy", "mae", library.metrics.MeanSquaredError(name="squared")]
        model.compile("rmsprop", loss, metrics=metrics)
        validation = (x[:9], labels[:9])
        return model.fit(x, labels, batch_size=8, epochs=2, shuffle=False, verbose=0, validation_data=validation)

    same_history(*both(keras, small, run))


def test_one_yes_or_no_output(keras: Any) -> None:
    x, y = data(classes=2)

    def run(library: Any, model: Any) -> Any:
        loss = library.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)
        model.compile("nadam", loss, metrics=["accuracy", library.metrics.BinaryAccuracy(threshold=0.0)])
        weights = np.linspace(0.5, 1, 20)
        return model.fit(x, y, epochs=2, shuffle=False, verbose=0, validation_data=(x[:20], y[:20, None], weights))

    same_history(*both(keras, lambda library: small(library, 1, None), run))


PENALTIES: list[dict[str, Any]] = [
    {"kernel_regularizer": lambda r: r.L2(0.01), "bias_regularizer": lambda r: r.L1(0.1)},
    {"activity_regularizer": lambda r: r.L1L2(0.01, 0.02)},
]


@pytest.mark.parametrize("regularizers", PENALTIES, ids=["weights", "activity"])
def test_penalties_are_part_of_the_loss(keras: Any, regularizers: dict[str, Any]) -> None:
    x, y = data()

    def build(library: Any) -> Any:
        penalties = library.regularizers
        return small(library, **{name: make(penalties) for name, make in regularizers.items()})

    def run(library: Any, model: Any) -> Any:
        model.compile(library.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
        history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0, validation_split=0.2)
        return history, model.evaluate(x, y, verbose=0)

    (ours, our_loss), (theirs, their_loss) = both(keras, build, run)
    same_history(ours, theirs)
    assert our_loss == pytest.approx(their_loss, rel=3e-5)


def test_batch_normalisation(keras: Any) -> None:
    x, y = data()

    def build(library: Any) -> Any:
        layers = library.layers
        return library.Sequential(
            [library.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(),
             layers.GlobalAveragePooling2D(), layers.Dense(5, activation="softmax")]
        )  # fmt: skip

    def run(library: Any, model: Any) -> Any:
        optimizer = library.optimizers.SGD(0.05, momentum=0.9)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(x, y, batch_size=10, epochs=3, shuffle=False, verbose=0, validation_split=0.2)
        return history, model.get_weights()

    (ours, our_weights), (theirs, their_weights) = both(keras, build, run)
    same_history(ours, theirs, rtol=1e-3)
    for got, want in zip(our_weights, their_weights, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4)


def test_what_evaluate_and_the_batch_methods_return(keras: Any) -> None:
    x, y = data()
    weights = np.linspace(0, 1, 50)

    def run(library: Any, model: Any) -> Any:
        model.compile("sgd", "sparse_categorical_crossentropy")
        alone = [model.evaluate(x, y, verbose=0), model.train_on_batch(x[:8], y[:8]), model.test_on_batch(x, y)]
        model.compile(
            "sgd", "sparse_categorical_crossentropy", metrics=["accuracy"],
            weighted_metrics=[library.metrics.SparseTopKCategoricalAccuracy(k=2)],
        )  # fmt: skip
        return [
            alone,
            model.evaluate(x, y, sample_weight=weights, batch_size=7, verbose=0),
            model.evaluate(x, y, return_dict=True, verbose=0),
            model.train_on_batch(x[:8], y[:8], sample_weight=weights[:8]),
            model.train_on_batch(x[:8], y[:8], class_weight={1: 3.0}, return_dict=True),
            model.test_on_batch(x, y),
            model.test_on_batch(x, y, return_dict=True),
        ]

    ours, theirs = both(keras, small, run)
    for got, want in zip(ours, theirs, strict=True):
        assert isinstance(got, type(want))  # histories and results are dictionaries that also know older names
        if isinstance(want, dict):
            assert list(got) == list(want)
            got, want = list(got.values()), list(want.values())
        np.testing.assert_allclose(np.array(got, float), np.array(want, float), rtol=3e-5)


def test_predictions(keras: Any) -> None:
    x, _ = data()
    ours, theirs = both(keras, small, lambda _, model: [model.predict(x, verbose=0), model.predict_on_batch(x[:3])])
    for got, want in zip(ours, theirs, strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-7)


def test_images_without_channel_axis_are_taken_as_keras_does(keras: Any) -> None:
    x, y = data()

    def run(library: Any, model: Any) -> Any:
        model.compile("sgd", "sparse_categorical_crossentropy")
        return [model.evaluate(x[..., 0], y, verbose=0), model.evaluate(x[..., None], y[:, None], verbose=0)]

    ours, theirs = both(keras, small, run)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


CALLBACKS = {
    "stop": lambda c: [c.EarlyStopping(monitor="val_accuracy", patience=1, restore_best_weights=True)],
    "stop at baseline": lambda c: [c.EarlyStopping(monitor="loss", baseline=0.5, patience=2, min_delta=0.1)],
    "plateau": lambda c: [c.ReduceLROnPlateau(monitor="val_loss", patience=1, min_delta=0.05, cooldown=1, factor=0.5)],
    "scheduler": lambda c: [c.LearningRateScheduler(lambda epoch, rate: rate * 0.7)],
    "old scheduler": lambda c: [c.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch))],
}


@pytest.mark.parametrize("case", CALLBACKS)
def test_callbacks_that_change_training(keras: Any, case: str) -> None:
    x, y = data()

    def run(library: Any, model: Any) -> Any:
        optimizer = library.optimizers.SGD(0.1, momentum=0.9)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(
            x, y, batch_size=8, epochs=8, shuffle=False, verbose=0, validation_split=0.3,
            callbacks=CALLBACKS[case](library.callbacks),
        )  # fmt: skip
        return history, model.get_weights()

    (ours, our_weights), (theirs, their_weights) = both(keras, small, run)
    same_history(ours, theirs, rtol=1e-3)
    for got, want in zip(our_weights, their_weights, strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-3, atol=2e-4)


def test_callbacks_are_called_as_keras_calls_them(keras: Any) -> None:
    x, y = data(20)

    def run(library: Any, model: Any) -> list[Any]:
        calls: list[Any] = []

        class Recorder(library.callbacks.Callback):  # type: ignore[misc]
            pass

        def hook(name: str) -> Any:
            def method(self: Any, *args: Any, logs: Any = None) -> None:
                numbers = [a for a in args if isinstance(a, int)]
                keys = sorted(logs or next((a for a in args if isinstance(a, dict)), {}) or {})
                calls.append((name, numbers, keys))

            return method

        for name in dir(library.callbacks.Callback):
            if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
                setattr(Recorder, name, hook(name))
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        recorder = Recorder()
        model.fit(x, y, batch_size=7, epochs=2, verbose=0, validation_split=0.3, callbacks=[recorder])
        model.evaluate(x, y, batch_size=10, verbose=0, callbacks=[recorder])
        model.predict(x, batch_size=10, verbose=0, callbacks=[recorder])
        calls.append((recorder.params["epochs"], recorder.params["steps"], recorder.params["verbose"]))
        return calls

    ours, theirs = both(keras, small, run)
    for got, want in zip(ours, theirs, strict=True):
        if want[0] in ("on_train_end", "on_test_end"):
            got, want = got[:2], want[:2]
        assert got == want

"""Methods and arguments of Keras 1 and 2 that Keras 3 no longer has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate.errors import StriateError
from training.networks import data, small
from training.test_feeds import Batches, compiled, endless, fitted, same_bits

X, Y = data(50)


def by_fit(**arguments: Any) -> Any:
    return fitted(X, Y, batch_size=8, shuffle=False, **{"epochs": 2, **arguments})[0]


@pytest.mark.parametrize(
    "arguments",
    [
        {"steps_per_epoch": 7, "epochs": 2},
        {"steps_per_epoch": 50 / 8, "epochs": 2, "workers": 4, "max_queue_size": 3},
        {"samples_per_epoch": 50, "nb_epoch": 2, "nb_worker": 4, "max_q_size": 3, "class_weight": {}},
    ],
)
@pytest.mark.parametrize("sequence", [False, True])
def test_fit_generator(arguments: dict[str, Any], sequence: bool) -> None:
    model = compiled()
    given = Batches(X, Y) if sequence else endless(X, Y)
    history = model.fit_generator(given, verbose=0, shuffle=False, **arguments)
    assert history.epoch == [0, 1]
    assert same_bits(model, by_fit())


def test_more_steps_than_a_sequence_has_go_through_it_again() -> None:
    model = compiled()
    history = model.fit_generator(
        Batches(X, Y), 10, epochs=2, verbose=0, shuffle=False, validation_data=Batches(X[:8], Y[:8]), nb_val_samples=24
    )
    assert model.optimizer.iterations == 20
    other = compiled()
    other.fit(endless(X, Y), epochs=2, steps_per_epoch=10, verbose=0)
    assert same_bits(model, other)
    assert history.history["val_loss"][-1] == pytest.approx(model.evaluate(X[:8], Y[:8], verbose=0)[0], rel=1e-6)


def test_evaluate_and_predict_generator() -> None:
    model = compiled()
    expected, outputs = model.evaluate(X, Y, verbose=0), model.predict(X, verbose=0)
    np.testing.assert_allclose(model.evaluate_generator(Batches(X, Y)), expected, rtol=1e-6)
    np.testing.assert_allclose(model.evaluate_generator(endless(X, Y), val_samples=50), expected, rtol=1e-6)
    np.testing.assert_allclose(model.evaluate_generator(endless(X, Y), 7, workers=2), expected, rtol=1e-6)
    np.testing.assert_array_equal(model.predict_generator(Batches(X, Y), max_q_size=5), outputs)
    np.testing.assert_array_equal(model.predict_generator(endless(X), val_samples=16), outputs[:16])
    np.testing.assert_array_equal(model.predict_generator(Batches(X), steps=9)[50:], outputs[:16])


def test_the_images_of_several_inputs_are_counted() -> None:
    inputs = [striate.Input((3,), name="a"), striate.Input((2,), name="b")]
    model = striate.Model(inputs, striate.layers.Dense(1)(striate.layers.Concatenate()(inputs)))
    model.compile("sgd", "mse")
    a, b, y = np.ones((10, 3)), np.ones((10, 2)), np.ones((10, 1))
    for x in ((a, b), {"a": a, "b": b}):
        model.fit_generator(iter([(x, y)] * 3), samples_per_epoch=30, nb_epoch=1, verbose=0)
    assert model.optimizer.iterations == 6
    assert model.predict_generator(iter([((a, b),)] * 3), val_samples=25).shape == (30, 1)


def test_predict_classes_and_predict_proba() -> None:
    model = compiled()
    np.testing.assert_array_equal(model.predict_proba(X), model.predict(X, verbose=0))
    classes = model.predict_classes(X, batch_size=8)
    assert classes.dtype == np.int64
    np.testing.assert_array_equal(classes, model.predict(X, verbose=0).argmax(axis=-1))
    yes_or_no = small(striate, classes=1, activation="sigmoid")
    sums = yes_or_no.read(X, "dense_1/dense")["dense_1/dense"]
    yes_or_no.layers[-1].set_weights([yes_or_no.layers[-1].get_weights()[0], -np.median(sums)[None]])
    answers = yes_or_no.predict_classes(X)
    assert answers.shape == (50, 1)
    assert answers.dtype == np.int32
    np.testing.assert_array_equal(answers, yes_or_no.predict(X, verbose=0) > 0.5)
    assert 0 < answers.sum() < 50
    x = striate.Input((8, 8, 1))
    two = striate.Model(x, [striate.layers.Flatten()(x), striate.layers.ReLU()(x)])
    with pytest.raises(StriateError, match="has 2 outputs; use predict and argmax"):
        two.predict_classes(X)


def test_nb_epoch_in_fit() -> None:
    model = compiled()
    assert model.fit(X, Y, nb_epoch=2, batch_size=8, shuffle=False, verbose=0).epoch == [0, 1]
    assert same_bits(model, by_fit())


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("fit", {"epochs": 3, "nb_epoch": 2}, "nb_epoch: got 2 besides epochs=3"),
        ("fit", {"nb_epoch": 0}, "nb_epoch: got 0"),
        ("fit", {"workers": -1}, "workers: got -1"),
        ("fit", {"use_multiprocessing": 2}, "use_multiprocessing: got 2, expected True or False"),
        ("fit_generator", {"samples_per_epoch": 9, "steps_per_epoch": 2}, "samples_per_epoch: got 9 besides steps_per"),
        ("fit_generator", {"samples_per_epoch": 0}, "samples_per_epoch: got 0"),
        ("fit_generator", {"workers": 2, "nb_worker": 2}, "nb_worker: got 2 besides workers=2, its new name"),
        ("evaluate_generator", {"steps": 2, "val_samples": 2}, "val_samples: got 2 besides steps=2"),
        ("predict_generator", {"max_queue_size": 2, "max_q_size": 2}, "max_q_size: got 2 besides max_queue_size=2"),
    ],
)
def test_names_that_contradict_each_other(method: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(StriateError, match=message):
        getattr(compiled(), method)(Batches(X, Y), **arguments)


def test_many_processes_are_a_thread_and_that_is_said() -> None:
    model = compiled()
    with pytest.warns(UserWarning, match="batches are prepared by a thread"):
        model.fit(Batches(X, Y), use_multiprocessing=True, workers=4, max_queue_size=20, verbose=0)
    with pytest.warns(UserWarning, match="batches are prepared by a thread"):
        model.evaluate_generator(Batches(X, Y), pickle_safe=True)


def test_metrics_in_third_place() -> None:
    model = small(striate)
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    assert list(model.fit(X, Y, verbose=0).history) == ["accuracy", "loss"]
    weighted = small(striate)
    weighted.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"], [2.0])
    plain = small(striate)
    plain.compile("sgd", "sparse_categorical_crossentropy", [1.0], ["accuracy"])  # as Keras 3 has them
    weighted.set_weights(plain.get_weights())
    ours, theirs = weighted.evaluate(X, Y, verbose=0), plain.evaluate(X, Y, verbose=0)
    assert ours == pytest.approx([2 * theirs[0], theirs[1]], rel=1e-5)
    with pytest.raises(StriateError, match="loss_weights: got"):
        plain.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"], ["accuracy"])

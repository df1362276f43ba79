"""The training loop itself: order, repetition, stopping, chunks, and losses that are not finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import random
from striate.engines import Examples
from striate.errors import TrainingError
from striate.random import set_random_seed
from striate.training import loop
from striate.training.feeds.arrays import ArrayFeed, epoch_order
from training.networks import data, small

X, Y = data(200)


def trained(seed: int = 3, **arguments: Any) -> tuple[Any, Any]:
    set_random_seed(seed)
    model = small(striate)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, model.fit(X, Y, **{"epochs": 3, "verbose": 0, **arguments})


def same_bits(a: Any, b: Any) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


def test_the_same_seed_gives_the_same_bits() -> None:
    (first, one), (second, two) = trained(), trained()
    assert same_bits(first, second)
    assert one.history == two.history
    assert not same_bits(first, trained(seed=4)[0])


def test_validation_and_callbacks_change_no_bit() -> None:
    plain, _ = trained()
    assert same_bits(plain, trained(validation_data=(X[:30], Y[:30]))[0])
    each_batch = striate.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    watched, history = trained(callbacks=[each_batch])
    assert same_bits(plain, watched)
    assert history.history == trained()[1].history


def test_stopping_and_continuing_changes_no_bit() -> None:
    whole, history = trained()
    parts, first = trained(epochs=1)
    second = parts.fit(X, Y, epochs=3, initial_epoch=1, verbose=0)
    assert same_bits(whole, parts)
    assert first.history["loss"] + second.history["loss"] == history.history["loss"]
    assert second.epoch == [1, 2]


def test_shuffling_visits_every_image_once_in_a_new_order_each_epoch() -> None:
    orders = [epoch_order(7, steps, 100, True) for steps in (0, 4)]
    for order in orders:
        assert order.dtype == np.int64
        assert sorted(order) == list(range(100))
    assert not np.array_equal(*orders)
    np.testing.assert_array_equal(epoch_order(7, 0, 100, False), np.arange(100))


def test_chunks_grow_to_a_tenth_of_a_second_and_keep_their_bounds() -> None:
    feed = ArrayFeed(Examples([np.zeros((64, 1), np.float32)], []), 32)
    chunks = loop.Chunks(feed, 10, every_batch=False)
    sizes = []
    for _ in range(8):
        sizes.append(chunks.steps)
        chunks.took(chunks.steps, chunks.steps * 1e-4)
    assert sizes[:4] == [1, 8, 64, 512]
    assert 900 < sizes[-1] <= 1000
    chunks.took(chunks.steps, 10.0)
    assert chunks.steps < 20
    assert loop.Chunks(feed, 10, every_batch=True).limit == 1
    large = loop.Chunks(feed, 256 * 256 * 21, every_batch=False)
    assert large.limit == 1


def test_batch_hooks_see_every_batch_and_the_means_so_far() -> None:
    seen: list[tuple[int, float]] = []
    callback = striate.callbacks.LambdaCallback(on_train_batch_end=lambda i, logs: seen.append((i, logs["loss"])))
    _, history = trained(epochs=1, batch_size=32, callbacks=[callback])
    assert [batch for batch, _ in seen] == list(range(7))
    assert seen[-1][1] == history.history["loss"][0]


def test_metrics_in_code_of_the_users_see_each_batch_by_itself() -> None:
    """Else a value that is no mean over examples, as an F score, would follow how many batches were taken at a time."""
    seen: list[int] = []

    def largest(y_true: Any, y_pred: Any) -> Any:
        seen.append(len(y_pred))
        assert y_true.numpy().shape == (len(y_pred),)
        return y_pred.numpy().max()

    class Batches(striate.metrics.Mean):
        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
            super().update_state(float(len(y_pred)))

    model = small(striate)
    metrics = [largest, Batches("size"), striate.metrics.MeanMetricWrapper(largest, "again")]
    model.compile(striate.optimizers.SGD(0.0), "sparse_categorical_crossentropy", metrics=metrics)
    logs = model.fit(X, Y, epochs=2, batch_size=32, shuffle=False, verbose=0).history
    sizes = [32] * 6 + [8]
    assert sorted(seen) == sorted(sizes * 4)
    parts = np.split(model.predict(X, verbose=0), np.cumsum(sizes)[:-1])
    expected = np.mean([part.max() for part in parts])
    np.testing.assert_allclose([logs["largest"], logs["again"]], expected, rtol=1e-6)
    assert logs["size"] == [np.mean(sizes)] * 2
    found = model.evaluate(X, Y, batch_size=32, verbose=0, return_dict=True)
    np.testing.assert_allclose([found["largest"], found["size"]], [expected, np.mean(sizes)], rtol=1e-6)


def test_stop_training_in_the_middle_of_an_epoch() -> None:
    class Stop(striate.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 2

    model, history = trained(callbacks=[Stop()])
    assert model.optimizer.iterations == 3
    assert history.epoch == [0]


class CtrlC(striate.callbacks.Callback):
    """Presses Ctrl-C after some steps."""

    every_batch = True

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.ended = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps -= 1
        if self.steps == 0:
            raise KeyboardInterrupt

    def on_train_end(self, logs: Any = None) -> None:
        self.ended = True


def test_ctrl_c_leaves_a_model_that_can_go_on() -> None:
    set_random_seed(3)
    model = small(striate)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = model.get_weights()
    stop = CtrlC(10)  # seven steps are an epoch
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[stop])
    assert stop.ended
    assert model.history.epoch == [0]
    assert len(model.history.history["loss"]) == 1
    assert model.optimizer.iterations == 10
    assert any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    model.fit(X, Y, epochs=2, initial_epoch=1, verbose=0)
    assert np.isfinite(model.evaluate(X, Y, verbose=0)).all()


def diverging() -> Any:
    set_random_seed(0)
    model = small(striate, activation=None)
    model.compile(striate.optimizers.SGD(1e18), "mse", metrics=["mae"])
    return model


def test_a_loss_that_is_not_finite_stops_training_once_and_keeps_the_weights(capsys: Any) -> None:
    model, y = diverging(), np.eye(5)[Y]
    kept: list[Any] = []
    watch = striate.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: kept.append(model.get_weights()))
    history = model.fit(X, y, epochs=5, verbose=0, callbacks=[watch, striate.callbacks.TerminateOnNaN()])
    told = capsys.readouterr()
    assert told.out == ""
    steps = model.optimizer.iterations
    assert f"Epoch 1, step {steps + 1} of 7: the loss is not finite" in told.err
    assert told.err.count("\n") == 1
    assert history.epoch == [0]
    assert not np.isfinite(history.history["loss"][0])
    assert len(kept) == steps + 1
    assert all(np.array_equal(a, b) for a, b in zip(kept[-1], model.get_weights(), strict=True))
    assert all(np.isfinite(array).all() for array in model.get_weights())


def test_a_loss_that_is_not_finite_in_a_single_batch() -> None:
    model, y = diverging(), np.eye(5)[Y]

    def run() -> None:
        for _ in range(9):
            model.train_on_batch(X, y)

    with pytest.raises(TrainingError, match="not finite"):
        run()
    assert all(np.isfinite(array).all() for array in model.get_weights())


def test_terminate_on_nan_can_raise() -> None:
    model = diverging()
    with pytest.raises(RuntimeError, match="NaN or infinite loss"):
        model.fit(X, np.eye(5)[Y], epochs=5, verbose=0, callbacks=striate.callbacks.TerminateOnNaN(raise_error=True))


def test_dropout_follows_the_seed() -> None:
    def run() -> Any:
        set_random_seed(8)
        layers = striate.layers
        model = striate.Sequential([layers.Flatten(), layers.Dropout(0.5), layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(X, Y, epochs=2, verbose=0)
        return model

    assert same_bits(run(), run())


def of_unseeded_layers(seed: int, before: str, **arguments: Any) -> Any:
    """Layers made before any seed is set, with weights that are always the same; where the seed is set differs."""
    layers = striate.layers
    noise = [layers.Dropout(0.5), layers.GaussianNoise(0.1), layers.RandomCrop(8, 8)]
    model = striate.Sequential([striate.Input((9, 9, 1)), noise[2], noise[1], layers.Flatten(), noise[0]])
    model.add(layers.Dense(5, kernel_initializer="ones", activation="softmax"))
    if before == "compile":
        set_random_seed(seed)
    model.compile("adam", "sparse_categorical_crossentropy")
    if before == "fit":
        set_random_seed(seed)
    model.fit(np.pad(X, [(0, 0), (0, 1), (0, 1), (0, 0)]), Y, **{"epochs": 2, "verbose": 0, **arguments})
    return model


@pytest.mark.parametrize("before", ["compile", "fit"])
def test_a_seed_set_before_fit_decides_about_shuffles_and_noise(before: str) -> None:
    once = of_unseeded_layers(5, before)
    random.next_seed()
    assert same_bits(once, of_unseeded_layers(5, before))
    assert not same_bits(once, of_unseeded_layers(6, before))
    assert same_bits(of_unseeded_layers(5, before, shuffle=False), of_unseeded_layers(5, before, shuffle=False))
    assert not same_bits(once, of_unseeded_layers(5, before, shuffle=False))


def test_a_seed_set_between_two_fits_decides_about_the_second() -> None:
    def run(seed: int | None) -> Any:
        model = of_unseeded_layers(5, "fit")
        if seed is not None:
            set_random_seed(seed)
        model.fit(np.ones((40, 9, 9, 1)), Y[:40], epochs=3, initial_epoch=2, verbose=0)
        return model

    assert same_bits(run(7), run(7))
    assert not same_bits(run(7), run(8))
    assert not same_bits(run(7), run(None))
    assert same_bits(run(None), run(None))


def test_a_layer_called_on_arrays_follows_the_seed_it_was_made_with() -> None:
    def masks(seed: int) -> list[Any]:
        set_random_seed(seed)
        layer = striate.layers.Dropout(0.5)
        return [layer(X, training=True) for _ in range(2)]

    assert np.array_equal(masks(1), masks(1))
    assert not np.array_equal(masks(1), masks(2))
    assert not np.array_equal(*masks(1))


def test_trainable_counts_as_it_stood_when_compiled() -> None:
    model, _ = trained(epochs=1)
    model.layers[0].trainable = False
    before = model.get_weights()
    with pytest.warns(UserWarning, match="compile again"):
        model.fit(X, Y, verbose=0)
    assert not np.array_equal(before[0], model.get_weights()[0])
    assert not model.layers[0].trainable
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_programs_are_compiled_once(monkeypatch: Any) -> None:
    from striate.engines import get

    engine, compiled = get(), []
    original = type(engine).compile
    monkeypatch.setattr(type(engine), "compile", lambda self, *a, **k: (compiled.append(k), original(self, *a, **k))[1])
    model, _ = trained(epochs=1)
    for _ in range(3):
        model.fit(X, Y, verbose=0, validation_split=0.2)
        model.evaluate(X, Y, verbose=0)
        model.predict(X[:5], verbose=0)
        model.train_on_batch(X[:5], Y[:5])
        model(X[:2])
    assert len(compiled) == 1


def test_predict_takes_constant_extra_memory(monkeypatch: Any) -> None:
    import tracemalloc

    monkeypatch.setattr(loop, "CHUNK_BYTES", 1 << 20)
    model = small(striate)
    images = np.zeros((20_000, 8, 8, 1), dtype=np.int64)  # of a kind that has to be converted: 5 MB of float32
    model.predict(images[:64], verbose=0)
    tracemalloc.start()
    result = model.predict(images, verbose=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - result.nbytes < 3 << 20

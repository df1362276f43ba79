"""Models trained by both engines: the same initial weights and shuffles, so the same losses step by step.

Both compute in float32 and add in different orders. Losses must agree to 1e-5 of their value over the steps taken
(2e-7 was measured), weights to 1 % of what training moved them by; a wrong formula is off by 1e-2 at the second step.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate import callbacks, engines, layers, optimizers
from striate.errors import StriateError

from .networks import data, small

LOSSES_AGREE, MOVES_AGREE = 1e-5, 1e-2
TORCH = "torch:cpu"


@pytest.fixture(autouse=True)
def _pytorch(torch: Any) -> None:
    torch.set_num_threads(1)  # its threads and the native engine's would wait for each other


class Steps(callbacks.Callback):
    """Each batch's logs."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.logs: list[dict[str, float]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.logs.append(dict(logs))


def lenet5() -> Any:
    return striate.applications.from_pixels(striate.applications.LeNet5(modern=True))


def normalised() -> Any:
    return striate.Sequential([
        layers.Input((28, 28, 1)), layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU(),
        layers.MaxPooling2D(), layers.Conv2D(12, 3, strides=2, use_bias=False), layers.BatchNormalization(),
        layers.Activation("tanh"), layers.Flatten(), layers.Dense(10, activation="softmax"),
    ])  # fmt: skip


def deep() -> Any:
    rows: list[Any] = [layers.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.MaxPooling2D()]
    for filters in (16, 16, 32, 32):
        rows.append(layers.Conv2D(filters, 3, padding="same", activation="elu", kernel_regularizer="l2"))
    return striate.Sequential([*rows, layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax")])


NETWORKS = {"lenet5": lenet5, "batch normalisation": normalised, "deep": deep}
OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    "adam": lambda: optimizers.Adam(0.001, epsilon=1e-4),
    "adamw": lambda: optimizers.AdamW(0.001, epsilon=1e-4, clipnorm=1.0),
    "nadam": lambda: optimizers.Nadam(0.001, epsilon=1e-4),
    "rmsprop": lambda: optimizers.RMSprop(0.0005, epsilon=1e-4),
    "adagrad": lambda: optimizers.Adagrad(0.01),
}


def patterns(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (uint8) of a pattern for each class under noise, and their classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 10, count)
    means = rng.uniform(0, 255, (10, 28, 28, 1))
    return np.clip(means[y] + rng.normal(scale=60, size=(count, 28, 28, 1)), 0, 255).astype(np.uint8), y


def trained(network: Any, optimizer: Any, engine: str, **options: Any) -> tuple[Any, Any, list[dict[str, float]]]:
    """A network made from a seed and trained for two epochs of five steps; the history, and each step's logs."""
    striate.utils.set_random_seed(3)
    model, steps = network(), Steps()
    model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"], engine=engine)
    x, y = patterns(150)
    history = model.fit(
        x, y, batch_size=30, epochs=2, verbose=0, validation_split=0.2, callbacks=[steps], **options
    ).history  # fmt: skip
    return model, history, steps.logs


@pytest.mark.parametrize(
    ("network", "optimizer"),
    [(name, "adam") for name in NETWORKS] + [("lenet5", name) for name in OPTIMIZERS if name != "adam"]
    + [("batch normalisation", "sgd"), ("deep", "sgd")],
)  # fmt: skip
def test_losses_agree_step_by_step(network: str, optimizer: str) -> None:
    make, rule = NETWORKS[network], OPTIMIZERS[optimizer]
    ours, our_history, our_steps = trained(make, rule, "native")
    theirs, their_history, their_steps = trained(make, rule, TORCH)
    assert len(our_steps) == len(their_steps) == 8
    for here, there in zip(our_steps, their_steps, strict=True):
        np.testing.assert_allclose(here["loss"], there["loss"], rtol=LOSSES_AGREE)
    assert list(our_history) == list(their_history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(our_history[name], their_history[name], rtol=LOSSES_AGREE)
    assert ours.optimizer.iterations == theirs.optimizer.iterations
    striate.utils.set_random_seed(3)
    for start, here, there in zip(make().get_weights(), ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.abs(here - there).max() <= MOVES_AGREE * np.abs(here - start).max()


def test_dropout_repeats_with_the_seed() -> None:
    def network() -> Any:
        return striate.Sequential([
            layers.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ])  # fmt: skip

    runs = [trained(network, OPTIMIZERS["adam"], TORCH) for _ in range(2)]
    assert runs[0][2] == runs[1][2]
    for here, there in zip(runs[0][0].get_weights(), runs[1][0].get_weights(), strict=True):
        np.testing.assert_array_equal(here, there)


def test_an_engine_for_one_call() -> None:
    """Weights and the optimizer's state are the model's, so engines can take turns."""
    x, y = patterns(60)
    results = []
    for first, second in ((None, None), (TORCH, None), (None, TORCH), (TORCH, TORCH)):
        striate.utils.set_random_seed(5)
        model = lenet5()
        model.compile(optimizers.Adam(epsilon=1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=1, verbose=0, engine=first)
        model.fit(x, y, epochs=2, initial_epoch=1, verbose=0, engine=second)
        assert model.engine is engines.get("native")
        evaluated = [model.evaluate(x, y, verbose=0, engine=engine) for engine in ("native", TORCH)]
        predicted = [model.predict(x, verbose=0, engine=engine) for engine in ("native", TORCH)]
        np.testing.assert_allclose(*evaluated, rtol=1e-5)
        np.testing.assert_allclose(*predicted, atol=1e-5)
        results.append(evaluated[0])
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], rtol=LOSSES_AGREE)


def test_looking_inside_with_the_models_engine() -> None:
    x, _ = patterns(5)
    model = lenet5()
    last = model.layers[-1].name
    values, gradient = model.read(x), model.gradient(x, of=last)
    model.compile(engine=TORCH)
    assert model.engine is engines.get(TORCH)
    for name, array in model.read(x).items():
        np.testing.assert_allclose(array, values[name], atol=1e-5, err_msg=name)
    np.testing.assert_allclose(model.gradient(x, of=last), gradient, atol=1e-6)
    np.testing.assert_allclose(model(x), values[last], atol=1e-5)


def test_files_know_no_engine(tmp_path: Path) -> None:
    model, _, _ = trained(lenet5, OPTIMIZERS["adam"], TORCH)
    model.save(tmp_path / "model.keras")
    again = striate.models.load_model(tmp_path / "model.keras")
    assert again.engine is engines.get("native")
    for here, there in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(here, there)
    x, y = patterns(60)
    np.testing.assert_allclose(again.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-5)


def test_callbacks_see_the_weights_of_their_step() -> None:
    """After each batch, NumPy's memory holds what training has made of the parameters, whatever the engine."""

    class Watch(Steps):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.logs.append({"weight": float(self.model.get_weights()[-1][0])})

    seen = []
    for engine in ("native", TORCH):
        striate.utils.set_random_seed(3)
        model, watch = lenet5(), Watch()
        model.compile("sgd", "sparse_categorical_crossentropy", engine=engine)
        model.fit(*patterns(90), epochs=1, verbose=0, callbacks=[watch])
        seen.append([logs["weight"] for logs in watch.logs])
        assert seen[-1][-1] == model.get_weights()[-1][0]
    assert len(set(seen[0])) == 3
    np.testing.assert_allclose(*seen, rtol=1e-4, atol=1e-6)


def test_a_loss_that_is_not_finite(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = data(60)
    said, kept = [], []
    for engine in ("native", TORCH):
        striate.utils.set_random_seed(1)
        model = small(striate)
        model.compile(optimizers.SGD(1e30), "mse", engine=engine)
        history = model.fit(x, np.eye(5, dtype=np.float32)[y] * 1e30, batch_size=20, epochs=3, verbose=0).history
        said.append(re.sub(r"\s+", " ", capsys.readouterr().err))
        kept.append(model.get_weights())
        assert len(history["loss"]) == 1
    assert "the loss is not finite" in said[0]
    assert said[0] == said[1]
    for here, there in zip(*kept, strict=True):
        assert np.isfinite(there).all()
        np.testing.assert_allclose(here, there, rtol=1e-5)


def test_a_choice_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = data(20)
    model = small(striate)
    model.compile("adam", "sparse_categorical_crossentropy", engine=TORCH)
    optimizer, weights = model.optimizer, model.get_weights()
    for call in (
        lambda: model.compile("sgd", "mse", engine="torch:cuda:99"),
        lambda: model.fit(x, y, engine="torch:cuda:99"),
        lambda: model.evaluate(x, y, engine="torch:cuda:99"),
        lambda: model.predict(x, engine="cuda"),
    ):
        with pytest.raises(StriateError):
            call()
    assert model.optimizer is optimizer
    assert model.engine is engines.get(TORCH)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)

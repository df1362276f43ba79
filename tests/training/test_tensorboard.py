"""The TensorBoard callback: TensorBoard's own reader finds what Keras 3 would have written."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate.callbacks import TensorBoard
from striate.errors import StriateError, UnavailableError
from striate.training.callbacks.tensorboard import kernel_images, named_weights
from training.networks import data, small

X, Y = data(48)
Found = dict[str, dict[int, Any]]


def read(folder: Path) -> Found:
    """What TensorBoard reads from a run: for each tag the values by step."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util.tensor_util import make_ndarray

    found: Found = {}
    for file in sorted(folder.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = make_ndarray(value.tensor)
    return found


def fit(callback: TensorBoard, model: Any = None, **arguments: Any) -> Any:
    model = model or small(striate)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, **{"epochs": 3, "batch_size": 12, "verbose": 0, "callbacks": [callback], **arguments})
    return model


def test_epochs(tmp_path: Path) -> None:
    model = fit(TensorBoard(tmp_path / "logs"), validation_split=0.25)
    history = model.history.history
    train, validation = read(tmp_path / "logs" / "train"), read(tmp_path / "logs" / "validation")
    assert set(train) == {"keras", "epoch_accuracy", "epoch_loss", "epoch_learning_rate"}
    assert json.loads(train["keras"][0].item())["class_name"] == "Sequential"
    for name in ("accuracy", "loss"):
        np.testing.assert_allclose(list(train[f"epoch_{name}"].values()), history[name], rtol=1e-6)
        np.testing.assert_allclose(list(validation[f"epoch_{name}"].values()), history[f"val_{name}"], rtol=1e-6)
        evaluated = validation[f"evaluation_{name}_vs_iterations"]
        assert list(evaluated) == [3, 6, 9]
        np.testing.assert_allclose(list(evaluated.values()), history[f"val_{name}"], rtol=1e-6)
    assert list(train["epoch_loss"]) == [0, 1, 2]
    assert train["epoch_learning_rate"][2] == np.float32(0.001)


def test_batches(tmp_path: Path) -> None:
    seen: list[float] = []
    note = striate.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    every = TensorBoard(tmp_path / "each", update_freq="batch", write_steps_per_second=True, write_graph=False)
    fit(every, epochs=2, callbacks=[every, TensorBoard(tmp_path / "two", update_freq=2), note])
    each, two = read(tmp_path / "each" / "train"), read(tmp_path / "two" / "train")
    assert list(each["batch_loss"]) == list(range(1, 9))
    np.testing.assert_allclose(list(each["batch_loss"].values()), seen, rtol=1e-6)
    assert {step: each["batch_loss"][step] for step in (2, 4, 6, 8)} == two["batch_loss"]
    assert list(each["batch_steps_per_second"]) == list(range(1, 9))
    assert list(each["epoch_steps_per_second"]) == [0, 1]
    assert "batch_steps_per_second" not in two
    assert "keras" not in each


def test_weights(tmp_path: Path) -> None:
    model = fit(TensorBoard(tmp_path, histogram_freq=2, write_images=True))
    train = read(tmp_path / "train")
    kernel = f"{model.name}/{model.layers[0].name}/kernel"
    assert [tag for tag in train if tag.startswith(kernel)] == [f"{kernel}/histogram", f"{kernel}/image"]
    assert list(train[f"{kernel}/histogram"]) == [0, 2]
    low, high, counts = train[f"{kernel}/histogram"][2].T
    weights = model.layers[0].kernel.numpy()
    assert counts.sum() == weights.size
    assert np.isclose(low[0], weights.min())
    assert np.isclose(high[-1], weights.max())
    np.testing.assert_array_equal(counts, np.histogram(weights.astype(np.float64), 30)[0])
    columns, rows, *images = train[f"{kernel}/image"][2]
    assert (columns, rows, len(images)) == (b"3", b"3", 3)
    from io import BytesIO

    from PIL import Image

    shown = np.asarray(Image.open(BytesIO(images[1])))
    np.testing.assert_array_equal(shown, (np.clip(weights[:, :, 0, 1], 0, 1) * 255.5).astype(np.uint8))


def test_weights_that_are_all_the_same(tmp_path: Path) -> None:
    model = small(striate)
    for layer in model.layers:
        layer.trainable = False
    fit(TensorBoard(tmp_path, histogram_freq=1), model, epochs=1)
    bias = read(tmp_path / "train")[f"{model.name}/{model.layers[0].name}/bias/histogram"][0]
    assert bias[:, 2].tolist() == [0] * 29 + [4]
    assert not bias[:, :2].any()


@pytest.mark.parametrize(
    ("shape", "images"),
    [
        ((5,), (1, 5, 1, 1)), ((7, 4), (1, 4, 7, 1)), ((4, 7), (1, 4, 7, 1)), ((3, 3, 1, 8), (8, 3, 3, 1)),
        ((3, 5, 8, 1), (8, 3, 5, 1)), ((3, 3, 8, 3), (3, 3, 8, 3)), ((3, 3, 8, 16), None), ((3, 3, 3, 2, 2), None),
    ],
)  # fmt: skip
def test_shapes_of_images_are_keras(shape: tuple[int, ...], images: tuple[int, ...] | None) -> None:
    made = kernel_images(np.zeros(shape, np.float32))
    assert (None if made is None else made.shape) == images


def test_names_of_weights_are_keras(keras: Any) -> None:
    for make in (_nested, small):
        theirs, ours = make(keras), make(striate)
        expected = [weight.path for layer in theirs.layers for weight in layer.weights]
        assert [name for name, _ in named_weights(ours)] == expected


def _nested(library: Any) -> Any:
    image = library.Input((8, 8, 1))
    inner = library.Sequential([library.Input((8, 8, 1)), library.layers.Conv2D(2, 3, name="c")], name="inner")
    hidden = library.layers.Flatten()(inner(image))
    return library.Model(image, library.layers.Dense(3, name="d")(hidden))


def test_tensorboard_draws_the_network(tmp_path: Path) -> None:
    from tensorboard.plugins.graph.keras_util import keras_model_to_graph_def

    model = fit(TensorBoard(tmp_path), epochs=1)
    graph = keras_model_to_graph_def(json.loads(read(tmp_path / "train")["keras"][0].item()))
    names = [node.name for node in graph.node]
    assert [f"{model.name}/{layer.name}" for layer in model.layers] == names[1:]


def test_evaluate_and_a_second_fit_write_files_of_their_own(tmp_path: Path) -> None:
    callback = TensorBoard(tmp_path)
    model = fit(callback, epochs=1)
    loss = model.evaluate(X, Y, verbose=0, callbacks=[callback])[0]
    assert read(tmp_path / "validation")["evaluation_loss_vs_iterations"] == {4: np.float32(loss)}
    model.fit(X, Y, epochs=2, initial_epoch=1, verbose=0, callbacks=[callback])
    assert list(read(tmp_path / "train")["epoch_loss"]) == [0, 1]
    assert len(os.listdir(tmp_path / "train")) == 2


def test_metrics_of_several_values_have_a_tag_each(tmp_path: Path) -> None:
    model = small(striate)
    labels = np.eye(5, dtype=np.float32)[Y]
    model.compile("sgd", "categorical_crossentropy", metrics=[striate.metrics.F1Score(name="f1")])
    model.fit(X, labels, verbose=0, callbacks=[TensorBoard(tmp_path)])
    train = read(tmp_path / "train")
    assert [train[f"epoch_f1/{i}"][0] for i in range(5)] == model.history.history["f1"][0].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile_batch": 2}, "profile_batch is without effect: nothing is profiled"),
        ({"profile_batch": "10,20"}, "nothing is profiled"),
        ({"embeddings_freq": 1}, "embeddings are not projected"),
        ({"write_grads": True}, "no histograms of gradients"),
    ],
)
def test_what_is_without_effect_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.warns(UserWarning, match=message) as told:
        TensorBoard("logs", **options)
    assert len(told) == 1
    assert told[0].filename == __file__


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"update_freq": "never"}, "got update_freq='never', expected \"epoch\", \"batch\""),
        ({"update_freq": 0}, "got update_freq=0"), ({"histogram_freq": -1}, "histogram_freq=-1"),
    ],
)  # fmt: skip
def test_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StriateError, match=message):
        TensorBoard("logs", **options)


def test_nothing_is_made_before_the_training(tmp_path: Path) -> None:
    TensorBoard(tmp_path / "logs", profile_batch=0, batch_size=32)
    assert not (tmp_path / "logs").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(StriateError, match="cannot write there"):
        fit(TensorBoard(tmp_path / "file"))


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.record_writer", None)
    with pytest.raises(UnavailableError, match=r'pip install "striate\[tensorboard\]"'):
        TensorBoard("logs")

"""Functional models in .h5 files, in both directions with Keras; losses by output in both kinds of files."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import striate
from formats.test_functional_files import V, X, agree, network, randomised
from striate.models import load_model


def test_models_in_models(keras: ModuleType, tmp_path: Path) -> None:
    ours = randomised(network(striate))
    ours.save(tmp_path / "ours.h5")
    agree(keras.models.load_model(tmp_path / "ours.h5"), ours)
    again = load_model(tmp_path / "ours.h5")
    agree(again, ours)
    assert [layer.name for layer in again.leaves()] == [layer.name for layer in ours.leaves()]
    theirs = randomised(network(keras))
    theirs.save(tmp_path / "theirs.h5")
    agree(load_model(tmp_path / "theirs.h5"), theirs)


def test_the_words_are_those_of_keras_2(tmp_path: Path) -> None:
    """Calls as lists, inner Sequentials without an input, no arguments that Keras 2 lacks. A real Keras 2 is asked by
    keras2_interop.py."""
    lib = striate.layers
    x = striate.Input((8, 8, 2), name="x")
    inner = striate.Sequential([striate.Input((8, 8, 2)), lib.LeakyReLU(name="leaky")], name="i")
    h = lib.Dropout(0.5, name="drop")(lib.Add(name="add")([inner(x), x]), training=True)
    model = striate.Model(x, lib.LayerNormalization(name="norm")(h))
    model.compile("adam", "mse")
    model.save(tmp_path / "m.h5")
    import h5py

    with h5py.File(tmp_path / "m.h5") as file:
        config = json.loads(file.attrs["model_config"])["config"]
        training = json.loads(file.attrs["training_config"])
    layers = {layer["name"]: layer for layer in config["layers"]}
    assert layers["x"]["config"]["batch_input_shape"] == [None, 8, 8, 2]
    assert layers["add"]["inbound_nodes"] == [[["i", 0, 0, {}], ["x", 0, 0, {}]]]
    assert layers["drop"]["inbound_nodes"] == [[["add", 0, 0, {"training": True}]]]
    assert [layer["class_name"] for layer in layers["i"]["config"]["layers"]] == ["LeakyReLU"]
    assert layers["i"]["config"]["layers"][0]["config"]["alpha"] == pytest.approx(0.3)
    assert "rms_scaling" not in layers["norm"]["config"]
    allowed = {"name", "learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad"}
    assert set(training["optimizer_config"]["config"]) == allowed


def form(api: Any, name: str) -> Any:
    lib = api.layers
    if name == "dictionaries":
        a, b = api.Input((3,), name="a"), api.Input((3,), name="b")
        return api.Model({"a": a, "b": b}, {"s": lib.Add()([a, b]), "d": lib.Dense(2)(b)})
    if name == "open sizes":
        x = api.Input((None, None, 2))
        return api.Model(x, lib.GlobalAveragePooling2D()(lib.Conv2D(3, 3)(x)))
    first = api.Sequential([api.Input((8, 8, 2)), lib.Conv2D(2, 3)])
    return api.Sequential([first, lib.Flatten(), api.Sequential([lib.Dense(2)])])


@pytest.mark.parametrize("name", ["dictionaries", "open sizes", "sequential of models"])
def test_other_forms(name: str, keras: ModuleType, tmp_path: Path) -> None:
    data = {"a": V, "b": V} if name == "dictionaries" else X
    for api, load in ((striate, keras.models.load_model), (keras, load_model)):
        model = form(api, name)
        expected = model.predict(data, verbose=0)
        model.save(tmp_path / "m.h5")
        found = load(tmp_path / "m.h5").predict(data, verbose=0)
        for key in expected if isinstance(expected, dict) else [slice(None)]:
            np.testing.assert_allclose(found[key], expected[key], atol=1e-5)


def two_headed(api: Any, keys: bool) -> Any:
    x = api.Input((8, 8, 2), name="x")
    h = api.layers.Flatten()(api.layers.Conv2D(3, 3, activation="relu")(x))
    p = api.layers.Dense(3, activation="softmax", name="p")(h)
    q = api.layers.Dense(2, name="q")(h)
    return api.Model(x, {"p": p, "q": q} if keys else [p, q])


def compilations(api: Any) -> dict[str, dict[str, Any]]:
    """Keras itself does not save a Huber's delta, so it stays at its default."""
    losses, metrics = api.losses, api.metrics
    return {
        "list": {"loss": ["sparse_categorical_crossentropy", "mse"]},
        "list of objects": {
            "loss": [losses.SparseCategoricalCrossentropy(), losses.Huber()], "loss_weights": [1, 0.3],
            "metrics": [["accuracy"], ["mean_absolute_error", metrics.MeanSquaredError(name="m")]],
        },
        "dictionary": {
            "loss": {"p": "sparse_categorical_crossentropy", "q": "MAE"}, "loss_weights": {"p": 1.0, "q": 0.5},
            "metrics": {"p": "accuracy", "q": ["mean_squared_error"]},
        },
        "dictionary of objects": {
            "loss": {"p": losses.SparseCategoricalCrossentropy(), "q": losses.LogCosh()},
            "metrics": {"q": [metrics.MeanAbsoluteError(name="m")]}, "weighted_metrics": {"p": ["accuracy"]},
        },
    }  # fmt: skip


LABELS = [np.arange(5) % 3, np.ones((5, 2), np.float32)]


@pytest.mark.parametrize("kind", ["list", "list of objects", "dictionary", "dictionary of objects"])
@pytest.mark.parametrize("keys", [False, True])
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_losses_by_output(ending: str, keys: bool, kind: str, keras: ModuleType, tmp_path: Path) -> None:
    if keys and kind.startswith("list"):
        pytest.skip("outputs in a dictionary have their losses in one")
    labels = dict(zip("pq", LABELS, strict=True)) if keys else LABELS
    path = tmp_path / f"m.{ending}"
    for api, loads in ((striate, (load_model, keras.models.load_model)), (keras, (load_model,))):
        model = two_headed(api, keys)
        model.compile(api.optimizers.SGD(0.01, momentum=0.9), **compilations(api)[kind])
        model.train_on_batch(X, labels)
        model.save(path)
        expected = model.evaluate(X, labels, verbose=0, return_dict=True)
        for load in loads:
            found = load(path).evaluate(X, labels, verbose=0, return_dict=True)
            assert set(found) == set(expected)
            for name, value in expected.items():
                np.testing.assert_allclose(found[name], value, rtol=1e-4)
        again = load_model(path)  # with the optimizer's state: the next steps are the same
        for _ in range(3):
            losses = [np.ravel(one.train_on_batch(X, labels))[0] for one in (again, model)]
            np.testing.assert_allclose(*losses, rtol=1e-4)

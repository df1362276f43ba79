"""Functional models in .keras files: in both directions with Keras, and configurations that nobody vouches for."""

from __future__ import annotations

import copy
import json
import time
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import striate
from striate.errors import ModelFileError
from striate.models import clone_model, load_model, model_from_json

RNG = np.random.default_rng(7)
X = RNG.random((5, 8, 8, 2), dtype=np.float32)
V = RNG.random((5, 3), dtype=np.float32)


def network(api: Any) -> Any:
    """Two inputs, two outputs, a shared layer, a model in a model in the model, an inner model held in inference."""
    lib = api.layers
    image, vector = api.Input((8, 8, 2), name="image"), api.Input((3,), name="vector")
    deepest = api.Sequential([api.Input((6, 6, 3)), lib.Conv2D(4, 3, activation="relu"), lib.Flatten()], name="deep")
    x = api.Input((8, 8, 2))
    base = api.Model(x, deepest(lib.BatchNormalization()(lib.Conv2D(3, 3)(x))), name="base")
    h = base(image, training=False)
    shared = lib.Dense(3, name="shared")
    a = shared(vector)
    b = shared(lib.Add()([a, vector]))
    two = api.Model(v := api.Input((3,)), [lib.Dense(2, name="p")(v), lib.Dense(4, name="q")(v)], name="two")
    p, q = two(b)
    joined = lib.Concatenate(name="joined")([h, p, q])
    return api.Model([image, vector], [lib.Dense(2, name="out")(joined), q], name="whole")


def agree(one: Any, other: Any) -> None:
    for left, right in zip(one.predict([X, V], verbose=0), other.predict([X, V], verbose=0), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-5)


def randomised(model: Any) -> Any:
    model.set_weights([RNG.random(w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def test_ours_in_keras_and_back(keras: ModuleType, tmp_path: Path) -> None:
    ours = randomised(network(striate))
    ours.compile("adam", ["mse", "mse"], metrics=[["mae"], None])
    ours.fit([X, V], [np.ones((5, 2)), np.ones((5, 4))], verbose=0)
    ours.save(tmp_path / "a.keras")
    theirs = keras.models.load_model(tmp_path / "a.keras")
    agree(theirs, ours)
    theirs.save(tmp_path / "b.keras")
    again = load_model(tmp_path / "b.keras")
    agree(again, ours)
    assert [layer.name for layer in again.layers] == [layer.name for layer in ours.layers]
    assert [w.name for w in again.weights] == [w.name for w in ours.weights]
    assert again.optimizer.iterations == ours.optimizer.iterations


def test_keras_s_in_ours(keras: ModuleType, tmp_path: Path) -> None:
    theirs = randomised(network(keras))
    theirs.save(tmp_path / "a.keras")
    theirs.save_weights(tmp_path / "a.weights.h5")
    agree(load_model(tmp_path / "a.keras"), theirs)
    ours = network(striate)
    ours.load_weights(tmp_path / "a.weights.h5")
    agree(ours, theirs)
    ours.save_weights(tmp_path / "b.weights.h5")
    other = randomised(network(keras))
    other.load_weights(tmp_path / "b.weights.h5")
    agree(other, theirs)


@pytest.mark.parametrize("form", ["dictionaries", "sequential of models", "open sizes"])
def test_other_forms(form: str, keras: ModuleType, tmp_path: Path) -> None:
    def make(api: Any) -> Any:
        lib = api.layers
        if form == "dictionaries":
            a, b = api.Input((3,), name="a"), api.Input((3,), name="b")
            return api.Model({"a": a, "b": b}, {"s": lib.Add()([a, b]), "d": lib.Dense(2)(b)})
        if form == "open sizes":
            x = api.Input((None, None, 2))
            return api.Model(x, lib.GlobalAveragePooling2D()(lib.Conv2D(3, 3)(x)))
        first = api.Sequential([api.Input((8, 8, 2)), lib.Conv2D(2, 3)])
        return api.Sequential([first, lib.Flatten(), api.Sequential([lib.Dense(2)])])

    data = {"a": V, "b": V} if form == "dictionaries" else X
    ours, theirs = make(striate), make(keras)
    ours.predict(data, verbose=0)
    theirs.predict(data, verbose=0)
    for model, load in ((ours, keras.models.load_model), (theirs, load_model)):
        model.save(tmp_path / "m.keras")
        expected, found = model.predict(data, verbose=0), load(tmp_path / "m.keras").predict(data, verbose=0)
        for key in expected if isinstance(expected, dict) else [slice(None)]:
            np.testing.assert_allclose(found[key], expected[key], atol=1e-5)


def test_json_and_clones() -> None:
    model = randomised(network(striate))
    for other in (model_from_json(model.to_json()), clone_model(model)):
        assert other.get_config() == model.get_config()
        assert not set(map(id, other.weights)) & set(map(id, model.weights))
        other.set_weights(model.get_weights())
        agree(other, model)


def test_a_file_of_another_network_changes_nothing(tmp_path: Path) -> None:
    model = randomised(network(striate))
    model.save_weights(tmp_path / "a.weights.h5")
    x = striate.Input((3,))
    other = striate.Model(x, striate.layers.Dense(2)(x))
    before = other.get_weights()
    with pytest.raises(ModelFileError, match="layer dense"):
        other.load_weights(tmp_path / "a.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))


def layer(form: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in form["config"]["layers"] if one["name"] == name)


def history(form: dict[str, Any], name: str, value: Any) -> None:
    layer(form, name)["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = value


def nested(form: dict[str, Any]) -> None:
    for _ in range(30):
        inner = copy.deepcopy(form)
        inner.update(name="inner", inbound_nodes=[])
        form["config"] = {"name": "m", "layers": [inner], "input_layers": [], "output_layers": []}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda form: history(form, "out", ["out", 0, 0]), "'out' wait for each other.*cycle"),
        (lambda form: history(form, "out", ["nobody", 0, 0]), "'out' wait for each other"),
        (lambda form: history(form, "out", ["joined", 7, 0]), "'out' wait for each other"),
        (lambda form: history(form, "out", ["joined", 0, 9]), "there is no tensor"),
        (lambda form: history(form, "out", ["joined", -1, 0]), "a layer's name and two numbers"),
        (lambda form: history(form, "out", ["joined", 10**15, 0]), "wait for each other"),
        (lambda form: history(form, "out", None), "a layer's name and two numbers"),
        (lambda form: layer(form, "out").update(inbound_nodes=[5]), "expected a call"),
        (lambda form: layer(form, "out").update(inbound_nodes="x"), "expected a list"),
        (lambda form: layer(form, "out")["inbound_nodes"][0].update(kwargs={"training": 3}), "only training is"),
        (lambda form: layer(form, "out")["inbound_nodes"][0].update(args=["x"]), "expected tensors"),
        (lambda form: layer(form, "image")["inbound_nodes"].append({"args": [], "kwargs": {}}), "stands for images"),
        (lambda form: form["config"]["layers"].append(layer(form, "out")), "two layers are called 'out'"),
        (lambda form: form["config"].update(layers=None), "without a list of layers"),
        (lambda form: form["config"].update(layers=[{}] * 10_001), "10001 layers"),
        (lambda form: form["config"].update(input_layers=[["image", 0, 0]]), "needs the input 'vector'"),
        (lambda form: form["config"].update(output_layers=[["two", 3, 1]]), "there is no tensor"),
        (lambda form: form["config"].update(output_layers=7), "output_layers: got 7"),
        (lambda form: layer(form, "base").update(module="os"), "Functional of os"),
        (lambda form: layer(form, "base")["config"].update(name=3), "expected a string"),
        (nested, "more than 20 deep"),
    ],
)
def test_hostile_configurations(change: Any, message: str) -> None:
    form = json.loads(network(striate).to_json())
    change(form)
    start = time.monotonic()
    with pytest.raises(ModelFileError, match=message):
        model_from_json(json.dumps(form))
    assert time.monotonic() - start < 5


def test_a_declared_network_of_terabytes_takes_no_memory(tmp_path: Path) -> None:
    model = network(striate)
    model.save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    form = json.loads(members["config.json"])
    layer(form, "out")["config"]["units"] = 10**10
    members["config.json"] = json.dumps(form).encode()
    with zipfile.ZipFile(tmp_path / "b.keras", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(ModelFileError, match=r"layer out: its kernel has shape .*10000000000"):
        load_model(tmp_path / "b.keras")


def test_parts_of_enormous_images_are_not_listed() -> None:
    x = striate.Input((6, 4), name="x")
    form = json.loads(striate.Model(x, x[:, ::-1]).to_json())
    layer(form, "x")["config"]["batch_shape"] = [None, 10**12, 4]
    with pytest.raises(ModelFileError, match=r"cannot choose 10{12} numbers"):
        model_from_json(json.dumps(form))


def called_ten_times(levels: int) -> dict[str, Any]:
    """Models in models, each of which calls the one in it ten times: 10 ** levels calls in some kilobytes."""
    x = striate.Input((2,), name="x")
    inner, y = striate.layers.ReLU(name="inner"), x
    for _ in range(10):
        y = inner(y)
    shell = json.loads(striate.Model(x, y, name="inner").to_json())
    form = shell
    for _ in range(levels - 1):
        around = copy.deepcopy(shell)
        place = {key: form[key] for key in ("module", "class_name", "config", "registered_name")}
        layer(around, "inner").update(place)
        around["config"]["output_layers"] = [["inner", 10, 0]]  # an inner model's calls are counted from 1 here
        form = around
    return form


def test_models_that_call_each_other_many_times_are_bounded() -> None:
    assert model_from_json(json.dumps(called_ten_times(3))).predict(np.ones((1, 2)), verbose=0).tolist() == [[1, 1]]
    start = time.monotonic()
    with pytest.raises(ModelFileError, match=r"called 1\d{5} times, expected at most 50,000"):
        model_from_json(json.dumps(called_ten_times(12)))
    assert time.monotonic() - start < 20

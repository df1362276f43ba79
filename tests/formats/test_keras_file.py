"""Saving and loading without Keras: a file that Keras made, round trips, hostile files, full disks."""

import copy
import io
import json
import resource
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import striate
from formats import networks
from formats.make_fixture import images
from striate.errors import ModelFileError
from striate.formats import keras_config
from striate.formats.keras_config import make_model
from striate.models import load_model

FIXTURE = Path(__file__).parent / "data" / "keras.keras"
MEMBERS = ["metadata.json", "config.json", "model.weights.h5"]


def test_a_file_made_by_keras():
    """Expected numbers: the output of make_fixture.py."""
    model = load_model(FIXTURE)
    assert model.name == "fixture"
    assert [layer.name for layer in model.layers] == [
        "rescaling", "zero_padding2d", "conv2d", "batch_normalization", "leaky_re_lu", "max_pooling2d", "named",
        "average_pooling2d", "flatten", "dropout", "dense",
    ]  # fmt: skip
    expected = [
        [0.327256, 0.369011, 0.303733], [0.315189, 0.368959, 0.315852],
        [0.308613, 0.369542, 0.321845], [0.308302, 0.390732, 0.300966],
    ]  # fmt: skip
    np.testing.assert_allclose(model.predict(images(), verbose=0), expected, atol=2e-6)
    np.testing.assert_allclose(model.evaluate(images(), np.array([0, 1, 2, 1]), verbose=0), [1.0488029, 0.5], rtol=1e-6)
    assert model.optimizer.iterations == 5
    assert model.optimizer.learning_rate == pytest.approx(0.01 * 0.9**0.5)
    assert all(np.any(slot) for slot in model.optimizer.variables[1:])


def test_a_file_made_by_keras_without_its_compilation():
    model = load_model(FIXTURE, compile=False)
    assert not model.compiled
    assert model.predict(images(), verbose=0).shape == (4, 3)


@pytest.mark.parametrize("name", networks.NAMES)
def test_every_layer_comes_back(name, tmp_path):
    model = networks.make(striate, name)
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in model.layers]
    for before, after in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)
    x = networks.images()
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def compiled(optimizer="adam"):
    model = networks.classifier(striate)
    model.compile(networks.optimizers(striate)[optimizer], "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, steps):
    x, y = networks.examples()
    return [model.train_on_batch(x, y)[0] for _ in range(steps)]


@pytest.mark.parametrize("optimizer", networks.OPTIMIZERS)
def test_training_goes_on_as_if_never_saved(optimizer, tmp_path):
    model = compiled(optimizer)
    train(model, 3)
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    if optimizer == "nadam":  # Keras keeps the product of the momentum schedule in float32
        np.testing.assert_allclose(train(again, 4), train(model, 4), rtol=1e-5)
    else:
        assert train(again, 4) == train(model, 4)


def test_the_layout(tmp_path):
    model = compiled()
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == MEMBERS
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        metadata = json.loads(archive.read("metadata.json"))
        weights = io.BytesIO(archive.read("model.weights.h5"))
    assert metadata["striate_version"] == striate.__version__
    assert metadata["keras_version"].startswith("3.")
    with h5py.File(weights) as file:
        assert sorted(file) == ["layers", "optimizer", "vars"]
        assert sorted(file["layers"]) == ["batch_normalization", "conv2d", "dense", "flatten"]
        assert file["layers/conv2d/vars/0"].shape == (3, 3, 1, 3)
        assert file["layers/dense/vars"].attrs["name"] == model.layers[-1].name


def test_equal_networks_give_equal_bytes(tmp_path):
    model = compiled()
    model.save(tmp_path / "1.keras")
    model.save(tmp_path / "2.keras")
    with zipfile.ZipFile(tmp_path / "1.keras") as one, zipfile.ZipFile(tmp_path / "2.keras") as two:
        for member in MEMBERS[1:]:
            assert one.read(member) == two.read(member)


def test_a_model_that_is_not_built_yet(tmp_path):
    model = striate.Sequential([striate.layers.Flatten(), striate.layers.Dense(3)])
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    assert not again.built
    assert again.predict(np.zeros((2, 3, 3), dtype=np.float32), verbose=0).shape == (2, 3)


def test_a_frozen_model_stays_frozen(tmp_path):
    model = networks.classifier(striate)
    model.trainable = False
    model.save(tmp_path / "m.keras")
    assert load_model(tmp_path / "m.keras").trainable_weights == []


def test_large_networks_go_through_a_file(tmp_path, monkeypatch):
    from striate.formats import archive, keras_file

    monkeypatch.setattr(archive, "_IN_MEMORY", 1000)
    monkeypatch.setattr(keras_file, "_IN_MEMORY", 1000)
    model = compiled()
    model.save(tmp_path / "m.keras")
    for before, after in zip(model.get_weights(), load_model(tmp_path / "m.keras").get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)
    assert [path.name for path in tmp_path.iterdir()] == ["m.keras"]


# Names and folders


def test_names_must_say_what_the_file_is(tmp_path):
    with pytest.raises(ModelFileError, match=r'ends in "\.keras"'):
        compiled().save(tmp_path / "m.npz")
    with pytest.raises(ModelFileError, match=r'ends in "\.weights\.h5" or "\.h5"'):
        compiled().save_weights(tmp_path / "m.npz")


def test_overwrite_false_keeps_the_file(tmp_path):
    (tmp_path / "m.keras").write_bytes(b"old")
    with pytest.raises(ModelFileError, match="exists already"):
        compiled().save(tmp_path / "m.keras", overwrite=False)
    assert (tmp_path / "m.keras").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["missing.keras", "."])
def test_what_cannot_be_read_is_named(name, tmp_path):
    with pytest.raises(ModelFileError, match="cannot be read"):
        load_model(tmp_path / name)


def test_classes_of_your_own_are_refused_before_writing(tmp_path):
    class Mine(striate.layers.Flatten):
        pass

    model = striate.Sequential([striate.Input((2, 2, 1)), Mine(name="mine")])
    with pytest.raises(ModelFileError, match=r"layer mine: Mine is not a class of striate\.layers.*save_weights"):
        model.save(tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", ["save", "save_weights"])
def test_a_full_disk_leaves_the_old_file(method, tmp_path):
    """The system refuses to let a file grow beyond a limit, as it does when a disk is full."""
    path = tmp_path / ("m.keras" if method == "save" else "m.weights.h5")
    model = compiled()
    getattr(model, method)(path)
    old = path.read_bytes()
    train(model, 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) // 2, before[1]))
        with pytest.raises(ModelFileError, match=r"could not be saved: .*; the old file is unchanged"):
            getattr(model, method)(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == old
    assert [path.name for path in tmp_path.iterdir()] == [path.name]
    getattr(model, method)(path)
    assert path.read_bytes() != old


# Weights alone


def test_weights_alone(tmp_path):
    model, other = compiled(), compiled()
    train(model, 2)
    model.save_weights(tmp_path / "m.weights.h5")
    model.save(tmp_path / "m.keras")
    for name in ("m.weights.h5", "m.keras"):
        other.load_weights(tmp_path / name)
        for before, after in zip(model.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(after, before)
    assert train(other, 2) == train(model, 2)


def test_weights_that_do_not_fit_change_nothing(tmp_path):
    networks.classifier(striate, classes=4).save_weights(tmp_path / "m.weights.h5")
    model = compiled()
    train(model, 1)
    before = [*model.get_weights(), *model.optimizer.variables]
    message = r"layer head: its kernel has shape \(48, 4\) in the file and \(48, 3\) in the model.*Nothing was changed"
    with pytest.raises(ModelFileError, match=message):
        model.load_weights(tmp_path / "m.weights.h5")
    for old, new in zip(before, [*model.get_weights(), *model.optimizer.variables], strict=True):
        np.testing.assert_array_equal(new, old)


def test_weights_of_fewer_layers_are_refused(tmp_path):
    striate.Sequential([striate.Input((6, 6, 1)), striate.layers.Conv2D(3, 3)]).save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ModelFileError, match="layer norm: the file has 0 arrays"):
        compiled().load_weights(tmp_path / "m.weights.h5")


def test_the_state_of_another_optimizer_is_left_out_with_a_warning(tmp_path):
    model, other = compiled("adam"), compiled("momentum")
    train(model, 2)
    model.save_weights(tmp_path / "m.weights.h5")
    with pytest.warns(UserWarning, match="the optimizer's state .* does not fit SGD"):
        other.load_weights(tmp_path / "m.weights.h5")
    assert other.optimizer.iterations == 0
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_models_without_weights_are_refused(tmp_path):
    model = striate.Sequential([striate.layers.Dense(2)])
    with pytest.raises(ModelFileError, match="not built"):
        model.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ModelFileError, match="not built"):
        model.load_weights(tmp_path / "m.weights.h5")


# Hostile files


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The members of an honest file."""
    path = tmp_path_factory.mktemp("honest") / "m.keras"
    model = networks.classifier(striate)
    model.compile(striate.optimizers.Adam(), striate.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        return {member: archive.read(member) for member in MEMBERS}


def packed(path, parts):
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in parts.items():
            archive.writestr(member, content)
    return path


def with_config(path, parts, change):
    config = json.loads(parts["config.json"])
    change(config)
    return packed(path, parts | {"config.json": json.dumps(config).encode()})


def layer(config, index):
    return config["config"]["layers"][index]


def set_in(index, key, value):
    return lambda config: layer(config, index)["config"].__setitem__(key, value)


FUNCTION = {"module": "builtins", "class_name": "function", "config": "os.system", "registered_name": "function"}
POPEN = {"module": "subprocess", "class_name": "Popen", "config": {}, "registered_name": None}
LAMBDA = {"class_name": "__lambda__", "config": {"value": "4wEAAAA"}}
RBF = {
    "module": "striate.layers", "class_name": "RBF", "config": {"name": "head", "units": 10**12},
    "registered_name": "RBF",
}  # fmt: skip
AUC = {"module": "keras.metrics", "class_name": "AUC", "config": {"name": "auc", "num_thresholds": 10**12}}


def repeated(config):
    """One number that a layer without weights repeats for every channel of an enormous image."""
    set_in(0, "batch_shape", [None, 6, 6, 10**12])(config)
    form = {"module": "keras.layers", "class_name": "Rescaling", "config": {"name": "twice", "scale": [2.0]}}
    config["config"]["layers"].insert(1, form)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_in(4, "units", 10**12), r"layer head: its kernel has shape \(48, 3\) in the file and \(48, 10{12}\)"),
        (set_in(1, "filters", 10**9), "layer conv: its kernel has shape"),
        (lambda config: layer(config, 4).update(RBF), "head: cannot choose 10{12} numbers"),
        (lambda config: layer(config, 4)["config"].update(units=10**12, activation="glu"), "glu: cannot choose"),
        (repeated, "repeat numbers 20{12} times"),
        (set_in(0, "batch_shape", [None, 10**9, 10**9, 1]), "head: its kernel has shape"),
        (set_in(0, "batch_shape", [None, 6, 6]), "conv: expected 2 spatial"),
        (set_in(0, "batch_shape", [None, *[1] * 100_000]), "of 100000 sizes, expected at most 31"),
        (set_in(0, "batch_shape", [None, None, 6, 1]), "head: cannot take images of any size"),
        (set_in(1, "kernel_size", [7, 7]), "does not fit"),
        (set_in(1, "kernel_size", [3] * 100_000), "kernel_size"),
        (set_in(1, "activation", FUNCTION), "os.system of builtins"),
        (set_in(1, "activation", LAMBDA), "__lambda__ holds code"),
        (set_in(1, "activation", "system"), "unknown activation"),
        (set_in(1, "data_format", "channels_first"), "conv: a 3x3 kernel does not fit a 6x1 input"),
        (set_in(1, "dtype", "float64"), "float64"),
        (set_in(1, "surprise", 1), "surprise"),
        (set_in(1, "kernel_initializer", POPEN), "Popen of subprocess"),
        (lambda config: layer(config, 1).update(class_name="Lambda"), "Lambda holds code"),
        (lambda config: layer(config, 1).update(module="os"), "Conv2D of os"),
        (lambda config: layer(config, 1).update(class_name="Conv9D"), "Striate has no such layer; did you mean"),
        (lambda config: layer(config, 1).update(class_name="Sequential"), "Sequential without a list of layers"),
        (lambda config: layer(config, 1).update(config=None), "no configuration"),
        (lambda config: config["config"]["layers"].insert(1, "Dense"), "layer 1 is not a serialized layer"),
        (lambda config: config["config"].update(layers=[{}] * 10_001), "10001 layers"),
        (lambda config: config["config"].update(layers=None), "without a list of layers"),
        (lambda config: config["config"]["layers"].append(layer(config, 1)), "conv"),
        (lambda config: config.update(class_name="Subclassed"), "class 'Subclassed'"),
        (lambda config: config["compile_config"].update(optimizer=LAMBDA), "__lambda__ holds code.*compile=False"),
        (lambda config: config["compile_config"].update(loss="os.system"), "unknown loss.*compile=False"),
        (lambda config: config["compile_config"].update(loss=FUNCTION), "os.system of builtins.*compile=False"),
        (lambda config: config["compile_config"].update(metrics=[AUC]), "num_thresholds=10{12}.*compile=False"),
        (lambda config: config.update(compile_config=[1]), "compile_config"),
    ],
)
def test_hostile_configurations(change, message, parts, tmp_path):
    start = time.monotonic()
    with pytest.raises(ModelFileError, match=message):
        load_model(with_config(tmp_path / "m.keras", parts, change))
    assert time.monotonic() - start < 2


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


ANYTHING = (None, -1, 0, 10**12, 1.5, True, "x", [], {}, [None], {"class_name": "x", "config": 1})


@pytest.mark.filterwarnings("ignore:.*the optimizer's state")
@pytest.mark.parametrize("replacement", ANYTHING, ids=repr)
def test_any_value_anywhere_is_an_error_of_ours_or_harmless(replacement, parts, tmp_path):
    """Also bounds memory: 10**12 of anything would not fit into this machine."""
    original = json.loads(parts["config.json"])
    loaded = 0
    for path in places(original):
        if not path:
            continue
        config = copy.deepcopy(original)
        target = config
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = replacement
        try:
            load_model(packed(tmp_path / "m.keras", parts | {"config.json": json.dumps(config).encode()}))
            loaded += 1
        except ModelFileError:
            pass
    assert loaded > 0


def with_weights(path, parts, change):
    buffer = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(buffer, "a") as file:
        change(file)
    return packed(path, parts | {"model.weights.h5": buffer.getvalue()})


def replace_with(place, value):
    def change(file):
        del file[place]
        if value is not None:
            file[place] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replace_with("layers/dense", None), "layer head: the file has 0 arrays"),
        (replace_with("layers/conv2d/vars/0", np.zeros((2, 2), dtype=np.float32)), r"layer conv: .*\(2, 2\) in the"),
        (replace_with("layers/conv2d/vars/0", h5py.ExternalLink("/etc/passwd", "x")), "link to another file"),
        (replace_with("layers/conv2d/vars/0", h5py.SoftLink("/layers/conv2d/vars/1")), "link to another place"),
        (replace_with("layers/conv2d/vars/0", "text"), "dtype object"),
        (replace_with("optimizer/vars/0", np.int64(-1)), "steps taken"),
        (replace_with("optimizer/vars/0", np.float32(1)), "steps taken"),
        (replace_with("optimizer/vars/1", np.float32(np.nan)), "learning rate"),
    ],
)
def test_hostile_weights(change, message, parts, tmp_path):
    with pytest.raises(ModelFileError, match=message):
        load_model(with_weights(tmp_path / "m.keras", parts, change))


def test_one_array_for_many_layers_is_refused_before_there_are_layers(tmp_path, monkeypatch):
    """Hard links cost a file nothing, but each layer that they fill takes memory of its own."""
    model = striate.Sequential([striate.Input((100,)), *(striate.layers.Dense(100) for _ in range(4))])
    model.save(tmp_path / "honest.keras")
    with zipfile.ZipFile(tmp_path / "honest.keras") as archive:
        parts = {member: archive.read(member) for member in MEMBERS}
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for i in range(4):
            group = file.create_group(f"layers/dense_{i}/vars" if i else "layers/dense/vars")
            group["0"] = file["layers/dense/vars/0"] if i else np.zeros((100, 100), np.float32)
            group["1"] = np.zeros(100, np.float32)
    made = []

    def counting(*arguments):
        made.append(make_model(*arguments))
        return made[-1]

    monkeypatch.setattr(keras_config, "make_model", counting)
    with pytest.raises(ModelFileError, match="claim more bytes than the file has"):
        load_model(packed(tmp_path / "m.keras", parts | {"model.weights.h5": buffer.getvalue()}))
    assert len(made) == 1  # its outline


@pytest.mark.parametrize("member", MEMBERS[1:])
def test_missing_and_empty_members(member, parts, tmp_path):
    rest = {name: content for name, content in parts.items() if name != member}
    with pytest.raises(ModelFileError, match=f"has no {member}"):
        load_model(packed(tmp_path / "m.keras", rest))
    with pytest.raises(ModelFileError):
        load_model(packed(tmp_path / "m.keras", parts | {member: b""}))


def test_metadata_does_not_matter(parts, tmp_path):
    rest = {name: content for name, content in parts.items() if name != "metadata.json"}
    assert load_model(packed(tmp_path / "m.keras", rest)).built


def test_an_enormous_configuration_is_refused(parts, tmp_path):
    with pytest.raises(ModelFileError, match="more than the"):
        load_model(packed(tmp_path / "m.keras", parts | {"config.json": b" " * (9 << 20)}))


def test_other_members_are_never_unpacked(parts, tmp_path):
    path = packed(tmp_path / "m.keras", parts | {"../escaped": b"x", "/tmp/escaped": b"x", "assets/x": b"x"})
    assert load_model(path).built
    assert [path.name for path in tmp_path.iterdir()] == ["m.keras"]
    assert not (tmp_path.parent / "escaped").exists()


def test_truncated_files(tmp_path):
    whole = FIXTURE.read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "m.keras").write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match=r"m\.keras"):
            load_model(tmp_path / "m.keras")


def test_foreign_files(tmp_path):
    (tmp_path / "m.keras").write_bytes(b"GIF89a" + bytes(1000))
    with pytest.raises(ModelFileError, match="foreign or truncated"):
        load_model(tmp_path / "m.keras")
    with pytest.raises(ModelFileError, match=r"has no config\.json"):
        load_model(packed(tmp_path / "m.keras", {"word/document.xml": b"<x/>"}))
    (tmp_path / "m.weights.h5").write_bytes(b"PK" + bytes(1000))
    with pytest.raises(ModelFileError, match="truncated or damaged"):
        compiled().load_weights(tmp_path / "m.weights.h5")

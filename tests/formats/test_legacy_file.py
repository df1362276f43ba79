"""Whole models in .h5 files: those that old versions of Keras wrote (make_legacy_fixtures.py), ours, and bad ones."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

import striate
from formats import networks
from layers.cases import CASES, label
from striate import layers
from striate.errors import ModelFileError, StriateError, UnavailableError
from striate.formats import keras_config
from striate.formats.keras_config import make_model
from striate.layers.former import updated
from striate.models import load_model
from striate.tensorflow.train import latest_checkpoint

DATA = Path(__file__).parent / "data"


def fixture(name):
    return DATA / f"{name}.h5", np.load(DATA / f"{name}.npz")


def train(model, x, y, steps=5):
    return [float(np.atleast_1d(model.train_on_batch(x, y))[0]) for _ in range(steps)]


@pytest.mark.parametrize("name", ["keras1_tf", "keras2_theano", "tf_keras", "tf_keras_functional", "tf_keras_last"])
def test_models_of_old_versions_predict_and_train_on(name):
    path, record = fixture(name)
    model = load_model(path)
    np.testing.assert_allclose(model.predict(record["x"], verbose=0), record["outputs"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(train(model, record["x"], record["y"]), record["losses"], rtol=1e-5)


def test_weights_in_theano_s_order_fit_a_network_with_channels_last():
    path, record = fixture("keras1_th")
    model = striate.Sequential(
        [
            layers.Input((6, 5, 2)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, (3, 2)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2, strides=(2, 1)),
            layers.Conv2D(3, 3, padding="same", use_bias=False),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.load_weights(path)
    np.testing.assert_allclose(model.predict(record["x"], verbose=0), record["outputs"], rtol=1e-5, atol=1e-6)


def test_what_old_versions_say_is_kept():
    model = load_model(fixture("keras1_tf")[0])
    assert [layer.name for layer in model.layers][:3] == ["zeropadding2d_1", "convolution2d_1", "batchnormalization_1"]
    conv = model.get_layer("convolution2d_1")
    assert conv.kernel_initializer.get_config() == striate.initializers.HeNormal().get_config()
    assert conv.kernel_regularizer.l2 == pytest.approx(0.01)
    optimizer = load_model(fixture("keras2_theano")[0]).optimizer
    assert optimizer.iterations == 5
    assert optimizer.get_config()["learning_rate"]["config"]["decay_rate"] == pytest.approx(0.1)


def compiled(optimizer="adam"):
    model = networks.classifier(striate)
    model.compile(networks.optimizers(striate)[optimizer], "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("optimizer", networks.OPTIMIZERS)
def test_what_we_write_comes_back(optimizer, tmp_path):
    model = compiled(optimizer)
    x, y = networks.examples()
    train(model, x, y, 3)
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.optimizer.iterations == 3
    assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in model.layers]
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert train(again, x, y) == train(model, x, y)


def test_models_in_models_with_several_outputs_come_back(keras, tmp_path):
    a, b = layers.Input((8, 8, 2), name="a"), layers.Input((8, 8, 2), name="b")
    inside = layers.Input((8, 8, 4))
    inner = striate.Model(inside, layers.GlobalAveragePooling2D()(layers.BatchNormalization()(inside)), name="inner")
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    both = layers.Concatenate(name="both")([shared(a), shared(b)])
    model = striate.Model([a, b], [layers.Dense(3, name="first")(inner(both)), layers.Flatten(name="second")(both)])
    model.save(tmp_path / "m.h5")
    images = list(np.random.default_rng(0).random((2, 5, 8, 8, 2), dtype=np.float32))
    expected = model.predict(images, verbose=0)
    for again in (load_model(tmp_path / "m.h5"), keras.models.load_model(tmp_path / "m.h5")):
        assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
        for its, mine in zip(again.predict(images, verbose=0), expected, strict=True):
            np.testing.assert_allclose(its, mine, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", [*CASES, ("LocalResponseNormalization", {"bias": 2.0}, ())], ids=label)
def test_todays_configurations_are_not_taken_for_old_ones(case):
    class_name, arguments, _ = case
    config = getattr(layers, class_name)(**arguments).get_config()
    assert updated(class_name, config) == (class_name, config)


def test_without_compilation(tmp_path):
    model = networks.classifier(striate)
    model.save(tmp_path / "m.h5")
    assert not load_model(tmp_path / "m.h5").compiled
    model = compiled()
    model.save(tmp_path / "m.h5")
    assert not load_model(tmp_path / "m.h5", compile=False).compiled
    with pytest.raises(ModelFileError, match="overwrite=False"):
        model.save(tmp_path / "m.h5", overwrite=False)


def test_the_state_of_another_optimizer_is_left_out_with_a_warning(tmp_path):
    model = compiled("adam")
    x, y = networks.examples()
    train(model, x, y)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as file:
        del file["optimizer_weights"]
        group = file.create_group("optimizer_weights")
        group.attrs["weight_names"] = np.asarray([b"iter", b"a"])
        group["iter"], group["a"] = np.int64(5), np.zeros((7, 7))
    with pytest.warns(UserWarning, match=r"state \(2 arrays\) does not fit Adam"):
        assert load_model(tmp_path / "m.h5").optimizer.iterations == 0


# Bad files


@pytest.fixture
def path(tmp_path):
    model = compiled()
    model.train_on_batch(*networks.examples())
    model.save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


def change(path, attribute, edit):
    with h5py.File(path, "a") as file:
        form = json.loads(file.attrs[attribute])
        edit(form)
        file.attrs[attribute] = json.dumps(form).encode()


def set_layer(index, **entries):
    return lambda form: form["config"]["layers"][index]["config"].update(entries)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (set_layer(1, filters=10**12), r"layer conv: .*its kernel has shape \(3, 3, 1, 3\) in the file and"),
        (set_layer(0, batch_input_shape=[None, 10**6, 10**6, 1]), r"layer head: its kernel"),
        (set_layer(1, filters="many"), "filters"),
        (set_layer(1, unknown=3), "unknown"),
        (set_layer(0, batch_input_shape=None), "shape"),
        (lambda form: form["config"]["layers"].pop(2), "has 3 layers with weights and the model 2"),
        (lambda form: form["config"]["layers"].append(7), "not a serialized layer"),
        (lambda form: form["config"].pop("layers"), "expected a model with a list of layers"),
        (lambda form: form["config"]["layers"][1].update(class_name="Lambda"), "Lambda"),
        (lambda form: form["config"]["layers"][1].update(config=None), "without configuration"),
        (lambda form: form.update(class_name="Mine"), "holds 'Mine'"),
    ],
)
def test_configurations_that_are_refused(edit, message, path):
    change(path, "model_config", edit)
    with pytest.raises(ModelFileError, match=message):
        load_model(path)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda form: form.pop("optimizer_config"), "expected an optimizer_config"),
        (lambda form: form["optimizer_config"].update(class_name="Unheard"), "compile=False"),
        (lambda form: form["optimizer_config"]["config"].update(learning_rate="x"), "compile=False"),
        (lambda form: form.update(loss={"class_name": "Lambda", "config": {}}), "Lambda"),
    ],
)
def test_compilations_that_are_refused(edit, message, path):
    change(path, "training_config", edit)
    with pytest.raises(ModelFileError, match=message):
        load_model(path)
    assert not load_model(path, compile=False).compiled


def test_models_within_models_without_end(path):
    def nest(form):
        for _ in range(60):
            inner = {"class_name": form["class_name"], "config": form["config"]}
            form["config"] = {"name": "outer", "layers": [inner]}

    change(path, "model_config", nest)
    with pytest.raises(ModelFileError, match=r"nested too deeply|more than 50 deep"):
        load_model(path)


def test_weights_alone_are_no_model(tmp_path):
    networks.classifier(striate).save_weights(tmp_path / "w.h5")
    with pytest.raises(ModelFileError, match=r"holds no model_config.*use load_weights"):
        load_model(tmp_path / "w.h5")
    networks.classifier(striate).save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ModelFileError, match="holds no model_config"):
        load_model(tmp_path / "w.weights.h5")


def test_truncated_anywhere(path):
    data = path.read_bytes()
    for length in (8, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError, match="truncated or damaged"):
            load_model(path)


def test_a_negative_number_of_steps(path):
    with h5py.File(path, "a") as file:
        file["optimizer_weights/adam/iteration:0"][()] = -1
    with pytest.raises(ModelFileError, match="number of steps"):
        load_model(path)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_saved_without_the_optimizer(name, tmp_path):
    model = networks.classifier(striate)
    model.compile("adam", "sparse_categorical_crossentropy")
    train(model, *networks.examples())
    model.save(tmp_path / name, include_optimizer=False)
    bare = load_model(tmp_path / name)
    assert (bare.compiled, model.compiled) == (False, True)
    assert all(map(np.array_equal, bare.get_weights(), model.get_weights()))
    striate.models.save_model(model, tmp_path / name)
    assert load_model(tmp_path / name).optimizer.iterations == 5
    with pytest.raises(StriateError, match="include_optimizer: got 3, expected True or False"):
        model.save(tmp_path / name, include_optimizer=3)


def test_save_format(tmp_path):
    model = networks.classifier(striate)
    model.save(tmp_path / "m.h5", save_format="h5")
    model.save_weights(tmp_path / "w.h5", save_format="h5")
    model.save(tmp_path / "m.keras", save_format="keras")
    for name in ("m.h5", "m.keras"):
        assert all(map(np.array_equal, load_model(tmp_path / name).get_weights(), model.get_weights()))
    with pytest.raises(ModelFileError, match=r'm\.keras: expected a name that ends in "\.h5" or "\.hdf5"'):
        model.save(tmp_path / "m.keras", save_format="h5")
    for save in (model.save, model.save_weights):
        with pytest.raises(StriateError, match="got save_format='onnx', expected"):
            save(tmp_path / "m.h5", save_format="onnx")


def test_names_of_tensorflows_folders_and_checkpoints(tmp_path):
    """As programs for Keras 2 write them: a folder for a model, a prefix for weights."""
    model = networks.classifier(striate)

    def same(other):
        return all(map(np.array_equal, other.get_weights(), model.get_weights()))

    for name, options in (("saved/my_model", {}), ("my_model/", {}), ("m.h5", {"save_format": "tf"}), ("m.tf", {})):
        folder = f"{tmp_path}/{name}"
        for _ in range(2):  # it may be saved again
            with pytest.warns(UserWarning, match=r"the model is saved as .*model\.keras, in Keras's format"):
                model.save(folder, **options)
        assert same(load_model(folder))
    for name, options in (
        ("cp.ckpt", {}), ("weights", {}), ("new/folder/cp-0001.ckpt", {}), ("weights.01-0.35", {}),
        ("w.h5", {"save_format": "tf"}),
    ):  # fmt: skip
        prefix = f"{tmp_path}/{name}"
        with pytest.warns(UserWarning, match=rf"the weights are saved as {prefix}\.weights\.h5"):
            model.save_weights(prefix, **options)
        other = networks.classifier(striate)
        other.load_weights(prefix)
        assert same(other)
    assert latest_checkpoint(tmp_path) == f"{tmp_path}/w.h5"
    assert latest_checkpoint(tmp_path / "saved") is None
    (tmp_path / "tensorflows").mkdir()
    (tmp_path / "tensorflows" / "saved_model.pb").touch()
    with pytest.raises(UnavailableError, match=r"tensorflows: is a folder of TensorFlow's, which cannot be read"):
        load_model(tmp_path / "tensorflows")
    with pytest.raises(ModelFileError, match="cannot be made"):
        model.save(tmp_path / "cp.ckpt.weights.h5" / "folder")


def test_one_array_for_many_layers_is_refused_before_there_are_layers(tmp_path, monkeypatch):
    """Hard links cost a file nothing, but each layer that they fill takes memory of its own."""
    model = striate.Sequential([striate.Input((100,)), *(striate.layers.Dense(100) for _ in range(4))])
    model.save(tmp_path / "honest.h5")
    with h5py.File(tmp_path / "honest.h5") as honest, h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = honest.attrs["model_config"]
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = honest["model_weights"].attrs["layer_names"]
        shared = np.zeros((100, 100), np.float32)
        for layer in model.layers:
            group = weights.create_group(layer.name)
            names = honest["model_weights"][layer.name].attrs["weight_names"]
            group.attrs["weight_names"] = names
            kernel, bias = (name.decode() for name in names)
            group[kernel] = shared  # an array at first, then links to it
            shared = group[kernel]
            group[bias] = np.zeros(100, np.float32)
    made = []

    def counting(*arguments):
        made.append(make_model(*arguments))
        return made[-1]

    monkeypatch.setattr(keras_config, "make_model", counting)
    with pytest.raises(ModelFileError, match="claim more bytes than the file has"):
        load_model(tmp_path / "m.h5")
    assert len(made) == 1  # its outline

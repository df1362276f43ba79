"""Weights in the HDF5 layouts of Keras 1 and 2, made here as those versions made them."""

import h5py
import numpy as np
import pytest

import striate
from formats import networks
from striate import layers
from striate.errors import ModelFileError

RNG = np.random.default_rng(11)


def write(path, saved, version="2.2.4", backend="tensorflow", group=None):
    """A file with {layer name: [(weight name, array), ...]}."""
    with h5py.File(path, "w") as file:
        root = file.create_group(group) if group else file
        root.attrs["layer_names"] = np.asarray([name.encode() for name in saved])
        if version:
            root.attrs["keras_version"] = version.encode()
        if backend:
            root.attrs["backend"] = backend.encode()
        for name, arrays in saved.items():
            part = root.create_group(name)
            part.attrs["weight_names"] = np.asarray([weight.encode() for weight, _ in arrays])
            for weight, array in arrays:
                part[weight] = array
    return path


def saved_by(model, rename=lambda name: name):
    """What Keras 2 saves of a model; layers without weights are listed too."""
    return {
        rename(layer.name): [(f"{parameter.name}:0", RNG.normal(size=parameter.shape)) for parameter in layer.weights]
        for layer in model.layers
    }


def assert_holds(model, saved):
    expected = [array for arrays in saved.values() for _, array in arrays]
    for got, want in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(got, np.float32(want))


@pytest.mark.parametrize("group", [None, "model_weights"])
def test_layers_follow_one_another_whatever_their_names(group, tmp_path):
    model = networks.classifier(striate)
    saved = saved_by(model, lambda name: f"z_{name}_7")
    model.load_weights(write(tmp_path / "w.h5", saved, group=group))
    assert_holds(model, saved)


@pytest.mark.parametrize("name", ["w.weights.h5", "w.hdf5", "w"])
def test_what_is_in_a_file_decides_not_its_name(name, tmp_path):
    model = networks.classifier(striate)
    saved = saved_by(model)
    model.load_weights(write(tmp_path / name, saved))
    assert_holds(model, saved)


def test_what_we_write_comes_back(tmp_path):
    model, other = networks.classifier(striate), networks.classifier(striate)
    model.set_weights([RNG.normal(size=weight.shape) for weight in model.weights])
    model.save_weights(tmp_path / "w.h5")
    other.load_weights(tmp_path / "w.h5")
    for mine, its in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)
    with h5py.File(tmp_path / "w.h5") as file:
        assert list(file.attrs["layer_names"]) == [b"conv", b"norm", b"flatten", b"head"]
        assert list(file["norm"].attrs["weight_names"]) == [
            b"norm/gamma:0", b"norm/beta:0", b"norm/moving_mean:0", b"norm/moving_variance:0",
        ]  # fmt: skip
        assert file["conv/conv/kernel:0"].shape == (3, 3, 1, 3)
    with pytest.raises(ModelFileError, match="overwrite=False"):
        model.save_weights(tmp_path / "w.h5", overwrite=False)


def test_long_lists_of_names_are_in_pieces(tmp_path):
    stack = [layers.BatchNormalization(name=f"norm_{i:04}_{'n' * 50}") for i in range(2000)]
    model = striate.Sequential([layers.Input((2,)), *stack])
    model.layers[1234].gamma.assign([5, 6])
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as file:
        assert "layer_names" not in file.attrs
        assert len(file.attrs["layer_names0"]) + len(file.attrs["layer_names1"]) == 2000
    other = striate.Sequential([layers.Input((2,)), *(layers.BatchNormalization() for _ in range(2000))])
    other.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(other.layers[1234].gamma.value, [5, 6])


def test_by_name(tmp_path):
    model = networks.classifier(striate)
    before = model.get_weights()
    saved = saved_by(model)
    saved = {"head": saved["head"], "other": [("k:0", RNG.normal(size=(9, 9)))], "conv": saved["conv"]}
    path = write(tmp_path / "w.h5", saved)
    model.load_weights(path, by_name=True)
    np.testing.assert_array_equal(model.get_layer("conv").kernel.value, np.float32(saved["conv"][0][1]))
    np.testing.assert_array_equal(model.get_layer("head").bias.value, np.float32(saved["head"][1][1]))
    for mine, its in zip(model.get_layer("norm").get_weights(), before[2:6], strict=True):
        np.testing.assert_array_equal(mine, its)
    model.get_layer("conv").name, model.get_layer("head").name = "a", "b"
    with pytest.raises(ModelFileError, match=r"none of its layers \(head, other, conv\) .* model's \(a, norm, b\)"):
        model.load_weights(path, by_name=True)


def assert_unchanged(model, before):
    for mine, its in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_the_first_layer_that_differs_is_named_and_nothing_changes(tmp_path):
    model = networks.classifier(striate, classes=3)
    before = model.get_weights()
    path = write(tmp_path / "w.h5", saved_by(networks.classifier(striate, classes=5), lambda name: f"{name}_1"))
    message = r"layer head \(head_1 there\): its kernel has shape \(48, 5\) in the file and \(48, 3\) in the model"
    with pytest.raises(ModelFileError, match=message):
        model.load_weights(path)
    saved = saved_by(model)
    saved["norm"].pop()
    with pytest.raises(ModelFileError, match=r"layer norm: the file has 3 arrays of shapes .* the model 4 of shapes"):
        model.load_weights(write(tmp_path / "w.h5", saved))
    saved = saved_by(model)
    del saved["norm"]
    message = r"has 2 layers with weights and the model 3; the first that differ are head with shapes .*48, 3.* norm"
    with pytest.raises(ModelFileError, match=message):
        model.load_weights(write(tmp_path / "w.h5", saved))
    assert_unchanged(model, before)


def test_skip_mismatch_leaves_what_does_not_fit(tmp_path):
    model = networks.classifier(striate, classes=3)
    head = model.get_layer("head").get_weights()
    saved = saved_by(networks.classifier(striate, classes=5))
    with pytest.warns(UserWarning, match=r"left as they were: layer head: its kernel has shape \(48, 5\)"):
        model.load_weights(write(tmp_path / "w.h5", saved), skip_mismatch=True)
    np.testing.assert_array_equal(model.get_layer("conv").kernel.value, np.float32(saved["conv"][0][1]))
    assert_unchanged(model.get_layer("head"), head)


def test_skip_mismatch_in_a_file_of_keras_3(tmp_path):
    other, model = networks.classifier(striate, classes=5), networks.classifier(striate, classes=3)
    head = model.get_layer("head").get_weights()
    other.save_weights(tmp_path / "w.weights.h5")
    with pytest.warns(UserWarning, match=r"left as they were: layer head: its kernel has shape \(48, 5\)"):
        model.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(model.get_layer("conv").kernel.value, other.get_layer("conv").kernel.value)
    assert_unchanged(model.get_layer("head"), head)


# Kernels of Keras 1


def images_network():
    return striate.Sequential(
        [
            layers.Input((5, 4, 2)),
            layers.Conv2D(3, (2, 3), name="conv"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(6, name="dense"),
        ]
    )


def keras_1(model, channels_first, flipped):
    """What Keras 1 would have saved of a model."""
    kernel, bias, dense, dense_bias = model.get_weights()
    if flipped:
        kernel = kernel[::-1, ::-1]
    if channels_first:
        kernel = kernel.transpose(3, 2, 0, 1)
        dense = dense.reshape(4, 2, 3, 6).transpose(2, 0, 1, 3).reshape(24, 6)
    names = "convolution2d_1_W", "convolution2d_1_b", "dense_1_W", "dense_1_b"
    arrays = list(zip(names, (kernel, bias, dense, dense_bias), strict=True))
    return {"convolution2d_1": arrays[:2], "flatten_1": [], "dropout_1": [], "dense_1": arrays[2:]}


@pytest.mark.parametrize("version", ["1.2.2", None])
@pytest.mark.parametrize("backend", ["tensorflow", "theano"])
@pytest.mark.parametrize("channels_first", [False, True])
def test_kernels_of_keras_1(version, backend, channels_first, tmp_path):
    source, model = images_network(), images_network()
    saved = keras_1(source, channels_first, backend == "theano")
    model.load_weights(write(tmp_path / "w.h5", saved, version, backend))
    assert_unchanged(model, source.get_weights())
    x = RNG.normal(size=(3, 5, 4, 2))
    np.testing.assert_array_equal(model(x), source(x))


def test_theano_s_order_without_a_backend_is_warned_of(tmp_path):
    source, model = images_network(), images_network()
    with pytest.warns(UserWarning, match="does not say whether Theano itself wrote it"):
        model.load_weights(write(tmp_path / "w.h5", keras_1(source, True, False), None, None))
    assert_unchanged(model, source.get_weights())


@pytest.mark.parametrize("stored", [(4, 1, 2, 3), (3, 2, 4, 1)])
def test_sequences_of_keras_1(stored, tmp_path):
    model = striate.Sequential([layers.Input((9, 2)), layers.Conv1D(3, 4, use_bias=False)])
    kernel = RNG.normal(size=stored)
    model.load_weights(write(tmp_path / "w.h5", {"convolution1d_1": [("W", kernel)]}, "1.0.4", None))
    expected = kernel[:, 0] if stored[1] == 1 else kernel[..., 0].transpose(2, 1, 0)
    np.testing.assert_array_equal(model.get_weights()[0], np.float32(expected))


def test_volumes_of_theano(tmp_path):
    model = striate.Sequential([layers.Input((4, 4, 4, 2)), layers.Conv3D(3, 2, use_bias=False)])
    kernel = RNG.normal(size=(3, 2, 2, 2, 2)).astype(np.float32)
    model.load_weights(write(tmp_path / "w.h5", {"convolution3d_1": [("W", kernel)]}, "1.1.0", "theano"))
    np.testing.assert_array_equal(model.get_weights()[0], kernel[:, :, ::-1, ::-1, ::-1].transpose(2, 3, 4, 1, 0))


def test_keras_0_is_refused(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["nb_layers"] = 3
        file["layer_0/param_0"] = np.zeros(3)
    with pytest.raises(ModelFileError, match=r"Keras 0\.x, whose layers have no names"):
        images_network().load_weights(tmp_path / "w.h5")

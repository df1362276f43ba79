"""Real Keras reads the weights that we write in the layout of Keras 2, and we read what its legacy writer writes."""

import h5py
import numpy as np
import pytest

import striate
from formats import networks
from formats.test_keras_interop import assert_same_predictions, assert_same_weights, compiled, train
from striate.models import load_model

keras = pytest.importorskip("keras", reason='needs Keras: pip install "striate[peers]"')
legacy_h5_format = pytest.importorskip("keras.src.legacy.saving.legacy_h5_format")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # inside Keras


@pytest.mark.parametrize("name", networks.NAMES)
def test_keras_loads_our_weights(name, tmp_path):
    ours = networks.make(striate, name)
    ours.save_weights(tmp_path / "ours.h5")
    theirs = networks.make(keras, name)
    theirs.set_weights([np.zeros_like(weight) for weight in theirs.get_weights()])
    theirs.load_weights(tmp_path / "ours.h5")
    assert_same_weights(ours, theirs)
    assert_same_predictions(ours, theirs, networks.images())


@pytest.mark.parametrize("name", networks.NAMES)
def test_we_load_keras_s_weights(name, tmp_path):
    theirs = networks.make(keras, name)
    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
    ours = networks.make(striate, name)
    ours.set_weights([np.zeros_like(weight) for weight in ours.get_weights()])
    ours.load_weights(tmp_path / "theirs.h5")
    assert_same_weights(ours, theirs)
    assert_same_predictions(ours, theirs, networks.images())


def test_by_name_in_both_directions(tmp_path):
    ours, theirs = networks.classifier(striate), networks.classifier(keras, classes=5)
    ours.get_layer("head").name = "other"
    ours.save_weights(tmp_path / "ours.h5")
    theirs.load_weights(tmp_path / "ours.h5", by_name=True)
    np.testing.assert_array_equal(theirs.get_layer("conv").kernel, ours.get_layer("conv").kernel.value)
    theirs.layers[0].set_weights([np.ones_like(weight) for weight in theirs.layers[0].get_weights()])
    theirs.save(tmp_path / "theirs.h5")
    ours.load_weights(tmp_path / "theirs.h5", by_name=True)
    np.testing.assert_array_equal(ours.get_layer("conv").kernel.value, 1)


@pytest.mark.parametrize("name", networks.NAMES)
def test_keras_opens_our_models(name, tmp_path):
    ours = networks.make(striate, name)
    ours.save(tmp_path / "ours.h5")
    theirs = keras.models.load_model(tmp_path / "ours.h5")
    assert [layer.name for layer in theirs.layers] == [layer.name for layer in ours.layers]
    assert [layer.trainable for layer in theirs.layers] == [layer.trainable for layer in ours.layers]
    assert_same_weights(ours, theirs)
    assert_same_predictions(ours, theirs, networks.images())


@pytest.mark.parametrize("name", networks.NAMES)
def test_we_open_keras_s_models(name, tmp_path):
    theirs = networks.make(keras, name)
    for layer in theirs.layers:  # Keras cannot copy its own lists in a configuration, which it does for .h5 files alone
        for key in ("value_range", "width_factor"):
            if isinstance(getattr(layer, key, None), list):
                setattr(layer, key, tuple(getattr(layer, key)))
    theirs.save(tmp_path / "theirs.h5")
    ours = load_model(tmp_path / "theirs.h5")
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [layer.trainable for layer in ours.layers] == [layer.trainable for layer in theirs.layers]
    assert_same_weights(ours, theirs)
    assert_same_predictions(ours, theirs, networks.images())


@pytest.mark.parametrize("optimizer", networks.OPTIMIZERS)
def test_keras_continues_our_training(optimizer, tmp_path):
    ours = compiled(striate, optimizer)
    train(ours, 4)
    ours.save(tmp_path / "ours.h5")
    theirs = keras.models.load_model(tmp_path / "ours.h5")
    with h5py.File(tmp_path / "ours.h5") as file:  # load_model itself builds the optimizer for no variables
        state = legacy_h5_format.load_optimizer_weights_from_hdf5_group(file)
        theirs.compile(type(theirs.optimizer).from_config(theirs.optimizer.get_config()), theirs.loss)
        theirs.optimizer.build(theirs.trainable_variables)
        theirs.optimizer.set_weights([np.asarray(array) for array in state])
    assert int(theirs.optimizer.iterations) == 4
    np.testing.assert_allclose(train(theirs, 5), train(ours, 5), rtol=2e-4)


@pytest.mark.parametrize("optimizer", networks.OPTIMIZERS)
def test_we_continue_keras_s_training(optimizer, tmp_path):
    theirs = compiled(keras, optimizer)
    train(theirs, 4)
    theirs.save(tmp_path / "theirs.h5")
    ours = load_model(tmp_path / "theirs.h5")
    assert ours.optimizer.iterations == 4
    np.testing.assert_allclose(train(ours, 5), train(theirs, 5), rtol=2e-4)


def test_a_published_network_of_many_layers(tmp_path):
    """156 names of any length in a file of 7 MB: what each could take by itself, together they cannot."""
    theirs = keras.applications.MobileNetV2(weights=None, alpha=0.35, input_shape=(32, 32, 3))
    theirs.save(tmp_path / "theirs.h5")
    assert (tmp_path / "theirs.h5").stat().st_size * len(theirs.layers) > 1 << 30
    ours = load_model(tmp_path / "theirs.h5")
    assert_same_weights(ours, theirs)
    assert_same_predictions(ours, theirs, np.random.default_rng(3).random((2, 32, 32, 3), dtype=np.float32))

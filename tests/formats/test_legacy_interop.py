"""Real Keras reads the weights that we write in the layout of Keras 2, and we read what its legacy writer writes."""

import h5py
import numpy as np
import pytest

import striate
from formats import networks
from formats.test_keras_interop import assert_same_predictions, assert_same_weights

keras = pytest.importorskip("keras", reason='needs Keras: pip install "striate[peers]"')

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
    from keras.src.legacy.saving import legacy_h5_format

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

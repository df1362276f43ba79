"""Weights of whole networks to Keras and back, in both layouts: outputs agree to 1e-4 of the largest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from striate import applications
from striate.layers.base import reset_names

from .test_against_keras import PUBLISHED, plain_means

__all__ = ["plain_means"]




def shake(model: Any) -> None:
    """Numbers that differ from those a network begins with, of a size that lets activations live."""
    generator = np.random.default_rng(1)

    def shaken(weight: Any) -> Any:
        shift = generator.uniform(0, 0.05, weight.shape) if weight.ndim == 1 else 0
        return weight * generator.uniform(0.9, 1.1, weight.shape) + shift

    model.set_weights([shaken(weight) for weight in model.get_weights()])


def assert_same_outputs(ours: Any, theirs: Any) -> None:
    x = np.random.default_rng(2).normal(size=(2, *ours.input_shape[1:])).astype(np.float32)
    expected = theirs.predict(x, verbose=0)
    np.testing.assert_allclose(ours.predict(x, verbose=0), expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(("name", "options"), PUBLISHED)
@pytest.mark.parametrize("layout", ["w.h5", "w.weights.h5"])
def test_weights_of_published_networks(keras: Any, tmp_path: Path, name: str, options: Any, layout: str) -> None:
    keras.utils.clear_session()  # layers by name are those of a first network
    reset_names()
    ours = getattr(applications, name)(weights=None, **options)
    reset_names()
    other = getattr(applications, name)(weights=None, **options)
    theirs = getattr(keras.applications, name)(weights=None, **options)
    shake(ours)
    ours.save_weights(tmp_path / layout)
    theirs.load_weights(tmp_path / layout)
    assert_same_outputs(ours, theirs)
    if layout == "w.h5":
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(tmp_path / "theirs.h5", "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
        other.load_weights(tmp_path / "theirs.h5", by_name=True)
    else:
        theirs.save_weights(tmp_path / "theirs.weights.h5")
        other.load_weights(tmp_path / "theirs.weights.h5")
    for mine, its in zip(ours.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)

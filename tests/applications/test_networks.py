"""The networks have the parameters that the literature counts, and train on more than one kind of image."""

from __future__ import annotations

import numpy as np
import pytest

from striate.applications import NETWORKS, lenet5
from striate.random import set_random_seed


def test_lenet5_has_the_parameters_of_the_paper() -> None:
    model = lenet5()
    sizes = [layer.count_params() for layer in model.layers if layer.count_params()]
    assert sizes == [156, 2416, 48_120, 10_164, 850]
    assert model.count_params() == 61_706


@pytest.mark.parametrize("name", NETWORKS)
def test_pixels_go_in_and_probabilities_come_out(name: str) -> None:
    set_random_seed(1)
    model = NETWORKS[name]((32, 32, 3), 7)
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)
    chances = model.predict(images, verbose=0)
    assert chances.shape == (5, 7)
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    set_random_seed(1)
    bare = NETWORKS[name]((32, 32, 3), 7, include_preprocessing=False)
    np.testing.assert_allclose(bare.predict(images / np.float32(255), verbose=0), chances, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_learns(name: str) -> None:
    set_random_seed(2)
    labels = np.arange(40) % 4
    images = np.random.default_rng(0).integers(0, 60, (40, 28, 28, 1), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6 * label : 6 * label + 5] += 150
    model = NETWORKS[name](classes=4)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(images, labels, batch_size=8, epochs=15, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["accuracy"][-1] > 0.9

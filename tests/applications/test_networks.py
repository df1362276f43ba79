"""The networks have the parameters that the literature counts, and train on more than one kind of image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate.applications import (
    NETWORKS,
    ConvNetJS,
    DigitVisualizer,
    Entry,
    GoogLeNet,
    LeNet1,
    LeNet5,
    TinyVGG,
    from_pixels,
)
from striate.errors import StriateError
from striate.graph import outlines
from striate.random import set_random_seed

SMALL = [name for name, entry in NETWORKS.items() if entry.smallest <= 32 and entry.input_shape[0] <= 64]


def sizes(model: object) -> dict[str, int]:
    return {layer.name: layer.count_params() for layer in model.layers if layer.weights}  # type: ignore[attr-defined]


def connections(model: object) -> int:
    """As the papers count: each unit's inputs and its bias; of a subsampling the four inputs and the bias."""
    total = 0
    for layer in model.layers:  # type: ignore[attr-defined]
        positions = int(np.prod(layer.output_shape[1:-1], dtype=int))
        if type(layer).__name__ == "Subsampling2D":
            total += positions * layer.output_shape[-1] * 5
        else:
            total += positions * layer.count_params()
    return total


def test_lenet1_is_the_paper_s() -> None:
    model = LeNet1()
    assert sizes(model) == {"H1": 104, "H2": 8, "H3": 512, "H4": 24, "output": 1930}
    assert model.count_params() == 2578
    assert connections(model) == 98_442


def test_lenet5_is_the_paper_s() -> None:
    model = LeNet5()
    assert sizes(model) == {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48_120, "F6": 10_164, "output": 840}
    assert sum(parameter.value.size for parameter in model.trainable_weights) == 60_000
    assert connections(model) == 340_908
    shapes = [layer.output_shape[1:] for layer in model.layers]
    assert shapes == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (1, 1, 120), (120,), (84,), (10,)]


# As the papers print them: a row for each map that is seen, a column for each that sees (1998, table I; 1990, table 1).
C3_TABLE = (
    "X...XXX..XXXX.XX",
    "XX...XXX..XXXX.X",
    "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX",
    "..XXX..XXXX.XX.X",
    "...XXX..XXXX.XXX",
)
H3_TABLE = ("XXX.XX......", ".XXXXX......", "......XXX.XX", ".......XXXXX")


@pytest.mark.parametrize(("model", "layer", "table"), [(LeNet5, "C3", C3_TABLE), (LeNet1, "H3", H3_TABLE)])
def test_connection_tables_are_the_papers(model: Any, layer: str, table: tuple[str, ...]) -> None:
    connections = model().get_layer(layer).connections
    drawn = ["".join("X" if row in seen else "." for seen in connections) for row in range(len(table))]
    assert tuple(drawn) == table


def test_what_lenet5_compares_with() -> None:
    """Pictures of 7x12 dots for ten digits, of which no two are alike; for other classes always the same codes."""
    centers = LeNet5().get_layer("output").get_weights()[0]
    assert centers.shape == (84, 10)
    assert set(np.unique(centers)) == {-1, 1}
    seven = centers[:, 7].reshape(12, 7)
    assert (seven[1] == 1).all()  # its bar
    assert (seven[[0, 10, 11]] == -1).all()
    distances = ((centers[:, :, None] - centers[:, None, :]) ** 2).sum(0) / 4
    assert distances[~np.eye(10, dtype=bool)].min() >= 6  # dots
    codes = [LeNet5(classes=26).get_layer("output").get_weights()[0] for _ in range(2)]
    np.testing.assert_array_equal(*codes)
    assert len(np.unique(codes[0], axis=1).T) == 26
    assert abs(codes[0].mean()) < 0.1
    with pytest.raises(StriateError, match="LeNet5: got classes=0"):
        LeNet5(classes=0)


def test_lenet5_s_probabilities_are_of_the_nearest_picture() -> None:
    images = np.random.default_rng(0).normal(size=(6, 32, 32, 1)).astype(np.float32)
    model = LeNet5()
    outputs, centers = model.read(images, ["F6", "output"]), model.get_layer("output").get_weights()[0]
    distances = ((outputs["F6"][:, :, None] - centers) ** 2).sum(1)
    expected = np.exp(distances.min(1, keepdims=True) - distances)
    np.testing.assert_allclose(outputs["output"], expected / expected.sum(1, keepdims=True), rtol=1e-3, atol=1e-5)
    logits = LeNet5(classifier_activation=None)
    logits.set_weights(model.get_weights())
    np.testing.assert_allclose(logits.predict(images, verbose=0), -distances, rtol=1e-4)


def test_lenet5_learns() -> None:
    """Bars in four places and directions: the weights before the fixed pictures are enough."""
    set_random_seed(0)
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, 256)
    images = generator.normal(0, 0.3, (256, 32, 32, 1)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        place = slice(6, 10) if label < 2 else slice(20, 24)
        image[place if label % 2 else slice(None), slice(None) if label % 2 else place] += 1
    model = LeNet5()
    before = model.get_layer("output").get_weights()[0]
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(images, labels, batch_size=32, epochs=5, verbose=0).history
    assert history["accuracy"][-1] > 0.95
    np.testing.assert_array_equal(model.get_layer("output").get_weights()[0], before)


def test_lenet5_as_it_is_taught() -> None:
    model = LeNet5(modern=True)
    assert list(sizes(model).values()) == [156, 2416, 48_120, 10_164, 850]
    assert model.count_params() == 61_706


def test_networks_of_web_pages() -> None:
    assert list(sizes(ConvNetJS()).values()) == [280, *[910] * 5, 1610]
    assert ConvNetJS().count_params() == 6440  # "7 layers, 7000 parameters"
    assert list(sizes(ConvNetJS(page=True)).values()) == [1216, 8020, 10_020, 3210]
    assert TinyVGG().count_params() == 19_920
    assert TinyVGG().get_layer("max_pool_2").output_shape == (None, 13, 13, 10)
    assert list(sizes(DigitVisualizer()).values()) == [156, 2416, 48_120, 12_100, 1010]


def test_an_outline_has_shapes_and_no_numbers() -> None:
    with outlines():
        model = LeNet5()
    assert model.count_params() == 60_840
    assert model.get_layer("C1").weights[0].value.strides == (0, 0, 0, 0)
    with pytest.raises(StriateError, match="has a shape and no numbers"):
        model.predict(np.zeros((1, 32, 32, 1)), verbose=0)
    assert LeNet5().get_layer("C1").weights[0].value.std() > 0  # outside, parameters are as ever


@pytest.mark.parametrize("entry", NETWORKS.values(), ids=NETWORKS)
def test_the_list_is_right_about_sizes(entry: Entry) -> None:
    with outlines():
        smallest = entry.build((entry.smallest, entry.smallest, entry.input_shape[-1]))
        with pytest.raises(StriateError):
            entry.build((entry.smallest - 1, entry.smallest - 1, entry.input_shape[-1]))
    assert smallest.built
    assert entry.outline().input_shape == (None, *entry.input_shape)


@pytest.mark.parametrize("name", SMALL)
def test_pixels_go_in_and_one_number_a_class_comes_out(name: str) -> None:
    set_random_seed(1)
    bare = NETWORKS[name].build((32, 32, 3), 7)
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)
    chances = bare.predict(images / np.float32(255), verbose=0)
    assert chances.shape == (5, 7)
    if name != "lenet1":  # its targets are 1 and -1
        np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(from_pixels(bare).predict(images, verbose=0), chances, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_every_small_network_learns(name: str) -> None:
    set_random_seed(2)
    labels = np.arange(40) % 4
    images = np.random.default_rng(0).integers(0, 60, (40, 32, 32, 1), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6 * label : 6 * label + 5] += 150
    model = from_pixels(NETWORKS[name].build((32, 32, 1), 4))
    if name == "lenet1":
        model.compile("adam", "mse", metrics=["accuracy"])
        targets = 2.0 * np.eye(4)[labels] - 1
    else:
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        targets = labels
    history = model.fit(images, targets, batch_size=8, epochs=25, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert model.predict(images, verbose=0).argmax(axis=1).tolist() == labels.tolist()


@pytest.mark.parametrize("name", ["lenet5", "mobilenet_v2", "resnet18", "googlenet"])
def test_networks_for_pixels_enlarge_small_images(name: str) -> None:
    set_random_seed(3)
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1), np.uint8)
    model = NETWORKS[name].build_for_pixels((28, 28, 1), 3)
    assert model.input_shape == (None, 28, 28, 1)
    assert model.get_layer("enlarge").output_shape == (None, 32, 32, 1)
    np.testing.assert_allclose(model.predict(images, verbose=0).sum(axis=1), 1, atol=1e-5)
    assert "enlarge" not in [layer.name for layer in NETWORKS[name].build_for_pixels((32, 40, 1), 3).layers]


def test_a_network_with_auxiliary_classifiers_learns() -> None:
    set_random_seed(4)
    model = GoogLeNet(weights=None, input_shape=(65, 65, 1), classes=3, name="small")
    model.compile("adam", "sparse_categorical_crossentropy", loss_weights=[1, 0.3, 0.3])
    images = np.random.default_rng(0).random((6, 65, 65, 1), dtype=np.float32)
    labels = np.arange(6) % 3
    history = model.fit(images, [labels] * 3, batch_size=6, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert [output.shape for output in model.predict(images, verbose=0)] == [(6, 3)] * 3

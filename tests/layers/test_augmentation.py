"""Layers that change images at random: called, trained through, saved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import layers
from striate.datasets.subset import load_subset
from striate.errors import ShapeError


def photographs(count: int = 40, shape: tuple[int, ...] = (9, 8, 3)) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).uniform(0, 255, (count, *shape)).astype(np.float32)


EVERY = [
    layers.RandomFlip(seed=1),
    layers.RandomRotation(0.2, seed=1),
    layers.RandomZoom(0.3, 0.2, seed=1),
    layers.RandomTranslation(0.2, 0.2, seed=1),
    layers.RandomContrast(0.5, seed=1),
    layers.RandomBrightness(0.2, seed=1),
]


@pytest.mark.parametrize("layer", EVERY, ids=lambda layer: type(layer).__name__)
def test_calls_act_unless_told_not_to(keras: Any, layer: layers.Layer) -> None:
    x = photographs()
    assert not np.array_equal(layer(x), x)
    assert not np.array_equal(layer(x, training=True), x)
    np.testing.assert_array_equal(layer(x, training=False), x)
    theirs = keras.layers.deserialize(layers.serialize(layer))
    assert not np.array_equal(theirs(x).numpy(), x)
    np.testing.assert_array_equal(theirs(x, training=False).numpy(), x)


def test_every_call_draws_anew() -> None:
    """And those of an equal layer draw the same in the same order."""
    x, layer, equal = photographs(), layers.RandomRotation(0.3, seed=4), layers.RandomRotation(0.3, seed=4)
    first, second = layer(x), layer(x)
    assert not np.array_equal(first, second)
    layer(x, training=False)
    for values in (first, second, layer(x)):
        np.testing.assert_array_equal(equal(x), values)


def test_a_stack_of_them_acts_when_called() -> None:
    x = photographs(20, (28, 28, 1))
    stack = striate.Sequential([layers.Input((28, 28, 1)), layers.RandomFlip(), layers.RandomRotation(0.1)])
    assert not np.array_equal(stack(x), x)
    assert not np.array_equal(stack(x), stack(x))
    np.testing.assert_array_equal(stack(x, training=False), x)
    np.testing.assert_array_equal(stack.predict(x, verbose=0), x)
    whole = network(layers.RandomFlip())
    np.testing.assert_array_equal(whole(x), whole.predict(x, verbose=0))


def test_flips_are_keras_s(keras: Any) -> None:
    """Keras, too, makes one of two of each image: itself, or its mirror image both ways."""
    x = photographs(60, (4, 5, 2))
    for name, mirrored in {
        "horizontal": x[:, :, ::-1], "vertical": x[:, ::-1], "horizontal_and_vertical": x[:, ::-1, ::-1]
    }.items():  # fmt: skip
        for values in (layers.RandomFlip(name, seed=1)(x), keras.layers.RandomFlip(name, seed=1)(x).numpy()):  # type: ignore[arg-type]
            flipped = (values == mirrored).all(axis=(1, 2, 3))
            assert (flipped ^ (values == x).all(axis=(1, 2, 3))).all()
            assert 10 < flipped.sum() < 50


def test_contrast_is_keras_s(keras: Any) -> None:
    """Ranges agree, as 400 draws from each show; one number stands for (0, f)."""
    x = np.repeat(np.array([100.0, 120.0, 140.0], np.float32).reshape(1, 1, 3, 1), 400, axis=0)
    for factor in (0.4, (0.2, 0.6)):
        ends = []
        for library in (layers, keras.layers):
            values = np.asarray(library.RandomContrast(factor, seed=1)(x))
            found = (values[:, 0, 2, 0] - values[:, 0, 0, 0]) / 40
            ends.append((found.min(), found.max()))
        low, high = (0.0, factor) if isinstance(factor, float) else factor
        np.testing.assert_allclose(ends, [[1 - low, 1 + high]] * 2, atol=0.02)


def test_crops_are_windows_in_training_and_the_middle_otherwise() -> None:
    x = photographs(30)
    windows = layers.RandomCrop(4, 5, seed=2)(x)
    for image, window in zip(x, windows, strict=True):
        places = [(i, j) for i in range(6) for j in range(4) if np.array_equal(image[i : i + 4, j : j + 5], window)]
        assert len(places) == 1
    np.testing.assert_array_equal(layers.RandomCrop(9, 8)(x, training=False), x)
    np.testing.assert_array_equal(layers.RandomCrop(9, 2)(x, training=False), x[:, :, 3:5])
    half = layers.RandomCrop(3, 4)(photographs(2, (6, 8, 1)), training=False)
    np.testing.assert_allclose(half, photographs(2, (6, 8, 1)).reshape(2, 3, 2, 4, 2, 1).mean(axis=(2, 4)), rtol=1e-5)


def network(*random: layers.Layer) -> striate.Sequential:
    return striate.Sequential(
        [
            layers.Input((28, 28, 1)), layers.Rescaling(1 / 255), *random, layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax"),
        ]
    )  # fmt: skip


def test_training_through_them() -> None:
    """Fashion-MNIST is learned; evaluation and prediction are those of the network without."""
    (x, y), (x_test, y_test) = load_subset()
    striate.utils.set_random_seed(3)
    model = network(
        layers.RandomFlip("horizontal"), layers.RandomTranslation(0.1, 0.1, fill_mode="constant"),
        layers.GaussianNoise(0.05), layers.SpatialDropout2D(0.1),
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x[:3000, ..., None], y[:3000], epochs=3, verbose=0).history
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    plain = network()
    plain.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    plain.set_weights(model.get_weights())
    few, labels = x_test[:500, ..., None], y_test[:500]
    evaluated = model.evaluate(few, labels, verbose=0)
    assert evaluated == plain.evaluate(few, labels, verbose=0)
    assert evaluated[1] > 0.65
    np.testing.assert_array_equal(model.predict(few, verbose=0), plain.predict(few, verbose=0))


def test_held_in_inference() -> None:
    """Called with training=False in a functional model, they do nothing while it is trained."""
    x = photographs(20, (7, 6, 2))
    noise = [
        layers.Dropout(0.5), layers.SpatialDropout2D(0.5), layers.AlphaDropout(0.5), layers.GaussianNoise(1.0),
        layers.GaussianDropout(0.5),
    ]  # fmt: skip
    for layer in [*EVERY, *noise, layers.RandomCrop(4, 4)]:
        inputs = layers.Input((7, 6, 2))
        held, free = (striate.Model(inputs, layer(inputs, training=training)) for training in (False, None))
        np.testing.assert_array_equal(held(x, training=True), layer(x, training=False), err_msg=layer.name)
        assert not np.array_equal(free(x, training=True), layer(x, training=False)), layer.name


def test_the_same_seed_the_same_training() -> None:
    (x, y), _ = load_subset()
    found = []
    for seed in (1, 1, 2):
        striate.utils.set_random_seed(seed)
        model = network(layers.RandomRotation(0.1), layers.RandomZoom(0.1))
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(x[:300, ..., None], y[:300], verbose=0)
        found.append(model.get_weights()[0].tobytes())
    assert found[0] == found[1] != found[2]


def test_they_cost_no_multiply_adds_and_leave_receptive_fields_alone(capsys: pytest.CaptureFixture[str]) -> None:
    def facts(model: striate.Sequential) -> list[str]:
        model.summary(details=True)
        return [line for line in capsys.readouterr().out.splitlines() if "conv2d" in line or "Total" in line]

    with_them = facts(network(layers.RandomFlip(name="flip"), layers.RandomRotation(0.1, name="turn")))
    assert [line.split()[2:] for line in with_them] == [line.split()[2:] for line in facts(network())]
    assert with_them


def test_an_activity_s_penalty_is_part_of_the_loss(keras: Any) -> None:
    def made(library: Any) -> Any:
        model = library.Sequential(
            [library.Input((6,)), library.layers.ActivityRegularization(0.1, 0.02), library.layers.Dense(2)]
        )
        model.set_weights([np.ones((6, 2)), np.zeros(2)])
        model.compile(loss="mse")
        return model

    x = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    y = np.zeros((8, 2), np.float32)
    ours, theirs = (made(library).evaluate(x, y, batch_size=8, verbose=0) for library in (striate, keras))
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_single_images() -> None:
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    for layer in (layers.Resizing(4, 5), layers.CenterCrop(3, 3)):
        np.testing.assert_array_equal(layer(image), layer(image[np.newaxis])[0])
    assert layers.RandomZoom(0.2)(image).shape == (9, 7, 3)
    prepare = striate.Sequential([layers.Resizing(4, 5), layers.Rescaling(1 / 255)])
    np.testing.assert_array_equal(prepare(image), prepare(image[np.newaxis])[0])
    assert prepare(np.zeros((2, 20, 30, 3))).shape == (2, 4, 5, 3)  # images of any size, one after the other
    assert striate.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)])(image).shape == (9, 7, 3)
    assert striate.Sequential([layers.Rescaling(2.0)])(np.ones((4, 28, 28))).shape == (4, 28, 28)
    network = striate.Sequential([layers.Resizing(4, 5), layers.Flatten()])
    with pytest.raises(ShapeError, match="add one: x"):
        network(image)

"""Images that an engine makes as it reads them are those that had been made before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import layers
from striate.engines import _native
from striate.engines.image_warp import WarpedImages, are_made_when_read, as_array, warp_images
from striate.engines.native import NativeEngine
from striate.images import ImageDataGenerator

MOVES: dict[str, Any] = {"rotation_range": 30, "zoom_range": 0.2, "width_shift_range": 0.2, "horizontal_flip": True}
PIXELS: dict[str, Any] = {"brightness_range": (0.5, 1.5), "channel_shift_range": 40.0}
GENERATORS: list[dict[str, Any]] = [
    {**MOVES, "rescale": 1 / 255}, {**PIXELS, "rescale": 1 / 255},
    {**MOVES, **PIXELS, "fill_mode": "constant", "cval": 9},
    {"vertical_flip": True}, {**MOVES, "interpolation_order": 0}, {},
]  # fmt: skip


def images(shape: tuple[int, ...], dtype: Any = np.uint8) -> Any:
    return np.random.default_rng(0).integers(0, 256, (60, *shape)).astype(dtype)


def read(engine: NativeEngine, given: Any, batch: int) -> Any:
    """A network's input as the engine has it."""
    model = striate.Sequential([layers.Input(given.shape[1:]), layers.ReLU()])
    graph = model.graph_with(model.trainable_flags, [given.shape[1:]])
    program = engine.compile(graph)
    return np.concatenate(
        [program.read([given[at : at + batch]], graph.inputs)[0] for at in range(0, len(given), batch)]
    )


@pytest.mark.parametrize("options", GENERATORS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (7, 9, 3), (5, 6, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_engine_reads_what_would_have_been_made(options: dict[str, Any], shape: Any, dtype: Any) -> None:
    one, other = (ImageDataGenerator(**options).flow(images(shape, dtype), batch_size=10, seed=1) for _ in range(2))
    warped: Any = one.take(6)[0]
    assert isinstance(warped, WarpedImages)
    made = np.concatenate([next(other) for _ in range(6)])
    np.testing.assert_array_equal(warp_images(warped), made)
    for threads in (1, 2, 5):
        for batch in (3, 8, 60):  # fewer packs than threads are shared out by rows
            np.testing.assert_array_equal(read(NativeEngine(threads), warped, batch), made)


def test_any_rows_are_the_rows_of_the_whole() -> None:
    flow = ImageDataGenerator(**MOVES).flow(images((8, 8, 3)), batch_size=60, seed=2)
    warped: Any = flow.take(1)[0]
    whole = warp_images(warped)
    np.testing.assert_array_equal(warp_images(warped[7:31]), whole[7:31])
    np.testing.assert_array_equal(warp_images(warped[np.array([5, 2])]), whole[[5, 2]])


@pytest.mark.parametrize(
    "options", [{"preprocessing_function": lambda image: image * 2}, {"samplewise_center": True}, {"dtype": "float64"}]
)
def test_what_is_more_than_a_warp_is_an_array(options: dict[str, Any]) -> None:
    assert isinstance(ImageDataGenerator(**options).flow(images((8, 8, 3))).take(1)[0], np.ndarray)


def test_large_images_are_arrays() -> None:
    side = int(np.sqrt(_native.MOST_WARPED)) + 1
    large = WarpedImages(np.full((2, side, side, 1), 7, np.uint8), np.zeros(3, np.int64))
    assert not are_made_when_read(large)
    assert isinstance(ImageDataGenerator().flow(images((side, side, 1))).take(1)[0], np.ndarray)
    assert read(NativeEngine(1), large, 3).shape == (3, side, side, 1)  # made before
    assert (as_array(large) == 7).all()


def test_an_image_whose_shape_is_not_the_networks_is_refused() -> None:
    model = striate.Sequential([layers.Input((8, 9, 3)), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(striate.errors.ShapeError, match=r"got images of shape \(9, 8, 3\)"):
        model.fit(ImageDataGenerator(**MOVES).flow(images((9, 8, 3)), np.zeros((60, 2))), verbose=0)


def trained(data: Any, engine: Any, **options: Any) -> Any:
    striate.utils.set_random_seed(5)
    model = striate.Sequential(
        [layers.Input((12, 12, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(10)]
    )
    loss = striate.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    history = model.fit(*data, epochs=1, verbose=0, engine=engine, **options)
    return [*model.get_weights(), model.predict(data[0], verbose=0, engine=engine), history.history["loss"]]


@pytest.mark.parametrize("batch", [5, 16, 32])
def test_training_is_the_same_bit_for_bit(batch: int) -> None:
    x, y = images((12, 12, 1)), np.arange(60) % 10
    generator = ImageDataGenerator(**MOVES, rescale=1 / 255)
    flow = generator.flow(x, y, batch_size=batch, seed=3, shuffle=False)
    first = np.concatenate([flow[k][0] for k in range(len(flow))])
    for threads in (1, 2):
        engine = NativeEngine(threads)
        fresh = generator.flow(x, y, batch_size=batch, seed=3, shuffle=False)
        *found, _, losses = trained((fresh,), engine)
        *expected, _, other = trained((first, y), engine, batch_size=batch, shuffle=False)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)
        assert losses == other


def test_both_engines_and_all_that_takes_batches(torch: Any) -> None:
    x, y = images((12, 12, 1)), np.arange(60) % 10
    flow = ImageDataGenerator(rotation_range=10, rescale=1 / 255).flow(x, y, batch_size=20, seed=3, shuffle=False)
    model = striate.Sequential([layers.Input((12, 12, 1)), layers.Flatten(), layers.Dense(10, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for engine in ("native", "torch"):
        model.fit(flow, epochs=1, steps_per_epoch=5, validation_data=flow, verbose=0, engine=engine)
    results = []
    for engine in ("native", "torch"):
        flow = ImageDataGenerator(rotation_range=10, rescale=1 / 255).flow(x, y, batch_size=20, seed=3, shuffle=False)
        results.append([*model.evaluate(flow, verbose=0, engine=engine)])
    np.testing.assert_allclose(*results, rtol=1e-5)

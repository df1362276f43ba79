"""Random changes of images: what is computed when nothing is left to chance, and what chance does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from striate import engines
from striate.engines import Engine
from striate.errors import ShapeError
from striate.graph import Array
from striate.graph.operations import Operation, RandomAdjust, RandomCrop, RandomWarp

from . import reference
from .augmentation import near_a_clip, near_a_tie
from .checks import IN_A_ROW, assert_close, assert_same, describe, examples
from .networks import Builder
from .strategies import Case, batches, builders, finish, shapes


@pytest.fixture(scope="session")
def single(oracle: Any) -> Engine:
    """The torch engine as users get it, in float32; `oracle` is there so that a missing PyTorch is said."""
    return engines.get("torch")


def fixed(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
    """A range of one value. Odd parts keep positions from between two pixels."""
    return st.integers(0, 1000).map(lambda k: (low + (high - low) * k / 1000.03,) * 2)


@st.composite
def warps(draw: st.DrawFn) -> Case:
    make = draw(builders())
    warp = RandomWarp(
        draw(fixed(-1.0, 1.0)),
        draw(fixed(0.1, 2.0)),
        draw(st.one_of(st.none(), fixed(0.1, 2.0))),
        draw(fixed(-1.0, 1.0)),
        draw(fixed(-1.0, 1.0)),
        fill_mode=draw(st.sampled_from(["constant", "nearest", "wrap", "reflect"])),
        fill_value=draw(st.sampled_from([0.0, -1.5])),
        nearest=draw(st.booleans()),
        stream=draw(st.integers(0, 2**32 - 1)),
    )
    shape = draw(shapes(2, 7))
    assume(not near_a_tie(warp, shape))
    make.add(warp, make.input(*shape))
    return finish(make, draw(batches))


@st.composite
def crops(draw: st.DrawFn) -> Case:
    """Fixed, or one side at least as long as the image's, so that even in training the window has its place."""
    make = draw(builders())
    height, width, count = draw(shapes(2, 7))
    size, fixed = [draw(st.integers(1, 9)), draw(st.integers(1, 9))], draw(st.booleans())
    size[draw(st.integers(0, 1))] += 0 if fixed else 9
    make.add(RandomCrop((size[0], size[1]), fixed=fixed), make.input(height, width, count))
    return finish(make, draw(batches))


@st.composite
def adjustments(draw: st.DrawFn) -> Case:
    make = draw(builders())
    values = draw(st.sampled_from([(-100.0, 100.0), (-0.52, 0.77)]))
    contrast = draw(st.one_of(st.just((1.0, 1.0)), fixed(0.0, 2.0)))
    operation = RandomAdjust(contrast, draw(fixed(-1.0, 1.0)), values)
    make.add(operation, make.input(*draw(shapes(2, 7))))
    case = finish(make, draw(batches))
    assume(not near_a_clip(operation, case.images[0]))
    return case


@pytest.mark.parametrize("strategy", [warps, crops, adjustments])
@given(data=st.data())
@examples(40)
def test_forward_and_gradients(engine: Engine, oracle: Engine, strategy: Any, data: st.DataObject) -> None:
    case = data.draw(strategy())
    for training in (False, True):
        assert_same(engine, oracle, case.graph, case.images, case.rng, training=training, tolerance=IN_A_ROW)


@given(case=st.one_of(warps(), crops(), adjustments()))
@examples(30)
def test_against_the_naive_reference(engine: Engine, oracle: Engine, single: Engine, case: Case) -> None:
    for training in (False, True):
        expected = reference.run(case.graph, case.images, training)
        for tested, tolerance in ((oracle, 1e-7), (single, 2e-5), (engine, 2e-5)):
            actual = tested.compile(case.graph).read(case.images, case.graph.nodes, training=training)
            for node, ours, theirs in zip(case.graph.nodes, actual, expected, strict=True):
                assert_close(ours, theirs, describe(node), tolerance)


def test_a_gradient_is_the_transposed_map(engine: Engine) -> None:
    """Whatever was drawn: warps are linear in the image, so <cotangent, warp(x)> = <gradient, x> (fill value zero)."""
    for fill in ("constant", "nearest", "wrap", "reflect"):
        make = Builder(1)
        warp = RandomWarp((-0.5, 0.5), (0.5, 1.5), (0.5, 1.5), (-0.5, 0.5), (-0.5, 0.5), True, True, fill, stream=4)  # type: ignore[arg-type]
        node = make.add(RandomCrop((5, 4), 7), make.add(warp, make.input(8, 7, 3)))
        program = engine.compile(make.finish(node), seed=1)
        images, cotangent = make.images(21)[0], make.rng.normal(size=(21, *node.shape)).astype(np.float32)
        values = program.read([images], [node], training=True, step=3)[0]
        gradient = program.gradient([images], node, cotangent, [make.graph.inputs[0]], training=True, step=3)[0]
        np.testing.assert_allclose(
            (values * cotangent).sum(axis=(1, 2, 3)), (gradient * images).sum(axis=(1, 2, 3)), rtol=1e-4, atol=1e-4
        )


def made(
    engine: Engine, operation: Operation, image: Array, count: int = 200, *, step: int = 0, training: bool = True
) -> Array:
    """What becomes of many copies of one image."""
    make = Builder(0)
    node = make.add(operation, make.input(*image.shape))
    images = [np.repeat(image[None], count, axis=0)]
    return engine.compile(make.finish(node), seed=1).read(images, [node], training=training, step=step)[0]


def ramp(height: int, width: int) -> Array:
    """Two channels: each pixel's row and column."""
    return np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=-1).astype(np.float32)


FLIPS = {(True, False): np.s_[::-1, :], (False, True): np.s_[:, ::-1], (True, True): np.s_[::-1, ::-1]}


@pytest.mark.parametrize("axes", FLIPS)
def test_half_the_images_are_flipped_exactly(engine: Engine, axes: tuple[bool, bool]) -> None:
    image = np.random.default_rng(0).normal(size=(5, 6, 3)).astype(np.float32)
    values = made(engine, RandomWarp(flip_rows=axes[0], flip_columns=axes[1], stream=2, nearest=True), image, 400)
    flipped = np.array([np.array_equal(value, image[FLIPS[axes]]) for value in values])
    same = np.array([np.array_equal(value, image) for value in values])
    assert (flipped ^ same).all()
    assert abs(flipped.mean() - 0.5) < 5 * 0.5 / math.sqrt(400)


def spread(values: Array, low: float, high: float) -> None:
    """Uniform between the ends: extremes near them, mean and variance within five standard errors."""
    count, width = len(values), high - low
    assert low - 1e-3 * width <= values.min() < low + 0.05 * width
    assert high - 0.05 * width < values.max() <= high + 1e-3 * width
    assert abs(values.mean() - (low + high) / 2) < 5 * width / math.sqrt(12 * count)
    assert abs(values.var() - width**2 / 12) < 5 * width**2 / 12 / math.sqrt(count)


def test_ranges_of_warps(engine: Engine) -> None:
    """A ramp shows where a pixel came from: the middle the shift, its neighbours angle and zoom."""
    image = ramp(31, 41)
    shifted = made(engine, RandomWarp(height_shift=(-0.1, 0.3), width_shift=(-0.2, 0.1), stream=1), image)
    spread(-(shifted[:, 15, 20, 0] - 15) / 31, -0.1, 0.3)
    spread(-(shifted[:, 15, 20, 1] - 20) / 41, -0.2, 0.1)
    shifts = shifted[:, 15, 20] - (15, 20)
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 5 / math.sqrt(200)
    zoomed = made(engine, RandomWarp(height_zoom=(0.6, 0.9), width_zoom=(0.7, 1.0), stream=1), image)
    spread((zoomed[:, 18, 20, 0] - 15) / 3, 0.6, 0.9)
    spread((zoomed[:, 15, 23, 1] - 20) / 3, 0.7, 1.0)
    even = made(engine, RandomWarp(height_zoom=(0.6, 0.9), stream=1), image)
    np.testing.assert_allclose(even[:, 18, 20, 0] - 15, even[:, 15, 23, 1] - 20, atol=1e-4)
    turned = made(engine, RandomWarp((-0.25, 0.4), stream=1), image)
    seen = turned[:, 15, 25] - (15, 20)  # five to the right of the middle
    spread(np.arctan2(seen[:, 0], seen[:, 1]) / (2 * math.pi), -0.25, 0.4)
    np.testing.assert_allclose(np.hypot(seen[:, 0], seen[:, 1]), 5, rtol=1e-4)


def test_ranges_of_adjustments(engine: Engine) -> None:
    image = np.arange(12, dtype=np.float32).reshape(3, 4, 1) / 12
    lighter = made(engine, RandomAdjust(brightness=(-0.3, 0.1), value_range=(-2, 2), stream=1), image)
    spread((lighter - image)[:, 0, 0, 0], -0.3, 0.1)
    contrast = made(engine, RandomAdjust((0.5, 2.5), value_range=(-9, 9), stream=1), image)
    spread((contrast[:, -1, -1, 0] - image.mean()) / (image[-1, -1, 0] - image.mean()), 0.5, 2.5)
    cut = made(engine, RandomAdjust((3, 3), (-1, 1), (0.2, 0.7), stream=1), image)
    assert cut.min() == np.float32(0.2)
    assert cut.max() == np.float32(0.7)


def test_windows_lie_everywhere(engine: Engine) -> None:
    image = ramp(5, 7)
    windows = made(engine, RandomCrop((3, 4), 1), image, 600)
    corners = windows[:, 0, 0].astype(int)
    for window, (top, left) in zip(windows, corners, strict=True):
        np.testing.assert_array_equal(window, image[top : top + 3, left : left + 4])
    counts = np.histogram2d(*corners.T, bins=[np.arange(4), np.arange(5)])[0]
    assert counts.sum() == 600
    assert np.abs(counts - 50).max() < 5 * math.sqrt(50)
    middle = made(engine, RandomCrop((3, 3), 1), ramp(3, 7), 2, training=False)
    np.testing.assert_array_equal(middle, np.repeat(ramp(3, 7)[None, :, 2:5], 2, axis=0))


RANDOM: list[Operation] = [
    RandomWarp((-0.5, 0.5), flip_rows=True, stream=3),
    RandomCrop((4, 4), 3),
    RandomAdjust((0.5, 1.5), (-0.1, 0.1), (-9, 9), 3),
]


@pytest.mark.parametrize("operation", RANDOM, ids=lambda operation: type(operation).__name__)
def test_what_the_numbers_depend_on(engine: Engine, operation: Operation) -> None:
    image = np.random.default_rng(0).normal(size=(7, 6, 2)).astype(np.float32)
    values = made(engine, operation, image, 37)
    np.testing.assert_array_equal(made(engine, operation, image, 37), values)
    for count in (1, 8, 20):  # an image's place, not the batch's size
        np.testing.assert_array_equal(made(engine, operation, image, count), values[:count])
    assert len({value.tobytes() for value in values}) > 5  # each image its own
    assert (made(engine, operation, image, 37, step=1) != values).any()


@pytest.mark.parametrize("operation", [RANDOM[0], RANDOM[2]], ids=lambda operation: type(operation).__name__)
def test_inference_changes_nothing(engine: Engine, operation: Operation) -> None:
    make = Builder(0)
    node = make.add(operation, make.input(5, 6, 2))
    program, images = engine.compile(make.finish(node), seed=1), make.images(11)
    cotangent = make.rng.normal(size=(11, 5, 6, 2)).astype(np.float32)
    np.testing.assert_array_equal(program.predict(images, 4)[0], images[0])
    np.testing.assert_array_equal(program.read(images, [node])[0], images[0])
    np.testing.assert_array_equal(program.gradient(images, node, cotangent, [make.graph.inputs[0]])[0], cotangent)


def test_images_with_infinities_elsewhere(engine: Engine) -> None:
    """A pixel with weight zero does not count, whatever it holds."""
    image = np.zeros((4, 4, 1), np.float32)
    image[0] = np.inf
    values = made(engine, RandomWarp(stream=1), image, 3)
    np.testing.assert_array_equal(values, np.repeat(image[None], 3, axis=0))


@pytest.mark.parametrize("operation", RANDOM, ids=lambda operation: type(operation).__name__)
def test_shapes_that_are_no_images(operation: Operation) -> None:
    with pytest.raises(ShapeError, match=r"expected images of height, width and channels .*, got shape \(4, 4\)"):
        operation.output_shape((4, 4))

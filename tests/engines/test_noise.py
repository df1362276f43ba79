"""Masks that axes share, alpha dropout and normal noise: what is random about them, and what is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from striate.engines import Engine
from striate.errors import ShapeError
from striate.graph import Array
from striate.graph.operations import AlphaDropout, Dropout, GaussianNoise, Operation

from .networks import Builder

SHAPE = (6, 5, 4)
SELU_LIMIT = -1.7580993408473766


def made(
    engine: Engine,
    operation: Operation,
    count: int = 37,
    *,
    value: float = 1.0,
    step: int = 0,
    shape: tuple[int, ...] = SHAPE,
) -> Array:
    """What training makes of images that are the same everywhere."""
    make = Builder(0)
    node = make.add(operation, make.input(*shape))
    images = [np.full((count, *shape), value, np.float32)]
    return engine.compile(make.finish(node), seed=1).read(images, [node], training=True, step=step)[0]


@pytest.mark.parametrize("noise", [(1, 1, 4), (6, 1, 4), (1, 5, 1), (6, 5, 1), (1, 1, 1), (6, 5, 4)])
@pytest.mark.parametrize("shared", [False, True])
def test_masks_that_axes_share(engine: Engine, noise: tuple[int, ...], shared: bool) -> None:
    kept = made(engine, Dropout(0.4, 3, noise, shared), 97) != 0.0
    sizes = (1 if shared else 97, *noise)
    along = tuple(slice(None) if size > 1 else slice(0, 1) for size in sizes)
    mask = kept[along]
    np.testing.assert_array_equal(kept, np.broadcast_to(mask, kept.shape))
    assert abs(mask.mean() - 0.6) < 5 * math.sqrt(0.24 / mask.size)
    if mask.size > 60:  # and along the other axes nothing is shared
        for axis in range(4):
            if mask.shape[axis] > 1:
                assert (np.diff(mask.astype(int), axis=axis) != 0).mean() > 0.25


def test_a_whole_mask_is_the_plain_one(engine: Engine) -> None:
    np.testing.assert_array_equal(made(engine, Dropout(0.3, 2)), made(engine, Dropout(0.3, 2, SHAPE)))


@pytest.mark.parametrize("noise", [(6, 5), (2, 5, 4), (6, 5, 4, 1)])
def test_masks_that_do_not_fit(noise: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"noise_shape .* does not fit an input of shape"):
        Dropout(0.5, 0, noise).output_shape(SHAPE)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.8])
def test_alpha_dropout_s_two_values(engine: Engine, rate: float) -> None:
    a = ((1 - rate) * (1 + rate * SELU_LIMIT**2)) ** -0.5
    b = -a * SELU_LIMIT * rate
    values = made(engine, AlphaDropout(rate, 1), value=0.7)
    kept = np.abs(values - (a * 0.7 + b)) < 1e-5
    np.testing.assert_allclose(values[~kept], a * SELU_LIMIT + b, rtol=1e-5, atol=1e-6)
    assert abs(kept.mean() - (1 - rate)) < 5 * math.sqrt(rate * (1 - rate) / kept.size)
    channels = made(engine, AlphaDropout(rate, 1, (1, 1, 4)), 5, value=0.7)
    np.testing.assert_array_equal(channels, np.broadcast_to(channels[:, :1, :1], channels.shape))


def test_alpha_dropout_keeps_mean_and_variance(engine: Engine) -> None:
    make = Builder(0)
    node = make.add(AlphaDropout(0.25, 1), make.input(1000))
    x = np.random.default_rng(0).normal(size=(200, 1000)).astype(np.float32)
    y = engine.compile(make.finish(node), seed=1).read([x], [node], training=True)[0]
    assert abs(y.mean()) < 0.01  # standard error 0.0022
    assert abs(y.var() - 1) < 0.02


def normal(engine: Engine, count: int = 64, *, stream: int = 3, step: int = 0) -> NDArray[np.float64]:
    """Normal numbers of variance 1."""
    return made(engine, GaussianNoise(1.0, stream), count, value=0.0, step=step, shape=(50, 25)).astype(np.float64)


def kolmogorov_smirnov(values: NDArray[np.float64]) -> float:
    """sqrt(n) times the largest distance between the values' distribution and the normal one."""
    ordered = np.sort(values.ravel())
    expected = 0.5 * (1 + np.vectorize(math.erf)(ordered / math.sqrt(2)))
    steps = np.arange(len(ordered) + 1) / len(ordered)
    distance = max((steps[1:] - expected).max(), (expected - steps[:-1]).max())
    return float(math.sqrt(len(ordered)) * distance)


def test_noise_is_normal(engine: Engine) -> None:
    """80,000 numbers: moments within five standard errors; Kolmogorov and Smirnov's 1.95 is passed once in 1,000."""
    n = normal(engine)
    count = n.size
    assert abs(n.mean()) < 5 / math.sqrt(count)
    assert abs(n.var() - 1) < 5 * math.sqrt(2 / count)
    assert abs((n**3).mean()) < 5 * math.sqrt(15 / count)
    assert abs((n**4).mean() - 3) < 5 * math.sqrt(96 / count)
    assert kolmogorov_smirnov(n) < 1.95
    assert 3.8 < np.abs(n).max() < 6.0
    for part in (n[:, ::2], n[:, 1::2], n[..., 0], n[..., -1], n[:8], n[-8:]):
        assert kolmogorov_smirnov(part) < 2.3


def test_neighbours_and_places_are_independent(engine: Engine) -> None:
    n = normal(engine)
    for axis in range(3):
        for distance in (1, 2, 3, 4, 8):
            ahead = np.take(n, range(distance, n.shape[axis]), axis=axis)
            behind = np.take(n, range(n.shape[axis] - distance), axis=axis)
            assert abs((ahead * behind).mean()) < 5 / math.sqrt(ahead.size)
            assert abs(((ahead**2 - 1) * (behind**2 - 1)).mean()) < 5 * 2 / math.sqrt(ahead.size)


def test_other_streams_and_steps_are_other_numbers(engine: Engine) -> None:
    for other in (normal(engine, stream=4), normal(engine, step=1), normal(engine, step=2**33)):
        assert abs((normal(engine) * other).mean()) < 5 / math.sqrt(other.size)
    np.testing.assert_array_equal(normal(engine), normal(engine))


@pytest.mark.parametrize("count", [1, 8, 20])
def test_an_images_noise_follows_its_place_not_the_batchs_size(engine: Engine, count: int) -> None:
    np.testing.assert_array_equal(normal(engine, count), normal(engine, 37)[:count])


def test_noise_as_a_sum_and_as_a_factor(engine: Engine) -> None:
    added = made(engine, GaussianNoise(0.5, 3), value=0.0)
    np.testing.assert_allclose(made(engine, GaussianNoise(0.5, 3), value=2.0), 2 + added, rtol=1e-6, atol=1e-6)
    factors = made(engine, GaussianNoise(0.5, 3, multiplicative=True), value=2.0)
    np.testing.assert_allclose(factors, 2 * (1 + added), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "operation",
    [
        Dropout(0.4, 3, (1, 5, 1)),
        Dropout(0.4, 3, (1, 1, 4), True),
        AlphaDropout(0.4, 3),
        AlphaDropout(0.4, 3, (6, 1, 1)),
        GaussianNoise(0.3, 3),
        GaussianNoise(0.3, 3, multiplicative=True),
    ],
    ids=str,
)
def test_gradients_given_the_numbers(engine: Engine, operation: Operation) -> None:
    """All are affine in each element, with numbers that step and place decide: two values tell the slope."""
    make = Builder(0)
    node = make.add(operation, make.input(*SHAPE))
    program = engine.compile(make.finish(node), seed=1)
    images, cotangent = make.images(19)[0], make.rng.normal(size=(19, *SHAPE)).astype(np.float32)
    slope = made(engine, operation, 19, value=1.0, step=4) - made(engine, operation, 19, value=0.0, step=4)
    for step in (4, 4):  # again, so that nothing is left of the first
        found = program.gradient([images], node, cotangent, [make.graph.inputs[0]], training=True, step=step)[0]
        np.testing.assert_allclose(found, cotangent * slope, rtol=1e-5, atol=1e-5)
    idle = program.gradient([images], node, cotangent, [make.graph.inputs[0]])[0]
    np.testing.assert_array_equal(idle, cotangent)
    np.testing.assert_array_equal(program.read([images], [node])[0], images)
    np.testing.assert_array_equal(program.predict([images], 7)[0], images)

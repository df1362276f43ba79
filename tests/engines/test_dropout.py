"""Dropout: what is random about it, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from striate.engines import Engine
from striate.graph import Array, Graph, Node
from striate.graph.operations import Dropout

from .networks import Builder
from .training import SPARSE, fresh_rule, patterns


def one_dropout(rate: float = 0.4, stream: int = 3, shape: tuple[int, ...] = (13, 11, 5)) -> tuple[Graph, Node]:
    make = Builder(0)
    node = make.add(Dropout(rate, stream), make.input(*shape))
    return make.finish(node), node


def mask(engine: Engine, count: int = 37, *, rate: float = 0.4, stream: int = 3, step: int = 0, seed: int = 1) -> Array:
    """What dropout makes of ones."""
    graph, node = one_dropout(rate, stream)
    images = [np.ones((count, *node.shape), np.float32)]
    return engine.compile(graph, seed=seed).read(images, [node], training=True, step=step)[0]


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
def test_rate_and_scale(engine: Engine, rate: float) -> None:
    made = mask(engine, 100, rate=rate)
    kept = made != 0.0
    np.testing.assert_allclose(made[kept], 1.0 / (1.0 - rate), rtol=1e-6)
    spread = np.sqrt(rate * (1 - rate))
    assert abs(kept.mean() - (1 - rate)) < 4 * spread / np.sqrt(kept.size)
    # In every channel, row, column and place in the batch: five deviations, as there are many.
    for axis in range(4):
        others = tuple(k for k in range(4) if k != axis)
        shares = kept.mean(axis=others)
        assert np.abs(shares - (1 - rate)).max() < 5 * spread / np.sqrt(kept.size / kept.shape[axis])


def test_neighbours_are_independent(engine: Engine) -> None:
    kept = (mask(engine, 100, rate=0.5) != 0.0) - 0.5
    for axis in range(4):
        for distance in (1, 2, 4, 8):
            ahead = np.take(kept, range(distance, kept.shape[axis]), axis=axis)
            behind = np.take(kept, range(kept.shape[axis] - distance), axis=axis)
            if ahead.size:
                assert abs((ahead * behind).mean()) < 0.25 * 5 / np.sqrt(ahead.size)


@pytest.mark.parametrize("other", [{"stream": 4}, {"step": 1}, {"seed": 2}, {"step": 2**33}, {"stream": 2**33 + 3}])
def test_other_stream_step_or_seed_other_numbers(engine: Engine, other: dict[str, int]) -> None:
    a, b = mask(engine) != 0.0, mask(engine, **other) != 0.0  # type: ignore[arg-type]
    correlation = ((a - 0.6) * (b - 0.6)).mean() / 0.24
    assert abs(correlation) < 5 / np.sqrt(a.size)


def test_the_same_keys_the_same_numbers(engine: Engine) -> None:
    np.testing.assert_array_equal(mask(engine, step=5), mask(engine, step=5))


@pytest.mark.parametrize("count", [1, 5, 8, 16, 20])
def test_an_images_numbers_follow_its_place_not_the_batchs_size(engine: Engine, count: int) -> None:
    np.testing.assert_array_equal(mask(engine, count), mask(engine, 37)[:count])


def test_inference_changes_nothing(engine: Engine) -> None:
    graph, node = one_dropout()
    images = [np.random.default_rng(0).normal(size=(5, *node.shape)).astype(np.float32)]
    program = engine.compile(graph, seed=1)
    np.testing.assert_array_equal(program.read(images, [node])[0], images[0])
    np.testing.assert_array_equal(program.predict(images, 3)[0], images[0])


def test_gradient_passes_where_values_did(engine: Engine) -> None:
    graph, node = one_dropout()
    rng = np.random.default_rng(0)
    images = [rng.normal(size=(19, *node.shape)).astype(np.float32)]
    cotangent = rng.normal(size=(19, *node.shape)).astype(np.float32)
    program = engine.compile(graph, seed=1)
    gradient = program.gradient(images, node, cotangent, graph.inputs, training=True, step=4)[0]
    np.testing.assert_allclose(gradient, cotangent * mask(engine, 19, step=4), rtol=1e-6)
    np.testing.assert_array_equal(program.gradient(images, node, cotangent, graph.inputs)[0], cotangent)


def test_steps_of_a_run_follow_the_first(engine: Engine) -> None:
    """Two steps at once are one and one: the second uses the numbers of its own step."""
    make = Builder(2)
    x = make.add(Dropout(0.5, 1), make.flatten(make.input(4, 4, 1)))
    graph = make.finish(make.activation(make.dense(x, 10), "sigmoid"))
    examples = patterns(20, (4, 4, 1))
    program = engine.compile(graph, losses=[SPARSE], rule=fresh_rule("sgd", graph), seed=1)
    same = np.tile(np.arange(10), 2)
    both = program.train(examples, same, 10, np.zeros(2), 6)
    second = program.train(examples, same[:10], 10, np.zeros(1), 7)
    np.testing.assert_array_equal(both.outputs[0][10:], second.outputs[0])
    assert (both.outputs[0][:10] != both.outputs[0][10:]).any()

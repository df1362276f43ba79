"""What `engines.interface` promises of every program, beside the numbers themselves."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from striate.engines import Engine, Examples
from striate.graph import Array, Graph, LossFunction, UpdateRule
from striate.graph.operations import Affine, Softmax

from .networks import Builder, lenet, normalised
from .training import SPARSE, fresh_rule, patterns, train, weights_of

NETWORKS = {"lenet": (lenet, (28, 28, 1)), "normalised": (normalised, (12, 12, 3))}


def close(actual: Array, expected: Array) -> None:
    """Equal but for the order of a sum, which may follow the batch's size."""
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_images_of_every_type_give_the_same(engine: Engine, name: str) -> None:
    network, shape = NETWORKS[name]
    examples = patterns(45, shape)
    found = []
    for dtype in (np.uint8, np.float32, np.float64):
        graph = network()
        images = examples.images[0].astype(dtype)
        typed = Examples([images], examples.targets)
        results = train(engine, graph, fresh_rule("adam", graph), typed, steps=4, batch_size=16, rate=0.01)
        program = engine.compile(graph, losses=[SPARSE])
        evaluated = program.evaluate(typed, 16)
        read = program.read([images], graph.nodes[1:3])
        found.append(
            [*weights_of(graph), results.losses, *results.outputs, evaluated.losses, *evaluated.outputs, *read]
        )
    for others in found[1:]:
        for first, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(first, other)


def test_float64_images_are_rounded_to_float32(engine: Engine) -> None:
    make = Builder(0)
    graph = make.finish(make.dense(make.input(5), 3))
    images = make.rng.normal(size=(9, 5)) * np.pi
    program = engine.compile(graph)
    np.testing.assert_array_equal(program.predict([images], 4)[0], program.predict([images.astype(np.float32)], 4)[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_images_are_neither_changed_nor_need_to_be_writable(engine: Engine, dtype: type) -> None:
    examples = patterns(40, (28, 28, 1))
    images = examples.images[0].astype(dtype)
    images.flags.writeable = False
    graph = lenet()
    locked = Examples([images], examples.targets)
    train(engine, graph, fresh_rule("adam", graph), locked, steps=2, batch_size=20, rate=0.01)
    program = engine.compile(graph, losses=[SPARSE])
    program.evaluate(locked, 16)
    program.predict([images], 16)
    program.gradient([images], graph.outputs[0], np.ones((40, 10), np.float32), graph.inputs)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch_size", [1, 7, 8, 16, 45, 1000])
def test_predicting_in_batches_is_predicting_at_once(engine: Engine, name: str, batch_size: int) -> None:
    network, shape = NETWORKS[name]
    graph, images = network(), patterns(45, shape).images
    program = engine.compile(graph)
    outputs = program.predict(images, batch_size)
    assert [array.shape for array in outputs] == [(45, 10)]
    close(outputs[0], program.read(images, graph.outputs)[0])
    for k in (0, 7, 8, 44):
        close(outputs[0][k : k + 1], program.predict([images[0][k : k + 1]], 1)[0])


def test_outputs_come_in_the_order_taken(engine: Engine) -> None:
    graph, examples = lenet(), patterns(50, (28, 28, 1))
    program = engine.compile(graph, losses=[SPARSE], rule=fresh_rule("sgd", graph))
    order = np.random.default_rng(0).integers(0, 50, size=40)  # some twice, some never
    expected = program.predict(examples.images, 50)[0]
    results = program.train(examples, order, 16, np.zeros(3), 0)  # a rate of zero changes nothing
    close(results.outputs[0], expected[order])
    losses = -np.log(expected[order, examples.targets[0][order]].astype(np.float64))
    batches = [losses[:16].mean(), losses[16:32].mean(), losses[32:].mean()]
    np.testing.assert_allclose(results.losses, batches, rtol=1e-5)
    assert results.losses.dtype == np.float64


def test_as_many_steps_as_learning_rates(engine: Engine) -> None:
    graph, examples = lenet(), patterns(50, (28, 28, 1))
    program = engine.compile(graph, losses=[SPARSE], rule=fresh_rule("sgd", graph))
    results = program.train(examples, np.arange(50), 16, np.full(2, 0.01), 0)
    assert len(results.losses) == 2
    assert results.outputs[0].shape == (32, 10)
    results = program.train(examples, np.arange(48, 50), 16, np.full(1, 0.01), 2)
    assert len(results.losses) == 1
    assert results.outputs[0].shape == (2, 10)


def test_learning_rates_are_each_steps_own(engine: Engine) -> None:
    graph, examples = lenet(), patterns(48, (28, 28, 1))
    program = engine.compile(graph, losses=[SPARSE], rule=fresh_rule("sgd", graph))
    program.train(examples, np.arange(48), 16, np.array([0.0, 0.02, 0.0]), 0)
    once = lenet()
    engine.compile(once, losses=[SPARSE], rule=fresh_rule("sgd", once)).train(
        examples, np.arange(16, 32), 16, np.array([0.02]), 0
    )
    for here, there in zip(weights_of(graph), weights_of(once), strict=True):
        np.testing.assert_array_equal(here, there)


# A loss that is not finite.


def state_of(graph: Graph, rule: object) -> list[Array]:
    slots = [array.copy() for names in rule.slots.values() for array in names.values()]  # type: ignore[attr-defined]
    return [*weights_of(graph), *slots, *(array.copy() for array in rule.scalars.values())]  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("rule_name", ["sgd with momentum", "adam", "nadam", "rmsprop, centered"])
def test_a_loss_that_is_not_finite_leaves_everything_as_before_its_step(
    engine: Engine, rule_name: str, bad: float
) -> None:
    """Weights, the rule's state and moving statistics; also when the run began many steps before."""
    examples = patterns(80, (12, 12, 3))
    weights = np.ones(80, np.float32)
    weights[50] = bad  # in the fourth batch of sixteen
    poisoned = Examples(examples.images, examples.targets, weights)
    states = []
    for given, steps in ((poisoned, 5), (poisoned, 3)):
        graph = normalised()
        rule = fresh_rule(rule_name, graph)
        program = engine.compile(graph, losses=[SPARSE], rule=rule, seed=3)
        results = program.train(given, np.arange(80), 16, np.full(steps, 0.01), 0)
        states.append(state_of(graph, rule))
        if steps == 5:
            assert len(results.losses) == 4
            assert np.isfinite(results.losses[:3]).all()
            assert not np.isfinite(results.losses[3])
            assert len(results.outputs[0]) in (48, 64)
    for stopped, short in zip(*states, strict=True):
        np.testing.assert_array_equal(stopped, short)
    # Nothing is left over: the same program goes on with good data.
    sound = Examples(examples.images, examples.targets, np.ones(80, np.float32))
    assert np.isfinite(program.train(sound, np.arange(80), 16, np.full(5, 0.01), 3).losses).all()


def test_weights_that_grow_beyond_float32(engine: Engine) -> None:
    make = Builder(0)
    graph = make.finish(make.dense(make.input(4), 2))
    examples = Examples(make.images(16), [np.ones((16, 2), np.float32)])
    rule = fresh_rule("sgd", graph)
    program = engine.compile(graph, losses=[LossFunction("mean_squared_error")], rule=rule)
    results = program.train(examples, np.tile(np.arange(16), 100), 16, np.full(100, 1e4), 0)
    assert len(results.losses) < 100
    assert not np.isfinite(results.losses[-1])
    assert np.isfinite(results.losses[:-1]).all()


def test_nan_is_not_lost_on_the_way(engine: Engine) -> None:
    """A relu of NaN is NaN, so a network that has gone wrong shows it; other images of the batch are not touched."""
    make = Builder(0)
    x = make.activation(make.conv(make.input(6, 6, 2), 4, 3, 3))
    graph = make.finish(make.add(Softmax(), make.dense(make.flatten(make.pool(x, 2, 2, kind="average")), 3)))
    images = make.images(20)
    images[0][5, 2, 2, 1] = np.nan
    outputs = engine.compile(graph).predict(images, 20)[0]
    assert np.isnan(outputs[5]).all()
    assert np.isfinite(np.delete(outputs, 5, axis=0)).all()


# Evaluation and looking inside.


@pytest.mark.parametrize("name", NETWORKS)
def test_evaluation_changes_nothing(engine: Engine, name: str) -> None:
    network, shape = NETWORKS[name]
    graph, examples = network(), patterns(45, shape)
    rule = fresh_rule("adam", graph)
    program = engine.compile(graph, losses=[SPARSE], rule=rule)
    before = state_of(graph, rule)
    first = program.evaluate(examples, 16)
    program.predict(examples.images, 16)
    program.read(examples.images, graph.nodes, training=True, step=5)
    program.gradient(examples.images, graph.outputs[0], np.ones((45, 10), np.float32), graph.nodes, training=True)
    program.parameter_gradients(examples.images, graph.outputs[0], np.ones((45, 10), np.float32), training=True)
    second = program.evaluate(examples, 16)
    for here, there in zip(before, state_of(graph, rule), strict=True):
        np.testing.assert_array_equal(here, there)
    np.testing.assert_array_equal(first.losses, second.losses)
    np.testing.assert_array_equal(first.outputs[0], second.outputs[0])


@pytest.mark.parametrize("batch_size", [16, 45, 100])
def test_evaluation_is_each_batchs_loss_and_all_outputs(engine: Engine, batch_size: int) -> None:
    graph, examples = normalised(), patterns(45, (12, 12, 3))
    program = engine.compile(graph, losses=[SPARSE])
    results = program.evaluate(examples, batch_size)
    p = program.predict(examples.images, 45)[0]
    close(results.outputs[0], p)
    losses = -np.log(p[np.arange(45), examples.targets[0]].astype(np.float64))
    expected = [losses[k : k + batch_size].mean() for k in range(0, 45, batch_size)]
    np.testing.assert_allclose(results.losses, expected, rtol=1e-5)


def test_training_outputs_are_what_reading_the_same_step_shows(engine: Engine) -> None:
    """Fused or not: with the batch's statistics and the same dropout, seen from both sides."""
    graph, examples = normalised(), patterns(30, (12, 12, 3))
    program = engine.compile(graph, losses=[SPARSE], rule=fresh_rule("sgd", graph), seed=9)
    nodes = program.read(examples.images, graph.nodes, training=True, step=41)
    for node, together in zip(graph.nodes, nodes, strict=True):
        alone = program.read(examples.images, [node], training=True, step=41)[0]
        np.testing.assert_array_equal(alone, together)
    results = program.train(examples, np.arange(30), 30, np.array([0.0]), 41)
    close(results.outputs[0], nodes[graph.outputs[0].index])


@pytest.mark.parametrize("name", NETWORKS)
def test_reading_every_node_alone_and_together(engine: Engine, name: str) -> None:
    network, shape = NETWORKS[name]
    graph, images = network(), patterns(19, shape).images
    program = engine.compile(graph)
    together = program.read(images, graph.nodes)
    for node, array in zip(graph.nodes, together, strict=True):
        assert array.shape == (19, *node.shape)
        assert array.flags.c_contiguous
        close(program.read(images, [node])[0], array)
    backwards = program.read(images, graph.nodes[::-1])
    for here, there in zip(backwards[::-1], together, strict=True):
        np.testing.assert_array_equal(here, there)


def test_arrays_that_come_back_are_the_callers(engine: Engine) -> None:
    graph, images = lenet(), [patterns(10, (28, 28, 1)).images[0].astype(np.float32)]
    program = engine.compile(graph)
    first = program.read(images, graph.nodes)
    kept = [array.copy() for array in first]
    for array in first:
        array += 1.0
    for here, there in zip(program.read(images, graph.nodes), kept, strict=True):
        np.testing.assert_array_equal(here, there)


def test_weights_may_change_between_calls(engine: Engine) -> None:
    """Programs work on the parameters' memory: what is assigned to them counts at once, in every program."""
    graph, images = lenet(), patterns(10, (28, 28, 1)).images
    first, second = engine.compile(graph), engine.compile(graph)
    first.predict(images, 10)
    for parameter, other in zip(graph.parameters(), lenet(seed=1).parameters(), strict=True):
        parameter.assign(other.value)
    expected = engine.compile(lenet(seed=1)).predict(images, 10)[0]
    np.testing.assert_array_equal(first.predict(images, 10)[0], expected)
    np.testing.assert_array_equal(second.predict(images, 10)[0], expected)


def test_gradient_of_an_inner_node_for_another(engine: Engine) -> None:
    make = Builder(0)
    x = make.add(Affine(2.0), make.input(3))
    y = make.add(Affine(-3.0), x)
    graph = make.finish(make.add(Affine(5.0), y))
    cotangent = np.ones((4, 3), np.float32)
    program = engine.compile(graph)
    images = make.images(4)
    of_y = [array[0, 0] for array in program.gradient(images, y, cotangent, graph.nodes)]
    assert of_y == [-6.0, -3.0, 1.0, 0.0]
    for nodes in ([x], [graph.nodes[0], y], []):
        assert len(program.gradient(images, graph.outputs[0], cotangent, nodes)) == len(nodes)


# Looking for what is not finite.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("index", [0, 1, 777, 1999])
def test_first_not_finite(engine: Engine, dtype: type, bad: float, index: int) -> None:
    array = np.random.default_rng(0).normal(size=(2000, 5, 7, 1)).astype(dtype)
    assert engine.first_not_finite(array) is None
    array[1999, 4, 6, 0] = np.nan
    array[index, 4, 6, 0] = bad
    assert engine.first_not_finite(array) == index
    array[index, 0, 0, 0] = bad
    assert engine.first_not_finite(array) == index


def test_first_not_finite_of_other_arrays(engine: Engine) -> None:
    assert engine.first_not_finite(np.full((10, 2), 255, np.uint8)) is None
    assert engine.first_not_finite(np.full(10, 1e30, np.float32)) is None
    assert engine.first_not_finite(np.array([1.0, np.inf], np.float64)) == 1
    assert engine.first_not_finite(np.full((3, 2), 1e300)) in (None, 0)  # finite, but not once it is float32
    assert engine.first_not_finite(np.full((3, 2), np.finfo(np.float32).max, np.float32)) is None
    assert engine.first_not_finite(np.full((3, 2), 1e-45, np.float32)) is None


def test_python_threads_take_turns(engine: Engine) -> None:
    graph = lenet()
    programs = [engine.compile(graph), engine.compile(graph)]
    images = np.random.default_rng(0).random((300, *graph.inputs[0].shape), dtype=np.float32)
    expected = programs[0].predict([images], 32)[0]
    results: list[Array] = []
    workers = [
        threading.Thread(
            target=lambda program=programs[k % 2]: results.append(program.predict([images], 32)[0]), daemon=True
        )
        for k in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert len(results) == 8
    assert all(np.array_equal(result, expected) for result in results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_child_of_a_fork_has_threads_of_its_own(engine: Engine) -> None:
    graph = lenet()
    program = engine.compile(graph)
    images = np.random.default_rng(0).random((300, *graph.inputs[0].shape), dtype=np.float32)
    expected = program.predict([images], 32)[0]
    child = os.fork()
    if child == 0:
        same = np.array_equal(program.predict([images], 32)[0], expected)
        os._exit(0 if same else 1)
    for _ in range(600):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pytest.fail("the child did not end")
    assert status == 0
    assert np.array_equal(program.predict([images], 32)[0], expected)


def test_more_steps_than_examples_may_be_ordered(engine: Engine) -> None:
    """An order may name an example many times, so a batch can be larger than the data."""
    graph = lenet()
    program = engine.compile(graph, losses=[SPARSE], rule=UpdateRule("sgd", {"momentum": 0.0, "nesterov": 0.0}))
    rng = np.random.default_rng(0)
    images = rng.random((8, *graph.inputs[0].shape), dtype=np.float32)
    labels = rng.integers(0, graph.outputs[0].shape[-1], 8).astype(np.int32)
    order = np.tile(np.arange(8), 400)
    result = program.train(Examples([images], [labels]), order, len(order), np.array([0.1]), 0)
    assert np.isfinite(result.losses).all()


def test_no_images_no_gradient(engine: Engine) -> None:
    graph = lenet()
    images = np.zeros((0, *graph.inputs[0].shape), np.float32)
    output = graph.outputs[0]
    gradients = engine.compile(graph).parameter_gradients([images], output, np.zeros((0, *output.shape), np.float32))
    assert all(not gradient.any() for gradient in gradients)


def test_nodes_of_other_graphs_are_refused(engine: Engine) -> None:
    graph, other = lenet(), lenet()
    images = np.zeros((1, *graph.inputs[0].shape), np.float32)
    with pytest.raises(ValueError, match="is no node of the graph"):
        engine.compile(graph).read([images], [other.outputs[0]])


def test_training_that_does_not_fit_is_refused(engine: Engine) -> None:
    graph = lenet()
    examples = patterns(8, (28, 28, 1))
    rates = np.full(2, 0.1)
    with pytest.raises(ValueError, match="without a loss or an update rule"):
        engine.compile(graph, losses=[SPARSE]).train(examples, np.arange(8), 4, rates, 0)
    with pytest.raises(ValueError, match="without a loss; it cannot evaluate"):
        engine.compile(graph).evaluate(examples, 4)
    program = engine.compile(graph, losses=[SPARSE], rule=UpdateRule("sgd", {"momentum": 0.0, "nesterov": 0.0}))
    before = weights_of(graph)
    with pytest.raises(ValueError, match="8 examples in batches of 8 do not make 2 steps"):
        program.train(examples, np.arange(8), 8, rates, 0)
    with pytest.raises(ValueError, match="order goes beyond the 8 examples"):
        program.train(examples, np.arange(8) + 1, 4, rates, 0)
    for weights, old in zip(weights_of(graph), before, strict=True):
        np.testing.assert_array_equal(weights, old)

"""Every update rule against Keras's formulas written out in float64, on gradients that are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from striate.engines import Engine, Examples
from striate.graph import Array, Constraint, Graph, LossFunction, Parameter, UpdateRule
from striate.graph.training import AVERAGE

from . import reference
from .checks import assert_close
from .networks import Builder
from .reference import Exact
from .training import RULES, fresh_rule

SQUARE = LossFunction("mean_squared_error")
State = dict[str, Exact]


def expected_step(
    kind: str, n: dict[str, float], w: Exact, g: Exact, s: State, lr: float, t: int, product: float
) -> Exact:
    """The weights after step t (1 is the first); s is brought up to date. product: Nadam's, after this step."""

    def average(name: str, value: Exact, keep: float) -> Exact:
        s[name] = keep * s.get(name, np.zeros_like(w)) + (1 - keep) * value
        return s[name]

    if kind == "sgd":
        if not n["momentum"]:
            return w - lr * g
        s["m"] = n["momentum"] * s.get("m", np.zeros_like(w)) - lr * g
        return w + (n["momentum"] * s["m"] - lr * g if n["nesterov"] else s["m"])
    if kind in ("adam", "adamw"):
        m, v = average("m", g, n["beta_1"]), average("v", g * g, n["beta_2"])
        if n["amsgrad"]:
            v = s["hat"] = np.maximum(s.get("hat", np.zeros_like(w)), v)
        return w - lr * math.sqrt(1 - n["beta_2"] ** t) / (1 - n["beta_1"] ** t) * m / (np.sqrt(v) + n["epsilon"])
    if kind == "nadam":
        m, v = average("m", g, n["beta_1"]), average("v", g * g, n["beta_2"])
        u, after = nadam_u(n, t), nadam_u(n, t + 1)
        m_hat = after * m / (1 - product * after) + (1 - u) * g / (1 - product)
        return w - lr * m_hat / (np.sqrt(v / (1 - n["beta_2"] ** t)) + n["epsilon"])
    if kind == "rmsprop":
        v = average("v", g * g, n["rho"])
        v = v - average("a", g, n["rho"]) ** 2 if n["centered"] else v
        s["m"] = n["momentum"] * s.get("m", np.zeros_like(w)) + lr * g / np.sqrt(v + n["epsilon"])
        return w - s["m"]
    if kind == "adagrad":
        s["a"] = s.get("a", np.full_like(w, n["initial_accumulator_value"])) + g * g
        return w - lr * g / np.sqrt(s["a"] + n["epsilon"])
    if kind == "adamax":
        m = average("m", g, n["beta_1"])
        s["u"] = np.maximum(n["beta_2"] * s.get("u", np.zeros_like(w)), np.abs(g))
        return w - lr * m / ((1 - n["beta_1"] ** t) * (s["u"] + n["epsilon"]))
    if kind == "ftrl":
        p, l1 = -n["learning_rate_power"], n["l1_regularization_strength"]
        before = s.get("a", np.full_like(w, n["initial_accumulator_value"]))
        s["a"] = before + g * g
        pull = g + 2 * n["l2_shrinkage_regularization_strength"] * w
        s["z"] = s.get("z", np.zeros_like(w)) + pull - (s["a"] ** p - before**p) / lr * w
        quadratic = s["a"] ** p / lr + 2 * (n["l2_regularization_strength"] + n["beta"] / (2 * lr))
        return (np.clip(s["z"], -l1, l1) - s["z"]) / quadratic
    if kind == "lion":
        m = s.get("m", np.zeros_like(w))
        s["m"] = n["beta_2"] * m + (1 - n["beta_2"]) * g
        return w - lr * np.sign(n["beta_1"] * m + (1 - n["beta_1"]) * g)
    assert kind == "adadelta"
    a = average("g", g * g, n["rho"])
    change = -np.sqrt(s.get("d", np.zeros_like(w)) + n["epsilon"]) / np.sqrt(a + n["epsilon"]) * g
    average("d", change * change, n["rho"])
    return w + lr * change


def nadam_u(n: dict[str, float], t: int) -> float:
    return n["beta_1"] * (1 - 0.5 * 0.96**t)


Clip = Callable[[list[Exact]], list[Exact]]


def norm(*arrays: Exact) -> float:
    return math.sqrt(sum(float((a * a).sum()) for a in arrays))


CLIPS: dict[str, tuple[dict[str, float], Clip]] = {
    "nothing": ({}, lambda gs: gs),
    "weight decay": ({"weight_decay": 0.1}, lambda gs: gs),
    "clipvalue": ({"clipvalue": 0.02}, lambda gs: [np.clip(g, -0.02, 0.02) for g in gs]),
    "clipnorm": ({"clipnorm": 0.05}, lambda gs: [g * min(1.0, 0.05 / norm(g)) for g in gs]),
    "clipnorm, wide": ({"clipnorm": 1e3}, lambda gs: gs),
    "global_clipnorm": ({"global_clipnorm": 0.05}, lambda gs: [g * min(1.0, 0.05 / norm(*gs)) for g in gs]),
    "global_clipnorm, wide": ({"global_clipnorm": 1e3, "weight_decay": 0.01}, lambda gs: gs),
}


def linear(seed: int = 0) -> tuple[Graph, Examples]:
    """y = x W + b with mean squared error: the gradient is simple enough to be right."""
    make = Builder(seed)
    graph = make.finish(make.dense(make.input(7), 5))
    return graph, Examples(make.images(20), [make.rng.normal(size=(20, 5)).astype(np.float32)])


def linear_gradients(kernel: Exact, bias: Exact, x: Array, y: Array) -> list[Exact]:
    error = 2 * (x.astype(np.float64) @ kernel + bias - y) / y.size
    return [x.T.astype(np.float64) @ error, error.sum(axis=0)]


def run(rule: UpdateRule, engine: Engine, graph: Graph, examples: Examples, clip: Clip) -> None:
    """12 steps, in calls of 1, 4 and 7, against the formulas; the weights agree after each call."""
    rates = np.linspace(0.02, 0.01, 12)
    program = engine.compile(graph, losses=[SQUARE], rule=rule)
    exact = [p.value.astype(np.float64) for p in graph.parameters()]
    states: list[State] = [{}, {}]
    product = 1.0
    step = 0
    for count in (1, 4, 7):
        order = np.tile(np.arange(20), count)
        results = program.train(examples, order, 20, rates[step : step + count], step)
        for k in range(count):
            output = examples.images[0].astype(np.float64) @ exact[0] + exact[1]
            assert results.losses[k] == pytest.approx(float(((output - examples.targets[0]) ** 2).mean()), rel=1e-5)
            gradients = clip(linear_gradients(exact[0], exact[1], examples.images[0], examples.targets[0]))
            step += 1
            product *= nadam_u(rule.numbers, step) if rule.kind == "nadam" else 1.0
            for which in (0, 1):
                w = exact[which] - exact[which] * rule.weight_decay * rates[step - 1]
                exact[which] = expected_step(
                    rule.kind, rule.numbers, w, gradients[which], states[which], rates[step - 1], step, product
                )
        for parameter, right in zip(graph.parameters(), exact, strict=True):
            assert_close(parameter.value, right, f"{parameter.name} after {step} steps", 1e-5)


@pytest.mark.parametrize("name", RULES)
def test_rule(engine: Engine, name: str) -> None:
    graph, examples = linear()
    run(fresh_rule(name, graph), engine, graph, examples, CLIPS["nothing"][1])


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("name", ["sgd with momentum", "adam"])
def test_clipping_and_decay(engine: Engine, name: str, clip: str) -> None:
    options, function = CLIPS[clip]
    graph, examples = linear(1)
    run(fresh_rule(name, graph, **options), engine, graph, examples, function)


def pinned(w: Exact, axis: int | tuple[int, ...], low: float, high: float, rate: float) -> Exact:
    norms = np.sqrt((w * w).sum(axis=axis, keepdims=True))
    return w * (rate * np.clip(norms, low, high) + (1 - rate) * norms) / (norms + 1e-7)


def one_step(engine: Engine, rule: str, parameters: Callable[[list[Parameter]], None], **options: float) -> list[Array]:
    """Weights after each of six steps on a line, with parameters set up by a function; then the averages, if any."""
    graph, examples = linear(6)
    parameters(graph.parameters())
    updates = fresh_rule(rule, graph, **options)
    program = engine.compile(graph, losses=[SQUARE], rule=updates)
    seen = []
    for step in range(6):
        program.train(examples, np.arange(20), 20, np.array([0.1]), step)
        seen += [parameter.numpy() for parameter in graph.parameters()]
    return seen + [updates.slots[id(p)][AVERAGE] for p in graph.parameters() if "ema_momentum" in options]


CONSTRAINTS = {
    "columns": Constraint((0,), 0.0, 0.4),
    "rows": Constraint((1,), 0.3, 0.5, 0.7),
    "all": Constraint((0, 1), 1.0, 1.0),
    "sign": Constraint(non_negative=True),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints(engine: Engine, name: str) -> None:
    """One step of gradient descent by hand, then the constraint; clipping and the average come before it."""
    c = CONSTRAINTS[name]
    graph, examples = linear(6)
    kernel, bias = graph.parameters()
    kernel.constraint, bias.constraint = c, Constraint(non_negative=True)
    exact = [p.value.astype(np.float64) for p in (kernel, bias)]
    gradients = linear_gradients(exact[0], exact[1], examples.images[0], examples.targets[0])
    moved = [w - 0.1 * g for w, g in zip(exact, gradients, strict=True)]
    rule = fresh_rule("sgd", graph, ema_momentum=0.9)
    engine.compile(graph, losses=[SQUARE], rule=rule).train(examples, np.arange(20), 20, np.array([0.1]), 0)
    assert_close(rule.slots[id(kernel)][AVERAGE], moved[0], "average", 1e-5)
    kept = np.maximum(moved[0], 0) if c.non_negative else pinned(moved[0], c.axes, c.minimum, c.maximum, c.rate)
    assert_close(kernel.value, kept, "kernel", 1e-5)
    assert_close(bias.value, np.maximum(moved[1], 0), "bias", 1e-5)


@pytest.mark.parametrize("axes", [(0,), (3,), (0, 1, 2), (1, 3), (0, 2), (0, 1, 2, 3)])
def test_constraints_of_kernels_along_any_axes(engine: Engine, axes: tuple[int, ...]) -> None:
    make = Builder(9)
    x = make.conv(make.input(6, 6, 3), 4, 2, 3)
    graph = make.finish(make.dense(make.flatten(x), 2))
    kernel = graph.parameters()[0]
    kernel.constraint = Constraint(axes, 0.2, 0.3, 0.5)
    before = kernel.value.astype(np.float64)
    examples = Examples(make.images(5), [np.zeros((5, 2), np.float32)])
    program = engine.compile(graph, losses=[SQUARE], rule=fresh_rule("sgd", graph))
    program.train(examples, np.arange(5), 5, np.array([0.0]), 0)
    assert_close(kernel.value, pinned(before, axes, 0.2, 0.3, 0.5), "kernel", 1e-6)


def test_moving_average_of_weights(engine: Engine) -> None:
    """average <- m average + (1 - m) w, beginning with w; every third step w becomes the average."""
    plain = one_step(engine, "adam", lambda ps: None)
    averaged = one_step(engine, "adam", lambda ps: None, ema_momentum=0.8)
    for a, b in zip(plain, averaged, strict=False):
        np.testing.assert_array_equal(a, b)
    for which in (0, 1):
        mean = plain[which].astype(np.float64)
        for step in range(1, 6):
            mean = 0.8 * mean + 0.2 * plain[2 * step + which]
        assert_close(averaged[12 + which], mean, "average", 1e-6)
    overwritten = one_step(engine, "sgd", lambda ps: None, ema_momentum=0.8, ema_overwrite_frequency=3)
    for which in (0, 1):
        np.testing.assert_array_equal(overwritten[10 + which], overwritten[12 + which])
        assert np.abs(overwritten[10 + which] - plain[10 + which]).max() > 0


def test_parameters_without_decay(engine: Engine) -> None:
    graph, examples = linear(7)
    kernel, bias = graph.parameters()
    before = kernel.numpy(), bias.numpy()
    rule = fresh_rule("sgd", graph, weight_decay=0.5)
    rule.undecayed = frozenset({id(bias)})
    rates = np.array([1e-30])  # the gradient's share is nothing beside the decay's
    rule.weight_decay = 1e29
    engine.compile(graph, losses=[SQUARE], rule=rule).train(examples, np.arange(20), 20, rates, 0)
    assert_close(kernel.value, 0.9 * before[0], "kernel", 1e-6)
    np.testing.assert_array_equal(bias.value, before[1])


def test_state_is_the_optimizers_memory(engine: Engine) -> None:
    """What a program leaves in slots and scalars, the next one continues from."""
    results = []
    for parts in ([6], [2, 4]):
        graph, examples = linear(2)
        rule = fresh_rule("nadam", graph)
        step = 0
        for count in parts:
            program = engine.compile(graph, losses=[SQUARE], rule=rule)
            program.train(examples, np.tile(np.arange(20), count), 20, np.full(count, 0.01), step)
            step += count
        assert float(rule.scalars["u_product"][0]) == pytest.approx(
            math.prod(nadam_u(rule.numbers, t) for t in range(1, 7)), rel=1e-6
        )
        results.append([p.numpy() for p in graph.parameters()])
    for together, apart in zip(*results, strict=True):
        np.testing.assert_array_equal(together, apart)


def test_parameters_that_are_not_trainable_stay(engine: Engine) -> None:
    graph, examples = linear(3)
    kernel, bias = graph.parameters()
    kernel.trainable = False
    before = kernel.numpy(), bias.numpy()
    rule = fresh_rule("adam", graph, weight_decay=0.1)
    engine.compile(graph, losses=[SQUARE], rule=rule).train(examples, np.arange(20), 20, np.array([0.1]), 0)
    np.testing.assert_array_equal(kernel.value, before[0])
    assert (bias.value != before[1]).all()


def test_one_memory_for_weights_used_twice(engine: Engine) -> None:
    """A parameter that two operations share is moved once, by the sum of both gradients."""
    make = Builder(4)
    first = make.dense(make.input(4), 4)
    second = make.graph.add(first.operation, first, name="again", parameters=first.parameters)
    graph = make.finish(second)
    examples = Examples(make.images(10), [make.rng.normal(size=(10, 4)).astype(np.float32)])
    before = [p.value.astype(np.float64) for p in graph.parameters()]
    program = engine.compile(graph, losses=[SQUARE], rule=fresh_rule("sgd", graph))
    cotangent = 2 * (program.predict(examples.images, 10)[0] - examples.targets[0]) / np.float32(40)
    gradients = program.parameter_gradients(examples.images, second, cotangent)
    program.train(examples, np.arange(10), 10, np.array([0.5]), 0)
    for parameter, w, g in zip(graph.parameters(), before, gradients, strict=True):
        assert_close(parameter.value, w - 0.5 * g, parameter.name, 1e-6)


def test_moving_statistics(engine: Engine) -> None:
    """moving = momentum * moving + (1 - momentum) * batch, biased variance; only in training, and not when frozen."""
    make = Builder(5)
    x = make.batch_norm(make.input(3, 2, 4))
    x = make.batch_norm(x, frozen=True)
    graph = make.finish(make.dense(make.flatten(x), 2))
    images = [array * np.float32(3) + np.float32(1) for array in make.images(21)]
    examples = Examples(images, [np.zeros((21, 2), np.float32)])
    free, frozen = ([node.parameters[name] for name in MOVING] for node in graph.nodes[1:3])
    before = [p.value.astype(np.float64) for p in (*free, *frozen)]
    program = engine.compile(graph, losses=[SQUARE], rule=fresh_rule("adam", graph))
    program.evaluate(examples, 8)
    order = np.random.default_rng(0).permutation(21)
    program.train(examples, order, 8, np.full(3, 0.1), 0)
    for start in (0, 8, 16):
        batch = reference.batch_statistics(images[0][order[start : start + 8]].astype(np.float64))
        before[:2] = [0.9 * moving + 0.1 * value for moving, value in zip(before, batch, strict=False)]
    for parameter, right in zip((*free, *frozen), before, strict=True):
        assert_close(parameter.value, right, parameter.name, 1e-6)


MOVING = ("moving_mean", "moving_variance")

"""Whole training runs against PyTorch in float64 from the same weights: losses agree step by step, weights at the end.

Rounding grows with every step, so tolerances are wider than for one operation: losses to 1e-4 of their value, and what
training moved each array of weights by to 1 % of the largest move. A wrong gradient is seen in the second step's loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from striate.engines import Engine, Examples, StepResults
from striate.graph import Graph, LossFunction
from striate.graph.operations import Affine, Dropout, Penalty, Softmax

from .networks import Builder, deep, lenet, normalised, pooled, wide
from .training import RULES, SPARSE, fresh_rule, patterns, rate_of, train, weights_of

LOSSES_AGREE, MOVES_AGREE = 1e-4, 1e-2


def assert_same_run(
    engine: Engine,
    oracle: Engine,
    network: Callable[[], Graph],
    examples: Examples,
    *,
    rule: str = "adam",
    steps: int = 8,
    batch_size: int = 32,
    rate: float | None = None,
    losses: Sequence[LossFunction] = (SPARSE,),
    **options: float,
) -> StepResults:
    """Train the same network with both engines and compare everything; the tested engine's results."""
    runs = []
    start = weights_of(network())
    for one in (engine, oracle):
        graph = network()
        results = train(
            one,
            graph,
            fresh_rule(rule, graph, **options),
            examples,
            steps=steps,
            batch_size=batch_size,
            rate=rate_of(rule) if rate is None else rate,
            losses=losses,
        )
        runs.append((results, weights_of(graph)))
    (actual, ours), (expected, theirs) = runs
    np.testing.assert_allclose(actual.losses, expected.losses, rtol=LOSSES_AGREE)
    assert len(actual.losses) == steps
    for here, there in zip(actual.outputs, expected.outputs, strict=True):
        assert here.dtype == np.float32
        np.testing.assert_allclose(here, there, atol=1e-3 * max(1.0, float(np.abs(there).max())))
    for parameter, before, here, there in zip(graph.parameters(), start, ours, theirs, strict=True):
        moved = float(np.abs(there - before).max())
        assert float(np.abs(here - there).max()) <= MOVES_AGREE * moved, (
            f"{parameter!r} {parameter.shape} moved {moved}"
        )
    return actual


@pytest.mark.parametrize("rule", RULES)
def test_lenet_with_every_rule(engine: Engine, oracle: Engine, rule: str) -> None:
    # 75 images in batches of 32: the third is a part of one.
    examples = patterns(75, (28, 28, 1))
    results = assert_same_run(engine, oracle, lenet, examples, rule=rule)
    assert len(results.outputs[0]) == 75 + 75 + 64


def test_training_learns(engine: Engine) -> None:
    graph = lenet()
    results = train(
        engine, graph, fresh_rule("adam", graph), patterns(300, (28, 28, 1)), steps=60, batch_size=32, rate=0.006
    )
    assert results.losses[-5:].mean() < 0.3 < 2.0 < results.losses[0]


def test_batch_normalisation_and_its_moving_statistics(engine: Engine, oracle: Engine) -> None:
    assert_same_run(engine, oracle, lambda: normalised(rate=0.0), patterns(75, (12, 12, 3)))


def test_many_filters(engine: Engine, oracle: Engine) -> None:
    assert_same_run(engine, oracle, deep, patterns(45, (12, 12, 3)), steps=5, batch_size=20)


@pytest.mark.parametrize(("kind", "window"), [("max", 2), ("average", 2), ("max", 3)])
def test_maps_that_outgrow_the_cache(engine: Engine, oracle: Engine, kind: str, window: int) -> None:
    """Computed and pooled some rows at a time, rows that no window sees included."""
    examples = patterns(41, (29, 29, 1))
    network = lambda: pooled(kind=kind, window=window)  # noqa: E731
    assert_same_run(engine, oracle, network, examples, steps=3, batch_size=20, rule="sgd")


def test_large_dense_layers(engine: Engine, oracle: Engine) -> None:
    assert_same_run(engine, oracle, wide, patterns(75, (16, 16, 3)), steps=5, rule="sgd")


@pytest.mark.parametrize("batch_size", [1, 5, 16, 50, 128])
def test_batch_sizes(engine: Engine, oracle: Engine, batch_size: int) -> None:
    examples = patterns(130, (12, 12, 3))
    # A batch of one normalises over its own positions; few steps, as such statistics are wild.
    assert_same_run(engine, oracle, lambda: normalised(rate=0.0), examples, batch_size=batch_size, steps=4, rule="sgd")


ENDS = {
    "softmax": lambda make, x: make.add(Softmax(), x),
    "sigmoid": lambda make, x: make.activation(x, "sigmoid"),
    "logits": lambda make, x: x,
}


def small(end: str, classes: int = 6) -> Graph:
    make = Builder(1)
    x = make.add(Affine(1 / 255), make.input(10, 10, 2))
    x = make.pool(make.activation(make.conv(x, 8, 3, 3), "elu"), 2, 2)
    return make.finish(ENDS[end](make, make.dense(make.flatten(x), classes)))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("function", "end"),
    [
        (LossFunction("sparse_categorical_crossentropy"), "softmax"),
        (LossFunction("sparse_categorical_crossentropy", from_logits=True), "logits"),
        (LossFunction("categorical_crossentropy", label_smoothing=0.1), "softmax"),
        (LossFunction("categorical_crossentropy", from_logits=True), "logits"),
        (LossFunction("binary_crossentropy"), "sigmoid"),
        (LossFunction("binary_crossentropy", from_logits=True, label_smoothing=0.2), "logits"),
        (LossFunction("mean_squared_error"), "logits"),
        (LossFunction("mean_squared_error"), "softmax"),
    ],
)
def test_losses(engine: Engine, oracle: Engine, function: LossFunction, end: str, weighted: bool) -> None:
    sparse = patterns(53, (10, 10, 2), classes=6)
    one_hot = np.eye(6, dtype=np.float32)[sparse.targets[0]]
    targets = sparse.targets[0] if function.kind.startswith("sparse") else one_hot
    weights = np.random.default_rng(0).uniform(0.0, 3.0, size=53).astype(np.float32) if weighted else None
    examples = Examples(sparse.images, [targets], weights)
    assert_same_run(engine, oracle, lambda: small(end), examples, losses=[function], batch_size=16)


def test_penalties(engine: Engine, oracle: Engine) -> None:
    def network() -> Graph:
        make = Builder(1)
        x = make.add(Affine(1 / 255), make.input(10, 10, 2))
        x = make.add(Penalty(1e-4, 1e-4), make.activation(make.conv(x, 8, 3, 3), "tanh"))
        graph = make.finish(make.add(Softmax(), make.dense(make.flatten(x), 6)))
        for parameter, (l1, l2) in zip(
            graph.parameters(), [(1e-3, 0.0), (0.0, 0.1), (1e-4, 1e-3), (0.0, 0.0)], strict=True
        ):
            parameter.l1, parameter.l2 = l1, l2
        return graph

    assert_same_run(engine, oracle, network, patterns(53, (10, 10, 2), classes=6), rule="sgd", batch_size=16)


@pytest.mark.parametrize(
    "options", [{"clipvalue": 0.003}, {"clipnorm": 0.05}, {"global_clipnorm": 0.1}, {"weight_decay": 0.1}]
)
def test_clipping_and_decay(engine: Engine, oracle: Engine, options: dict[str, float]) -> None:
    examples = patterns(53, (10, 10, 2), classes=6)
    assert_same_run(engine, oracle, lambda: small("softmax"), examples, rule="adamw", batch_size=16, **options)


def test_frozen_layers(engine: Engine, oracle: Engine) -> None:
    """Frozen parameters and a frozen normalisation stay as they are, and gradients pass through them."""

    def network() -> Graph:
        make = Builder(3)
        x = make.conv(make.add(Affine(1 / 255), make.input(8, 8, 2)), 6, 3, 3)
        x = make.activation(make.batch_norm(x, frozen=True))
        x = make.conv(x, 6, 3, 3)
        for parameter in make.graph.parameters()[-2:]:
            parameter.trainable = False
        return make.finish(make.add(Softmax(), make.dense(make.flatten(make.activation(x)), 10)))

    graph = network()
    before = graph.parameters()[4].numpy()
    assert graph.parameters()[4].name == "moving_mean"
    assert_same_run(engine, oracle, network, patterns(40, (8, 8, 2)), batch_size=16)
    np.testing.assert_array_equal(graph.parameters()[4].value, before)


def test_two_inputs_and_two_outputs(engine: Engine, oracle: Engine) -> None:
    def network() -> Graph:
        make = Builder(3)
        a, b = make.input(6, 6, 1), make.input(4)
        left = make.flatten(make.activation(make.conv(make.add(Affine(1 / 255), a), 5, 3, 3), "tanh"))
        joined = make.activation(make.dense(left, 8), "tanh")
        return make.finish(make.add(Softmax(), make.dense(joined, 3)), make.dense(make.dense(b, 3), 2))

    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, size=(30, 6, 6, 1)).astype(np.uint8), rng.normal(size=(30, 4))]
    targets = [rng.integers(0, 3, size=30).astype(np.int32), rng.normal(size=(30, 2)).astype(np.float32)]
    losses = [SPARSE, LossFunction("mean_squared_error")]
    assert_same_run(engine, oracle, network, Examples(images, targets), losses=losses, batch_size=9)


def test_dropout_of_everything_and_nothing(engine: Engine, oracle: Engine) -> None:
    """With rate 0 dropout is no obstacle; what differs between engines otherwise is only which elements fall."""

    def network(rate: float) -> Graph:
        make = Builder(3)
        x = make.add(Affine(1 / 255), make.input(8, 8, 1))
        return make.finish(make.add(Softmax(), make.dense(make.add(Dropout(rate), make.flatten(x)), 10)))

    examples = patterns(40, (8, 8, 1))
    assert_same_run(engine, oracle, lambda: network(0.0), examples, batch_size=16)
    graph = network(0.5)
    results = train(engine, graph, fresh_rule("adam", graph), examples, steps=60, batch_size=20, rate=0.01)
    assert results.losses[-5:].mean() < 0.5 * results.losses[0]

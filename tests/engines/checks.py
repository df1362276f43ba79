"""How two engines are compared, and how close they must be."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

from striate.engines import Engine
from striate.graph import Array, Graph, Node
from striate.graph.operations import Activation, Pool

from . import reference

TOLERANCE = 1e-5
"""Largest error allowed, as a share of the largest value of the array that is compared.

float32 rounds to 6e-8 of a value, and a sum of N products is off by about sqrt(N) of that: 4e-6 for the longest sums
here (5,000 terms; 2e-6 was measured). Winograd's F(4x4) is ten times less exact than a direct sum, on shorter ones. A
wrong tap, border or factor shows as 1e-2 and more.
"""

IN_A_ROW = 2e-5  # for several operations in a row, each with an error of its own

FLOOR = 0.05  # arrays whose largest value is below this are compared to it: what is left of sums that cancel is noise
EFFORT = int(os.environ.get("STRIATE_TEST_EFFORT", "1"))


def examples(count: int) -> settings:
    """Settings for a property that is tried `count` times: always the same ones, unless more effort is asked for."""
    return settings(
        max_examples=count * EFFORT,
        deadline=None,
        derandomize=EFFORT == 1,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


def assert_close(actual: Array, expected: NDArray[np.generic], what: str, tolerance: float = TOLERANCE) -> None:
    """Same shape, dtype float32, and no element further off than `tolerance` of the largest one."""
    assert actual.dtype == np.float32, f"{what}: {actual.dtype}"
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    if not actual.size:
        return
    scale = max(float(np.abs(expected).max()), FLOOR)
    error = np.abs(actual.astype(np.float64) - expected)
    worst = np.unravel_index(int(np.argmax(error)), error.shape)  # argmax finds NaN too
    assert error[worst] <= tolerance * scale, (
        f"{what}: {actual[worst]!r} at {tuple(map(int, worst))}, expected {expected[worst]!r}; "
        f"off by {error[worst] / scale:.1e} of the largest value, allowed {tolerance:.1e}; "
        f"{np.mean(~(error <= tolerance * scale)):.1%} of the elements are off"
    )


def assert_same_forward(
    engine: Engine,
    oracle: Engine,
    graph: Graph,
    images: Sequence[Array],
    *,
    training: bool,
    tolerance: float = TOLERANCE,
) -> None:
    """Every node reads the same."""
    actual = engine.compile(graph, seed=1).read(images, graph.nodes, training=training)
    expected = oracle.compile(graph, seed=1).read(images, graph.nodes, training=training)
    for node, ours, theirs in zip(graph.nodes, actual, expected, strict=True):
        assert_close(ours, theirs, f"{describe(node)}, forward", tolerance)


def assert_same_gradients(
    engine: Engine,
    oracle: Engine,
    graph: Graph,
    images: Sequence[Array],
    of: Node,
    cotangent: Array,
    *,
    training: bool,
    tolerance: float = TOLERANCE,
) -> None:
    """The gradients of `of` for every node and parameter are the same."""
    program, knowing = engine.compile(graph, seed=1), oracle.compile(graph, seed=1)
    actual = program.gradient(images, of, cotangent, graph.nodes, training=training)
    expected = knowing.gradient(images, of, cotangent, graph.nodes, training=training)
    for node, ours, theirs in zip(graph.nodes, actual, expected, strict=True):
        assert_close(ours, theirs, f"gradient of {describe(of)} for {describe(node)}", tolerance)
    actual = program.parameter_gradients(images, of, cotangent, training=training)
    expected = knowing.parameter_gradients(images, of, cotangent, training=training)
    for parameter, ours, theirs in zip(graph.parameters(), actual, expected, strict=True):
        assert_close(ours, theirs, f"gradient of {describe(of)} for {parameter!r}", tolerance)


def describe(node: Node) -> str:
    return f"{node.name} {node.operation} of {[source.shape for source in node.inputs]}"


def assert_same(
    engine: Engine,
    oracle: Engine,
    graph: Graph,
    images: Sequence[Array],
    rng: np.random.Generator,
    *,
    training: bool,
    of: Node | None = None,
    tolerance: float = TOLERANCE,
) -> None:
    """Forward and all gradients of a node (the last by default) with a random cotangent."""
    of = of or graph.nodes[-1]
    cotangent = rng.normal(size=(len(images[0]), *of.shape)).astype(np.float32)
    assert_same_forward(engine, oracle, graph, images, training=training, tolerance=tolerance)
    assert_same_gradients(engine, oracle, graph, images, of, cotangent, training=training, tolerance=tolerance)


def near_a_kink(graph: Graph, images: Sequence[Array], *, training: bool, margin: float = 2e-5) -> bool:
    """Whether rounding may decide a slope: a piecewise function's input at a joint, two candidates for a maximum.

    There two right engines differ. Zeros that a relu made are exact, so ties among them are none.
    """
    values = reference.run(graph, images, training)
    for node in graph.nodes:
        x = values[node.inputs[0].index] if node.inputs else None
        if isinstance(node.operation, Activation):
            if node.operation.function == "sparsemax":  # the level that is taken off decides what counts
                x = x - (x - values[node.index]).max(-1, keepdims=True)
                if x.shape[-1] > 1 and np.abs(x).min() < margin * max(1.0, np.abs(x).max()):
                    return True
            joints = _joints(node.operation)
            if any(np.abs(x - joint).min() < margin * max(1.0, np.abs(x).max()) for joint in joints):
                return True
        if isinstance(node.operation, Pool) and node.operation.kind == "max":
            patches, _ = reference.windows(node.operation, x, -np.inf)
            best = np.sort(patches, axis=2)[:, :, -2:]
            if best.shape[2] == 2:
                gap = best[:, :, 1] - best[:, :, 0]
                if ((gap < margin * max(1.0, np.abs(x).max())) & (best[:, :, 1] != 0.0)).any():
                    return True
    return False


def _joints(operation: Activation) -> tuple[float, ...]:
    match operation.function:
        case "relu":
            top = () if operation.max_value is None else (operation.max_value,)
            return (operation.threshold, *top)
        case "leaky_relu" | "elu" | "selu":
            return (0.0,)
        case "hard_sigmoid" | "hard_silu":
            return (-3.0, 3.0)
        case "hard_shrink" | "soft_shrink":
            return (-operation.threshold, operation.threshold)
        case "step":
            return (0.0,)
        case "threshold":
            return (operation.threshold,)
        case "sparse_plus":
            return (-1.0, 1.0)
    return ()

"""The same seed gives the same bits: with any number of threads, in any division of a run into calls."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from striate.engines import Engine
from striate.graph import Constraint, Graph, Orthogonality

from .networks import augmented, deep, gated, lenet, normalised, pooled, wide
from .training import SPARSE, fresh_rule, patterns, train, weights_of

pytestmark = pytest.mark.skipif(
    os.environ.get("STRIATE_TESTED_ENGINE", "native") != "native", reason="a promise of the native engine only"
)

def bounded() -> Graph:
    """Constraints and penalties of whole parameters, which a thread takes each."""
    graph = lenet()
    for parameter in graph.parameters():
        parameter.constraint = Constraint(tuple(range(parameter.value.ndim - 1)) or (0,), 0.0, 0.8, 0.9)
        if parameter.value.ndim == 2:
            parameter.orthogonality = Orthogonality(0.1, rows=False)
    return graph


# Name: network, image shape, examples, batch size, steps. The last batch of each epoch is a part of one.
NETWORKS: dict[str, tuple[Callable[[], Graph], tuple[int, ...], int, int, int]] = {
    "lenet": (lenet, (28, 28, 1), 75, 32, 6),
    "lenet, large batches": (lenet, (28, 28, 1), 300, 128, 3),
    "normalisation and dropout": (normalised, (12, 12, 3), 75, 32, 6),
    "large dense layer": (wide, (16, 16, 3), 75, 32, 3),
    "large convolutions": (deep, (12, 12, 3), 43, 20, 3),
    "maps beyond the cache": (pooled, (29, 29, 1), 75, 32, 4),
    "maps beyond the cache, one image": (pooled, (29, 29, 1), 3, 1, 3),
    "norms, gates and look-up": (gated, (12, 12, 3), 43, 20, 3),
    "augmentation and noise": (augmented, (12, 12, 3), 75, 32, 6),
    "constraints": (bounded, (28, 28, 1), 75, 32, 4),
    "one image at a time": (normalised, (12, 12, 3), 3, 1, 3),
}


def with_threads(count: int) -> Engine:
    from striate.engines.native import NativeEngine

    return NativeEngine(threads=count)


def bits(arrays: list[np.ndarray]) -> list[str]:
    """A digest of each array, so that a failure is short and says which array differs."""
    return [f"{array.shape} {hashlib.sha256(array.tobytes()).hexdigest()[:16]}" for array in arrays]


def run(engine: Engine, name: str, *, rule_name: str = "adam", chunk: int | None = None) -> list[str]:
    """Train, evaluate, look inside: digests of all that came out."""
    network, shape, count, batch_size, steps = NETWORKS[name]
    graph, examples = network(), patterns(count, shape)
    rule = fresh_rule(rule_name, graph)
    results = train(engine, graph, rule, examples, steps=steps, batch_size=batch_size, rate=0.005, chunk=chunk)
    program = engine.compile(graph, losses=[SPARSE], seed=7)
    evaluated = program.evaluate(examples, batch_size)
    few = [examples.images[0][:19]]
    cotangent = np.ones((len(few[0]), *graph.outputs[0].shape), np.float32)
    cotangent[:, 1:] = 0.0
    return bits(
        [
            *weights_of(graph),
            *(array for names in rule.slots.values() for array in names.values()),
            results.losses,
            *results.outputs,
            evaluated.losses,
            *evaluated.outputs,
            *program.predict(examples.images, batch_size),
            *program.read(few, graph.nodes, training=True, step=3),
            *program.gradient(few, graph.outputs[0], cotangent, graph.nodes, training=True, step=3),
            *program.parameter_gradients(few, graph.outputs[0], cotangent, training=True, step=3),
        ]
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_any_number_of_threads(name: str) -> None:
    expected = run(with_threads(1), name)
    for count in (2, 3, 8):
        assert run(with_threads(count), name) == expected, f"{count} threads"


@pytest.mark.parametrize("rule_name", ["sgd, nesterov", "nadam", "rmsprop, centered", "adagrad", "adadelta"])
def test_any_number_of_threads_with_other_rules(rule_name: str) -> None:
    expected = run(with_threads(1), "normalisation and dropout", rule_name=rule_name)
    for count in (2, 3):
        assert run(with_threads(count), "normalisation and dropout", rule_name=rule_name) == expected, (
            f"{count} threads"
        )


@pytest.mark.parametrize("name", ["lenet", "normalisation and dropout"])
def test_again_and_again(engine: Engine, name: str) -> None:
    """Threads race; a result that depended on who came first would show in one of these runs."""
    racing = with_threads(3)
    assert len({tuple(run(racing, name)) for _ in range(5)}) == 1


@pytest.mark.parametrize("name", ["lenet", "normalisation and dropout"])
def test_a_run_in_calls_of_one_step(engine: Engine, name: str) -> None:
    assert run(engine, name, chunk=1) == run(engine, name) == run(engine, name, chunk=2)


def test_validation_between_steps(engine: Engine) -> None:
    examples, shape = patterns(75, (12, 12, 3)), (12, 12, 3)
    found = []
    for validating in (False, True):
        graph = normalised()
        rule = fresh_rule("adam", graph)
        program = engine.compile(graph, losses=[SPARSE], rule=rule, seed=7)
        for step in range(5):
            program.train(examples, np.arange(75), 32, np.full(3, 0.01), 3 * step)
            if validating:
                program.evaluate(patterns(50, shape, seed=1), 17)
                program.predict([examples.images[0][:9]], 9)
                program.read([examples.images[0][:9]], graph.nodes, training=True)
        found.append(bits(weights_of(graph)))
    assert found[0] == found[1]


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from engines.test_bit_identical import run
from striate import engines
print(*run(engines.get("native"), "lenet"), sep="\\n")
"""


def test_the_environments_number_of_threads() -> None:
    """STRIATE_NUM_THREADS, and nothing that a process starts with, such as its hash seed or addresses."""
    tests = str(Path(__file__).parent.parent)
    found = set()
    for count in ("1", "3"):
        environment = os.environ | {"STRIATE_NUM_THREADS": count}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, tests], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1
    assert len(found.pop().splitlines()) > 20

"""Update rules with fresh state, and short training runs, for the tests of engines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.engines import Engine, Examples, StepResults
from striate.graph import UPDATE_SLOTS, Graph, LossFunction, UpdateRule
from striate.graph.training import AVERAGE

SPARSE = LossFunction("sparse_categorical_crossentropy")

FTRL = {
    "learning_rate_power": -0.5, "initial_accumulator_value": 0.1, "l1_regularization_strength": 0.0,
    "l2_regularization_strength": 0.0, "l2_shrinkage_regularization_strength": 0.0, "beta": 0.0,
}  # fmt: skip
# The numbers of every rule; epsilon is larger than Keras's 1e-7 where a tiny gradient's sign would decide a whole step.
RULES: dict[str, tuple[str, dict[str, float]]] = {
    "sgd": ("sgd", {"momentum": 0.0, "nesterov": 0.0}),
    "sgd with momentum": ("sgd", {"momentum": 0.9, "nesterov": 0.0}),
    "sgd, nesterov": ("sgd", {"momentum": 0.9, "nesterov": 1.0}),
    "adam": ("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-4, "amsgrad": 0.0}),
    "adam, amsgrad": ("adam", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4, "amsgrad": 1.0}),
    "adamw": ("adamw", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-4, "amsgrad": 0.0}),
    "adamax": ("adamax", {"beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-4}),
    "nadam": ("nadam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-4}),
    "rmsprop": ("rmsprop", {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-6, "centered": 0.0}),
    "rmsprop, centered": ("rmsprop", {"rho": 0.9, "momentum": 0.5, "epsilon": 1e-4, "centered": 1.0}),
    "adagrad": ("adagrad", {"initial_accumulator_value": 0.1, "epsilon": 1e-7}),
    "adadelta": ("adadelta", {"rho": 0.95, "epsilon": 1e-4}),
    "ftrl": ("ftrl", FTRL),
    "ftrl, regularised": (
        "ftrl",
        {**FTRL, "learning_rate_power": -0.7, "l1_regularization_strength": 1e-3, "l2_regularization_strength": 1e-2,
         "l2_shrinkage_regularization_strength": 1e-3, "beta": 0.1},
    ),
    "lion": ("lion", {"beta_1": 0.9, "beta_2": 0.99}),
}
RATES = {"sgd": 0.05, "adadelta": 1.0, "adagrad": 0.05, "rmsprop": 0.0005, "ftrl": 0.05, "lion": 0.0005}


def fresh_rule(name: str, graph: Graph, **options: float) -> UpdateRule:
    """A rule with its state as before the first step; slots that options leave out are missing."""
    kind, numbers = RULES[name]
    absent = {
        "momentum": kind in ("sgd", "rmsprop") and not numbers["momentum"],
        "velocity_hat": not numbers.get("amsgrad"),
        "average_gradient": not numbers.get("centered"),
    }
    start = {"accumulator": numbers.get("initial_accumulator_value", 0.0)}
    average = [AVERAGE] if "ema_momentum" in options else []
    slots = {
        id(p): {
            slot: np.full(p.shape, start.get(slot, 0.0), np.float32)
            for slot in [*UPDATE_SLOTS[kind], *average]
            if not absent.get(slot)
        }
        for p in graph.parameters()
        if p.trainable
    }
    scalars = {"u_product": np.array([1.0])} if kind == "nadam" else {}
    return UpdateRule(kind, dict(numbers), slots=slots, scalars=scalars, **options)  # type: ignore[arg-type]


def rate_of(name: str) -> float:
    return RATES.get(RULES[name][0], 0.002)


def patterns(count: int, shape: tuple[int, ...], classes: int = 10, seed: int = 0) -> Examples:
    """Images (uint8) of a pattern for each class under noise, and their classes: something to learn."""
    rng = np.random.default_rng(seed)
    means = rng.uniform(0, 255, size=(classes, *shape))
    labels = rng.integers(0, classes, size=count)
    images = np.clip(means[labels] + rng.normal(scale=60, size=(count, *shape)), 0, 255).astype(np.uint8)
    return Examples([images], [labels.astype(np.int32)])


def train(
    engine: Engine,
    graph: Graph,
    rule: UpdateRule,
    examples: Examples,
    *,
    steps: int,
    batch_size: int,
    rate: float,
    losses: Sequence[LossFunction] = (SPARSE,),
    seed: int = 7,
    chunk: int | None = None,
) -> StepResults:
    """Take steps over shuffled data, epoch after epoch, in calls of at most `chunk` steps; all that they left."""
    program = engine.compile(graph, losses=losses, rule=rule, seed=seed)
    per_epoch = -(-len(examples) // batch_size)
    found: list[StepResults] = []
    done = 0
    while done < steps:
        order = np.random.default_rng(done // per_epoch).permutation(len(examples))
        for first in range(0, per_epoch, chunk or per_epoch):
            now = min(chunk or per_epoch, per_epoch - first, steps - done)
            part = order[first * batch_size : (first + now) * batch_size]
            if now > 0:
                found.append(program.train(examples, part, batch_size, np.full(now, rate), done))
            done += max(now, 0)
    outputs = [np.concatenate([results.outputs[k] for results in found]) for k in range(len(graph.outputs))]
    return StepResults(np.concatenate([results.losses for results in found]), outputs)


def weights_of(graph: Graph) -> list[NDArray[np.float32]]:
    return [parameter.numpy() for parameter in graph.parameters()]

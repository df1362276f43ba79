"""Gradients against finite differences of the naive reference, in float64: independent of PyTorch.

Central differences with a step of 1e-5 are right to about 1e-9 here, far below what float32 can show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from striate.engines import Engine, Examples
from striate.graph import Array, Graph, LossFunction, Node, Orthogonality, UpdateRule
from striate.graph.operations import (
    Activation,
    AdaptivePool,
    Add,
    Affine,
    BatchNorm,
    Combine,
    Concat,
    Contract,
    Conv,
    ConvTranspose,
    Embedding,
    LocalResponseNorm,
    Normalize,
    Operation,
    OverBatch,
    Pad,
    Penalty,
    Permute,
    Pool,
    PReLU,
    Reshape,
    Resize,
    Scale,
    Softmax,
    Standardize,
)
from striate.graph.training import LossKind

from . import reference
from .checks import assert_close, near_a_kink
from .networks import Builder
from .reference import Exact
from .strategies import ABOVE_ZERO, FUNCTIONS

STEP = 1e-5


def numerical(function: Callable[[Exact], float], at: Array) -> Exact:
    """Gradient of a scalar function by central differences."""
    x = at.astype(np.float64)
    slopes = np.empty_like(x)
    for index in np.ndindex(x.shape):
        middle = x[index]
        x[index] = middle + STEP
        above = function(x)
        x[index] = middle - STEP
        slopes[index] = (above - function(x)) / (2 * STEP)
        x[index] = middle
    return slopes


def check(engine: Engine, graph: Graph, images: Sequence[Array], rng: np.random.Generator, *, training: bool) -> None:
    """Gradients of the last node for all nodes and parameters."""
    assert not near_a_kink(graph, images, training=training, margin=1e-4), "choose another seed"
    of = graph.nodes[-1]
    cotangent = rng.normal(size=(len(images[0]), *of.shape)).astype(np.float32)
    program = engine.compile(graph)

    def scalar(values: list[Exact]) -> float:
        return float((cotangent * values[of.index]).sum())

    values = reference.run(graph, images, training)
    actual = program.gradient(images, of, cotangent, graph.nodes, training=training)
    for node, ours in zip(graph.nodes, actual, strict=True):

        def of_node(x: Exact, node: Node = node) -> float:
            return scalar(reference.run(graph, images, training, replaced={node.index: x}))

        assert_close(ours, numerical(of_node, values[node.index].astype(np.float32)), f"for {node.name}")
    actual = program.parameter_gradients(images, of, cotangent, training=training)
    for parameter, ours in zip(graph.parameters(), actual, strict=True):
        if not parameter.trainable:
            assert not ours.any(), f"{parameter.name} is not trainable"
            continue
        slopes = numerical(
            lambda w, p=parameter: scalar(reference.run(graph, images, training, parameters={p: w})),  # type: ignore[misc]
            parameter.value,
        )
        assert_close(ours, slopes, f"for {parameter.name}")


ONE, NONE = (1, 1), ((0, 0), (0, 0))
OPERATIONS: dict[str, tuple[Operation, tuple[int, ...]]] = {
    "affine": (Affine(-0.7, 0.3), (2, 3)),
    "pad": (Pad(((1, 0), (0, 2))), (2, 2, 2)),
    "reshape": (Reshape((3, 4)), (2, 2, 3)),
    "softmax": (Softmax(), (2, 5)),
    "relu with a ceiling": (Activation("relu", max_value=0.8), (4, 5)),
    "relu with a slope": (Activation("relu", alpha=0.3), (4, 5)),
    "relu with everything": (Activation("relu", alpha=0.1, max_value=1.0, threshold=0.4), (4, 5)),
    "elu": (Activation("elu", alpha=0.6), (4, 5)),
    "average pooling with padding": (Pool((3, 3), (2, 2), ((1, 2), (2, 1)), ONE, "average"), (4, 4, 2)),
    "average pooling, dilated": (Pool((2, 2), ONE, NONE, (2, 3), "average"), (4, 5, 2)),
    "average pooling of series": (Pool((3,), (1,), ((1, 1),), (1,), "average"), (5, 2)),
    "average pooling of volumes": (
        Pool((2, 2, 2), (1, 2, 1), ((0, 1), (0, 0), (1, 0)), (1, 1, 1), "average"), (3, 2, 2, 2),
    ),
    "maximum pooling with padding": (Pool((3, 2), (1, 2), ((2, 0), (1, 1)), ONE), (4, 4, 2)),
    "maximum pooling, dilated": (Pool((2, 2), ONE, NONE, (3, 2)), (5, 4, 2)),
    "conv": (Conv((3, 2), (2, 1), ((0, 2), (1, 0)), (1, 2), 4, 2), (5, 4, 4)),
    "conv of volumes": (Conv((2, 1, 2), (1, 1, 2), ((1, 0), (0, 0), (0, 1)), (1, 1, 1), 2), (2, 2, 3, 2)),
    "crop and border": (Pad(((-1, 2), (1, -1)), 0.5), (3, 3, 2)),
    "permute": (Permute((2, 0, 1)), (3, 2, 2)),
    "resize, nearest": (Resize((5, 2)), (3, 4, 2)),
    "resize, bilinear": (Resize((5, 2), "linear"), (3, 4, 2)),
    "resize, bicubic": (Resize((5, 2), "cubic"), (3, 4, 2)),
    "resize, bilinear over all pixels": (Resize((2, 3), "linear", True), (5, 4, 2)),
    "resize by lanczos's window": (Resize((2, 3), "lanczos3", True), (5, 2, 2)),
    "resize, trilinear": (Resize((3, 2, 1), "linear"), (2, 2, 3, 1)),
    "adaptive mean": (AdaptivePool((3, 2)), (4, 5, 2)),
    "adaptive maximum": (AdaptivePool((3,), "max"), (5, 2)),
    "conv transpose": (ConvTranspose((3, 2), (2, 1), ((1, -1), (0, 1)), (1, 2), 3), (3, 4, 2)),
    "conv transpose of series": (ConvTranspose((2,), (3,), ((0, -2),), (1,), 2, bias=False), (4, 3)),
    "batch normalisation": (BatchNorm(1e-3, 0.9), (2, 2, 3)),
    "batch normalisation without scale": (BatchNorm(1e-2, 0.9, scale=False), (2, 3)),
    "batch normalisation, frozen": (BatchNorm(1e-3, 0.9, frozen=True), (2, 2, 3)),
    "normalisation of a layer": (Normalize((2,), 1e-3), (2, 2, 5)),
    "normalisation of rows and channels": (Normalize((0, 2), 1e-2), (3, 2, 3)),
    "normalisation without a mean": (Normalize((0,), 1e-3, "root_mean_square"), (4, 2)),
    "unit length": (Normalize((0, 1), 1e-3, "length"), (2, 3)),
    "local response": (LocalResponseNorm(1, 1.0, 0.4, 0.75), (2, 5)),
    "sum over the batch": (OverBatch("sum"), (2, 3)),
    "average over the batch": (OverBatch("average"), (3,)),
    "scale": (Scale((0, 2)), (2, 2, 3)),
    "scale without offset": (Scale((1,), center=False), (2, 3)),
    "prelu": (PReLU((2,)), (2, 2, 5)),
    "fixed mean and variance": (Standardize((1,), 1e-7), (2, 3)),
    "fixed mean and variance, inverse": (Standardize((), 1e-7, True), (2, 3)),
}  # fmt: skip
PAIRS: dict[str, tuple[Operation, tuple[int, ...], tuple[int, ...]]] = {
    "sum": (Add(), (2, 3, 2), (1, 3, 1)),
    "difference": (Combine("subtract"), (2, 1, 2), (2, 3, 1)),
    "product": (Combine("multiply"), (2, 2, 3), (3,)),
    "maximum": (Combine("maximum"), (2, 3), (2, 1)),
    "minimum": (Combine("minimum"), (1, 3), (2, 3)),
    "dot product": (Contract((0, 0)), (4,), (4,)),
    "products of matrices": (Contract((1, 0)), (2, 3, 2), (3, 2)),
}
OPERATIONS |= {name: (Activation(name, 0.2), (3, 4)) for name in FUNCTIONS if name not in ("relu", "elu")}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(engine: Engine, name: str, training: bool) -> None:
    operation, shape = OPERATIONS[name]
    make = Builder(3)
    make.add(operation, make.input(*shape))
    images = make.images(3)
    if name in ABOVE_ZERO:
        images = [np.abs(array) + np.float32(0.5) for array in images]
    check(engine, make.graph, images, make.rng, training=training)


@pytest.mark.parametrize("name", PAIRS)
def test_pair(engine: Engine, name: str) -> None:
    operation, left, right = PAIRS[name]
    make = Builder(5)
    make.add(operation, make.input(*left), make.input(*right))
    check(engine, make.graph, make.images(3), make.rng, training=True)


def test_embedding(engine: Engine) -> None:
    make = Builder(6)
    make.activation(make.add(Embedding(5, 3), make.input(4)), "tanh")
    images = [make.rng.integers(0, 5, size=(3, 4)).astype(np.float32) + np.float32(0.5)]  # away from a step
    check(engine, make.graph, images, make.rng, training=True)


@pytest.mark.parametrize("training", [False, True])
def test_small_network(engine: Engine, training: bool) -> None:
    make = Builder(12)
    x = make.batch_norm(make.conv(make.input(4, 4, 2), 3, 2, 2, bias=False))
    x = make.pool(make.activation(x, "selu"), 2, 2, strides=1)
    x = make.add(Concat(), x, make.add(Add(), x, make.activation(x, "tanh")))
    make.add(Softmax(), make.dense(make.flatten(x), 3))
    check(engine, make.graph, make.images(4), make.rng, training=training)


# Losses. A first step with momentum leaves -learning_rate * gradient in the rule's state, which makes it readable.


def loss_gradients(
    engine: Engine, graph: Graph, losses: Sequence[LossFunction], examples: Examples, **options: object
) -> tuple[float, dict[str, Array]]:
    trainable = [parameter for parameter in graph.parameters() if parameter.trainable]
    slots = {id(p): {"momentum": np.zeros(p.shape, np.float32)} for p in trainable}
    rule = UpdateRule("sgd", {"momentum": 0.5, "nesterov": 0.0}, slots=slots)
    program = engine.compile(graph, losses=losses, rule=rule, **options)  # type: ignore[arg-type]
    order = np.arange(len(examples))
    results = program.train(examples, order, len(order), np.array([1.0]), 0)
    return float(results.losses[0]), {p.name: -slots[id(p)]["momentum"] for p in trainable}


LossCase = tuple[LossFunction, str, tuple[int, ...]]  # the loss, what the network ends in, its output's shape
SPARSE, CATEGORICAL = "sparse_categorical_crossentropy", "categorical_crossentropy"
BINARY, SQUARE = "binary_crossentropy", "mean_squared_error"
LOSSES: dict[str, LossCase] = {
    "sparse": (LossFunction(SPARSE), "softmax", (4,)),
    "sparse, logits": (LossFunction(SPARSE, from_logits=True), "nothing", (4,)),
    "sparse, positions": (LossFunction(SPARSE), "softmax", (2, 3, 4)),
    "sparse, not a softmax": (LossFunction(SPARSE), "sigmoid", (4,)),
    "sparse, smoothed": (LossFunction(SPARSE, label_smoothing=0.2), "softmax", (4,)),
    "categorical": (LossFunction(CATEGORICAL), "softmax", (4,)),
    "categorical, logits, positions": (LossFunction(CATEGORICAL, from_logits=True), "nothing", (3, 4)),
    "categorical, smoothed": (LossFunction(CATEGORICAL, label_smoothing=0.3), "softmax", (4,)),
    "categorical, not a softmax": (LossFunction(CATEGORICAL, label_smoothing=0.3), "sigmoid", (4,)),
    "binary": (LossFunction(BINARY), "sigmoid", (1,)),
    "binary, several": (LossFunction(BINARY), "sigmoid", (2, 3)),
    "binary, logits": (LossFunction(BINARY, from_logits=True), "nothing", (3,)),
    "binary, smoothed": (LossFunction(BINARY, label_smoothing=0.2), "sigmoid", (3,)),
    "binary, not a sigmoid": (LossFunction(BINARY, label_smoothing=0.2), "softmax", (3,)),
    "square": (LossFunction(SQUARE), "nothing", (3,)),
    "square, positions": (LossFunction(SQUARE), "sigmoid", (2, 2, 3)),
    "absolute": (LossFunction("mean_absolute_error"), "nothing", (2, 3)),
    "percentage": (LossFunction("mean_absolute_percentage_error"), "nothing", (3,)),
    "logarithmic": (LossFunction("mean_squared_logarithmic_error"), "sigmoid", (3,)),
    "huber": (LossFunction("huber", delta=0.4), "nothing", (2, 3)),
    "log cosh": (LossFunction("log_cosh"), "nothing", (2, 3)),
    "poisson": (LossFunction("poisson"), "sigmoid", (3,)),
    "value": (LossFunction("value"), "nothing", (2, 3)),
    "hinge": (LossFunction("hinge"), "nothing", (3,)),
    "squared hinge": (LossFunction("squared_hinge"), "nothing", (1,)),
    "categorical hinge": (LossFunction("categorical_hinge"), "nothing", (2, 4)),
    "divergence": (LossFunction("kl_divergence"), "softmax", (2, 4)),
    "cosine": (LossFunction("cosine_similarity"), "nothing", (2, 4)),
    "categorical focal": (LossFunction("categorical_focal_crossentropy"), "softmax", (4,)),
    "categorical focal, logits": (
        LossFunction("categorical_focal_crossentropy", True, 0.1, alpha=0.7, gamma=1.5), "nothing", (2, 4)
    ),
    "categorical focal, not a softmax": (LossFunction("categorical_focal_crossentropy", gamma=0.0), "sigmoid", (4,)),
    "binary focal": (LossFunction("binary_focal_crossentropy"), "sigmoid", (3,)),
    "binary focal, logits": (
        LossFunction("binary_focal_crossentropy", True, 0.2, alpha=0.3, gamma=3.0, apply_class_balancing=True),
        "nothing", (2, 3),
    ),
    "binary focal of gamma 0": (LossFunction("binary_focal_crossentropy", gamma=0.0), "sigmoid", (3,)),
}  # fmt: skip


def test_every_loss_is_tested() -> None:
    assert {function.kind for function, _, _ in LOSSES.values()} == set(get_args(LossKind))


def small_network(make: Builder, end: str, shape: tuple[int, ...]) -> Graph:
    x = make.activation(make.dense(make.input(5), int(np.prod(shape))), "tanh")
    x = make.dense(make.add(Reshape(shape), x), shape[-1])
    if end == "softmax":
        x = make.add(Softmax(), x)
    elif end == "sigmoid":
        x = make.activation(x, "sigmoid")
    graph = make.finish(x)
    for k, parameter in enumerate(graph.parameters()):
        parameter.name += str(k)
    return graph


def targets_for(
    function: LossFunction, shape: tuple[int, ...], count: int, rng: np.random.Generator
) -> NDArray[np.generic]:
    if function.kind == SPARSE:
        return rng.integers(0, shape[-1], size=(count, *shape[:-1])).astype(np.int32)
    if function.kind in ("hinge", "squared_hinge"):  # of yes and no, and of -1 and 1
        return (rng.integers(0, 2, size=(count, *shape)) * (1 if shape == (1,) else 2) - (shape != (1,))).astype(
            np.float32
        )
    if function.kind == "categorical_hinge":
        return np.eye(shape[-1], dtype=np.float32)[rng.integers(0, shape[-1], size=(count, *shape[:-1]))]
    if function.kind == CATEGORICAL:
        t = rng.uniform(size=(count, *shape))
        return (t / t.sum(axis=-1, keepdims=True)).astype(np.float32)
    return rng.uniform(size=(count, *shape)).astype(np.float32)


def assert_loss(
    engine: Engine,
    graph: Graph,
    losses: Sequence[LossFunction | None],
    examples: Examples,
    shares: Sequence[float] | None = None,
) -> None:
    """The loss and its gradients for all parameters, in training; the loss alone, in evaluation."""
    weights = None if examples.weights is None else examples.weights.astype(np.float64)

    def total(training: bool = True, **parameters: object) -> float:
        return reference.total_loss(
            graph,
            examples.images,
            losses,
            examples.targets,
            weights,
            training=training,
            shares=shares,
            **parameters,  # type: ignore[arg-type]
        )

    evaluated = engine.compile(graph, losses=losses, loss_weights=shares).evaluate(examples, len(examples))
    assert evaluated.losses[0] == pytest.approx(total(training=False), rel=1e-5)
    trainable = [parameter for parameter in graph.parameters() if parameter.trainable]
    expected = {p.name: numerical(lambda w, p=p: total(parameters={p: w}), p.value) for p in trainable}  # type: ignore[misc]
    before = total()
    loss, gradients = loss_gradients(engine, graph, losses, examples, loss_weights=shares)
    assert loss == pytest.approx(before, rel=1e-5)
    assert expected.keys() == gradients.keys()
    for name, slopes in expected.items():
        assert_close(gradients[name], slopes, name)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_loss(engine: Engine, name: str, weighted: bool) -> None:
    function, end, shape = LOSSES[name]
    make = Builder(2)
    graph = small_network(make, end, shape)
    weights = make.rng.uniform(0.2, 3.0, size=11).astype(np.float32) if weighted else None
    examples = Examples(make.images(11), [targets_for(function, shape, 11, make.rng)], weights)
    assert_loss(engine, graph, [function], examples)


def test_two_outputs_with_weights(engine: Engine) -> None:
    make = Builder(4)
    x = make.activation(make.dense(make.input(4), 6), "tanh")
    graph = make.finish(make.add(Softmax(), make.dense(x, 3)), make.dense(x, 2))
    for k, parameter in enumerate(graph.parameters()):
        parameter.name += str(k)
    losses = [LossFunction(SPARSE), LossFunction(SQUARE)]
    targets = [
        targets_for(function, node.shape, 9, make.rng) for function, node in zip(losses, graph.outputs, strict=True)
    ]
    assert_loss(engine, graph, losses, Examples(make.images(9), targets), shares=[0.3, 2.0])


@pytest.mark.parametrize("kind", ["weights by output", "no loss", "one node twice", "logits and probabilities"])
def test_several_outputs(engine: Engine, kind: str) -> None:
    """Each output with weights of its own; one without a loss, whose layer is not trained; two that share their node
    or all but the softmax."""
    make = Builder(14)
    x = make.activation(make.dense(make.input(4), 6), "tanh")
    logits = make.dense(x, 3)
    ends = {"one node twice": [logits, logits], "logits and probabilities": [logits, make.add(Softmax(), logits)]}
    graph = make.finish(*ends.get(kind, [make.dense(x, 2), make.add(Softmax(), logits)]))
    for k, parameter in enumerate(graph.parameters()):
        parameter.name += str(k)
    losses: list[LossFunction | None] = [LossFunction(SQUARE), LossFunction(CATEGORICAL, kind == "one node twice")]
    pairs = zip(losses, graph.outputs, strict=True)
    targets = [targets_for(function, node.shape, 9, make.rng) for function, node in pairs if function]
    if kind == "no loss":
        losses[0], targets[0] = None, np.empty((9, 0), np.float32)
    weights = make.rng.uniform(0.2, 3.0, size=(9, 2)).astype(np.float32)
    assert_loss(engine, graph, losses, Examples(make.images(9), targets, weights), shares=[0.3, 2.0])


def test_penalties_of_weights_and_activities(engine: Engine) -> None:
    """l1 and l2 of trainable parameters, and of activities over the whole batch; frozen parameters don't count."""
    make = Builder(6)
    x = make.dense(make.input(4), 6)
    x = make.add(Penalty(0.02, 0.03), make.activation(x, "tanh"))
    frozen = make.add(Affine(1.0), x)
    graph = make.finish(make.dense(frozen, 3))
    names = []
    for k, parameter in enumerate(graph.parameters()):
        parameter.name += str(k)
        parameter.l1, parameter.l2 = 0.01 * (k + 1), 0.02 * (k % 2)
        names.append(parameter.name)
    graph.parameters()[-1].trainable = False
    targets = make.rng.normal(size=(10, 3)).astype(np.float32)
    assert_loss(engine, graph, [LossFunction(SQUARE)], Examples(make.images(10), [targets]))


@pytest.mark.parametrize("rows", [True, False])
def test_penalty_of_vectors_that_are_not_orthogonal(engine: Engine, rows: bool) -> None:
    make = Builder(8)
    x = make.activation(make.dense(make.input(4), 6), "tanh")
    graph = make.finish(make.dense(x, 3))
    for k, parameter in enumerate(graph.parameters()):
        parameter.name += str(k)
        if parameter.value.ndim == 2:
            parameter.orthogonality, parameter.l2 = Orthogonality(0.5, rows), 0.01
    targets = make.rng.normal(size=(10, 3)).astype(np.float32)
    assert_loss(engine, graph, [LossFunction(SQUARE)], Examples(make.images(10), [targets]))


@pytest.mark.parametrize(
    ("function", "end"),
    [
        (LossFunction(SPARSE), "softmax"),
        (LossFunction(CATEGORICAL), "softmax"),
        (LossFunction(SPARSE, from_logits=True), "nothing"),
        (LossFunction(BINARY), "sigmoid"),
        (LossFunction(BINARY, from_logits=True), "nothing"),
    ],
)
def test_loss_of_very_wrong_predictions(engine: Engine, function: LossFunction, end: str) -> None:
    """Logits of +-200: the loss is their distance, its gradient the logarithm's; nothing is clipped or overflows."""
    make = Builder(0)
    x = make.dense(make.input(3), 3)
    end_node = {"softmax": lambda: make.add(Softmax(), x), "sigmoid": lambda: make.activation(x, "sigmoid")}
    graph = make.finish(end_node.get(end, lambda: x)())
    kernel, bias = graph.parameters()
    kernel.assign(np.eye(3))
    bias.assign(np.zeros(3))
    logits = np.array([[200.0, 0.0, -200.0]], np.float32)
    wrong = np.array([[0.0, 0.0, 1.0]], np.float32)
    targets = np.array([2], np.int32) if function.kind == SPARSE else wrong
    loss, gradients = loss_gradients(engine, graph, [function], Examples([logits], [targets]))
    if function.kind == BINARY:
        assert loss == pytest.approx((200.0 + np.log(2) + 200.0) / 3, rel=1e-6)
        expected = np.array([1.0, 0.5, -1.0]) / 3
    else:
        assert loss == pytest.approx(400.0, rel=1e-6)
        expected = np.array([1.0, 0.0, -1.0])
    assert_close(gradients["bias"], expected, "gradient for the logits", 1e-6)

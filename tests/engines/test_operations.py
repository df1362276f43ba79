"""Every operation, forward and all gradients, against PyTorch in float64, on random shapes.

Each example is run in inference and in training mode, with batches that fill the engine's packs of images partly. How
close results must be is said in checks.py.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from striate.engines import Engine
from striate.graph.operations import (
    Activation,
    ActivationName,
    AdaptivePool,
    Add,
    Affine,
    Combine,
    Concat,
    ConvTranspose,
    Dropout,
    Embedding,
    Normalize,
    Operation,
    Penalty,
    Permute,
    PReLU,
    Reshape,
    Scale,
    Select,
    Softmax,
    Standardize,
)

from . import strategies as some
from .checks import (
    IN_A_ROW,
    assert_close,
    assert_same,
    assert_same_forward,
    assert_same_gradients,
    examples,
    near_a_kink,
)
from .networks import Builder
from .strategies import Case


def check(engine: Engine, oracle: Engine, case: Case, tolerance: float | None = None) -> None:
    allowed = {} if tolerance is None else {"tolerance": tolerance}
    for training in (False, True):
        assert_same(engine, oracle, case.graph, case.images, case.rng, training=training, **allowed)


@pytest.mark.parametrize("kind", ["plain", "grouped", "depthwise"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@examples(25)
def test_conv(
    engine: Engine, oracle: Engine, rank: int, kind: Literal["plain", "grouped", "depthwise"], data: st.DataObject
) -> None:
    check(engine, oracle, data.draw(some.convolutions(rank, kind)))


@given(case=some.convolutions(2))
@examples(100)
def test_conv_of_images(engine: Engine, oracle: Engine, case: Case) -> None:
    check(engine, oracle, case)


# (size, channels, filters, kernel, stride, padding, dilation, groups): as networks have and chance seldom.
LAYERS = {
    "LeNet-5 first": (28, 1, 6, 5, 1, "same", 1, 1),
    "LeNet-5 second": (14, 6, 16, 5, 1, "valid", 1, 1),
    "AlexNet first": (35, 3, 24, 11, 4, "valid", 1, 1),
    "ResNet first": (21, 3, 32, 7, 2, "same", 1, 1),
    "VGG even": (14, 32, 32, 3, 1, "same", 1, 1),
    "VGG odd": (13, 24, 40, 3, 1, "same", 1, 1),
    "VGG valid": (11, 64, 64, 3, 1, "valid", 1, 1),
    "VGG smallest": (2, 64, 128, 3, 1, "same", 1, 1),
    "VGG few channels": (28, 3, 64, 3, 1, "same", 1, 1),
    "ResNet stride": (8, 64, 96, 3, 2, "same", 1, 1),
    "bottleneck": (7, 128, 64, 1, 1, "valid", 1, 1),
    "bottleneck stride": (8, 64, 64, 1, 2, "valid", 1, 1),
    "dilated": (15, 16, 16, 3, 1, "same", 4, 1),
    "MobileNet": (14, 48, 48, 3, 1, "same", 1, 48),
    "MobileNet stride": (15, 48, 48, 3, 2, "same", 1, 48),
    "ResNeXt": (9, 64, 64, 3, 1, "same", 1, 8),
    "whole image": (6, 16, 100, 6, 1, "valid", 1, 1),
    "bottleneck of one position": (2, 512, 288, 1, 2, "valid", 1, 1),
    "groups of one position": (1, 512, 640, 1, 1, "valid", 1, 2),
}


@pytest.mark.parametrize("batch", [3, 11, 20])
@pytest.mark.parametrize("layer", LAYERS)
def test_conv_of_known_networks(engine: Engine, oracle: Engine, layer: str, batch: int) -> None:
    size, channels, filters, kernel, stride, padding, dilation, groups = LAYERS[layer]
    make = Builder(batch)
    options = {"strides": stride, "padding": padding, "dilation": dilation, "groups": groups}
    make.conv(make.input(size, size, channels), filters, kernel, kernel, **options)  # type: ignore[arg-type]
    assert_same(engine, oracle, make.graph, make.images(batch), make.rng, training=True)


@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@examples(40)
def test_conv_transpose(engine: Engine, oracle: Engine, rank: int, data: st.DataObject) -> None:
    check(engine, oracle, data.draw(some.transposed_convolutions(rank)))


@given(batch=some.batches, seed=st.integers(0, 1000))
@examples(15)
def test_a_generator(engine: Engine, oracle: Engine, batch: int, seed: int) -> None:
    """Transposed convolutions in a row, with the relu that the first is fused with (Radford et al. 2016)."""
    make = Builder(seed)
    x = make.activation(make.add(ConvTranspose((4, 4), (2, 2), ((1, 1), (1, 1)), (1, 1), 5), make.input(3, 3, 8)))
    make.activation(make.add(ConvTranspose((5, 5), (2, 2), ((1, 2), (1, 2)), (1, 1), 3), x), "tanh")
    case = some.finish(make, batch)
    assume(not near_a_kink(case.graph, case.images, training=True))
    check(engine, oracle, case, IN_A_ROW)


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@examples(30)
def test_pool(engine: Engine, oracle: Engine, rank: int, kind: Literal["max", "average"], data: st.DataObject) -> None:
    check(engine, oracle, data.draw(some.pools(rank, kind)))


@given(case=some.denses())
@examples(60)
def test_dense(engine: Engine, oracle: Engine, case: Case) -> None:
    check(engine, oracle, case)


@pytest.mark.parametrize(("inputs", "units", "batch"), [(3000, 70, 5), (400, 1000, 33), (1, 10, 17), (784, 128, 32)])
def test_large_dense(engine: Engine, oracle: Engine, inputs: int, units: int, batch: int) -> None:
    make = Builder(units)
    make.dense(make.input(inputs), units)
    assert_same(engine, oracle, make.graph, make.images(batch), make.rng, training=True)


@given(case=some.batch_norms())
@examples(60)
def test_batch_norm(engine: Engine, oracle: Engine, case: Case) -> None:
    check(engine, oracle, case)


@pytest.mark.parametrize("count", [1, 2])
def test_batch_norm_of_very_few_values(engine: Engine, oracle: Engine, count: int) -> None:
    # A single value is normalised to beta and passes no gradient; of two values hardly any.
    make = Builder(count)
    make.batch_norm(make.input(5))
    assert_same(engine, oracle, make.graph, make.images(count), make.rng, training=True, tolerance=2e-3)


def test_batch_norm_far_from_zero(engine: Engine, oracle: Engine) -> None:
    # mean^2 is 10^4 times the variance: E[x^2] - E[x]^2 in float32 would be off by 1e-3.
    make = Builder(0)
    make.batch_norm(make.input(6, 6, 5))
    images = [array + np.float32(100.0) for array in make.images(19)]
    assert_same(engine, oracle, make.graph, images, make.rng, training=True, tolerance=1e-4)


@pytest.mark.parametrize("function", some.FUNCTIONS)
@given(data=st.data())
@examples(15)
def test_activation(engine: Engine, oracle: Engine, function: ActivationName, data: st.DataObject) -> None:
    check(engine, oracle, data.draw(some.activations(function)))


@given(
    alpha=st.sampled_from([0.0, 0.1, 0.3]),
    max_value=st.sampled_from([None, 0.7, 1.5, 6.0]),
    threshold=st.sampled_from([0.0, 0.25, 0.5]),
    batch=some.batches,
)
@examples(30)
def test_relu_with_options(
    engine: Engine, oracle: Engine, alpha: float, max_value: float | None, threshold: float, batch: int
) -> None:
    make = Builder(batch)
    make.add(Activation("relu", alpha, max_value, threshold), make.input(5, 5, 3))
    case = some.finish(make, batch)
    case.images = [array * np.float32(3.0) for array in case.images]
    check(engine, oracle, case)


@pytest.mark.parametrize("function", some.FUNCTIONS)
def test_activation_far_out(engine: Engine, oracle: Engine, function: ActivationName) -> None:
    # Nothing overflows on the way to a finite result: e^89 is beyond float32, softplus(89) and mish(89) are 89.
    largest = 80.0 if function == "exponential" else 1e4
    make = Builder(0)
    make.add(Activation(function, 1.0 if function == "elu" else 0.0), make.input(1))
    row = np.geomspace(1e-6, largest, 40, dtype=np.float32)
    images = [np.concatenate([row if function in some.ABOVE_ZERO else -row[::-1], row]).reshape(-1, 1)]
    cotangent = np.ones((80, 1), np.float32)
    assert_same_forward(engine, oracle, make.graph, images, training=False)
    assert_same_gradients(engine, oracle, make.graph, images, make.graph.nodes[-1], cotangent, training=False)
    small = np.abs(images[0][:, 0]) < 1.0  # where large results would hide errors
    assert_same_forward(engine, oracle, make.graph, [images[0][small]], training=False)


@given(shape=some.small_shapes(), batch=some.batches, spread=st.sampled_from([0.1, 1.0, 10.0, 1000.0]))
@examples(30)
def test_softmax(engine: Engine, oracle: Engine, shape: tuple[int, ...], batch: int, spread: float) -> None:
    make = Builder(batch)
    make.add(Softmax(), make.input(*shape))
    case = some.finish(make, batch)
    case.images = [array * np.float32(spread) for array in case.images]
    check(engine, oracle, case)


@given(
    shape=some.small_shapes(),
    batch=some.batches,
    scale=st.sampled_from([1 / 255, 1.0, -2.5, 0.0]),
    offset=st.sampled_from([0.0, -1.0, 0.5]),
)
@examples(25)
def test_affine(
    engine: Engine, oracle: Engine, shape: tuple[int, ...], batch: int, scale: float, offset: float
) -> None:
    make = Builder(batch)
    make.add(Affine(scale, offset), make.input(*shape))
    check(engine, oracle, some.finish(make, batch))


@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@examples(15)
def test_pad(engine: Engine, oracle: Engine, rank: int, data: st.DataObject) -> None:
    check(engine, oracle, data.draw(some.pads(rank)))


@given(case=some.permutes())
@examples(30)
def test_permute(engine: Engine, oracle: Engine, case: Case) -> None:
    check(engine, oracle, case)


@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@examples(25)
def test_resize(engine: Engine, oracle: Engine, rank: int, data: st.DataObject) -> None:
    check(engine, oracle, data.draw(some.resizes(rank)))


@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@examples(25)
def test_adaptive_pool(engine: Engine, oracle: Engine, rank: int, data: st.DataObject) -> None:
    check(engine, oracle, data.draw(some.adaptive_pools(rank)))


@pytest.mark.parametrize("kind", ["max", "average"])
def test_adaptive_pool_behind_a_relu(engine: Engine, oracle: Engine, kind: Literal["max", "average"]) -> None:
    """The pool applies the relu's gate; windows overlap."""
    make = Builder(7)
    x = make.activation(make.conv(make.input(7, 5, 2), 3, 2, 2))
    make.add(AdaptivePool((4, 3), kind), x)
    check(engine, oracle, some.finish(make, 11), IN_A_ROW)


def test_a_permutation_that_nobody_reads(engine: Engine, oracle: Engine) -> None:
    make = Builder(1)
    x = make.add(Permute((2, 0, 1)), make.input(3, 4, 2))
    make.add(Permute((1, 2, 0)), x)
    make.finish(make.dense(x, 3))
    images = make.images(9)
    got, expected = (each.compile(make.graph).predict(images, 9)[0] for each in (engine, oracle))
    assert_close(got, expected, "prediction")
    assert_same(engine, oracle, make.graph, images, make.rng, training=True)


@given(shape=some.small_shapes(), batch=some.batches, data=st.data())
@examples(25)
def test_reshape(engine: Engine, oracle: Engine, shape: tuple[int, ...], batch: int, data: st.DataObject) -> None:
    make = Builder(batch)
    order = tuple(data.draw(st.permutations(shape)))
    flat = (int(np.prod(shape)),)
    make.add(Reshape(data.draw(st.sampled_from([order, flat, (1, *order), (*flat, 1)]))), make.input(*shape))
    check(engine, oracle, some.finish(make, batch))


@given(shape=some.small_shapes(), batch=some.batches, data=st.data())
@examples(25)
def test_select(engine: Engine, oracle: Engine, shape: tuple[int, ...], batch: int, data: st.DataObject) -> None:
    make = Builder(batch)
    chosen = data.draw(st.lists(st.integers(0, shape[-1] - 1), min_size=1, max_size=40))
    make.add(Select(tuple(chosen)), make.input(*shape))
    check(engine, oracle, some.finish(make, batch))


@pytest.mark.parametrize("kind", ["add", "subtract", "multiply", "maximum", "minimum"])
@given(data=st.data())
@examples(25)
def test_combinations(
    engine: Engine,
    oracle: Engine,
    kind: Literal["add", "subtract", "multiply", "maximum", "minimum"],
    data: st.DataObject,
) -> None:
    check(engine, oracle, data.draw(some.combinations(kind)))


# Shapes as networks have them: squeeze and excitation, a spatial mask, a row and a column, a tensor with itself.
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((7, 7, 24), (1, 1, 24)), ((1, 1, 24), (7, 7, 24)), ((7, 7, 24), (7, 7, 1)), ((6, 1, 5), (1, 8, 5)),
        ((4, 5, 6), (6,)), ((4, 1, 3, 1), (1, 2, 1, 5)), ((9,), (9,)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["multiply", "maximum"])
def test_repeated_sizes(
    engine: Engine,
    oracle: Engine,
    kind: Literal["multiply", "maximum"],
    left: tuple[int, ...],
    right: tuple[int, ...],
) -> None:
    make = Builder(3)
    make.add(Combine(kind), make.input(*left), make.input(*right))
    check(engine, oracle, some.finish(make, 11))


@pytest.mark.parametrize("kind", ["subtract", "multiply", "maximum"])
def test_an_input_with_itself(
    engine: Engine, oracle: Engine, kind: Literal["subtract", "multiply", "maximum"]
) -> None:
    make = Builder(4)
    x = make.dense(make.input(3, 4), 4)
    make.add(Combine(kind), x, x)
    check(engine, oracle, some.finish(make, 5))


@given(case=some.contractions())
@examples(40)
def test_contract(engine: Engine, oracle: Engine, case: Case) -> None:
    check(engine, oracle, case)


@pytest.mark.parametrize("kind", ["deviation", "root_mean_square", "length"])
@given(data=st.data())
@examples(30)
def test_normalize(
    engine: Engine, oracle: Engine, kind: Literal["deviation", "root_mean_square", "length"], data: st.DataObject
) -> None:
    check(engine, oracle, data.draw(some.normalizations(kind)), IN_A_ROW)


def test_normalize_far_from_zero(engine: Engine, oracle: Engine) -> None:
    make = Builder(0)
    make.add(Normalize((0, 1, 2), 1e-3), make.input(20, 20, 5))
    images = [array + np.float32(100.0) for array in make.images(9)]
    assert_same(engine, oracle, make.graph, images, make.rng, training=True, tolerance=1e-4)


def test_lengths_below_their_bound(engine: Engine, oracle: Engine) -> None:
    make = Builder(0)
    make.add(Normalize((0,), 0.5, "length"), make.input(4))
    images = [make.images(12)[0] * np.float32(0.1)]
    images[0][3] = 0.0
    assert_same(engine, oracle, make.graph, images, make.rng, training=False)


@given(case=some.local_responses())
@examples(40)
def test_local_response(engine: Engine, oracle: Engine, case: Case) -> None:
    check(engine, oracle, case, IN_A_ROW)


@pytest.mark.parametrize("kind", [Scale, PReLU, Standardize])
@given(data=st.data())
@examples(30)
def test_parametric(engine: Engine, oracle: Engine, kind: type[Operation], data: st.DataObject) -> None:
    check(engine, oracle, data.draw(some.parametrics(kind)))


@pytest.mark.parametrize("operation", [Scale((0, 1, 2)), PReLU((0, 1, 2))])
def test_a_parameter_for_every_element(engine: Engine, oracle: Engine, operation: Operation) -> None:
    """More numbers than are summed pack by pack."""
    make = Builder(5)
    make.add(operation, make.input(30, 30, 20))
    assert_same(engine, oracle, make.graph, make.images(19), make.rng, training=True)


@given(case=some.embeddings())
@examples(40)
def test_embedding(engine: Engine, oracle: Engine, case: Case) -> None:
    check(engine, oracle, case)


def test_a_large_table_used_twice(engine: Engine, oracle: Engine) -> None:
    make = Builder(6)
    first, second = make.input(7), make.input(3)
    table = make.add(Embedding(900, 20), first)
    again = make.graph.add(table.operation, second, name="again", parameters=table.parameters)
    make.add(Add(), make.pool(table, 7, kind="average"), make.pool(again, 3, kind="average"))
    images = [make.rng.integers(0, 900, size=array.shape).astype(np.float32) for array in make.images(21)]
    assert_same(engine, oracle, make.graph, images, make.rng, training=True)


@given(
    spatial=st.lists(st.integers(1, 4), max_size=3),
    channels=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    batch=some.batches,
)
@examples(25)
def test_concat(engine: Engine, oracle: Engine, spatial: list[int], channels: list[int], batch: int) -> None:
    make = Builder(batch)
    make.add(Concat(), *(make.input(*spatial, count) for count in channels))
    check(engine, oracle, some.finish(make, batch))


@given(shape=some.small_shapes(), batch=some.batches)
@examples(15)
def test_penalty_and_idle_dropout_change_nothing(
    engine: Engine, oracle: Engine, shape: tuple[int, ...], batch: int
) -> None:
    # What a Penalty adds to the loss is no part of the gradients that a program is asked for.
    make = Builder(batch)
    make.add(Dropout(0.0), make.add(Penalty(0.1, 0.2), make.input(*shape)))
    check(engine, oracle, some.finish(make, batch))


# Graphs of several operations: what an engine fuses, or accumulates.


@pytest.mark.parametrize("then", ["pool", "average", "conv", "dense", "nothing"])
@given(
    size=st.integers(4, 9),
    channels=st.integers(1, 12),
    filters=st.integers(1, 20),
    batch=some.batches,
    normalised=st.booleans(),
    seed=st.integers(0, 1000),
)
@examples(15)
def test_block(
    engine: Engine,
    oracle: Engine,
    then: str,
    size: int,
    channels: int,
    filters: int,
    batch: int,
    normalised: bool,
    seed: int,
) -> None:
    """Convolution, batch normalisation, relu, and what a relu is fused with."""
    make = Builder(seed)
    x = make.conv(make.input(size, size, channels), filters, 3, 3, padding="same", bias=not normalised)
    x = make.batch_norm(x) if normalised else x
    x = make.activation(x)
    if then in ("pool", "average"):
        x = make.pool(x, 2, 2, kind="max" if then == "pool" else "average")
    elif then == "conv":
        x = make.conv(x, 5, 3, 3)
    elif then == "dense":
        x = make.dense(make.flatten(x), 7)
    case = some.finish(make, batch)
    for training in (False, True):
        assume(not near_a_kink(case.graph, case.images, training=training))
    check(engine, oracle, case, IN_A_ROW)


@given(batch=some.batches, seed=st.integers(0, 1000))
@examples(25)
def test_several_consumers(engine: Engine, oracle: Engine, batch: int, seed: int) -> None:
    """A node's gradient is the sum over all that use it: shortcuts, branches, the same input twice."""
    make = Builder(seed)
    x = make.conv(make.input(6, 6, 3), 4, 3, 3, padding="same")
    left = make.activation(make.conv(x, 4, 1, 1), "tanh")
    right = make.conv(x, 4, 3, 3, padding="same")
    joined = make.add(Add(), x, left, right, x)
    branches = make.add(Concat(), joined, make.pool(x, 3, 3, kind="average", strides=1, padding="same"), left)
    make.dense(make.flatten(branches), 6)
    case = some.finish(make, batch)
    check(engine, oracle, case, IN_A_ROW)
    assert_same(engine, oracle, case.graph, case.images, case.rng, training=True, of=joined, tolerance=IN_A_ROW)


@given(batch=some.batches, seed=st.integers(0, 1000))
@examples(15)
def test_parameters_used_twice(engine: Engine, oracle: Engine, batch: int, seed: int) -> None:
    """A layer called twice: the gradients of its parameters add up."""
    make = Builder(seed)
    first = make.conv(make.input(5, 5, 4), 4, 3, 3, padding="same")
    between = make.activation(first, "softplus")
    make.graph.add(first.operation, between, name="again", parameters=first.parameters)
    check(engine, oracle, some.finish(make, batch), IN_A_ROW)


@given(batch=some.batches, seed=st.integers(0, 1000))
@examples(15)
def test_reshape_between(engine: Engine, oracle: Engine, batch: int, seed: int) -> None:
    """Rows and channels change places: dense after a convolution, a convolution after dense."""
    make = Builder(seed)
    x = make.conv(make.input(4, 5, 2), 3, 2, 2)
    x = make.dense(make.flatten(x), 24)
    x = make.conv(make.add(Reshape((2, 4, 3)), x), 4, 2, 3)
    x = make.dense(make.add(Reshape((2, 4)), x), 3)  # along the last axis of two
    make.add(Softmax(), make.flatten(x))
    check(engine, oracle, some.finish(make, batch), IN_A_ROW)


def test_two_inputs_and_a_part_that_is_not_asked_for(engine: Engine, oracle: Engine) -> None:
    """The gradient of a node for what it does not depend on is zero."""
    make = Builder(5)
    a, b = make.input(4, 4, 2), make.input(3)
    left = make.dense(make.flatten(make.conv(a, 3, 2, 2)), 5)
    right = make.dense(b, 5)
    make.add(Add(), left, right)
    images = make.images(10)
    for of in (left, right, a, make.graph.nodes[-1]):
        assert_same(engine, oracle, make.graph, images, make.rng, training=True, of=of)

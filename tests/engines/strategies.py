"""Hypothesis strategies: graphs of one operation, with images that fit them."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from hypothesis import strategies as st

from striate.graph import Array, Graph, Node, Shape
from striate.graph.operations import (
    Activation,
    ActivationName,
    AdaptivePool,
    Add,
    BatchNorm,
    Combine,
    Contract,
    Conv,
    ConvTranspose,
    Dense,
    Embedding,
    LocalResponseNorm,
    Normalize,
    Operation,
    Pad,
    Permute,
    Pool,
    PReLU,
    Resize,
    Scale,
    Standardize,
)
from striate.graph.operations.movement import ResizeMethod
from striate.graph.shapes import Padding, effective_kernel, element_count

from .networks import Builder

WORK = 1_500_000  # most multiply-adds or elements of an example, so that a test tries many
SIZES = {1: 24, 2: 9, 3: 5}  # largest spatial sizes by number of dimensions

ranks = st.integers(1, 3)
channels = st.integers(1, 40)
# Batches that fill packs of 8 and 16 images partly, just, and just not.
batches = st.one_of(st.integers(1, 37), st.sampled_from([1, 7, 8, 9, 15, 16, 17, 24, 33]))


class Case:
    """A graph and images for it."""

    def __init__(self, graph: Graph, images: list[Array], rng: np.random.Generator) -> None:
        self.graph, self.images, self.rng = graph, images, rng

    def __repr__(self) -> str:
        nodes = [(node.name, node.operation, [source.index for source in node.inputs]) for node in self.graph.nodes]
        return f"{[array.shape for array in self.images]} through {nodes}"


def affordable(graph: Graph, batch: int) -> int:
    """The batch, or fewer images when those would be too much work."""
    each = sum(node.multiply_adds() + element_count(node.shape) for node in graph.nodes)
    return max(1, min(batch, WORK // each))


@st.composite
def shapes(draw: st.DrawFn, rank: int, most_channels: int = 40) -> Shape:
    return (*(draw(st.integers(1, SIZES[rank])) for _ in range(rank)), draw(st.integers(1, most_channels)))


Window = tuple[Shape, Shape, Padding, Shape]


@st.composite
def windows(draw: st.DrawFn, sizes: Shape, *, pooling: bool) -> Window:
    """Window, strides, padding and dilation that fit spatial sizes; a pool's window always sees a part of the image."""
    found: list[tuple[int, int, tuple[int, int], int]] = []
    for size in sizes:
        window, stride = draw(st.integers(1, min(5, size + 2))), draw(st.integers(1, 3))
        most = window - 1 if pooling else window + 1
        padding = draw(st.one_of(st.just((0, 0)), st.tuples(st.integers(0, most), st.integers(0, most))))
        dilation = draw(st.sampled_from([1, 1, 1, 2, 3]))
        if pooling and any(padding):
            dilation = 1  # else a window may see nothing but padding
        while effective_kernel(window, dilation) > size + sum(padding):
            window, dilation = (window, dilation - 1) if dilation > 1 else (window - 1, 1)
        if pooling:
            padding = (min(padding[0], window - 1), min(padding[1], window - 1))
        found.append((window, stride, padding, dilation))
    window, strides, paddings, dilations = zip(*found, strict=True)
    return window, strides, paddings, dilations


@st.composite
def builders(draw: st.DrawFn) -> Builder:
    return Builder(draw(st.integers(0, 2**32 - 1)))


def finish(make: Builder, batch: int) -> Case:
    return Case(make.finish(make.graph.nodes[-1]), make.images(affordable(make.graph, batch)), make.rng)


@st.composite
def convolutions(draw: st.DrawFn, rank: int, kind: Literal["plain", "grouped", "depthwise"] = "plain") -> Case:
    make = draw(builders())
    spatial = draw(shapes(rank))[:-1]
    groups, inside, outside = 1, draw(channels), draw(channels)
    if kind != "plain":
        groups = draw(st.integers(1, 20))
        inside = groups * (1 if kind == "depthwise" else draw(st.integers(1, 5)))
        outside = groups * draw(st.integers(1, 4))
    x = make.input(*spatial, inside)
    window = draw(windows(spatial, pooling=False))
    conv = Conv(*window, outside, groups, draw(st.booleans()), kind == "depthwise" and draw(st.booleans()))
    make.add(conv, x, trainable=draw(st.sampled_from([True, True, False])))
    return finish(make, draw(batches))


@st.composite
def transposed_convolutions(draw: st.DrawFn, rank: int) -> Case:
    """What is cut off before is at most all that taps reach; after, positions may also be added that none reaches."""
    make = draw(builders())
    shape, filters = draw(shapes(rank)), draw(channels)
    window, strides, cut, dilation = [], [], [], []
    for size in shape[:-1]:
        k, s, d = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.sampled_from([1, 1, 1, 2, 3]))
        full = (size - 1) * s + effective_kernel(k, d)
        before = draw(st.integers(0, min(full - 1, 4)))
        cut.append((before, draw(st.integers(-3, min(full - 1 - before, 4)))))
        window.append(k), strides.append(s), dilation.append(d)
    operation = ConvTranspose(
        tuple(window), tuple(strides), tuple(cut), tuple(dilation), filters, draw(st.booleans())
    )
    make.add(operation, make.input(*shape), trainable=draw(st.sampled_from([True, True, False])))
    return finish(make, draw(batches))


@st.composite
def pools(draw: st.DrawFn, rank: int, kind: Literal["max", "average"]) -> Case:
    make = draw(builders())
    shape = draw(shapes(rank))
    make.add(Pool(*draw(windows(shape[:-1], pooling=True)), kind), make.input(*shape))
    case = finish(make, draw(batches))
    if draw(st.booleans()):  # ties: the first wins
        case.images = [np.round(array * 1.5) for array in case.images]
    return case


@st.composite
def denses(draw: st.DrawFn) -> Case:
    make = draw(builders())
    shape = (*draw(st.lists(st.integers(1, 5), max_size=2)), draw(st.integers(1, 200)))
    make.add(Dense(draw(st.integers(1, 80)), draw(st.booleans())), make.input(*shape))
    return finish(make, draw(batches))


@st.composite
def batch_norms(draw: st.DrawFn) -> Case:
    """At least 8 values for a channel: with fewer the gradient is a small difference of large numbers."""
    make = draw(builders())
    shape = draw(st.one_of(st.integers(0, 3).flatmap(lambda rank: shapes(rank) if rank else st.tuples(channels))))
    make.add(
        BatchNorm(
            draw(st.sampled_from([1e-3, 1e-5])),
            draw(st.sampled_from([0.99, 0.9, 0.0])),
            draw(st.booleans()),
            draw(st.booleans()),
            draw(st.sampled_from([False, False, True])),
        ),
        make.input(*shape),
        trainable=draw(st.sampled_from([True, True, False])),
    )
    fewest = -(-8 // element_count(shape[:-1]))
    return finish(make, max(draw(batches), fewest))


FUNCTIONS: list[ActivationName] = [
    "relu", "leaky_relu", "elu", "selu", "sigmoid", "tanh", "softplus", "softsign", "silu", "exponential",
    "hard_sigmoid", "gelu", "gelu_tanh", "mish", "hard_silu", "hard_shrink", "soft_shrink", "tanh_shrink", "squareplus",
    "sparse_plus", "threshold", "sqrt", "log", "reciprocal", "step", "log_softmax", "sparsemax",
]  # fmt: skip


WITH_ALPHA = ("leaky_relu", "elu", "squareplus", "threshold")
ABOVE_ZERO = ("sqrt", "log", "reciprocal")  # is where their images are
WITH_THRESHOLD = ("hard_shrink", "soft_shrink", "threshold")


@st.composite
def activations(draw: st.DrawFn, function: ActivationName) -> Case:
    make = draw(builders())
    alpha = draw(st.sampled_from([0.1, 0.2, 0.3, 1.0])) if function in WITH_ALPHA else 0.0
    threshold = draw(st.sampled_from([0.0, 0.5, 1.5])) if function in WITH_THRESHOLD else 0.0
    make.add(Activation(function, alpha, threshold=threshold), make.input(*draw(small_shapes())))
    case = finish(make, draw(batches))
    spread = draw(st.sampled_from([0.1, 1.0, 4.0]))
    case.images = [array * np.float32(spread) for array in case.images]
    if function in ABOVE_ZERO:
        case.images = [np.abs(array) + np.float32(0.1) for array in case.images]
    if function in ("relu", "leaky_relu") and draw(st.booleans()):  # zeros: the slope there is that below
        case.images = [np.round(array) for array in case.images]
    return case


@st.composite
def small_shapes(draw: st.DrawFn) -> Shape:
    """Any number of dimensions, as for what is done to each element."""
    return (*draw(st.lists(st.integers(1, 4), max_size=3)), draw(st.integers(1, 30)))


@st.composite
def pads(draw: st.DrawFn, rank: int) -> Case:
    make = draw(builders())
    shape, padding = draw(shapes(rank, 12)), []
    for size in shape[:-1]:
        before = draw(st.integers(-size + 1, 3))
        padding.append((before, draw(st.integers(1 - size - min(before, 0), 3))))
    make.add(Pad(tuple(padding), draw(st.sampled_from([0.0, 0.0, -1.5]))), make.input(*shape))
    return finish(make, draw(batches))


@st.composite
def permutes(draw: st.DrawFn) -> Case:
    make = draw(builders())
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    make.add(Permute(tuple(draw(st.permutations(range(len(shape)))))), make.input(*shape))
    return finish(make, draw(batches))


@st.composite
def resizes(draw: st.DrawFn, rank: int) -> Case:
    make = draw(builders())
    sizes = tuple(draw(st.integers(1, SIZES[rank])) for _ in range(rank))
    operation = Resize(sizes, draw(st.sampled_from(get_args(ResizeMethod))), draw(st.booleans()))
    make.add(operation, make.input(*draw(shapes(rank, 12 if rank < 3 else 3))))
    return finish(make, draw(batches))


@st.composite
def adaptive_pools(draw: st.DrawFn, rank: int) -> Case:
    make = draw(builders())
    sizes = tuple(draw(st.integers(1, SIZES[rank])) for _ in range(rank))
    make.add(AdaptivePool(sizes, draw(st.sampled_from(["max", "average"]))), make.input(*draw(shapes(rank, 12))))
    return finish(make, draw(batches))


@st.composite
def repeated_inputs(draw: st.DrawFn, make: Builder, count: int) -> list[Node]:
    """Inputs of which some have sizes of one, or fewer axes, where others have more."""
    shape = draw(small_shapes())
    inputs = []
    for _ in range(count):
        own = tuple(1 if draw(st.sampled_from([False, False, True])) else size for size in shape)
        missing = draw(st.sampled_from([0, 0, 0, draw(st.integers(0, len(own) - 1))]))
        inputs.append(make.input(*own[missing:]))
    return inputs


@st.composite
def combinations(draw: st.DrawFn, kind: Literal["add", "subtract", "multiply", "maximum", "minimum"]) -> Case:
    make = draw(builders())
    if kind == "add":
        make.add(Add(), *draw(repeated_inputs(make, draw(st.integers(1, 4)))))
    else:
        make.add(Combine(kind), *draw(repeated_inputs(make, 2)))
    case = finish(make, draw(batches))
    if draw(st.booleans()):  # ties: the first input's
        case.images = [np.round(array) for array in case.images]
    return case


@st.composite
def contractions(draw: st.DrawFn) -> Case:
    make = draw(builders())
    terms, shapes, axes = draw(st.integers(1, 40)), [], []
    for _ in range(2):
        shape = draw(st.lists(st.integers(1, 6), max_size=3))
        axes.append(draw(st.integers(0, len(shape))))
        shapes.append((*shape[: axes[-1]], terms, *shape[axes[-1] :]))
    make.add(Contract((axes[0], axes[1])), make.input(*shapes[0]), make.input(*shapes[1]))
    return finish(make, draw(batches))


@st.composite
def some_axes(draw: st.DrawFn, rank: int, fewest: int = 0) -> tuple[int, ...]:
    return tuple(sorted(draw(st.sets(st.integers(0, rank - 1), min_size=fewest, max_size=rank))))


@st.composite
def normalizations(draw: st.DrawFn, kind: Literal["deviation", "root_mean_square", "length"]) -> Case:
    """At least 4 numbers at a time: with fewer the gradient is a small difference of large ones."""
    make = draw(builders())
    shape = draw(small_shapes())
    axes = draw(some_axes(len(shape), 1))
    axis = axes[draw(st.integers(0, len(axes) - 1))]
    shape = (*shape[:axis], max(shape[axis], 4), *shape[axis + 1 :])
    make.add(Normalize(axes, draw(st.sampled_from([1e-3, 1e-5])), kind), make.input(*shape))
    return finish(make, draw(batches))


@st.composite
def local_responses(draw: st.DrawFn) -> Case:
    make = draw(builders())
    operation = LocalResponseNorm(
        draw(st.integers(0, 6)), draw(st.sampled_from([1.0, 2.0, 0.5])), draw(st.sampled_from([1.0, 1e-2, 0.3])),
        draw(st.sampled_from([0.5, 0.75, 1.0])),
    )  # fmt: skip
    make.add(operation, make.input(*draw(small_shapes())))
    return finish(make, draw(batches))


@st.composite
def parametrics(draw: st.DrawFn, kind: type[Operation]) -> Case:
    make = draw(builders())
    shape = draw(small_shapes())
    axes = draw(some_axes(len(shape)))
    operation: Operation
    if kind is Scale:
        operation = Scale(axes, draw(st.booleans()), draw(st.booleans()))
    elif kind is PReLU:
        operation = PReLU(axes)
    else:
        operation = Standardize(axes, draw(st.sampled_from([1e-7, 0.9])), draw(st.booleans()))
    trainable = kind is not Standardize and draw(st.sampled_from([True, True, False]))
    make.add(operation, make.input(*shape), trainable=trainable)
    return finish(make, draw(batches))


@st.composite
def embeddings(draw: st.DrawFn) -> Case:
    """Numbers of rows, some of them none's."""
    make = draw(builders())
    rows = draw(st.integers(1, 30))
    shape = draw(st.lists(st.integers(1, 5), max_size=2))
    make.add(Embedding(rows, draw(st.integers(1, 20))), make.input(*shape), trainable=draw(st.booleans()))
    case = finish(make, draw(batches))
    case.images = [case.rng.integers(-1, rows + 1, size=array.shape).astype(np.float32) for array in case.images]
    return case

"""Winograd's method for 3x3 convolutions, against direct convolution in float64 and across threads."""

from __future__ import annotations

import numpy as np
import pytest

from striate.engines.native import NativeEngine
from striate.graph import Array, Graph, Node
from striate.graph.operations import Conv

from .networks import Builder

torch = pytest.importorskip("torch", reason="the direct convolution to compare with is PyTorch's")

# Sizes that tiles of 4x4 fit, just do not fit, and do not fit at all; channels that fill blocks and vectors, or not.
CASES = [
    (4, 4, 64, 48, (1, 1)), (14, 14, 48, 64, (1, 1)), (7, 9, 50, 70, (1, 1)), (5, 13, 33, 49, (0, 0)),
    (3, 3, 64, 64, (0, 0)), (6, 5, 64, 33, (2, 2)), (17, 4, 37, 61, (2, 0)), (1, 1, 64, 64, (1, 1)),
    (9, 6, 16, 57, (1, 1)), (6, 9, 57, 16, (1, 1)),
]  # fmt: skip


def network(height: int, width: int, channels: int, filters: int, padding: tuple[int, int]) -> tuple[Graph, Node, Node]:
    make = Builder(7)
    x = make.input(height, width, channels)
    y = make.add(Conv((3, 3), (1, 1), (padding, padding[::-1]), (1, 1), filters, 1, True), x)
    return make.finish(y), x, y


def direct(graph: Graph, images: Array, cotangent: Array, y: Node) -> list[Array]:
    """Output, and gradients of input, kernel and bias, in float64."""
    operation = y.operation
    assert isinstance(operation, Conv)
    (top, bottom), (left, right) = operation.padding
    kernel, bias = (
        torch.tensor(y.parameters[name].value, dtype=torch.float64, requires_grad=True) for name in ("kernel", "bias")
    )
    x = torch.tensor(images, dtype=torch.float64, requires_grad=True)
    padded = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom))
    out = torch.nn.functional.conv2d(padded, kernel.permute(3, 2, 0, 1), bias).permute(0, 2, 3, 1)
    gradients = torch.autograd.grad(out, [x, kernel, bias], torch.tensor(cotangent, dtype=torch.float64))
    return [tensor.detach().numpy() for tensor in (out, *gradients)]


def through_engine(
    engine: NativeEngine, graph: Graph, images: Array, cotangent: Array, x: Node, y: Node
) -> list[Array]:
    program = engine.compile(graph)
    out = program.predict([images], len(images))[0]
    (input_gradient,) = program.gradient([images], y, cotangent, [x])
    return [out, input_gradient, *program.parameter_gradients([images], y, cotangent)]


@pytest.mark.parametrize(("height", "width", "channels", "filters", "padding"), CASES)
@pytest.mark.parametrize("count", [3, 19])
def test_as_near_as_rounding_allows(
    height: int, width: int, channels: int, filters: int, padding: tuple[int, int], count: int
) -> None:
    graph, x, y = network(height, width, channels, filters, padding)
    rng = np.random.default_rng(count)
    images = rng.normal(size=(count, *x.shape)).astype(np.float32)
    cotangent = rng.normal(size=(count, *y.shape)).astype(np.float32)
    expected = direct(graph, images, cotangent, y)
    for got, want in zip(through_engine(NativeEngine(2), graph, images, cotangent, x, y), expected, strict=True):
        assert np.abs(got - want).max() <= 2e-5 * np.abs(want).max()  # promised: 1e-4


@pytest.mark.parametrize("count", [5, 40])
def test_the_same_bits_on_any_number_of_threads(count: int) -> None:
    graph, x, y = network(9, 10, 48, 56, (1, 1))
    rng = np.random.default_rng(1)
    images = rng.normal(size=(count, *x.shape)).astype(np.float32)
    cotangent = rng.normal(size=(count, *y.shape)).astype(np.float32)
    first, *others = (through_engine(NativeEngine(threads), graph, images, cotangent, x, y) for threads in (1, 2, 3, 8))
    for other in others:
        for a, b in zip(first, other, strict=True):
            assert a.tobytes() == b.tobytes()

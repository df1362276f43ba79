"""Graphs with random weights, for all tests of engines: a builder, and some whole networks."""

from __future__ import annotations

import numpy as np

from striate.graph import Array, Graph, Node, Parameter, Shape
from striate.graph.operations import (
    Activation,
    ActivationName,
    Add,
    Affine,
    AlphaDropout,
    BatchNorm,
    Combine,
    Concat,
    Contract,
    Conv,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Input,
    LocalResponseNorm,
    Normalize,
    Operation,
    Pool,
    PReLU,
    RandomAdjust,
    RandomCrop,
    RandomWarp,
    Reshape,
    Scale,
    Softmax,
    Standardize,
)
from striate.graph.shapes import element_count, resolve_padding

FIXED = ("moving_mean", "moving_variance", "mean", "variance")  # never trained


class Builder:
    """Adds operations to a graph and makes up the parameters they need, all of them of order 1 in effect."""

    def __init__(self, seed: int = 0) -> None:
        self.graph = Graph()
        self.rng = np.random.default_rng(seed)

    def add(self, operation: Operation, *inputs: Node, trainable: bool = True) -> Node:
        needed = operation.parameter_shapes(*(node.shape for node in inputs))
        parameters = {
            name: Parameter(name, self._value(name, shape), trainable and name not in FIXED)
            for name, shape in needed.items()
        }
        name = f"{type(operation).__name__.lower()}_{len(self.graph.nodes)}"
        return self.graph.add(operation, *inputs, name=name, parameters=parameters)

    def _value(self, name: str, shape: Shape) -> Array:
        if name == "kernel":
            value = self.rng.normal(size=shape) / np.sqrt(element_count(shape[:-1]))
        elif name in ("gamma", "moving_variance", "variance"):
            value = self.rng.uniform(0.5, 1.5, size=shape)
        else:
            value = 0.5 * self.rng.normal(size=shape)
        return value.astype(np.float32)

    def input(self, *shape: int) -> Node:
        return self.add(Input(shape))

    def conv(
        self,
        x: Node,
        filters: int,
        *window: int,
        strides: int = 1,
        padding: str = "valid",
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> Node:
        step, spread = (strides,) * len(window), (dilation,) * len(window)
        border = resolve_padding(padding, x.shape[:-1], window, step, spread)
        return self.add(Conv(window, step, border, spread, filters, groups, bias), x)

    def pool(
        self, x: Node, *window: int, kind: str = "max", strides: int | None = None, padding: str = "valid"
    ) -> Node:
        step = window if strides is None else (strides,) * len(window)
        once = (1,) * len(window)
        border = resolve_padding(padding, x.shape[:-1], window, step, once)
        return self.add(Pool(window, step, border, once, kind), x)  # type: ignore[arg-type]

    def dense(self, x: Node, units: int, bias: bool = True) -> Node:
        return self.add(Dense(units, bias), x)

    def batch_norm(self, x: Node, frozen: bool = False) -> Node:
        return self.add(BatchNorm(1e-3, 0.9, frozen=frozen), x)

    def activation(self, x: Node, function: ActivationName = "relu") -> Node:
        return self.add(Activation(function, alpha={"leaky_relu": 0.2, "elu": 1.0}.get(function, 0.0)), x)

    def flatten(self, x: Node) -> Node:
        return self.add(Reshape((element_count(x.shape),)), x)

    def finish(self, *outputs: Node) -> Graph:
        self.graph.outputs.extend(outputs)
        return self.graph

    def images(self, count: int) -> list[Array]:
        return [self.rng.normal(size=(count, *node.shape)).astype(np.float32) for node in self.graph.inputs]


def lenet(seed: int = 0, size: int = 28, classes: int = 10) -> Graph:
    """LeNet-5 with relu and maximum pooling, padded first layer (LeCun et al. 1998)."""
    make = Builder(seed)
    x = make.add(Affine(1 / 255), make.input(size, size, 1))
    x = make.pool(make.activation(make.conv(x, 6, 5, 5, padding="same")), 2, 2)
    x = make.pool(make.activation(make.conv(x, 16, 5, 5)), 2, 2)
    x = make.activation(make.dense(make.flatten(x), 120))
    x = make.activation(make.dense(x, 84))
    return make.finish(make.add(Softmax(), make.dense(x, classes)))


def normalised(seed: int = 0, rate: float = 0.3, size: int = 12) -> Graph:
    """Two blocks of convolution, batch normalisation and relu, a shortcut, and dropout where `rate` is not 0."""
    make = Builder(seed)
    x = make.add(Affine(1 / 255, -0.5), make.input(size, size, 3))
    first = make.activation(make.batch_norm(make.conv(x, 8, 3, 3, padding="same", bias=False)))
    second = make.activation(make.batch_norm(make.conv(first, 8, 3, 3, padding="same", bias=False)))
    x = make.pool(make.add(Add(), first, second), 2, 2)
    x = make.add(Concat(), x, make.add(Dropout(rate, 1), x)) if rate else x
    x = make.pool(x, 2, 2, kind="average")
    x = make.dense(make.flatten(x), 20)
    x = make.add(Dropout(rate, 2), make.activation(x)) if rate else make.activation(x)
    return make.finish(make.add(Softmax(), make.dense(x, 10)))


def wide(seed: int = 0, units: int = 1500) -> Graph:
    """Dense layers whose weights outgrow a core's cache."""
    make = Builder(seed)
    x = make.flatten(make.add(Affine(1 / 255, -0.5), make.input(16, 16, 3)))
    x = make.activation(make.dense(x, units))
    x = make.activation(make.dense(x, 300), "tanh")
    return make.finish(make.add(Softmax(), make.dense(x, 10)))


def deep(seed: int = 0, filters: int = 48, size: int = 12) -> Graph:
    """3x3 convolutions with many filters, where Winograd's method pays, and one with stride 2."""
    make = Builder(seed)
    x = make.add(Affine(1 / 255, -0.5), make.input(size, size, 3))
    x = make.activation(make.conv(x, filters, 3, 3, padding="same"))
    x = make.activation(make.conv(x, filters, 3, 3, padding="same"))
    x = make.activation(make.conv(x, 2 * filters, 3, 3, strides=2, padding="same"))
    x = make.activation(make.conv(x, 2 * filters, 3, 3, padding="same"))
    x = make.pool(x, *x.shape[:2], kind="average")
    return make.finish(make.add(Softmax(), make.dense(make.flatten(x), 10)))


def pooled(seed: int = 0, kind: str = "max", window: int = 2, size: int = 29) -> Graph:
    """Maps too large for a core's cache before a pooling: one of the images, not kept, and one of a map, which is."""
    make = Builder(seed)
    x = make.add(Affine(1 / 255, -0.5), make.input(size, size, 1))
    x = make.pool(make.activation(make.conv(x, 40, 3, 3)), window, window, kind=kind)
    x = make.pool(make.conv(x, 80, 2, 2, padding="same"), 2, 2, kind=kind)
    x = make.dense(make.flatten(make.pool(x, 2, 2)), 20)
    return make.finish(make.add(Softmax(), make.dense(make.activation(x), 10)))


def gated(seed: int = 0, size: int = 12, filters: int = 120) -> Graph:
    """Norms within images, parameters for many axes, squeeze and excitation, attention, a look-up of grey values."""
    make = Builder(seed)
    x = make.input(size, size, 3)
    grey = make.pool(make.add(Embedding(300, 6), make.flatten(x)), size * size * 3, kind="average")
    x = make.add(Standardize((2,), 1e-7), make.add(Affine(1 / 255), x))
    x = make.add(PReLU((0, 1, 2)), make.conv(x, filters, 3, 3, padding="same"))
    x = make.add(LocalResponseNorm(2, 1.0, 0.1, 0.75), x)
    x = make.add(Scale((2,)), make.add(Normalize((0, 1), 1e-3), x))
    gate = make.activation(make.dense(make.pool(x, size, size, kind="average"), filters), "sigmoid")
    x = make.add(Combine("multiply"), x, gate)
    x = make.add(Combine("maximum"), x, make.add(Add(), make.pool(x, size, 1), gate))
    x = make.add(Scale((0, 1, 2)), x)
    x = make.add(Normalize((1,), 1e-6, "length"), make.add(Reshape((size * size, filters)), x))
    mixed = make.pool(make.add(Contract((0, 0)), make.dense(x, 5), x), 5, kind="average")
    joined = make.add(Concat(), make.flatten(mixed), make.flatten(grey))
    return make.finish(make.add(Softmax(), make.dense(joined, 10)))


def augmented(seed: int = 0, size: int = 12) -> Graph:
    """Everything random there is, before convolutions and between them."""
    make = Builder(seed)
    x = make.add(RandomAdjust((0.6, 1.4), (-30.0, 30.0), stream=1), make.input(size, size, 3))
    near = (-0.2, 0.2)
    x = make.add(RandomWarp(near, (0.8, 1.2), (0.8, 1.2), near, near, flip_columns=True, stream=2), x)
    x = make.activation(make.conv(make.add(Affine(1 / 255, -0.5), x), 8, 3, 3))
    x = make.add(RandomCrop((size - 4, size - 4), 3), make.add(Dropout(0.2, 4, (1, 1, 8)), x))
    x = make.add(RandomWarp((-0.5, 0.5), fill_mode="wrap", stream=5), make.add(GaussianNoise(0.1, 6), x))
    x = make.activation(make.conv(make.add(GaussianNoise(0.2, 7, multiplicative=True), x), 8, 3, 3), "selu")
    x = make.add(AlphaDropout(0.1, 8), make.pool(x, 2, 2))
    return make.finish(make.add(Softmax(), make.dense(make.flatten(x), 10)))

"""Every operation of the waist in PyTorch: forward only, the gradients are autograd's.

Values are tensors (n, *shape), channels last as everywhere at the waist; spatial operations
move the channels for the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from striate.graph import Graph, Shape
from striate.graph.operations import (
    Activation,
    Add,
    Affine,
    BatchNorm,
    Concat,
    Conv,
    Dense,
    Dropout,
    Operation,
    Pad,
    Penalty,
    Pool,
    Reshape,
    Softmax,
)
from striate.graph.parameters import Parameter
from striate.graph.shapes import Padding

CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
MAXIMUM_POOLINGS: dict[int, Callable[..., Tensor]] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


@dataclass
class Pass:
    """One forward pass: how it is done, and what it leaves behind beside the values.

    seed, step: key dropout's random numbers.
    penalties: what Penalty operations add to the loss.
    statistics: (moving average, this batch's value, momentum) for each average that training should move.
    """

    training: bool
    seed: int = 0
    step: int = 0
    penalties: list[Tensor] = field(default_factory=list)
    statistics: list[tuple[Tensor, Tensor, float]] = field(default_factory=list)


def run(
    graph: Graph, images: Sequence[Tensor], weights: Mapping[Parameter, Tensor], mode: Pass, count: int | None = None
) -> list[Tensor]:
    """Values of the first `count` nodes of a graph (all by default).

    Every node gets a tensor of its own in autograd's graph, so the gradient of each can be asked for separately.
    """
    sources = iter(images)
    values: list[Tensor] = []
    for node in graph.nodes[:count]:
        inputs = [values[source.index] for source in node.inputs]
        parameters = {name: weights[parameter] for name, parameter in node.parameters.items()}
        value = forward(node.operation, inputs, parameters, mode) if inputs else next(sources)
        values.append(value.view_as(value) if any(value is given for given in inputs) else value)
    return values


@singledispatch
def forward(operation: Operation, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    """The operation's output (n, *shape) for its inputs."""
    raise NotImplementedError(f"the torch engine has no {type(operation).__name__}")


@forward.register
def _conv(operation: Conv, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    kernel = _in_row_order(parameters["kernel"].movedim((-1, -2), (0, 1)))  # (filters, channels / groups, *window)
    padded = _channels_first(inputs[0], operation.padding)
    convolve = CONVOLUTIONS[len(operation.window)]
    filtered = convolve(
        padded, kernel, parameters.get("bias"), operation.strides, 0, operation.dilation, operation.groups
    )
    return filtered.movedim(1, -1)


@forward.register
def _dense(operation: Dense, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    product = inputs[0] @ parameters["kernel"]
    return product + parameters["bias"] if operation.bias else product


@forward.register
def _pool(operation: Pool, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    if operation.kind == "average":
        sums = _window_sums(operation, inputs[0])
        return sums / _window_sums(operation, torch.ones_like(inputs[0][:1])).clamp(min=1.0)
    padded = _channels_first(inputs[0], operation.padding, -torch.inf)
    pool = MAXIMUM_POOLINGS[len(operation.window)]
    return pool(padded, operation.window, operation.strides, 0, operation.dilation).movedim(1, -1)


def _window_sums(operation: Pool, x: Tensor) -> Tensor:
    """Sum of each window, channel by channel: a depthwise convolution with ones, which knows dilation too."""
    channels = x.shape[-1]
    ones = x.new_ones(channels, 1, *operation.window)
    padded = _channels_first(x, operation.padding)
    convolve = CONVOLUTIONS[len(operation.window)]
    return convolve(padded, ones, None, operation.strides, 0, operation.dilation, channels).movedim(1, -1)


@forward.register
def _batch_norm(operation: BatchNorm, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    x = inputs[0]
    mean, variance = parameters["moving_mean"], parameters["moving_variance"]
    if mode.training and not operation.frozen:
        moving = mean, variance
        variance, mean = torch.var_mean(x, dim=tuple(range(x.ndim - 1)), correction=0)
        for average, batch in zip(moving, (mean, variance), strict=True):
            mode.statistics.append((average, batch.detach(), operation.momentum))
    y = (x - mean) * torch.rsqrt(variance + operation.epsilon)
    if operation.scale:
        y = y * parameters["gamma"]
    return y + parameters["beta"] if operation.center else y


@forward.register
def _activation(
    operation: Activation, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass
) -> Tensor:
    if operation.function == "relu":
        return _relu(operation, inputs[0])
    if operation.function == "leaky_relu":
        return F.leaky_relu(inputs[0], operation.alpha)
    if operation.function == "elu":
        return F.elu(inputs[0], operation.alpha)
    return ACTIVATIONS[operation.function](inputs[0])


def _relu(operation: Activation, x: Tensor) -> Tensor:
    """Keras's relu; at both kinks the slope is that of the outer side, so relu'(0) = alpha."""
    kept = x
    if operation.max_value is not None:
        kept = torch.where(x < operation.max_value, x, operation.max_value)
    return torch.where(x > operation.threshold, kept, operation.alpha * (x - operation.threshold))


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "silu": F.silu,
    "exponential": torch.exp,
    "hard_sigmoid": F.hardsigmoid,  # relu6(x + 3) / 6, as in Keras 3
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "mish": F.mish,
    "log_softmax": lambda x: torch.log_softmax(x, dim=-1),
}


@forward.register
def _softmax(operation: Softmax, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return torch.softmax(inputs[0], dim=-1)


@forward.register
def _dropout(operation: Dropout, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    if not mode.training or operation.rate == 0.0:
        return inputs[0]
    return inputs[0] * dropout_factors(operation, tuple(inputs[0].shape), mode).to(inputs[0])


def dropout_factors(operation: Dropout, shape: Shape, mode: Pass) -> Tensor:
    """0 or 1 / (1 - rate) for every element of a batch (n, ...).

    Drawn in row order from a stream keyed by seed, stream and step, so they depend on an image's place in the batch but
    not on the batch's size. They are not the numbers of the native engine.
    """
    keys = (mode.seed % 2**64, operation.stream % 2**64, mode.step)
    uniform = np.random.Generator(np.random.Philox(np.random.SeedSequence(keys))).random(shape, dtype=np.float32)
    scale = 1.0 / (1.0 - operation.rate) if operation.rate < 1.0 else 0.0
    return torch.from_numpy(np.where(uniform >= operation.rate, np.float32(scale), np.float32(0.0)))


@forward.register
def _affine(operation: Affine, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0] * operation.scale + operation.offset


@forward.register
def _zeros(operation: Pad, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return _pad(inputs[0], operation.padding)


@forward.register
def _reshape(operation: Reshape, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0].reshape(len(inputs[0]), *operation.shape)


@forward.register
def _add(operation: Add, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    total = inputs[0]
    for addend in inputs[1:]:
        total = total + addend
    return total


@forward.register
def _concat(operation: Concat, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return torch.cat(list(inputs), dim=-1)


@forward.register
def _penalty(operation: Penalty, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    mode.penalties.append(penalty(inputs[0], operation.l1, operation.l2) / inputs[0].shape[0])
    return inputs[0]


def penalty(x: Tensor, l1: float, l2: float) -> Tensor:
    """l1 sum|x| + l2 sum x^2."""
    total = x.new_zeros(())
    if l1:
        total = total + l1 * x.abs().sum()
    if l2:
        total = total + l2 * x.square().sum()
    return total


def _pad(x: Tensor, padding: Padding, value: float = 0.0) -> Tensor:
    """x (n, *spatial, channels) with a border; PyTorch wants the sizes from the last axis to the first."""
    if not any(before or after for before, after in padding):
        return x
    sizes = [size for pair in reversed(padding) for size in pair]
    return F.pad(x, [0, 0, *sizes], value=value)


def _channels_first(x: Tensor, padding: Padding, value: float = 0.0) -> Tensor:
    """x (n, *spatial, channels) with a border, as (n, channels, *spatial)."""
    return _in_row_order(_pad(x, padding, value).movedim(-1, 1))


def _in_row_order(x: Tensor) -> Tensor:
    """A copy with plain strides.

    PyTorch guesses a memory layout from strides; where dimensions of size 1 leave them ambiguous, its convolutions
    (2.13, CPU) raise "grad_weight must be contiguous" or compute something else.
    """
    return x.clone(memory_format=torch.contiguous_format)

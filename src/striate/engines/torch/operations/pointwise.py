"""Functions of each number, or of the channels at each position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.engines.torch.operations.execution import Pass, forward
from striate.engines.torch.precision import widened
from striate.graph import Orthogonality
from striate.graph.operations import Activation, Affine, Penalty, PReLU, Scale, Softmax


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
    if operation.function in WITH_OPTIONS:
        return WITH_OPTIONS[operation.function](inputs[0], operation.alpha, operation.threshold)
    return ACTIVATIONS[operation.function](inputs[0])


def _relu(operation: Activation, x: Tensor) -> Tensor:
    """Keras's relu; at both kinks the slope is that of the outer side, so relu'(0) = alpha."""
    if (operation.alpha, operation.threshold, operation.max_value) == (0.0, 0.0, None):
        return F.relu(x)
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
    "exponential": lambda x: torch.exp(widened(x)),
    "hard_sigmoid": F.hardsigmoid,  # relu6(x + 3) / 6, as in Keras 3
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "mish": F.mish,
    "hard_silu": F.hardswish,  # x relu6(x + 3) / 6
    "tanh_shrink": F.tanhshrink,
    "sparse_plus": lambda x: torch.where(x < 1, 0.25 * F.relu(x + 1).square(), x),
    "sqrt": torch.sqrt,
    "log": lambda x: torch.log(widened(x)),
    "reciprocal": lambda x: 1 / widened(x),
    "step": lambda x: torch.sign(F.relu(x)),  # whose slopes are zeros
    "log_softmax": lambda x: torch.log_softmax(widened(x), dim=-1),
    "sparsemax": lambda x: _sparsemax(widened(x)),
}
WITH_OPTIONS: dict[str, Callable[[Tensor, float, float], Tensor]] = {  # of x, alpha and threshold
    "hard_shrink": lambda x, alpha, threshold: F.hardshrink(x, threshold),
    "soft_shrink": lambda x, alpha, threshold: F.softshrink(x, threshold),
    "squareplus": lambda x, alpha, threshold: 0.5 * (x + torch.sqrt(widened(x).square() + alpha)),
    "threshold": lambda x, alpha, threshold: F.threshold(x, threshold, alpha),
}


def _sparsemax(x: Tensor) -> Tensor:
    """max(x - t, 0) with sum 1: the largest n channels count, as long as n times the n-th is above their sum - 1."""
    largest, _ = torch.sort(x, dim=-1, descending=True)
    counts = torch.arange(1, x.shape[-1] + 1, device=x.device)
    sums = largest.cumsum(-1) - 1
    count = (counts * largest > sums).sum(-1, keepdim=True)
    return F.relu(x - sums.gather(-1, count - 1) / count)


@forward.register
def _softmax(operation: Softmax, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return torch.softmax(widened(inputs[0]), dim=-1)


@forward.register
def _affine(operation: Affine, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0] * operation.scale + operation.offset


@forward.register
def _scale(operation: Scale, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    x = inputs[0]
    if operation.scale:
        x = x * placed(parameters["gamma"], operation.axes, x)
    return x + placed(parameters["beta"], operation.axes, x) if operation.center else x


@forward.register
def _prelu(operation: PReLU, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return torch.where(inputs[0] > 0, inputs[0], parameters["alpha"] * inputs[0])


def placed(parameter: Tensor, axes: Sequence[int], x: Tensor) -> Tensor:
    """A parameter for the places along some axes, with size one along the others of x (n, ...)."""
    return parameter.reshape([n if axis in axes else 1 for axis, n in enumerate(x.shape[1:])])


@forward.register
def _penalty(operation: Penalty, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    mode.penalties.append(penalty(widened(inputs[0]), operation.l1, operation.l2) / inputs[0].shape[0])
    return inputs[0]


def penalty(x: Tensor, l1: float, l2: float) -> Tensor:
    """l1 sum|x| + l2 sum x^2."""
    total = x.new_zeros(())
    if l1:
        total = total + l1 * x.abs().sum()
    if l2:
        total = total + l2 * x.square().sum()
    return total


def orthogonality(w: Tensor, wanted: Orthogonality) -> Tensor:
    """factor / pairs times the sum over pairs of rows, or columns, of |their cosine|."""
    units = F.normalize(w if wanted.rows else w.T, dim=1, eps=1e-7)
    pairs = len(units) * (len(units) - 1) / 2
    return wanted.factor / max(pairs, 1.0) * torch.triu(units @ units.T, 1).abs().sum()

"""Operations that bring numbers to a common scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.engines.torch.operations.execution import Pass, forward
from striate.engines.torch.operations.pointwise import placed
from striate.engines.torch.precision import widened
from striate.graph.operations import BatchNorm, LocalResponseNorm, Normalize, Standardize


@forward.register
def _batch_norm(operation: BatchNorm, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    x = widened(inputs[0])
    mean, variance = parameters["moving_mean"], parameters["moving_variance"]
    if mode.training and not operation.frozen:
        moving = mean, variance
        variance, mean = torch.var_mean(x, dim=tuple(range(x.ndim - 1)), correction=0)
        for average, batch in zip(moving, (mean, variance), strict=True):
            mode.statistics.append((average, batch.detach(), operation.momentum))
    y = (x - mean) * torch.rsqrt(variance + operation.epsilon)
    if operation.scale:
        y = y * parameters["gamma"]
    return (y + parameters["beta"] if operation.center else y).to(inputs[0].dtype)


@forward.register
def _normalize(operation: Normalize, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    x, axes = widened(inputs[0]), [axis + 1 for axis in operation.axes]
    if operation.kind == "length":
        squares = x.square().sum(axes, keepdim=True)
        return x / squares.clamp(min=operation.epsilon**2).sqrt()
    if operation.kind == "deviation":
        x = x - x.mean(axes, keepdim=True)
    return x * torch.rsqrt(x.square().mean(axes, keepdim=True) + operation.epsilon)


@forward.register
def _local_response(
    operation: LocalResponseNorm, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass
) -> Tensor:
    x, width = widened(inputs[0]), 2 * operation.radius + 1
    squares = F.pad(x.square().reshape(-1, 1, x.shape[-1]), (operation.radius, operation.radius))
    sums = F.avg_pool1d(squares, width, 1).reshape(x.shape) * width
    return x * (operation.bias + operation.alpha * sums) ** -operation.beta


@forward.register
def _standardize(
    operation: Standardize, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass
) -> Tensor:
    x = inputs[0]
    mean = placed(parameters["mean"], operation.axes, x)
    deviation = placed(parameters["variance"], operation.axes, x).sqrt().clamp(min=operation.epsilon)
    return mean + x * deviation if operation.invert else (x - mean) / deviation

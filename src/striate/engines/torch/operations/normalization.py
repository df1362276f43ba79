"""Operations that bring numbers to a common scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from striate.engines.torch.operations.execution import Pass, forward
from striate.graph.operations import BatchNorm


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

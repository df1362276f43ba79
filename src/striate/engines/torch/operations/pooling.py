"""Windows that are summed up in one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.engines.torch.operations.execution import Pass, forward
from striate.engines.torch.operations.layout import channels_first
from striate.engines.torch.operations.linear import CONVOLUTIONS
from striate.graph.operations import AdaptivePool, Pool

MAXIMUM_POOLINGS: dict[int, Callable[..., Tensor]] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
ADAPTIVE_POOLINGS: dict[str, tuple[Callable[..., Tensor], ...]] = {
    "max": (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d),
    "average": (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d),
}


@forward.register
def _pool(operation: Pool, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    if operation.kind == "average":
        sums = _window_sums(operation, inputs[0])
        return sums / _window_sums(operation, torch.ones_like(inputs[0][:1])).clamp(min=1.0)
    padded = channels_first(inputs[0], operation.padding, -torch.inf)
    pool = MAXIMUM_POOLINGS[len(operation.window)]
    return pool(padded, operation.window, operation.strides, 0, operation.dilation).movedim(1, -1)


@forward.register
def _adaptive_pool(
    operation: AdaptivePool, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass
) -> Tensor:
    pool = ADAPTIVE_POOLINGS[operation.kind][len(operation.sizes) - 1]
    return pool(channels_first(inputs[0], ()), operation.sizes).movedim(1, -1)


def _window_sums(operation: Pool, x: Tensor) -> Tensor:
    """Sum of each window, channel by channel: a depthwise convolution with ones, which knows dilation too."""
    channels = x.shape[-1]
    ones = x.new_ones(channels, 1, *operation.window)
    padded = channels_first(x, operation.padding)
    convolve = CONVOLUTIONS[len(operation.window)]
    return convolve(padded, ones, None, operation.strides, 0, operation.dilation, channels).movedim(1, -1)

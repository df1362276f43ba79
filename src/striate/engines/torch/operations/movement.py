"""Numbers in other places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.engines.torch.operations.execution import Pass, forward
from striate.engines.torch.operations.layout import channels_first, pad
from striate.graph.operations import Pad, Permute, Reshape, Resize, Select

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


@forward.register
def _pad(operation: Pad, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return pad(inputs[0], operation.padding, operation.value)


@forward.register
def _permute(operation: Permute, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0].permute(0, *(axis + 1 for axis in operation.order))


@forward.register
def _resize(operation: Resize, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    x = inputs[0]
    if operation.method == "linear":
        kind = LINEAR[len(operation.sizes)]
        resized = F.interpolate(channels_first(x, ()), size=operation.sizes, mode=kind, align_corners=False)
        return resized.movedim(1, -1)
    for axis, size in enumerate(operation.sizes, 1):  # whole numbers, where nearest-exact rounds in float32
        places = (2 * torch.arange(size, device=x.device) + 1) * x.shape[axis] // (2 * size)
        x = x.index_select(axis, places)
    return x


@forward.register
def _reshape(operation: Reshape, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0].reshape(len(inputs[0]), *operation.shape)


@forward.register
def _select(operation: Select, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0][..., list(operation.channels)]

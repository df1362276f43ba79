"""Numbers in other places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
    if operation.method in WEIGHTS and (operation.antialias or operation.method != "linear"):
        for axis, size in enumerate(operation.sizes, 1):
            matrix = _weights(x.shape[axis], size, operation).to(x)
            x = torch.tensordot(x, matrix, ([axis], [1])).movedim(-1, axis)
        return x
    if operation.method == "linear":
        kind = LINEAR[len(operation.sizes)]
        resized = F.interpolate(channels_first(x, ()), size=operation.sizes, mode=kind, align_corners=False)
        return resized.movedim(1, -1)
    for axis, size in enumerate(operation.sizes, 1):  # whole numbers, where nearest-exact rounds in float32
        places = (2 * torch.arange(size, device=x.device) + 1) * x.shape[axis] // (2 * size)
        x = x.index_select(axis, places)
    return x


# A mean's weights by distance, and how far they reach.
WEIGHTS: dict[str, tuple[int, Callable[[Tensor], Tensor]]] = {
    "linear": (1, lambda d: 1 - d),
    "cubic": (2, lambda d: torch.where(d < 1, 1 - 2.5 * d**2 + 1.5 * d**3, 2 - 4 * d + 2.5 * d**2 - 0.5 * d**3)),
    "lanczos3": (3, lambda d: torch.sinc(d) * torch.sinc(d / 3)),
    "lanczos5": (5, lambda d: torch.sinc(d) * torch.sinc(d / 5)),
}


def _weights(n: int, m: int, operation: Resize) -> Tensor:
    """The (m, n) weights of n inputs in m outputs."""
    reach, function = WEIGHTS[operation.method]
    stretch = max(n / m, 1.0) if operation.antialias else 1.0
    centres = (torch.arange(m, dtype=torch.float64) + 0.5) * n / m
    distances = (torch.arange(n, dtype=torch.float64) + 0.5 - centres[:, None]).abs() / stretch
    weights = torch.where(distances < reach, function(distances), 0.0)
    return weights / weights.sum(1, keepdim=True)


@forward.register
def _reshape(operation: Reshape, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0].reshape(len(inputs[0]), *operation.shape)


@forward.register
def _select(operation: Select, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0][..., list(operation.channels)]

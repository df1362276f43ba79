"""Sums of products with weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.engines.torch.operations.execution import Pass, forward
from striate.engines.torch.operations.layout import channels_first, in_row_order, pad
from striate.graph.operations import Conv, ConvTranspose, Dense, Embedding

CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED_CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {
    1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d,
}  # fmt: skip


@forward.register
def _conv(operation: Conv, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    kernel = parameters["kernel"].reshape(*operation.window, -1, operation.filters)  # as it is unless depthwise
    kernel = in_row_order(kernel.movedim((-1, -2), (0, 1)))  # (filters, channels / groups, *window)
    padded = channels_first(inputs[0], operation.padding)
    convolve = CONVOLUTIONS[len(operation.window)]
    filtered = convolve(
        padded, kernel, parameters.get("bias"), operation.strides, 0, operation.dilation, operation.groups
    )
    return filtered.movedim(1, -1)


@forward.register
def _conv_transpose(
    operation: ConvTranspose, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass
) -> Tensor:
    kernel = in_row_order(parameters["kernel"].movedim((-1, -2), (0, 1)))  # (channels, filters, *window)
    transpose = TRANSPOSED_CONVOLUTIONS[len(operation.window)]
    full = transpose(
        channels_first(inputs[0], ()), kernel, None, operation.strides, 0, 0, 1, operation.dilation
    ).movedim(1, -1)  # fmt: skip
    cut = pad(full, tuple((-before, -after) for before, after in operation.padding))
    return cut + parameters["bias"].to(cut.dtype) if operation.bias else cut


@forward.register
def _dense(operation: Dense, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    product = inputs[0] @ parameters["kernel"]
    return product + parameters["bias"].to(product.dtype) if operation.bias else product


@forward.register
def _embedding(operation: Embedding, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    x = inputs[0]
    known = (x >= 0) & (x < operation.rows)
    rows = F.embedding(torch.where(known, x, 0).long(), parameters["embeddings"])
    return torch.where(known.unsqueeze(-1), rows, 0.0 * x.unsqueeze(-1))  # depends on x, with no slope

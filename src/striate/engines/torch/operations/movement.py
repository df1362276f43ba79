"""Numbers in other places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from striate.engines.torch.operations.execution import Pass, forward
from striate.engines.torch.operations.layout import pad
from striate.graph.operations import Pad, Reshape, Select


@forward.register
def _zeros(operation: Pad, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return pad(inputs[0], operation.padding)


@forward.register
def _reshape(operation: Reshape, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0].reshape(len(inputs[0]), *operation.shape)


@forward.register
def _select(operation: Select, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return inputs[0][..., list(operation.channels)]

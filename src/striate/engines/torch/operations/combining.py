"""Operations with several inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from striate.engines.torch.operations.execution import Pass, forward
from striate.graph.operations import Add, Concat


@forward.register
def _add(operation: Add, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    total = inputs[0]
    for addend in inputs[1:]:
        total = total + addend
    return total


@forward.register
def _concat(operation: Concat, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return torch.cat(list(inputs), dim=-1)

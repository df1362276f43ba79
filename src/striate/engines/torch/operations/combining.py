"""Operations with several inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from striate.engines.torch.operations.execution import Pass, forward
from striate.graph.operations import Add, Combine, Concat, Contract, OverBatch


@forward.register
def _add(operation: Add, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    total, *addends = _aligned(inputs)
    for addend in addends:
        total = total + addend
    return total


@forward.register
def _combine(operation: Combine, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    a, b = _aligned(inputs)
    return COMBINATIONS[operation.kind](a, b)


COMBINATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "subtract": torch.sub,
    "multiply": torch.mul,
    "maximum": lambda a, b: torch.where((a >= b) | a.isnan(), a, b),  # the gradient of equals is all a's
    "minimum": lambda a, b: torch.where((a <= b) | a.isnan(), a, b),
}


@forward.register
def _over_batch(operation: OverBatch, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    (x,) = inputs
    total = x.sum(dim=0, keepdim=True) if operation.kind == "sum" else x.mean(dim=0, keepdim=True)
    return total.expand_as(x)


def _aligned(inputs: Sequence[Tensor]) -> list[Tensor]:
    """The inputs with axes of size one after the batch, so that their last axes are the same."""
    rank = max(x.ndim for x in inputs)
    return [x.reshape(len(x), *(1,) * (rank - x.ndim), *x.shape[1:]) for x in inputs]


@forward.register
def _contract(operation: Contract, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    first, second = operation.axes
    a, b = inputs[0].movedim(first + 1, -1), inputs[1].movedim(second + 1, 1)
    product = torch.bmm(a.reshape(len(a), -1, a.shape[-1]), b.reshape(len(b), b.shape[1], -1))
    return product.reshape(len(a), *a.shape[1:-1], *b.shape[2:])


@forward.register
def _concat(operation: Concat, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    return torch.cat(list(inputs), dim=-1)

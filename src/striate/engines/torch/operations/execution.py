"""Running a graph: every operation's forward pass; the gradients are autograd's.

Values are tensors (n, *shape), channels last as everywhere at the waist; spatial operations move the channels for the
call. Each family of operations registers its functions with `forward`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch

from torch import Tensor

from striate.graph import Graph
from striate.graph.operations import Operation
from striate.graph.parameters import Parameter


@dataclass
class Pass:
    """One forward pass: how it is done, and what it leaves behind beside the values.

    seed, step: key dropout's random numbers.
    penalties: what Penalty operations add to the loss.
    statistics: (moving average, this batch's value, momentum) for each average that training should move.
    """

    training: bool
    seed: int = 0
    step: int = 0
    penalties: list[Tensor] = field(default_factory=list)
    statistics: list[tuple[Tensor, Tensor, float]] = field(default_factory=list)


def run(
    graph: Graph, images: Sequence[Tensor], weights: Mapping[Parameter, Tensor], mode: Pass, count: int | None = None
) -> list[Tensor]:
    """Values of the first `count` nodes of a graph (all by default).

    Every node gets a tensor of its own in autograd's graph, so the gradient of each can be asked for separately.
    """
    sources = iter(images)
    values: list[Tensor] = []
    for node in graph.nodes[:count]:
        inputs = [values[source.index] for source in node.inputs]
        parameters = {name: weights[parameter] for name, parameter in node.parameters.items()}
        value = forward(node.operation, inputs, parameters, mode) if inputs else next(sources)
        values.append(value.view_as(value) if any(value is given for given in inputs) else value)
    return values


@singledispatch
def forward(operation: Operation, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    """The operation's output (n, *shape) for its inputs."""
    raise NotImplementedError(f"the torch engine has no {type(operation).__name__}")

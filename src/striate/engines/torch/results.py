"""What steps leave behind: gathered on the device, copied once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from striate.engines.interface import StepResults
from striate.graph import Graph


class Results:
    """Losses and outputs of a run of steps.

    Args:
        graph: whose outputs.
        count: examples in all of the batches.
        steps: how many losses.
    """

    def __init__(self, graph: Graph, count: int, steps: int, device: torch.device, dtype: torch.dtype) -> None:
        # Per step: its loss, and its largest gradient where half precision may have made that overflow.
        self._numbers = torch.zeros((2, steps), dtype=dtype, device=device)
        self._outputs = [torch.empty((count, *node.shape), device=device) for node in graph.outputs]

    def add(
        self, step: int, start: int, loss: Tensor, outputs: Sequence[Tensor], largest_gradient: Tensor | None = None
    ) -> None:
        """Take in a step, whose first example is number `start`."""
        self._numbers[0, step] = loss.detach()
        if largest_gradient is not None:
            self._numbers[1, step] = largest_gradient
        self.add_outputs(start, outputs)

    def add_outputs(self, start: int, outputs: Sequence[Tensor]) -> None:
        """Take in a batch's outputs, rounded to float32."""
        for gathered, tensor in zip(self._outputs, outputs, strict=True):
            gathered[start : start + len(tensor)] = tensor.detach()

    def first_bad(self, first: int) -> tuple[int, bool]:
        """The first step from `first` on with a loss or gradient that is not finite, else the number of steps.

        The second value tells whether it was the loss. This waits for the device.
        """
        finite = np.isfinite(self._numbers.cpu().numpy())
        bad = np.flatnonzero(~finite[:, first:].all(axis=0))
        if not len(bad):
            return finite.shape[1], False
        step = first + int(bad[0])
        return step, not finite[0, step]

    def finish(self, steps: int, count: int) -> StepResults:
        """The first losses and outputs, as NumPy arrays."""
        losses = self._numbers[0, :steps].cpu().numpy().astype(np.float64)
        return StepResults(losses, [gathered[:count].cpu().numpy() for gathered in self._outputs])

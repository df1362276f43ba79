"""Random changes that training makes."""

from __future__ import annotations

from dataclasses import dataclass

from striate.graph.operations.base import Operation


@dataclass(frozen=True)
class Dropout(Operation):
    """In training each element is zero with probability `rate`, else divided by 1 - rate (Srivastava et al. 2014).

    Random numbers are Philox, keyed by the seed, `stream`, the step, the image's place in the batch and the element.
    """

    rate: float
    stream: int = 0

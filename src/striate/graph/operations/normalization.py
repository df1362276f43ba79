"""Operations that bring numbers to a common scale."""

from __future__ import annotations

from dataclasses import dataclass

from striate.graph.operations.base import Operation
from striate.graph.shapes import Shape


@dataclass(frozen=True)
class BatchNorm(Operation):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel.

    Training uses the batch's mean and (biased) variance and moves the moving ones:
    moving = momentum * moving + (1 - momentum) * batch. `frozen`, and inference, use the moving ones.
    (Ioffe and Szegedy 2015)
    """

    epsilon: float
    momentum: float
    scale: bool = True
    center: bool = True
    frozen: bool = False

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        names = ["gamma"] * self.scale + ["beta"] * self.center + ["moving_mean", "moving_variance"]
        return dict.fromkeys(names, (inputs[0][-1],))

"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from striate.errors import StriateError
from striate.optimizers.base import Optimizer
from striate.schedules import LearningRate


class SGD(Optimizer):
    """w <- w - learning_rate * g; with momentum v <- momentum * v - learning_rate * g, w <- w + v.

    Nesterov's variant adds momentum * v - learning_rate * g with the new v (Sutskever et al. 2013).

    Args:
        learning_rate: a number, a schedule or a function.
        momentum: from 0 to 1.
        nesterov: the variant that looks ahead.
        weight_decay and the rest: as for `Optimizer`.
    """

    kind = "sgd"

    def __init__(
        self, learning_rate: LearningRate = 0.01, momentum: float = 0.0, nesterov: bool = False,
        weight_decay: float | None = None, clipnorm: float | None = None, clipvalue: float | None = None,
        global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )
        if isinstance(momentum, bool) or not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise StriateError(f"{self.name}: got momentum={momentum!r}, expected a number from 0 to 1")
        if nesterov not in (True, False):
            raise StriateError(f"{self.name}: got nesterov={nesterov!r}, expected True or False")
        self.momentum = float(momentum)
        self.nesterov = bool(nesterov)

    def numbers(self) -> dict[str, float]:
        return {"momentum": self.momentum, "nesterov": float(self.nesterov)}

    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0} if self.momentum else {}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}

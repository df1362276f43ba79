"""Adam and its relatives: running means of the gradient, over those of its size or with nothing but its sign."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import StriateError
from striate.graph.training import UpdateKind
from striate.optimizers.base import Optimizer
from striate.schedules import LearningRate


class Adam(Optimizer):
    """m <- m + (g - m)(1 - beta_1), v <- v + (g^2 - v)(1 - beta_2), w <- w - a m / (sqrt(v) + epsilon).

    a = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) at step t (Kingma and Ba 2015); with `amsgrad` the largest v
    so far takes the place of v (Reddi et al. 2018).

    Args:
        learning_rate: a number, a schedule or a function.
        beta_1: from 0 to below 1.
        beta_2: from 0 to below 1.
        epsilon: keeps the quotient finite.
        amsgrad: the variant whose steps never grow.
        weight_decay and the rest: as for `Optimizer`.
    """

    kind: UpdateKind = "adam"

    def __init__(
        self, learning_rate: LearningRate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        amsgrad: bool = False, weight_decay: float | None = None, clipnorm: float | None = None,
        clipvalue: float | None = None, global_clipnorm: float | None = None, use_ema: bool = False,
        ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )
        self.beta_1 = self._number("beta_1", beta_1, 0, 1)
        self.beta_2 = self._number("beta_2", beta_2, 0, 1)
        self.epsilon = self._number("epsilon", epsilon, 0, math.inf)
        self.amsgrad = bool(amsgrad)

    def numbers(self) -> dict[str, float]:
        return {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": float(self.amsgrad)}

    def slots(self) -> dict[str, float]:
        return dict.fromkeys(["momentum", "velocity"] + ["velocity_hat"] * self.amsgrad, 0.0)

    def get_config(self) -> dict[str, Any]:
        rule = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return {**super().get_config(), **rule}


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019).

    Before each step w shrinks by weight_decay * learning_rate * w.

    Args:
        weight_decay: the factor.
        learning_rate and the rest: as for `Adam`.
    """

    kind = "adamw"

    def __init__(
        self, learning_rate: LearningRate = 0.001, weight_decay: float = 0.004, beta_1: float = 0.9,
        beta_2: float = 0.999, epsilon: float = 1e-7, amsgrad: bool = False, clipnorm: float | None = None,
        clipvalue: float | None = None, global_clipnorm: float | None = None, use_ema: bool = False,
        ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        if weight_decay is None:
            raise StriateError("AdamW: got weight_decay=None, expected a number; use Adam for none")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue, global_clipnorm,
            use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )


class Adamax(Optimizer):
    """m <- m + (g - m)(1 - beta_1), u <- max(beta_2 u, |g|), w <- w - learning_rate m / ((1 - beta_1^t)(u + epsilon)).

    Adam with the largest gradient of late in the place of the root of the mean square (Kingma and Ba 2015, section 7).

    Args:
        learning_rate: a number, a schedule or a function.
        beta_1: from 0 to below 1.
        beta_2: from 0 to below 1.
        epsilon: keeps the quotient finite.
        weight_decay and the rest: as for `Optimizer`.
    """

    kind = "adamax"

    def __init__(
        self, learning_rate: LearningRate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        weight_decay: float | None = None, clipnorm: float | None = None, clipvalue: float | None = None,
        global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )
        self.beta_1 = self._number("beta_1", beta_1, 0, 1)
        self.beta_2 = self._number("beta_2", beta_2, 0, 1)
        self.epsilon = self._number("epsilon", epsilon, 0, math.inf)

    def numbers(self) -> dict[str, float]:
        return {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.numbers()}


class Nadam(Optimizer):
    """Adam with Nesterov's look ahead (Dozat 2016), the momentum warmed up as beta_1 (1 - 0.96^t / 2).

    Args:
        learning_rate: a number, a schedule or a function.
        beta_1: from 0 to below 1.
        beta_2: from 0 to below 1.
        epsilon: keeps the quotient finite.
        weight_decay and the rest: as for `Optimizer`.
    """

    kind = "nadam"

    def __init__(
        self, learning_rate: LearningRate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        weight_decay: float | None = None, clipnorm: float | None = None, clipvalue: float | None = None,
        global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )
        self.beta_1 = self._number("beta_1", beta_1, 0, 1)
        self.beta_2 = self._number("beta_2", beta_2, 0, 1)
        self.epsilon = self._number("epsilon", epsilon, 0, math.inf)

    def numbers(self) -> dict[str, float]:
        return {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}

    def _new_scalars(self) -> dict[str, NDArray[np.float64]]:
        return {"u_product": np.ones(1)}  # the product of all warmed-up momenta so far

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


class Lion(Optimizer):
    """w <- w - learning_rate sign(beta_1 m + (1 - beta_1) g), then m <- beta_2 m + (1 - beta_2) g (Chen et al. 2023).

    Every weight moves by the same amount, so learning rates are three to ten times smaller than Adam's.

    Args:
        learning_rate: a number, a schedule or a function.
        beta_1: above 0, to 1.
        beta_2: from 0 to 1.
        weight_decay and the rest: as for `Optimizer`.
    """

    kind = "lion"

    def __init__(
        self, learning_rate: LearningRate = 0.001, beta_1: float = 0.9, beta_2: float = 0.99,
        weight_decay: float | None = None, clipnorm: float | None = None, clipvalue: float | None = None,
        global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )
        self.beta_1 = self._number("beta_1", beta_1, 0, math.nextafter(1, 2))
        self.beta_2 = self._number("beta_2", beta_2, 0, math.nextafter(1, 2))
        if self.beta_1 == 0:
            raise StriateError(f"{self.name}: got beta_1=0, expected a number above 0; with 0 only signs are followed")

    def numbers(self) -> dict[str, float]:
        return {"beta_1": self.beta_1, "beta_2": self.beta_2}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.numbers()}

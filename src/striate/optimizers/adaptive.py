"""Optimizers that scale each weight's step by the size of its past gradients: RMSprop, Adagrad, Adadelta, Ftrl."""

from __future__ import annotations

import math
from typing import Any

from striate.errors import StriateError
from striate.optimizers.base import Optimizer
from striate.schedules import LearningRate


class RMSprop(Optimizer):
    """v <- rho v + (1 - rho) g^2, w <- w - learning_rate * g / sqrt(v + epsilon) (Tieleman and Hinton 2012).

    With momentum the step is u <- momentum * u + learning_rate * g / sqrt(v + epsilon); `centered` takes the square of
    the gradient's running mean off v.

    Args:
        learning_rate: a number, a schedule or a function.
        rho: how slowly the mean forgets, from 0 to below 1.
        momentum: from 0 to below 1.
        epsilon: keeps the quotient finite.
        centered: divide by the standard deviation rather than by the root mean square.
        weight_decay and the rest: as for `Optimizer`.
    """

    kind = "rmsprop"

    def __init__(
        self, learning_rate: LearningRate = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7,
        centered: bool = False, weight_decay: float | None = None, clipnorm: float | None = None,
        clipvalue: float | None = None, global_clipnorm: float | None = None, use_ema: bool = False,
        ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )
        self.rho = self._number("rho", rho, 0, 1)
        self.momentum = self._number("momentum", momentum, 0, 1)
        self.epsilon = self._number("epsilon", epsilon, 0, math.inf)
        self.centered = bool(centered)

    def numbers(self) -> dict[str, float]:
        centered = float(self.centered)
        return {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": centered}

    def slots(self) -> dict[str, float]:
        names = ["velocity"] + ["momentum"] * (self.momentum > 0) + ["average_gradient"] * self.centered
        return dict.fromkeys(names, 0.0)

    def get_config(self) -> dict[str, Any]:
        rule = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **rule}


class Adagrad(Optimizer):
    """a <- a + g^2, w <- w - learning_rate * g / sqrt(a + epsilon) (Duchi et al. 2011).

    Args:
        learning_rate: a number, a schedule or a function.
        initial_accumulator_value: what a starts from, 0 or more.
        epsilon: keeps the quotient finite.
        weight_decay and the rest: as for `Optimizer`.
    """

    kind = "adagrad"

    def __init__(
        self, learning_rate: LearningRate = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7,
        weight_decay: float | None = None, clipnorm: float | None = None, clipvalue: float | None = None,
        global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )
        start = self._number("initial_accumulator_value", initial_accumulator_value, 0, math.inf)
        self.initial_accumulator_value = start
        self.epsilon = self._number("epsilon", epsilon, 0, math.inf)

    def numbers(self) -> dict[str, float]:
        return {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}

    def slots(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.numbers()}


class Adadelta(Optimizer):
    """Steps in the units of the weights: d = -g sqrt(u + epsilon) / sqrt(a + epsilon), w <- w + learning_rate * d.

    a <- rho a + (1 - rho) g^2 before, u <- rho u + (1 - rho) d^2 after (Zeiler 2012, who has learning_rate 1).

    Args:
        learning_rate: a number, a schedule or a function.
        rho: how slowly the means forget, from 0 to below 1.
        epsilon: keeps the quotient finite and the first steps moving.
        weight_decay and the rest: as for `Optimizer`.
    """

    kind = "adadelta"

    def __init__(
        self, learning_rate: LearningRate = 0.001, rho: float = 0.95, epsilon: float = 1e-7,
        weight_decay: float | None = None, clipnorm: float | None = None, clipvalue: float | None = None,
        global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )
        self.rho = self._number("rho", rho, 0, 1)
        self.epsilon = self._number("epsilon", epsilon, 0, math.inf)

    def numbers(self) -> dict[str, float]:
        return {"rho": self.rho, "epsilon": self.epsilon}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.numbers()}


class Ftrl(Optimizer):
    """Follow the regularised leader (McMahan et al. 2013): of all weights seen so far, those that would have done best.

    With a' = a + g^2, p = -learning_rate_power and r the learning rate: z <- z + g + 2 s w - (a'^p - a^p) w / r,
    w <- (clip(z, -l1, l1) - z) / (a'^p / r + 2 l2 + beta / r), a <- a'.

    Args:
        learning_rate: a number, a schedule or a function.
        learning_rate_power: 0 or less; 0 for a fixed learning rate.
        initial_accumulator_value: what a starts from, 0 or more.
        l1_regularization_strength, l2_regularization_strength: 0 or more.
        l2_shrinkage_regularization_strength: s, 0 or more.
        beta: 0 or more.
        weight_decay and the rest: as for `Optimizer`.
    """

    kind = "ftrl"

    def __init__(
        self, learning_rate: LearningRate = 0.001, learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1, l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0, l2_shrinkage_regularization_strength: float = 0.0, beta: float = 0.0,
        weight_decay: float | None = None, clipnorm: float | None = None, clipvalue: float | None = None,
        global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
        )
        if self._number("learning_rate_power", learning_rate_power, -math.inf, math.inf) > 0:
            raise StriateError(f"{self.name}: got learning_rate_power={learning_rate_power}, expected 0 or less")
        self.learning_rate_power = float(learning_rate_power)
        numbers = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
            "beta": beta,
        }
        self._numbers = {argument: self._number(argument, value, 0, math.inf) for argument, value in numbers.items()}

    def numbers(self) -> dict[str, float]:
        return {"learning_rate_power": self.learning_rate_power, **self._numbers}

    def slots(self) -> dict[str, float]:
        return {"accumulator": self._numbers["initial_accumulator_value"], "linear": 0.0}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.numbers()}

"""What Keras 2 called the arguments of optimizers, and what it handed out as their learning rate."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from striate.errors import StriateError
from striate.schedules import Number

if TYPE_CHECKING:
    from striate.optimizers.base import Optimizer
    from striate.schedules import LearningRate

_WITHOUT_EFFECT = ("jit_compile", "is_legacy_optimizer")  # the engine chooses, as in `compile`


def accepting(constructor: Callable[..., None]) -> Callable[..., None]:
    """An optimizer's constructor that also takes `lr`, `decay` and `epsilon=None`, as in Keras 2.

    With a decay the learning rate of the step that follows `iterations` steps is lr / (1 + decay * iterations).
    """

    @wraps(constructor)
    def __init__(self: Optimizer, *arguments: Any, **options: Any) -> None:
        decay = options.pop("decay", None)
        if "lr" in options:
            if "learning_rate" in options or arguments:
                raise StriateError(f"{type(self).__name__}: got learning_rate twice, once as lr; leave one out")
            options["learning_rate"] = options.pop("lr")
        for option in _WITHOUT_EFFECT:
            options.pop(option, None)
        if options.get("epsilon", 0) is None:
            del options["epsilon"]
        constructor(self, *arguments, **options)
        if decay is not None:
            self.decay = decay

    return __init__


class Rate(Number):
    """A learning rate: a number that can also be asked and set as Keras's variables are.

    It is what the rate was when it was asked for; `assign` sets the optimizer's.
    """

    _optimizer: Optimizer

    def __new__(cls, value: float, optimizer: Optimizer) -> Rate:
        """The present rate of an optimizer."""
        rate = super().__new__(cls, value)
        rate._optimizer = optimizer
        return rate

    def assign(self, value: LearningRate) -> None:
        """Set the optimizer's learning rate."""
        self._optimizer.learning_rate = value

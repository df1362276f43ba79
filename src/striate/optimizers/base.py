"""What all optimizers share: learning rate, weight decay, clipping, the count of steps, and their state arrays."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.checks import whole
from striate.errors import StriateError, UnavailableError
from striate.graph import UPDATE_SLOTS, Parameter, UpdateRule
from striate.graph.training import AVERAGE, UpdateKind
from striate.lookup import snake_case
from striate.optimizers.former import Rate, accepting
from striate.schedules import InverseTimeDecay, LearningRate, LearningRateSchedule, deserialize, serialize


class Optimizer:
    """Base of optimizers. The arithmetic is the engine's; an optimizer holds the numbers and the state of a rule.

    Args:
        learning_rate: a number, a schedule of the number of steps, or a function without arguments.
        weight_decay: w <- w - w * weight_decay * learning_rate before each step (Loshchilov and Hutter 2019), or None.
        clipnorm: each parameter's gradient is scaled down to at most this norm.
        clipvalue: each element of the gradients is kept within plus and minus this value.
        global_clipnorm: all gradients are scaled down together to at most this norm.
        use_ema: keep a moving average of the weights, a <- ema_momentum a + (1 - ema_momentum) w after every step,
            beginning with the weights after the first; at the end of `fit` the weights become their average (Polyak
            and Juditsky 1992).
        ema_momentum: from 0 to 1.
        ema_overwrite_frequency: with `use_ema`, every so many steps, too, the weights become their average.
        loss_scale_factor, gradient_accumulation_steps: not available; only Keras's defaults are taken.
        name: by default the class's name in snake case.

    Attributes:
        iterations: the number of steps taken; schedules and bias corrections follow it.

    Raises:
        StriateError: a number out of its range, or an option that is not available.
    """

    kind: UpdateKind
    _decay: float = 0.0

    def __init_subclass__(cls, **options: Any) -> None:
        steps = [name for name in ("update_step", "apply_gradients", "get_updates") if name in vars(cls)]
        if steps and not cls.__module__.startswith("striate."):
            raise UnavailableError(
                "optimizers of Python code",
                f"{cls.__name__}: defines {steps[0]}(), but the engine takes its steps itself",
                "use one of keras.optimizers, with a schedule of keras.optimizers.schedules or of your own.",
            )
        super().__init_subclass__(**options)
        if "__init__" in vars(cls) and cls.__module__.startswith("striate."):
            cls.__init__ = accepting(cls.__init__)  # type: ignore[method-assign]

    def __init__(
        self, learning_rate: LearningRate, weight_decay: float | None = None, clipnorm: float | None = None,
        clipvalue: float | None = None, global_clipnorm: float | None = None, use_ema: bool = False,
        ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None, name: str | None = None,
    ) -> None:
        self.name = name or snake_case(type(self).__name__)
        self._refuse(loss_scale_factor=loss_scale_factor, gradient_accumulation_steps=gradient_accumulation_steps)
        self.use_ema = bool(use_ema)
        self.ema_momentum, self.ema_overwrite_frequency = ema_momentum, ema_overwrite_frequency
        if use_ema:
            self.ema_momentum = self._number("ema_momentum", ema_momentum, 0, math.nextafter(1, 2))
            if ema_overwrite_frequency is not None:
                whole(self.name, ema_overwrite_frequency, 1, "ema_overwrite_frequency")
        self._excluded: tuple[frozenset[int], re.Pattern[str] | None] = (frozenset(), None)
        self._learning_rate = self._checked_rate(learning_rate)
        self.weight_decay = None if weight_decay is None else self._number("weight_decay", weight_decay, 0, math.inf)
        self.clipnorm = self._positive("clipnorm", clipnorm)
        self.clipvalue = self._positive("clipvalue", clipvalue)
        self.global_clipnorm = self._positive("global_clipnorm", global_clipnorm)
        if sum(bound is not None for bound in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise StriateError(
                f"{self.name}: got clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}; "
                "only one of them can be set"
            )
        self.iterations = 0
        self._parameters: dict[int, Parameter] = {}  # keeps the keys of _slots alive
        self._slots: dict[int, dict[str, NDArray[np.float32]]] = {}
        self._scalars: dict[str, NDArray[np.float64]] = self._new_scalars()

    def numbers(self) -> dict[str, float]:
        """The rule's numbers, as engines know them."""
        raise NotImplementedError(f"{type(self).__name__} has no numbers")

    def slots(self) -> dict[str, float]:
        """The state arrays that the options call for, with the value they start from."""
        return dict.fromkeys(UPDATE_SLOTS[self.kind], 0.0)

    def _new_scalars(self) -> dict[str, NDArray[np.float64]]:
        return {}

    def rule(self, parameters: Sequence[Parameter]) -> UpdateRule:
        """The rule for an engine. State arrays are made for parameters not seen before, and kept for the others.

        Args:
            parameters: what is to be trained; those that are not trainable are passed over.
        """
        trainable = [parameter for parameter in parameters if parameter.trainable]
        for parameter in trainable:
            if id(parameter) not in self._slots:
                self._parameters[id(parameter)] = parameter
                starts = {AVERAGE: 0.0} | self.slots() if self.use_ema else self.slots()
                self._slots[id(parameter)] = {
                    name: np.full(parameter.shape, start, dtype=np.float32) for name, start in starts.items()
                }
        return UpdateRule(
            self.kind, self.numbers(), self.weight_decay or 0.0, self.clipvalue, self.clipnorm, self.global_clipnorm,
            {id(parameter): self._slots[id(parameter)] for parameter in trainable}, self._scalars,
            frozenset(id(parameter) for parameter in trainable if self._is_excluded(parameter)),
            self.ema_momentum if self.use_ema else None, self.ema_overwrite_frequency if self.use_ema else None,
        )

    def exclude_from_weight_decay(
        self, var_list: Sequence[Parameter] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Leave some parameters out of weight decay: biases and scales, as a rule.

        Args:
            var_list: parameters, such as `layer.bias`.
            var_names: regular expressions that are searched for in the parameters' names ("bias", "gamma").

        Raises:
            StriateError: the optimizer has trained already.
        """
        if self.built:
            raise StriateError(f"{self.name}: exclude_from_weight_decay must be called before training begins")
        pattern = re.compile("|".join(sorted(set(var_names)))) if var_names else None
        self._excluded_parameters = list(var_list or [])  # keeps their ids alive
        self._excluded = (frozenset(id(parameter) for parameter in self._excluded_parameters), pattern)

    def _is_excluded(self, parameter: Parameter) -> bool:
        ids, pattern = self._excluded
        return id(parameter) in ids or bool(pattern and pattern.search(parameter.name.rsplit("/", 1)[-1]))

    def finalize_variable_values(self, var_list: Sequence[Parameter]) -> None:
        """With `use_ema`: put the averages in the place of these parameters' weights, as `fit` does at its end."""
        for parameter in var_list:
            average = self._slots.get(id(parameter), {}).get(AVERAGE)
            if average is not None and self.iterations:
                parameter.assign(average)

    @property
    def built(self) -> bool:
        """Whether there are state arrays yet."""
        return bool(self._slots)

    def build(self, parameters: Sequence[Parameter]) -> None:
        """Make the state arrays for these parameters."""
        self.rule(parameters)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step, before `decay`."""
        rate = self._learning_rate if isinstance(self._learning_rate, float) else self.learning_rate_at(self.iterations)
        return Rate(rate, self)

    @learning_rate.setter
    def learning_rate(self, value: LearningRate) -> None:
        fixed = isinstance(value, (int, float, np.number))
        if fixed and isinstance(self._learning_rate, LearningRateSchedule):
            raise StriateError(
                f"{self.name}: the learning rate follows {self._learning_rate!r} and cannot be set to {value!r}; "
                "make the optimizer with a number to change it later"
            )
        self._learning_rate = self._checked_rate(value)

    @property
    def lr(self) -> float:
        """The learning rate under its former name."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: LearningRate) -> None:
        self.learning_rate = value

    @property
    def decay(self) -> float:
        """As in Keras 2: the rate of the step that follows `iterations` steps is rate / (1 + decay * iterations)."""
        return self._decay

    @decay.setter
    def decay(self, value: float) -> None:
        decay = self._number("decay", value, 0, math.inf)
        if decay and not isinstance(self._learning_rate, float):
            raise StriateError(f"{self.name}: got decay={decay} and {self._learning_rate!r}; only one of them can be")
        self._decay = decay

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of the step that follows `step` steps."""
        if isinstance(self._learning_rate, float):
            return self._learning_rate / (1 + self._decay * step)
        if isinstance(self._learning_rate, LearningRateSchedule):
            return float(self._learning_rate(step))
        return float(self._learning_rate())

    def learning_rates(self, first_step: int, count: int) -> NDArray[np.float64]:
        """The learning rates of `count` consecutive steps."""
        if isinstance(self._learning_rate, float) and not self._decay:
            return np.full(count, self._learning_rate)
        return np.array([self.learning_rate_at(first_step + i) for i in range(count)], dtype=np.float64)

    @property
    def variables(self) -> list[NDArray[np.generic]]:
        """Copies of the whole state: steps taken, learning rate (unless it follows a schedule), state arrays."""
        state: list[NDArray[np.generic]] = [np.array(self.iterations, dtype=np.int32)]
        if isinstance(self._learning_rate, float) and not self._decay:
            state.append(np.array(self._learning_rate, dtype=np.float32))
        state += [slot.copy() for slots in self._slots.values() for slot in slots.values()]
        return state + [scalar.copy() for scalar in self._scalars.values()]

    def state_size(self, parameters: Sequence[Parameter]) -> int:
        """How many numbers `variables` holds, of the state arrays those of these parameters alone."""
        present = {id(parameter) for parameter in parameters}
        absent = [slots for key, slots in self._slots.items() if key not in present]
        return sum(array.size for array in self.variables) - sum(a.size for slots in absent for a in slots.values())

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, with Keras's keys."""
        rate = self._learning_rate
        if self._decay and isinstance(rate, float):  # Keras 3 knows it as a schedule
            rate = InverseTimeDecay(rate, decay_steps=1, decay_rate=self._decay)
        shown = serialize(rate) if isinstance(rate, LearningRateSchedule) else float(self.learning_rate)
        return {
            "name": self.name, "learning_rate": shown, "weight_decay": self.weight_decay, "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm, "clipvalue": self.clipvalue, "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum, "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": None, "gradient_accumulation_steps": None,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Optimizer:
        """The optimizer of a configuration."""
        arguments = dict(config)
        if isinstance(arguments.get("learning_rate"), Mapping):
            arguments["learning_rate"] = deserialize(arguments["learning_rate"])
        return cls(**arguments)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(learning_rate={self._learning_rate!r}, iterations={self.iterations})"

    def _checked_rate(self, value: Any) -> LearningRate:
        if isinstance(value, LearningRateSchedule):
            return value
        if not isinstance(value, type) and callable(value):
            return value  # type: ignore[no-any-return]
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
            raise StriateError(f"{self.name}: got learning_rate={value!r}, expected a number, a schedule or a function")
        return self._number("learning_rate", value, 0, math.inf)

    def _number(self, argument: str, value: Any, low: float, high: float) -> float:
        """A finite number from low to high (high itself excluded)."""
        ok = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not ok or not low <= value < high:
            bounds = f"{low} or more" if high == math.inf else f"from {low} to below {high}"
            raise StriateError(f"{self.name}: got {argument}={value!r}, expected a number, {bounds}")
        return float(value)

    def _positive(self, argument: str, value: float | None) -> float | None:
        if value is not None and not self._number(argument, value, 0, math.inf) > 0:
            raise StriateError(f"{self.name}: got {argument}={value!r}, expected a number above 0, or None")
        return None if value is None else float(value)

    def _refuse(self, **options: Any) -> None:
        for option, value in options.items():
            if value:
                raise StriateError(f"{self.name}: {option}={value!r} is not available; leave it out")

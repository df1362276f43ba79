"""Learning-rate schedules: the learning rate as a function of the number of steps taken."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from striate.errors import StriateError
from striate.lookup import find, made, serialized
from striate.tensors import wrapped


class LearningRateSchedule:
    """Base of schedules: `schedule(step)` is the learning rate of the step that follows `step` taken steps.

    Your own subclass defines `__call__`, and `get_config` when models are to be saved.
    """

    name: str

    def __call__(self, step: int) -> float:
        """The learning rate after that many steps."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__")

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        raise NotImplementedError(f"{type(self).__name__} has no get_config")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> LearningRateSchedule:
        """The schedule of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Number(float):
    """A learning rate with `numpy()`, as Keras's have it."""

    def numpy(self) -> Any:
        """The number as NumPy has it, in single precision."""
        return np.float32(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)


class Formula(LearningRateSchedule):
    """Base of the schedules of this module, which say in `after` what the rate is."""

    def __call__(self, step: Any) -> Any:
        """The learning rate after that many steps; for an array of steps a tensor, as for a curve to be drawn."""
        if np.ndim(step) == 0:
            return Number(self.after(step))
        rates = [self.after(each) for each in np.ravel(step).tolist()]
        return wrapped(np.asarray(rates, np.float32).reshape(np.shape(step)))

    def after(self, step: float) -> float:
        """The learning rate after that many steps."""
        raise NotImplementedError(f"{type(self).__name__} has no formula")


class Constant(Formula):
    """The same learning rate at every step."""

    def __init__(self, learning_rate: float, name: str = "Constant") -> None:
        self.learning_rate = _rate("learning_rate", learning_rate)
        self.name = name

    def after(self, step: float) -> float:
        return self.learning_rate

    def get_config(self) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate, "name": self.name}


class ExponentialDecay(Formula):
    """initial_learning_rate * decay_rate ^ (step / decay_steps); `staircase` rounds the exponent down."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = _rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = _steps("decay_steps", decay_steps)
        self.decay_rate = _rate("decay_rate", decay_rate)
        self.staircase = staircase
        self.name = name

    def after(self, step: float) -> float:
        exponent = step / self.decay_steps
        exponent = math.floor(exponent) if self.staircase else exponent
        return float(self.initial_learning_rate * self.decay_rate**exponent)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate, "staircase": self.staircase, "name": self.name,
        }


class InverseTimeDecay(Formula):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps); `staircase` rounds the quotient down."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = _rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = _steps("decay_steps", decay_steps)
        self.decay_rate = _rate("decay_rate", decay_rate)
        self.staircase = staircase
        self.name = name

    def after(self, step: float) -> float:
        time = step / self.decay_steps
        time = math.floor(time) if self.staircase else time
        return float(self.initial_learning_rate / (1 + self.decay_rate * time))

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate, "staircase": self.staircase, "name": self.name,
        }


class PiecewiseConstantDecay(Formula):
    """values[0] up to and including step boundaries[0], values[1] up to boundaries[1], ..., then the last value."""

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise StriateError(
                f"PiecewiseConstantDecay: got {len(boundaries)} boundaries and {len(values)} values; "
                "expected one value more than boundaries"
            )
        if list(boundaries) != sorted(boundaries):
            raise StriateError(f"PiecewiseConstantDecay: boundaries {list(boundaries)} must rise")
        self.boundaries = list(boundaries)
        self.values = [_rate("values", value) for value in values]
        self.name = name

    def after(self, step: float) -> float:
        return self.values[sum(step > boundary for boundary in self.boundaries)]

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class PolynomialDecay(Formula):
    """(initial - end) * (1 - step / decay_steps) ^ power + end, and end after decay_steps.

    With `cycle`, decay_steps grows to its next multiple whenever the step passes it, so the rate rises again.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, end_learning_rate: float = 0.0001, power: float = 1.0,
        cycle: bool = False, name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = _rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = _steps("decay_steps", decay_steps)
        self.end_learning_rate = _rate("end_learning_rate", end_learning_rate)
        self.power = power
        self.cycle = cycle
        self.name = name

    def after(self, step: float) -> float:
        if self.cycle:
            fraction = step / (self.decay_steps * max(math.ceil(step / self.decay_steps), 1))
        else:
            fraction = min(step / self.decay_steps, 1.0)
        span = self.initial_learning_rate - self.end_learning_rate
        return float(span * (1 - fraction) ** self.power + self.end_learning_rate)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate, "power": self.power, "cycle": self.cycle, "name": self.name,
        }


class CosineDecay(Formula):
    """Half a cosine from the initial learning rate down to `alpha` times it (Loshchilov and Hutter 2017).

    rate = start * ((1 - alpha) * (1 + cos(pi * min(step / decay_steps, 1))) / 2 + alpha). With `warmup_target` the rate
    first rises in a line from the initial learning rate to that target in `warmup_steps`, and the cosine starts there.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, alpha: float = 0.0, name: str = "CosineDecay",
        warmup_target: float | None = None, warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = _rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = _steps("decay_steps", decay_steps)
        self.alpha = alpha
        self.name = name
        self.warmup_target = None if warmup_target is None else _rate("warmup_target", warmup_target)
        self.warmup_steps = warmup_steps

    def after(self, step: float) -> float:
        start = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return start + (self.warmup_target - start) * step / self.warmup_steps
            start, step = self.warmup_target, step - int(self.warmup_steps)
        cosine = (1 + math.cos(math.pi * min(step / self.decay_steps, 1.0))) / 2
        return start * ((1 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps, "alpha": self.alpha,
            "name": self.name, "warmup_target": self.warmup_target, "warmup_steps": self.warmup_steps,
        }


class CosineDecayRestarts(Formula):
    """Cosines one after the other: "warm restarts" (Loshchilov and Hutter 2017).

    The first goes from the initial learning rate down to `alpha` times it in `first_decay_steps`; each further one
    takes `t_mul` (1 or more) times as many steps and starts at `m_mul` times the height:
    rate = start * ((1 - alpha) * m_mul ^ i * (1 + cos(pi * fraction of cosine i)) / 2 + alpha).
    """

    def __init__(
        self, initial_learning_rate: float, first_decay_steps: float, t_mul: float = 2.0, m_mul: float = 1.0,
        alpha: float = 0.0, name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = _rate("initial_learning_rate", initial_learning_rate)
        self.first_decay_steps = _steps("first_decay_steps", first_decay_steps)
        self.t_mul = _rate("t_mul", t_mul)
        if self.t_mul < 1:
            raise StriateError(f"t_mul: got {t_mul!r}, expected a number of at least 1")
        self.m_mul = _rate("m_mul", m_mul)
        self.alpha = _rate("alpha", alpha)
        self.name = name

    def after(self, step: float) -> float:
        done, length = float(step), float(self.first_decay_steps)
        cosines = 0
        if self.t_mul == 1:
            cosines, done = int(done // length), done % length
        while done >= length:
            done -= length
            length *= self.t_mul
            cosines += 1
        height: float = self.m_mul**cosines
        return self.initial_learning_rate * ((1 - self.alpha) * _cosine(height, 0.0, done / length) + self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate, "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul, "m_mul": self.m_mul, "alpha": self.alpha, "name": self.name,
        }


class OneCycle(Formula):
    """Up to a high learning rate and down to almost nothing, each along half a cosine (Smith and Topin 2018).

    Args:
        max_learning_rate: the peak.
        total_steps: the length of the training; after it the last rate stays.
        warmup_fraction: the part of the steps that rises, above 0 and below 1.
        div_factor: the rate starts at max_learning_rate / div_factor.
        final_div_factor: and ends at the starting rate / final_div_factor.
    """

    def __init__(
        self, max_learning_rate: float, total_steps: int, warmup_fraction: float = 0.3, div_factor: float = 25.0,
        final_div_factor: float = 1e4, name: str = "OneCycle",
    ) -> None:
        self.max_learning_rate = _rate("max_learning_rate", max_learning_rate)
        self.total_steps = _steps("total_steps", total_steps)
        if not 0 < warmup_fraction < 1:
            raise StriateError(f"OneCycle: got warmup_fraction={warmup_fraction!r}, expected above 0 and below 1")
        self.warmup_fraction = warmup_fraction
        self.div_factor = _steps("div_factor", div_factor)
        self.final_div_factor = _steps("final_div_factor", final_div_factor)
        self.name = name

    def after(self, step: float) -> float:
        start = self.max_learning_rate / self.div_factor
        peak = self.warmup_fraction * self.total_steps - 1
        last = self.total_steps - 1
        if step <= peak:
            return _cosine(start, self.max_learning_rate, step / peak)
        return _cosine(self.max_learning_rate, start / self.final_div_factor, min((step - peak) / (last - peak), 1.0))

    def get_config(self) -> dict[str, Any]:
        return {
            "max_learning_rate": self.max_learning_rate, "total_steps": self.total_steps,
            "warmup_fraction": self.warmup_fraction, "div_factor": self.div_factor,
            "final_div_factor": self.final_div_factor, "name": self.name,
        }


_CLASSES: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls
    for cls in (
        Constant, ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay, CosineDecay,
        CosineDecayRestarts, OneCycle,
    )
}


def constant(learning_rate: float) -> Constant:
    """The same learning rate at every step."""
    return Constant(learning_rate)


def serialize(schedule: LearningRateSchedule) -> dict[str, Any]:
    """The form in which Keras writes a schedule."""
    return serialized("keras.optimizers.schedules", type(schedule).__name__, schedule.get_config())


def deserialize(form: Mapping[str, Any]) -> LearningRateSchedule:
    """The schedule of a serialized form."""
    return made("schedule", form, lambda name: find("schedule", name, _CLASSES))


LearningRate = float | LearningRateSchedule | Callable[[], float]


def _cosine(start: float, end: float, fraction: float) -> float:
    """From start to end along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * fraction)) / 2


def _rate(argument: str, value: Any) -> float:
    if isinstance(value, bool) or (not isinstance(value, (int, float)) and not hasattr(value, "__float__")):
        raise StriateError(f"{argument}: got {value!r}, expected a number")
    if not math.isfinite(value):
        raise StriateError(f"{argument}: got {value!r}, expected a finite number")
    return float(value)


def _steps(argument: str, value: Any) -> Any:
    if isinstance(value, bool) or not hasattr(value, "__float__") or not value > 0:
        raise StriateError(f"{argument}: got {value!r}, expected a number above 0")
    return value

"""What weights must keep to: after every step they are brought back to it, as in Keras."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from striate import graph
from striate.checks import as_whole
from striate.errors import StriateError, UnavailableError
from striate.graph import Array, Shape
from striate.lookup import find, made, serialized, snake_case


def own_constraint(name: str) -> UnavailableError:
    """The error about a constraint in Python code."""
    return UnavailableError(
        "constraints of Python code", f"{name}: is a constraint of your own, but the engine takes its steps itself",
        "keras.constraints.MaxNorm, MinMaxNorm, NonNeg or UnitNorm; or a callback that sets weights after a batch.",
    )


class Constraint:
    """Base of all constraints: `constraint(weights)` gives the nearest weights that keep to it."""

    _arguments: ClassVar[tuple[str, ...]] = ()

    def rule(self, shape: Shape) -> graph.Constraint:
        """The constraint as engines know it, for weights of a shape."""
        raise own_constraint(type(self).__name__)

    def __call__(self, w: ArrayLike) -> Array:
        """The weights brought back to what they must keep to."""
        values = np.asarray(w, dtype=np.float32)
        rule = self.rule(values.shape)
        if rule.non_negative:
            return np.maximum(values, 0)
        norms = np.sqrt(np.square(values).sum(axis=rule.axes, keepdims=True))
        kept: Array = values * (rule.wanted(norms) / (norms + graph.Constraint.EPSILON))
        return kept

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {argument: getattr(self, argument) for argument in self._arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Constraint:
        """The constraint of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class NonNeg(Constraint):
    """w <- max(w, 0)."""

    def rule(self, shape: Shape) -> graph.Constraint:
        return graph.Constraint(non_negative=True)


class MinMaxNorm(Constraint):
    """w <- w d / (|w| + 1e-7) with d = rate clip(|w|, min_value, max_value) + (1 - rate) |w|.

    Args:
        min_value, max_value: between which norms are kept, 0 or more.
        rate: 1 brings norms all the way at once; from 0 to 1.
        axis: along which norms are taken, one or several: 0 for each unit of a dense layer's (channels, units),
            [0, 1, 2] for each filter of a convolution's (height, width, channels, filters).
    """

    _arguments: ClassVar[tuple[str, ...]] = ("min_value", "max_value", "rate", "axis")

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | Sequence[int] = 0
    ) -> None:
        self.min_value = self._number("min_value", min_value)
        self.max_value = self._number("max_value", max_value)
        self.rate = self._number("rate", rate, 1.0)
        self.axis = self._checked_axis(axis)

    def rule(self, shape: Shape) -> graph.Constraint:
        return graph.Constraint(self._axes(shape), self.min_value, self.max_value, self.rate)

    def _axes(self, shape: Shape) -> tuple[int, ...]:
        wanted = (self.axis,) if isinstance(self.axis, int) else tuple(self.axis)
        rank = len(shape)
        axes = tuple(sorted({axis % rank for axis in wanted if -rank <= axis < rank}))
        if len(axes) != len(wanted):
            raise StriateError(
                f"{type(self).__name__}: got axis={self.axis} for weights of shape {shape}, expected different axes "
                f"from {-rank} to {rank - 1}"
            )
        return axes

    def _checked_axis(self, axis: int | Sequence[int]) -> int | list[int]:
        single = as_whole(axis)
        if single is not None:
            return single
        found = [as_whole(item) for item in axis] if isinstance(axis, (Sequence, np.ndarray)) else []
        if not found or isinstance(axis, str) or None in found:
            raise StriateError(f"{type(self).__name__}: got axis={axis!r}, expected a whole number or several")
        return [item for item in found if item is not None]

    def _number(self, argument: str, value: Any, high: float = math.inf) -> float:
        ok = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not ok or not (math.isfinite(value) and 0 <= value <= high):
            bounds = "0 or more" if high == math.inf else f"from 0 to {high:g}"
            raise StriateError(f"{type(self).__name__}: got {argument}={value!r}, expected a number, {bounds}")
        return float(value)


class MaxNorm(MinMaxNorm):
    """w <- w min(|w|, max_value) / (|w| + 1e-7): vectors of weights no longer than that (Srivastava et al. 2014).

    Args:
        max_value: the greatest norm, 0 or more.
        axis: as for `MinMaxNorm`.
    """

    _arguments: ClassVar[tuple[str, ...]] = ("max_value", "axis")

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        super().__init__(0.0, max_value, 1.0, axis)


class UnitNorm(MinMaxNorm):
    """w <- w / (|w| + 1e-7): vectors of weights of length 1.

    Args:
        axis: as for `MinMaxNorm`.
    """

    _arguments: ClassVar[tuple[str, ...]] = ("axis",)

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        super().__init__(1.0, 1.0, 1.0, axis)


_KNOWN: tuple[type[Constraint], ...] = (MaxNorm, MinMaxNorm, NonNeg, UnitNorm)
_CLASSES: dict[str, type[Constraint]] = {cls.__name__: cls for cls in _KNOWN}
_CLASSES |= {snake_case(cls.__name__): cls for cls in _KNOWN}
_CLASSES |= {"maxnorm": MaxNorm, "nonneg": NonNeg, "unitnorm": UnitNorm}  # Keras 1's words
max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

ConstraintLike = str | Mapping[str, Any] | Constraint | type[Constraint] | None


def get(identifier: ConstraintLike) -> Constraint | None:
    """The constraint of a name ("max_norm"), a configuration, a class or an object; None for None.

    Raises:
        StriateError: nothing of the kind; the message says what there is.
    """
    if identifier is None or isinstance(identifier, Constraint):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Constraint):
        return identifier()
    if isinstance(identifier, str):
        return _find(identifier)()
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier) and not isinstance(identifier, type):
        raise own_constraint(getattr(identifier, "__name__", type(identifier).__name__))
    raise StriateError(
        f'constraint: got {identifier!r}, expected one of MaxNorm, MinMaxNorm, NonNeg, UnitNorm or a name such as '
        '"max_norm"'
    )


def serialize(constraint: Constraint | None) -> dict[str, Any] | None:
    """The form in which Keras writes a constraint."""
    if constraint is None:
        return None
    return serialized("keras.constraints", type(constraint).__name__, constraint.get_config())


def deserialize(form: Mapping[str, Any]) -> Constraint:
    """The constraint of a serialized form."""
    return made("constraint", form, _find)


def _find(name: str) -> type[Constraint]:
    return find("constraint", name, _CLASSES)

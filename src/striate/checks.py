"""The checks of numbers that layers, losses, metrics, training and the command line share."""

from __future__ import annotations

import math
from operator import index
from typing import Any

import numpy as np

from striate.errors import StriateError


def as_whole(value: object) -> int | None:
    """A whole number as int; None for anything else, True and False included."""
    if type(value).__name__ in ("bool", "bool_"):  # NumPy's, too, under the name of either of its versions
        return None
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def whole(name: str, value: object, minimum: int = 1, argument: str | None = None) -> int:
    """A whole number of at least `minimum`.

    Args:
        name: of the argument or, with `argument`, of what has it: errors begin with it.
        value: what came.
        minimum: the least allowed.
        argument: of the thing called `name`.

    Raises:
        StriateError: something else.
    """
    number = as_whole(value)
    if number is None or number < minimum:
        came = f"{value!r}" if argument is None else f"{argument}={value!r}"
        raise StriateError(f"{name}: got {came}, expected a whole number of at least {minimum}")
    return number


def number(name: str, argument: str, value: Any, low: float = 0.0, high: float = math.inf) -> float:
    """A finite number from low to high, both included; errors begin with the name of what has the argument."""
    ok = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not ok or not (math.isfinite(value) and low <= value <= high):
        bounds = f"of {low:g} or more" if high == math.inf else f"from {low:g} to {high:g}"
        raise StriateError(f"{name}: got {argument}={value!r}, expected a number {bounds}")
    return float(value)

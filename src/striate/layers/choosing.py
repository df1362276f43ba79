"""Comparisons of symbolic tensors, as 0 and 1 without a slope, and the choice between two tensors by one."""

from __future__ import annotations

from typing import Any

from striate.layers.elementwise import AboveZero


def above(a: Any, b: Any) -> Any:
    """1 where a > b, else 0."""
    return AboveZero()(a - b)


def differs(a: Any, b: Any) -> Any:
    """1 where a and b differ, else 0."""
    return AboveZero()(abs(a - b))


def opposite(holds: Any) -> Any:
    """1 for 0 and 0 for 1."""
    return 1 - holds


def chosen(condition: Any, a: Any, b: Any) -> Any:
    """a where a condition of 0 and 1 holds, else b; both are to be finite everywhere."""
    return condition * a + (1 - condition) * b

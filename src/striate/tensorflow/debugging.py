"""Checks (tf.debugging)."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.errors import StriateError
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import both, tensor
from striate.tensors import Tensor

__all__ = [
    "assert_all_finite", "assert_equal", "assert_greater", "assert_less", "assert_near", "assert_non_negative",
    "assert_positive", "assert_shapes", "check_numerics", "set_log_device_placement",
]  # fmt: skip

__getattr__ = absent(__name__)


def _check(function: str, holds: Any, message: str | None, *values: Any) -> None:
    if not np.all(holds):
        raise StriateError(f"{function}: {message or 'does not hold'}: {', '.join(str(value) for value in values)}")


def assert_equal(x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None) -> None:
    """Raise StriateError unless x = y everywhere."""
    a, b = both(x, y, "assert_equal")
    _check("assert_equal", a == b, message, a, b)


def assert_less(x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None) -> None:
    """Raise StriateError unless x < y everywhere."""
    a, b = both(x, y, "assert_less")
    _check("assert_less", a < b, message, a, b)


def assert_greater(x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None) -> None:
    """Raise StriateError unless x > y everywhere."""
    a, b = both(x, y, "assert_greater")
    _check("assert_greater", a > b, message, a, b)


def assert_near(
    x: Any, y: Any, rtol: float | None = None, atol: float | None = None, message: str | None = None,
    summarize: Any = None, name: str | None = None,
) -> None:
    """Raise StriateError unless |x - y| <= atol + rtol |y| everywhere; both are ten machine epsilons if not given."""
    a, b = both(x, y, "assert_near")
    least = 10 * float(np.finfo(a.dtype).eps) if a.dtype.kind == "f" else 0.0
    bound = (least if atol is None else atol) + (least if rtol is None else rtol) * np.abs(b)
    _check("assert_near", np.abs(a - b) <= bound, message, a, b)


def assert_positive(x: Any, message: str | None = None, summarize: Any = None, name: str | None = None) -> None:
    """Raise StriateError unless x > 0 everywhere."""
    _check("assert_positive", tensor(x, "assert_positive") > 0, message, x)


def assert_non_negative(x: Any, message: str | None = None, summarize: Any = None, name: str | None = None) -> None:
    """Raise StriateError unless x >= 0 everywhere."""
    _check("assert_non_negative", tensor(x, "assert_non_negative") >= 0, message, x)


def assert_all_finite(x: Any, message: str, name: str | None = None) -> Tensor:
    """The tensor; raise StriateError if it has NaN or infinity."""
    values = tensor(x, "assert_all_finite")
    _check("assert_all_finite", np.isfinite(values), message, values)
    return values


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """As `assert_all_finite`."""
    return assert_all_finite(tensor, message)


def assert_shapes(shapes: Any, data: Any = None, summarize: Any = None, message: str | None = None,
                  name: str | None = None) -> None:  # fmt: skip
    """Raise StriateError unless tensors have their shapes; a letter stands for one size throughout."""
    known: dict[str, int] = {}
    for value, wanted in shapes.items() if isinstance(shapes, dict) else shapes:
        shape = tensor(value, "assert_shapes").shape
        sizes = [known.setdefault(want, size) if isinstance(want, str) else size if want is None else want
                 for want, size in zip(wanted, shape, strict=False)]  # fmt: skip
        _check("assert_shapes", len(wanted) == len(shape) and sizes == list(shape), message, shape, wanted)


def set_log_device_placement(enabled: bool) -> None:
    """Without effect: everything runs on the processor."""

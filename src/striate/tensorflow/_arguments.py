"""What the functions of the namespace are given, made into arrays and axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from striate.checks import as_whole
from striate.errors import ShapeError, UnavailableError
from striate.layers.symbolic import is_symbolic
from striate.tensors import Tensor, as_tensor


def tensor(value: Any, function: str, dtype: Any = None) -> Tensor:
    """A tensor of numbers; symbolic tensors are refused with the way out.

    Raises:
        UnavailableError: a symbolic tensor. DataError: what is no array.
    """
    if is_symbolic(value):
        raise UnavailableError(
            f"{function} for tensors inside a network",
            f"{function}: got the symbolic tensor {value}, which has no numbers yet",
            "inside a network use a layer, or functions that are layers there.",
        )
    return as_tensor(value, dtype, function)


def both(x: Any, y: Any, function: str) -> tuple[Any, Any]:
    """Two operands. A plain number takes the type of the other, as in TensorFlow, where that holds it."""
    if _plain(x) == _plain(y):
        return tensor(x, function), tensor(y, function)
    if _plain(x):
        second = tensor(y, function)
        return _like(x, second, function), second
    first = tensor(x, function)
    return first, _like(y, first, function)


def _plain(value: Any) -> bool:
    return isinstance(value, (bool, int, float))


def _like(number: Any, other: Tensor, function: str) -> Tensor:
    whole = isinstance(number, int) and not isinstance(number, bool)
    if other.dtype.kind in "fc" or (whole and other.dtype.kind in "iu"):
        return tensor(number, function, other.dtype)
    return tensor(number, function)


def axes_of(function: str, axis: Any, rank: int) -> tuple[int, ...] | None:
    """Axes from 0 on; None for None.

    Raises:
        ShapeError: axes that are not there.
    """
    if axis is None:
        return None
    given = list(np.asarray(axis).reshape(-1)) if isinstance(axis, (Iterable, np.ndarray)) else [axis]
    return tuple(axis_of(function, each, rank) for each in given)


def axis_of(function: str, axis: Any, rank: int) -> int:
    """One axis from 0 on.

    Raises:
        ShapeError: it is not there.
    """
    number = as_whole(axis)
    if number is None or not -rank <= number < rank:
        raise ShapeError(f"{function}: got axis={axis!r} for a tensor of {rank} axes")
    return number % rank


def former(function: str, axis: Any, keepdims: Any, older: dict[str, Any]) -> tuple[Any, bool]:
    """Axis and keepdims, under these names or those of TensorFlow 1.

    Raises:
        TypeError: another argument.
    """
    for key, value in older.items():
        if key in ("reduction_indices", "dimension"):
            axis = value
        elif key == "keep_dims":
            keepdims = value
        else:
            raise TypeError(f"{function}() got an unexpected keyword argument {key!r}")
    return axis, bool(keepdims)

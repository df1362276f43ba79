"""Arrays of numbers as engines take them: what layers, models and training check alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import DataError
from striate.tensors import Tensor as Tensor  # what layers and models called on arrays return

AnyArray = NDArray[np.generic]
FirstNotFinite = Callable[[AnyArray], "int | None"]

KEPT = (np.dtype(np.uint8), np.dtype(np.float32), np.dtype(np.float64))
LARGEST = float(np.finfo(np.float32).max)


def numeric_array(value: Any, name: str) -> AnyArray:
    """What NumPy makes of a value, if that is an array of numbers.

    Raises:
        DataError: something else; the message says what.
    """
    if value is None or hasattr(value, "__next__") or isinstance(value, (str, bytes, Mapping)):
        raise DataError(f"{name}: got {kind(value)}, expected an array of numbers")
    if isinstance(value, np.ma.MaskedArray):
        raise DataError(
            f"{name}: got a masked array, expected all numbers to be there; fill the holes: {name}.filled(0)"
        )
    if callable(value) and not hasattr(value, "__array__"):
        what = f"the class {value.__name__}" if isinstance(value, type) else "a function"
        raise DataError(f"{name}: got {what}, expected an array of numbers; give what calling it returns")
    try:
        array: AnyArray = np.asarray(value)
    except (ValueError, TypeError) as error:  # lists of different lengths
        raise DataError(f"{name}: cannot be made into an array: {error}") from None
    if array.dtype.kind not in "buif":
        hint = _about_objects(array) if array.dtype.kind == "O" and array.ndim and array.size else ""
        raise DataError(f"{name}: got {kind(value)} of dtype {array.dtype}, expected numbers{hint}")
    if array.ndim == 0:
        raise DataError(f"{name}: got the single number {array}, expected an array with the examples first")
    return array


def _about_objects(array: AnyArray) -> str:
    """Why an array is one of objects, as a data frame's values with text in one column, or lists of several lengths."""
    plain = all(isinstance(value, (int, float, np.number)) for value in array.flat)
    return '; these are numbers one by one: .astype("float32")' if plain else "; are the elements of different shapes?"


def is_converted(array: AnyArray) -> bool:
    """Whether engines need a copy of the array, in another type or order."""
    return (array.dtype not in KEPT and array.dtype != np.bool_) or not array.flags.c_contiguous


def converted(array: AnyArray) -> AnyArray:
    """The array in a type and order that engines read; the same memory where it already is."""
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if array.dtype not in KEPT:
        array = to_float32(array)
    return np.ascontiguousarray(array)


def to_float32(array: NDArray[Any]) -> NDArray[np.float32]:
    """In single precision; what is too large for it becomes infinity, which `check_finite` finds."""
    with np.errstate(over="ignore", invalid="ignore"):  # some of the many NaNs count as invalid
        return array.astype(np.float32)


def find_not_finite(array: AnyArray) -> int | None:
    """As the engines' `first_not_finite`, for small arrays and where there is no engine."""
    if array.dtype.kind != "f" or not array.size:
        return None
    if array.min() >= -LARGEST and array.max() <= LARGEST:  # NaN would be both; much faster than the search
        return None
    wrong = _not_float32(array).reshape(len(array), -1).any(axis=1)
    return int(np.argmax(wrong)) if wrong.any() else None


def check_finite(
    array: AnyArray, name: str, first_not_finite: FirstNotFinite = find_not_finite, first: int = 0
) -> None:
    """Raise DataError for NaN, infinity and numbers beyond float32 in an array, with the place of the first.

    Args:
        array: examples first.
        name: of the argument, for errors.
        first_not_finite: an engine's search.
        first: the number of the array's first example, if it is part of a larger one.
    """
    if array.dtype.kind != "f":
        return
    index = first_not_finite(array)
    if index is None:
        return
    example = np.asarray(array[index])
    place = first_place(example)
    raise DataError(
        f"{name}: {example[place]} at index {(first + index, *place)} (NaN, infinity or beyond float32); remove such "
        "examples or replace the value, for instance with np.nan_to_num"
    )


def first_place(example: AnyArray) -> tuple[int, ...]:
    """Where in one example the first number is that is NaN, infinite or beyond float32; there must be one."""
    return tuple(int(i) for i in np.argwhere(_not_float32(example))[0])


def kind(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "None"
    if hasattr(value, "__next__"):
        return "a generator"
    name = type(value).__name__
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else f"a value of type {name}"


def _not_float32(array: AnyArray) -> NDArray[np.bool_]:
    wrong: NDArray[np.bool_] = ~(np.abs(array) <= LARGEST)  # NaN compares false
    return wrong

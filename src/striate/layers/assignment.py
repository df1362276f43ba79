"""Giving parameters new numbers: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.arrays import to_float32
from striate.errors import DataError, ShapeError
from striate.graph import Array, Parameter


def assign_all(owner: str, parameters: Sequence[Parameter], weights: Sequence[ArrayLike], hint: str = "") -> None:
    """Give each parameter its array; change nothing if any of them does not fit.

    Args:
        owner: name of the layer or model, for errors.
        parameters: what gets the numbers.
        weights: an array for each.
        hint: added to the error about their number.

    Raises:
        ShapeError: another number of arrays, or another shape; the message names the parameter.
        DataError: what is no array of numbers, or holds numbers beyond float32.
    """
    given = list(weights)
    if len(given) != len(parameters):
        raise ShapeError(f"{owner}: set_weights got {len(given)} arrays, expected {len(parameters)}{hint}")
    arrays = [_fitting(owner, parameter, value) for parameter, value in zip(parameters, given, strict=True)]
    for parameter, array in zip(parameters, arrays, strict=True):
        parameter.assign(array)


def _fitting(owner: str, parameter: Parameter, value: Any) -> Array:
    name = parameter.name if parameter.name.startswith(f"{owner}/") else f"{owner}: {parameter.name}"
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:  # lists of different lengths
        raise DataError(f"{name}: cannot be made into an array: {error}") from None
    if array.dtype.kind not in "buif":
        raise DataError(f"{name}: got dtype {array.dtype}, expected numbers of shape {parameter.shape}")
    if array.shape != parameter.shape:
        raise ShapeError(f"{name} has shape {parameter.shape}, got {array.shape}")
    single = to_float32(array)
    if (np.isinf(single) & np.isfinite(array)).any():
        raise DataError(f"{name}: got numbers beyond float32, up to {np.abs(array).max()}")
    return single

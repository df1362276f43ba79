"""Preparing labels and features."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.errors import DataError


def to_categorical(x: ArrayLike, num_classes: int | None = None) -> NDArray[np.float64]:
    """One-hot rows: y[..., k] = 1 where x[...] = k, else 0.

    Args:
        x: class numbers from 0 to num_classes - 1, any shape; a last axis of size 1 is dropped.
        num_classes: the number of classes; None means max(x) + 1.

    Returns:
        float64 of shape (*x.shape, num_classes), as in Keras.

    Raises:
        DataError: x is empty without num_classes, or holds anything but whole numbers within the classes.
    """
    labels = _whole_numbers(x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None and not labels.size:
        raise DataError("to_categorical: got no labels and no num_classes; pass num_classes")
    classes = int(labels.max()) + 1 if num_classes is None else int(num_classes)
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        wrong = labels.min() if labels.min() < 0 else labels.max()
        raise DataError(
            f"to_categorical: got label {wrong}, expected 0 to {classes - 1}; "
            "renumber the labels or pass a larger num_classes"
        )
    rows = np.zeros((labels.size, classes))
    rows[np.arange(labels.size), labels.ravel()] = 1
    return rows.reshape(*labels.shape, classes)


def _whole_numbers(x: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(x)
    if given.dtype.kind not in "biuf":
        raise DataError(f"to_categorical: got dtype {given.dtype}, expected whole numbers; map names to numbers first")
    if given.dtype.kind == "f" and not np.array_equal(given, np.floor(given)):  # NaN differs from itself
        raise DataError("to_categorical: got fractions or NaN, expected whole numbers from 0")
    if given.dtype.kind == "f" and np.isinf(given).any():
        raise DataError("to_categorical: got infinity, expected whole numbers from 0")
    return given.astype(np.int64)


def normalize(x: ArrayLike, axis: int = -1, order: float = 2) -> NDArray[np.floating]:
    """x divided by its norm along an axis; vectors of zeros stay zeros.

    Args:
        x: numbers, at least one-dimensional.
        axis: the axis along which each vector lies.
        order: which norm, as in numpy.linalg.norm: 2 is the Euclidean one.

    Returns:
        A floating-point copy of the same shape.
    """
    array = np.atleast_1d(np.asarray(x))
    norm = np.linalg.norm(array, order, axis, keepdims=True)
    result: NDArray[np.floating] = array / np.where(norm == 0, 1, norm)
    return result

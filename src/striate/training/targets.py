"""Targets for a loss: class numbers, one-hot vectors or values, checked against the network's output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.arrays import first_place, to_float32
from striate.errors import DataError, ShapeError
from striate.graph import Shape
from striate.losses import Loss, LossLike, resolve

LIKELY_CLASSES = 100_000  # a label beyond is a mistake rather than a reason for a larger last layer


@dataclass(frozen=True)
class Output:
    """An output of the network to be trained: its layer's name, its shape for one image, its loss as given or None."""

    name: str
    shape: Shape
    loss: LossLike | None


def untrained_targets(targets: NDArray[Any]) -> NDArray[Any]:
    """Labels of an output without a loss, for its metrics: int32 for whole numbers, else float32."""
    return np.ascontiguousarray(targets, np.int32 if targets.dtype.kind in "iub" else np.float32)


def prepare_targets(
    targets: NDArray[Any], output: Output, name: str, first_not_finite: Callable[[NDArray[Any]], int | None]
) -> NDArray[Any]:
    """Targets as engines take them: int32 class numbers (n, *positions), or float32 (n, *shape).

    Those of an output without a loss may have any shape; they are for its metrics.

    Args:
        targets: an array of numbers, examples first.
        output: what they are compared with.
        name: of the argument, for errors.
        first_not_finite: the engine's search for NaN and infinity.

    Raises:
        ShapeError: targets of a shape that does not fit the output and its loss.
        DataError: NaN, class numbers outside the classes, or yes-or-no labels outside 0 to 1.
    """
    if output.loss is None:
        return untrained_targets(targets)
    loss = resolve(output.loss, targets.shape, (len(targets), *output.shape))
    if targets.dtype.kind == "f":
        index = first_not_finite(np.ascontiguousarray(to_float32(targets)))
        if index is not None:
            wrong = np.asarray(targets[index])
            wrong = wrong[first_place(wrong)]
            raise DataError(
                f"{name}: the label at index {index} is {wrong} (NaN, infinity or beyond float32); "
                "all must be finite numbers"
            )
    if loss.kind == "value":
        return _of_own_loss(targets, output)
    if loss.kind == "sparse_categorical_crossentropy":
        return _class_numbers(targets, output, name)
    return _values(targets, output, name, loss)


def _class_numbers(targets: NDArray[Any], output: Output, name: str) -> NDArray[np.int32]:
    classes = output.shape[-1]
    if targets.shape[1:] == (*output.shape[:-1], 1):
        targets = targets[..., 0]
    if targets.shape[1:] != output.shape[:-1]:
        if targets.shape[1:] == output.shape:
            raise ShapeError(
                f'{name}: got one-hot labels of shape {targets.shape}, but the loss "sparse_categorical_crossentropy" '
                f'takes class numbers; use loss="categorical_crossentropy", or give np.argmax({name}, axis=-1)'
            )
        raise ShapeError(
            f"{name}: got labels of shape {targets.shape}, expected class numbers of shape "
            f"{(len(targets), *output.shape[:-1])} for the output {output.shape} of {output.name}"
        )
    fractional = np.trunc(targets) != targets if targets.dtype.kind == "f" else np.zeros(1, dtype=np.bool_)
    if fractional.any():
        index = int(np.argmax(fractional.reshape(len(targets), -1).any(axis=1)))
        raise DataError(f"{name}: the label at index {index} is {targets[index]}, expected whole class numbers")
    low, high = int(targets.min()), int(targets.max())
    if low < 0 or high >= classes:
        wrong = (targets < 0) | (targets >= classes)
        index = int(np.argmax(wrong.reshape(len(targets), -1).any(axis=1)))
        raise DataError(
            f"{name}: the label {targets[index]} at index {index} is outside the classes: {output.name} has {classes} "
            f"output{'s' if classes > 1 else ''}, so labels are {_range(classes)}{_outside_hint(low, high, classes)}"
        )
    return np.ascontiguousarray(targets.astype(np.int32))


def _of_own_loss(targets: NDArray[Any], output: Output) -> NDArray[np.float32]:
    """Labels of any shape; as in Keras a last axis of one comes or goes where that gives them the output's rank."""
    if targets.ndim == len(output.shape) and output.shape[-1] == 1:
        targets = targets[..., np.newaxis]
    elif targets.ndim == len(output.shape) + 2 and targets.shape[-1] == 1:
        targets = targets[..., 0]
    return np.ascontiguousarray(targets, np.float32)


def _range(classes: int) -> str:
    return f"0 to {classes - 1}" if classes > 1 else "all 0"


def _outside_hint(low: int, high: int, classes: int) -> str:
    if classes == 1:
        return '; for yes-or-no labels with one output use loss="binary_crossentropy"'
    if low >= 1 and high == classes:
        return "; the labels seem to start at 1: subtract 1"
    if low < 0 or high > LIKELY_CLASSES:
        return ""
    return f"; give the last layer {high + 1} units or more"


def _values(targets: NDArray[Any], output: Output, name: str, loss: Loss) -> NDArray[np.float32]:
    expected = (len(targets), *output.shape)
    if targets.shape != expected and output.shape[-1] == 1 and targets.shape == expected[:-1]:
        targets = targets[..., np.newaxis]
    if targets.shape != expected and targets.shape == (*expected, 1):
        targets = targets[..., 0]
    if targets.shape != expected:
        raise ShapeError(
            f"{name}: got labels of shape {targets.shape}, expected {expected} for the output {output.shape} of "
            f'{output.name} and the loss "{loss.kind}"{_shape_hint(targets, output, loss)}'
        )
    values = np.ascontiguousarray(targets, dtype=np.float32)
    wrong, expected_labels = _wrong_labels(values, loss)
    if wrong.any():
        index = int(np.argmax(wrong.reshape(len(values), -1).any(axis=1)))
        raise DataError(
            f"{name}: the label at index {index} is {targets[index]}, but the loss {loss.kind} takes {expected_labels}"
        )
    return values


def _wrong_labels(values: NDArray[np.float32], loss: Loss) -> tuple[NDArray[np.bool_], str]:
    """Where labels are not what the loss is made for, and what it takes."""
    if loss.kind in ("binary_crossentropy", "binary_focal_crossentropy"):
        return (values < 0) | (values > 1), "numbers from 0 to 1"
    if loss.kind in ("hinge", "squared_hinge") and (values == 0).any():  # engines take 0 for -1
        return ~np.isin(values, (0, 1)), "0 and 1, or -1 and 1"
    return np.zeros(1, dtype=np.bool_), ""


_ONE_HOT = (
    "categorical_crossentropy", "binary_crossentropy", "categorical_focal_crossentropy", "binary_focal_crossentropy",
    "categorical_hinge",
)  # fmt: skip


def _instead(loss: Loss) -> str:
    return 'use loss="sparse_categorical_crossentropy", or ' if loss.kind.endswith("crossentropy") else ""


def _shape_hint(targets: NDArray[Any], output: Output, loss: Loss) -> str:
    class_numbers = targets.shape[1:] in (output.shape[:-1], (*output.shape[:-1], 1))
    if class_numbers and loss.kind in _ONE_HOT:
        return (
            f"; these look like class numbers: {_instead(loss)}make them one-hot with "
            f"striate.utils.to_categorical(y, {output.shape[-1]})"
        )
    if targets.ndim == 2 and len(output.shape) == 1:
        return f"; the last layer needs {targets.shape[1]} units for such labels"
    return ""

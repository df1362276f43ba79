"""Hinge losses: nothing once the right answer leads by a margin of 1, as in support vector machines."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from striate.losses.base import Float64, Loss, alike, mean
from striate.losses.symbolic import of_tensors


@of_tensors
def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """max(1 - t y, 0), the mean over the last axis; t is -1 or 1, or 0 and 1 throughout, where 0 stands for -1."""
    targets, predictions = alike("hinge", y_true, y_pred)
    return mean(np.maximum(1 - _signs(targets) * predictions, 0))


@of_tensors
def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """max(1 - t y, 0)^2, the mean over the last axis; t as for `hinge`."""
    targets, predictions = alike("squared_hinge", y_true, y_pred)
    return mean(np.square(np.maximum(1 - _signs(targets) * predictions, 0)))


@of_tensors
def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """max(max over classes of (1 - t) y - sum over classes of t y + 1, 0), for one-hot t."""
    targets, predictions = alike("categorical_hinge", y_true, y_pred)
    right = (targets * predictions).sum(axis=-1)
    loss: Float64 = np.maximum(((1 - targets) * predictions).max(axis=-1) - right + 1, 0)
    return loss


class Hinge(Loss):
    """max(1 - t y, 0), the mean over the outputs, for labels t of -1 and 1, or 0 and 1 (Cortes and Vapnik 1995)."""

    kind = "hinge"
    _compute = staticmethod(hinge)

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "hinge", dtype: str | None = None) -> None:
        super().__init__(name, reduction, dtype)


class SquaredHinge(Loss):
    """max(1 - t y, 0)^2, the mean over the outputs, for labels t of -1 and 1, or 0 and 1."""

    kind = "squared_hinge"
    _compute = staticmethod(squared_hinge)

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "squared_hinge", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class CategoricalHinge(Loss):
    """max(best wrong - right + 1, 0), for one-hot labels: the multi-class SVM loss (Crammer and Singer 2001).

    The best wrong score is max (1 - t) y over all classes, so never below 0, as in Keras.
    """

    kind = "categorical_hinge"
    _compute = staticmethod(categorical_hinge)

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "categorical_hinge", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


def _signs(targets: Float64) -> Float64:
    """Targets as -1 and 1 if they are all 0 and 1, as in Keras; else as they are."""
    return 2 * targets - 1 if np.isin(targets, (0, 1)).all() else targets

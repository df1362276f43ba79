"""Losses for outputs that are distributions or rates: Kullback-Leibler divergence, Poisson."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from striate.losses.base import EPSILON, Float64, Loss, alike, mean
from striate.losses.symbolic import of_tensors


@of_tensors
def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """sum over classes of t log(t / p), both first brought into [1e-7, 1]."""
    targets, predictions = alike("kl_divergence", y_true, y_pred)
    t, p = np.clip(targets, EPSILON, 1), np.clip(predictions, EPSILON, 1)
    loss: Float64 = (t * np.log(t / p)).sum(axis=-1)
    return loss


@of_tensors
def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """y - t log(y + 1e-7), the mean over the last axis: Poisson's -log P(t) but for what y plays no part in."""
    targets, predictions = alike("poisson", y_true, y_pred)
    with np.errstate(divide="ignore", invalid="ignore"):  # outputs below 0 have no logarithm, and the loss is nan
        return mean(predictions - targets * np.log(predictions + EPSILON))


class KLDivergence(Loss):
    """sum over classes of t log(t / p), both in [1e-7, 1] (Kullback and Leibler 1951)."""

    kind = "kl_divergence"
    _compute = staticmethod(kl_divergence)

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "kl_divergence", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class Poisson(Loss):
    """y - t log(y + 1e-7), the mean over the outputs, for counts t and rates y above 0."""

    kind = "poisson"
    _compute = staticmethod(poisson)

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "poisson", dtype: str | None = None) -> None:
        super().__init__(name, reduction, dtype)

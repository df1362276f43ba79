"""Losses for numbers: errors, squared, absolute or relative, and how far two vectors differ in direction."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from striate.checks import number
from striate.losses.base import EPSILON, Float64, Loss, alike, check_axis, mean
from striate.losses.symbolic import of_tensors


@of_tensors
def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """(t - y)^2, the mean over the last axis."""
    targets, predictions = alike("mean_squared_error", y_true, y_pred)
    return mean(np.square(targets - predictions))


@of_tensors
def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """|t - y|, the mean over the last axis."""
    targets, predictions = alike("mean_absolute_error", y_true, y_pred)
    return mean(np.abs(targets - predictions))


@of_tensors
def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """100 |t - y| / max(|t|, 1e-7), the mean over the last axis."""
    targets, predictions = alike("mean_absolute_percentage_error", y_true, y_pred)
    return 100 * mean(np.abs(targets - predictions) / np.maximum(np.abs(targets), EPSILON))


@of_tensors
def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """(log(1 + y) - log(1 + t))^2, the mean over the last axis; t and y are first raised to at least 1e-7."""
    targets, predictions = alike("mean_squared_logarithmic_error", y_true, y_pred)
    return mean(np.square(np.log1p(np.maximum(predictions, EPSILON)) - np.log1p(np.maximum(targets, EPSILON))))


@of_tensors
def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Float64:
    """e^2 / 2 where |e| = |y - t| is at most delta, else delta |e| - delta^2 / 2; the mean over the last axis."""
    targets, predictions = alike("huber", y_true, y_pred)
    error = np.abs(predictions - targets)
    return mean(np.where(error <= delta, error**2 / 2, delta * error - delta**2 / 2))


@of_tensors
def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """log(cosh(y - t)), the mean over the last axis."""
    targets, predictions = alike("log_cosh", y_true, y_pred)
    error = np.abs(predictions - targets)
    return mean(error + np.log1p(np.exp(-2 * error)) - np.log(2.0))


@of_tensors
def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Float64:
    """-sum t y / (|t| |y|) along the last axis; lengths are raised to at least 1e-7."""
    check_axis("cosine_similarity", axis)
    targets, predictions = alike("cosine_similarity", y_true, y_pred)
    lengths = [np.maximum(np.linalg.norm(v, axis=-1), EPSILON) for v in (targets, predictions)]
    loss: Float64 = -(targets * predictions).sum(axis=-1) / (lengths[0] * lengths[1])
    return loss


class MeanSquaredError(Loss):
    """(t - y)^2, the mean over the outputs."""

    kind = "mean_squared_error"
    _compute = staticmethod(mean_squared_error)

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "mean_squared_error", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanAbsoluteError(Loss):
    """|t - y|, the mean over the outputs."""

    kind = "mean_absolute_error"
    _compute = staticmethod(mean_absolute_error)

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "mean_absolute_error", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanAbsolutePercentageError(Loss):
    """100 |t - y| / max(|t|, 1e-7), the mean over the outputs."""

    kind = "mean_absolute_percentage_error"
    _compute = staticmethod(mean_absolute_percentage_error)

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "mean_absolute_percentage_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanSquaredLogarithmicError(Loss):
    """(log(1 + y) - log(1 + t))^2, the mean over the outputs; t and y are first raised to at least 1e-7."""

    kind = "mean_squared_logarithmic_error"
    _compute = staticmethod(mean_squared_logarithmic_error)

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "mean_squared_logarithmic_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class Huber(Loss):
    """e^2 / 2 where |e| = |y - t| is at most delta, else delta |e| - delta^2 / 2 (Huber 1964).

    Args:
        delta: where the parabola goes over into lines, 0 or more.
        reduction, name, dtype: as for `Loss`.
    """

    kind = "huber"
    _compute = staticmethod(huber)

    def __init__(
        self, delta: float = 1.0, reduction: str = "sum_over_batch_size", name: str = "huber_loss",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype, delta=number(name, "delta", delta))


class LogCosh(Loss):
    """log(cosh(y - t)): about e^2 / 2 for small errors and |e| - log 2 for large ones."""

    kind = "log_cosh"
    _compute = staticmethod(log_cosh)

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "log_cosh", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class CosineSimilarity(Loss):
    """-sum t y / (|t| |y|) over the channels: -1 for vectors of one direction, 1 for opposite ones.

    Args:
        axis: only -1, the channels.
        reduction, name, dtype: as for `Loss`.
    """

    kind = "cosine_similarity"
    _compute = staticmethod(cosine_similarity)

    def __init__(
        self, axis: int = -1, reduction: str = "sum_over_batch_size", name: str = "cosine_similarity",
        dtype: str | None = None,
    ) -> None:
        check_axis(name, axis)
        super().__init__(name, reduction, dtype, axis=-1)

"""How much of the targets' variation outputs explain: the coefficient of determination and correlations."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.checks import whole
from striate.errors import ShapeError, StriateError
from striate.losses.base import EPSILON, alike
from striate.metrics.base import Float64, MeanMetricWrapper, Metric, by_examples

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Float64:
    """mean of (t - mean t)(y - mean y) / (std t std y) along an axis; nan where one does not vary."""
    targets, predictions = alike("pearson_correlation", y_true, y_pred)
    t, y = (values - values.mean(axis, keepdims=True) for values in (targets, predictions))
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Float64 = (t * y).mean(axis) / np.sqrt((t * t).mean(axis) * (y * y).mean(axis))
    return result


def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Float64:
    """mean of 2 (t - mean t)(y - mean y) / (var t + var y + (mean t - mean y)^2 + 1e-7) along an axis (Lin 1989)."""
    targets, predictions = alike("concordance_correlation", y_true, y_pred)
    t, y = (values - values.mean(axis, keepdims=True) for values in (targets, predictions))
    apart = targets.mean(axis) - predictions.mean(axis)
    result: Float64 = 2 * (t * y).mean(axis) / ((t * t).mean(axis) + (y * y).mean(axis) + apart**2 + EPSILON)
    return result


class PearsonCorrelation(MeanMetricWrapper):
    """The mean over examples of `pearson_correlation`.

    Args:
        name: the key in histories.
        dtype: None or "float32".
        axis: along which numbers are correlated.
    """

    direction = "up"

    def __init__(self, name: str = "pearson_correlation", dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": "float32", "axis": self.axis}


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean over examples of `concordance_correlation`; arguments as in `PearsonCorrelation`."""

    direction = "up"

    def __init__(self, name: str = "concordance_correlation", dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": "float32", "axis": self.axis}


class R2Score(Metric):
    """1 - sum w (t - y)^2 / sum w (t - mean t)^2, the coefficient of determination, of each output.

    Args:
        class_aggregation: "uniform_average" for the mean over the outputs, "variance_weighted_average" for the mean
            weighted with the targets' variances, None for a value of each.
        num_regressors: p; above 0 the score s of n numbers is adjusted to 1 - (1 - s) (n - 1) / (n - p - 1).
        name: the key in histories.
        dtype: None or "float32".

    Raises:
        StriateError: an argument out of its range.
    """

    direction = "up"
    _sums: Any
    _count: int

    def __init__(
        self, class_aggregation: str | None = "uniform_average", num_regressors: int = 0, name: str = "r2_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, dtype)
        if class_aggregation not in _AGGREGATIONS:
            raise StriateError(f"{name}: got class_aggregation={class_aggregation!r}, expected one of {_AGGREGATIONS}")
        self.class_aggregation = class_aggregation
        self.num_regressors = whole("num_regressors", num_regressors, 0)
        self.scalar = class_aggregation is not None
        self.reset_state()

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in targets and outputs, (n, values) each."""
        targets, predictions = alike(self.name, y_true, y_pred)
        if targets.ndim != 2:
            raise ShapeError(f"{self.name}: got targets of shape {targets.shape}, expected (n, values)")
        _, weights = by_examples(self.name, np.zeros(len(targets)), sample_weight)
        w = np.ones((len(targets), 1)) if weights is None else weights.reshape(-1, 1)
        terms = (np.broadcast_to(w, targets.shape), w * targets, w * targets**2, w * (targets - predictions) ** 2)
        self._sums = self._sums + np.stack([term.sum(axis=0) for term in terms])
        self._count += targets.size

    def result(self) -> Any:
        """One score, or one of each output without aggregation."""
        with np.errstate(divide="ignore", invalid="ignore"):
            weights, first, second, residual = self._sums
            total = second - first * first / weights
            scores = 1 - residual / total
            scores = np.where(np.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation is not None:
            scores = (total * scores).sum() / total.sum()
        return self._adjusted(scores)

    def _adjusted(self, scores: Any) -> Any:
        n, p = self._count, self.num_regressors
        if p and p >= n - 1:
            warnings.warn(f"{self.name}: {p} regressors for {n} numbers; the score is not adjusted", stacklevel=3)
        elif p:
            scores = 1 - (1 - scores) * (n - 1) / (n - p - 1)
        return scores if np.ndim(scores) else float(scores)

    def reset_state(self) -> None:
        self._sums = np.zeros((4, 1))
        self._count = 0

    def get_config(self) -> dict[str, Any]:
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **own}

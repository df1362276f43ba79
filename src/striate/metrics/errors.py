"""Losses as metrics: the mean over all examples of what a loss function gives each one."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from numpy.typing import ArrayLike

from striate import losses
from striate.metrics.base import Float64, MeanMetricWrapper


class LossMetric(MeanMetricWrapper):
    """The mean over examples of a loss.

    Args:
        loss: whose `call` gives a value for each example.
        name: the key in histories.
        dtype: None or "float32".
    """

    direction = "down"
    _arguments: ClassVar[tuple[str, ...]] = ()  # options of the loss that are the metric's, too

    def __init__(self, loss: losses.Loss, name: str, dtype: str | None = None) -> None:
        super().__init__(loss.call, name, dtype)
        self._config = {argument: loss.options[argument] for argument in self._arguments}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}


class MeanSquaredError(LossMetric):
    """mean (t - y)^2."""

    def __init__(self, name: str = "mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(losses.MeanSquaredError(), name, dtype)


class RootMeanSquaredError(LossMetric):
    """sqrt(mean (t - y)^2)."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(losses.MeanSquaredError(), name, dtype)

    def result(self) -> float:
        return math.sqrt(super().result())


class MeanAbsoluteError(LossMetric):
    """mean |t - y|."""

    def __init__(self, name: str = "mean_absolute_error", dtype: str | None = None) -> None:
        super().__init__(losses.MeanAbsoluteError(), name, dtype)


class MeanAbsolutePercentageError(LossMetric):
    """mean 100 |t - y| / max(|t|, 1e-7)."""

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: str | None = None) -> None:
        super().__init__(losses.MeanAbsolutePercentageError(), name, dtype)


class MeanSquaredLogarithmicError(LossMetric):
    """mean (log(1 + y) - log(1 + t))^2."""

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: str | None = None) -> None:
        super().__init__(losses.MeanSquaredLogarithmicError(), name, dtype)


class LogCoshError(LossMetric):
    """mean log(cosh(y - t))."""

    def __init__(self, name: str = "logcosh", dtype: str | None = None) -> None:
        super().__init__(losses.LogCosh(), name, dtype)


class CosineSimilarity(MeanMetricWrapper):
    """mean t y / (|t| |y|) along the last axis: 1 for vectors of one direction. The loss of that name is minus this."""

    direction = "up"

    def __init__(self, name: str = "cosine_similarity", dtype: str | None = None, axis: int = -1) -> None:
        losses.CosineSimilarity(axis)  # checks the axis
        super().__init__(cosine_similarity, name, dtype)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """t y / (|t| |y|) along the last axis."""
    return -losses.cosine_similarity(y_true, y_pred)


class Hinge(LossMetric):
    """mean max(1 - t y, 0)."""

    def __init__(self, name: str = "hinge", dtype: str | None = None) -> None:
        super().__init__(losses.Hinge(), name, dtype)


class SquaredHinge(LossMetric):
    """mean max(1 - t y, 0)^2."""

    def __init__(self, name: str = "squared_hinge", dtype: str | None = None) -> None:
        super().__init__(losses.SquaredHinge(), name, dtype)


class CategoricalHinge(LossMetric):
    """mean max(max (1 - t) y - sum t y + 1, 0)."""

    def __init__(self, name: str = "categorical_hinge", dtype: str | None = None) -> None:
        super().__init__(losses.CategoricalHinge(), name, dtype)


class KLDivergence(LossMetric):
    """mean sum t log(t / p)."""

    def __init__(self, name: str = "kl_divergence", dtype: str | None = None) -> None:
        super().__init__(losses.KLDivergence(), name, dtype)


class Poisson(LossMetric):
    """mean y - t log y."""

    def __init__(self, name: str = "poisson", dtype: str | None = None) -> None:
        super().__init__(losses.Poisson(), name, dtype)


class BinaryCrossentropy(LossMetric):
    """mean -(t log p + (1 - t) log(1 - p)); arguments as for the loss of that name."""

    _arguments = ("from_logits", "label_smoothing")

    def __init__(
        self, name: str = "binary_crossentropy", dtype: str | None = None, from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(losses.BinaryCrossentropy(from_logits, label_smoothing), name, dtype)


class CategoricalCrossentropy(LossMetric):
    """mean -sum t log p; arguments as for the loss of that name."""

    _arguments = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self, name: str = "categorical_crossentropy", dtype: str | None = None, from_logits: bool = False,
        label_smoothing: float = 0, axis: int = -1,
    ) -> None:
        super().__init__(losses.CategoricalCrossentropy(from_logits, label_smoothing, axis), name, dtype)


class SparseCategoricalCrossentropy(LossMetric):
    """mean -log p[class]; arguments as for the loss of that name."""

    _arguments = ("from_logits", "ignore_class", "axis")

    def __init__(
        self, name: str = "sparse_categorical_crossentropy", dtype: str | None = None, from_logits: bool = False,
        ignore_class: int | None = None, axis: int = -1,
    ) -> None:
        super().__init__(losses.SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis), name, dtype)

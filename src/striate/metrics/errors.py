"""Losses as metrics: the mean over all examples of what a loss function gives each one."""

from __future__ import annotations

import math
from typing import Any

from striate import losses
from striate.metrics.base import MeanMetricWrapper


class MeanSquaredError(MeanMetricWrapper):
    """mean (t - y)^2."""

    direction = "down"

    def __init__(self, name: str = "mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class RootMeanSquaredError(MeanSquaredError):
    """sqrt(mean (t - y)^2)."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(name, dtype)

    def result(self) -> float:
        return math.sqrt(super().result())


class MeanAbsoluteError(MeanMetricWrapper):
    """mean |t - y|."""

    direction = "down"

    def __init__(self, name: str = "mean_absolute_error", dtype: str | None = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """mean -(t log p + (1 - t) log(1 - p)); arguments as for the loss of that name."""

    direction = "down"

    def __init__(
        self, name: str = "binary_crossentropy", dtype: str | None = None, from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        loss = losses.BinaryCrossentropy(from_logits, label_smoothing)
        super().__init__(loss.call, name, dtype)
        self._config = {"from_logits": loss.from_logits, "label_smoothing": loss.label_smoothing}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}


class CategoricalCrossentropy(MeanMetricWrapper):
    """mean -sum t log p; arguments as for the loss of that name."""

    direction = "down"

    def __init__(
        self, name: str = "categorical_crossentropy", dtype: str | None = None, from_logits: bool = False,
        label_smoothing: float = 0, axis: int = -1,
    ) -> None:
        loss = losses.CategoricalCrossentropy(from_logits, label_smoothing, axis)
        super().__init__(loss.call, name, dtype)
        self._config = {"from_logits": loss.from_logits, "label_smoothing": loss.label_smoothing, "axis": -1}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """mean -log p[class]; arguments as for the loss of that name."""

    direction = "down"

    def __init__(
        self, name: str = "sparse_categorical_crossentropy", dtype: str | None = None, from_logits: bool = False,
        ignore_class: int | None = None, axis: int = -1,
    ) -> None:
        loss = losses.SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis)
        super().__init__(loss.call, name, dtype)
        self._config = {"from_logits": loss.from_logits, "ignore_class": None, "axis": -1}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}

"""Accuracies: how often the network is right, for each kind of label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.checks import whole
from striate.errors import ShapeError, StriateError
from striate.metrics.base import MeanMetricWrapper, one_rank
from striate.tensors import handing_out

Hits = NDArray[np.bool_]


class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels exactly."""

    direction = "up"

    def __init__(self, name: str = "accuracy", dtype: str | None = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often the side of the threshold is right, for yes-or-no labels.

    Args:
        name: the key in histories.
        dtype: None or "float32".
        threshold: outputs above it mean yes.
    """

    direction = "up"

    def __init__(self, name: str = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "threshold": self.threshold}


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest output is the class of a one-hot label."""

    direction = "up"

    def __init__(self, name: str = "categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest output is the class, for labels that are class numbers."""

    direction = "up"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of a one-hot label is among the k largest outputs.

    Args:
        k: how many; with k classes or fewer every prediction counts as right.
        name: the key in histories.
        dtype: None or "float32".
    """

    direction = "up"

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=_check_k(name, k))
        self.k = k

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k}


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class is among the k largest outputs, for labels that are class numbers.

    Args:
        k: how many; with k classes or fewer every prediction counts as right.
        name: the key in histories.
        dtype: None or "float32".
        from_sorted_ids: only False: outputs are scores, not class numbers.
    """

    direction = "up"

    def __init__(
        self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy", dtype: str | None = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=_check_k(name, k))
        if from_sorted_ids:
            raise StriateError(f"{name}: got from_sorted_ids=True, expected False: outputs are scores")
        self.k = k

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k, "from_sorted_ids": False}


@handing_out
def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Hits:
    """y_true == y_pred."""
    labels, predictions = one_rank(np.asarray(y_true), np.asarray(y_pred))
    hits: Hits = np.equal(labels, predictions)
    return hits


@handing_out
def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> Hits:
    """y_true == (y_pred > threshold)."""
    labels, predictions = one_rank(np.asarray(y_true), np.asarray(y_pred))
    hits: Hits = np.equal(labels, predictions > threshold)
    return hits


@handing_out
def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Hits:
    """argmax y_true == argmax y_pred, at each example and position."""
    return sparse_categorical_accuracy(np.argmax(np.asarray(y_true), axis=-1), y_pred)


@handing_out
def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Hits:
    """y_true == argmax y_pred, at each example and position."""
    predictions = np.asarray(y_pred)
    hits: Hits = np.equal(_class_numbers(y_true, predictions), predictions.argmax(axis=-1))
    return hits


@handing_out
def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> Hits:
    """Whether the output of y_true's largest entry is at least the k-th largest output."""
    return sparse_top_k_categorical_accuracy(np.argmax(np.asarray(y_true), axis=-1), y_pred, k)


@handing_out
def sparse_top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> Hits:
    """Whether the output of class y_true is at least the k-th largest output (ties count as right)."""
    predictions = np.asarray(y_pred)
    classes = _class_numbers(y_true, predictions).astype(np.int64)
    k = min(k, predictions.shape[-1])
    kth = np.partition(predictions, -k, axis=-1)[..., -k]
    own = np.take_along_axis(predictions, classes[..., np.newaxis], axis=-1)[..., 0]
    hits: Hits = own >= kth
    return hits


def _class_numbers(y_true: ArrayLike, predictions: NDArray[Any]) -> NDArray[Any]:
    """Labels without a last axis of one."""
    labels = np.asarray(y_true)
    if labels.ndim == predictions.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.shape != predictions.shape[:-1]:
        raise ShapeError(
            f"class numbers of shape {labels.shape} do not fit outputs of shape {predictions.shape}; "
            f"expected {predictions.shape[:-1]}"
        )
    return labels


def _check_k(name: str, k: int) -> int:
    return whole(name, k, 1, "k")

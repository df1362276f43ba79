"""Cross-entropies: minus the logarithm of the probability that the network gave to what is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from striate.checks import number
from striate.errors import DataError, ShapeError, StriateError
from striate.losses.base import EPSILON, Float64, Loss, alike, check_axis, mean
from striate.losses.symbolic import of_tensors


@of_tensors
def sparse_categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, ignore_class: None = None, axis: int = -1
) -> Float64:
    """-log p[class] at each example and position, for class numbers of shape (n, ...) or (n, ..., 1)."""
    _check_ignored("sparse_categorical_crossentropy", ignore_class)
    check_axis("sparse_categorical_crossentropy", axis)
    predictions = np.asarray(y_pred, dtype=np.float64)
    classes = np.asarray(y_true)
    if classes.ndim == predictions.ndim and classes.shape[-1] == 1:
        classes = classes[..., 0]
    if classes.shape != predictions.shape[:-1]:
        raise ShapeError(
            f"sparse_categorical_crossentropy: class numbers of shape {classes.shape} do not fit outputs of shape "
            f"{predictions.shape}; expected {predictions.shape[:-1]}"
        )
    if classes.size and not (classes.min() >= 0 and classes.max() < predictions.shape[-1]):  # nor NaN
        raise DataError(
            f"sparse_categorical_crossentropy: got class numbers from {classes.min()} to {classes.max()} for "
            f"{predictions.shape[-1]} classes; expected 0 to {predictions.shape[-1] - 1}"
        )
    logs = _log_probabilities(predictions, from_logits)
    picked: Float64 = -np.take_along_axis(logs, classes.astype(np.int64)[..., np.newaxis], axis=-1)[..., 0]
    return picked


@of_tensors
def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Float64:
    """-sum over classes of t log p, at each example and position."""
    check_axis("categorical_crossentropy", axis)
    targets, predictions = alike("categorical_crossentropy", y_true, y_pred)
    targets = targets * (1 - label_smoothing) + label_smoothing / targets.shape[-1]
    loss: Float64 = -(targets * _log_probabilities(predictions, from_logits)).sum(axis=-1)
    return loss


@of_tensors
def categorical_focal_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False,
    label_smoothing: float = 0.0, axis: int = -1,
) -> Float64:
    """-sum over classes of alpha (1 - p)^gamma t log p, at each example and position."""
    check_axis("categorical_focal_crossentropy", axis)
    targets, predictions = alike("categorical_focal_crossentropy", y_true, y_pred)
    targets = targets * (1 - label_smoothing) + label_smoothing / targets.shape[-1]
    p = _exponentials(predictions) if from_logits else predictions
    p = np.clip(p / p.sum(axis=-1, keepdims=True), EPSILON, 1 - EPSILON)
    loss: Float64 = -(alpha * (1 - p) ** gamma * targets * np.log(p)).sum(axis=-1)
    return loss


@of_tensors
def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Float64:
    """-(t log p + (1 - t) log(1 - p)), the mean over the last axis."""
    check_axis("binary_crossentropy", axis)
    targets, predictions = alike("binary_crossentropy", y_true, y_pred)
    targets = targets * (1 - label_smoothing) + label_smoothing / 2
    if from_logits:  # log(1 + exp(z)) - t z, written so that no exponential overflows
        return mean(np.maximum(predictions, 0) - predictions * targets + np.log1p(np.exp(-np.abs(predictions))))
    return mean(_binary(targets, predictions))


@of_tensors
def binary_focal_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, apply_class_balancing: bool = False, alpha: float = 0.25, gamma: float = 2.0,
    from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
) -> Float64:
    """b (1 - q)^gamma times the binary cross-entropy, the mean over the last axis; see `BinaryFocalCrossentropy`."""
    check_axis("binary_focal_crossentropy", axis)
    targets, p = alike("binary_focal_crossentropy", y_true, y_pred)
    targets = targets * (1 - label_smoothing) + label_smoothing / 2
    if from_logits:
        p = 0.5 * (1 + np.tanh(0.5 * p))  # the sigmoid, without overflow
    losses = (1 - targets * p - (1 - targets) * (1 - p)) ** gamma * _binary(targets, p)
    return mean(losses * (targets * alpha + (1 - targets) * (1 - alpha)) if apply_class_balancing else losses)


class SparseCategoricalCrossentropy(Loss):
    """-log p[class]: cross-entropy for labels that are class numbers.

    Args:
        from_logits: the network's output has not been through softmax.
        ignore_class: only None; leaving a class out of training is not available.
        reduction, name, dtype: as for `Loss`.
        axis: only -1, the channels.
    """

    kind = "sparse_categorical_crossentropy"
    _compute = staticmethod(sparse_categorical_crossentropy)

    def __init__(
        self, from_logits: bool = False, ignore_class: int | None = None, reduction: str = "sum_over_batch_size",
        axis: int = -1, name: str = "sparse_categorical_crossentropy", dtype: str | None = None,
    ) -> None:
        _check_ignored(name, ignore_class)
        check_axis(name, axis)
        super().__init__(name, reduction, dtype, from_logits=bool(from_logits), ignore_class=None, axis=-1)


class CategoricalCrossentropy(Loss):
    """-sum over classes of t log p: cross-entropy for one-hot labels (or any distribution over the classes).

    Args:
        from_logits: the network's output has not been through softmax.
        label_smoothing: s from 0 to 1; targets t become t (1 - s) + s / classes (Szegedy et al. 2016).
        axis: only -1, the channels.
        reduction, name, dtype: as for `Loss`.
    """

    kind = "categorical_crossentropy"
    _compute = staticmethod(categorical_crossentropy)

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
        reduction: str = "sum_over_batch_size", name: str = "categorical_crossentropy", dtype: str | None = None,
    ) -> None:
        check_axis(name, axis)
        smoothing = number(name, "label_smoothing", label_smoothing, 0, 1)
        super().__init__(name, reduction, dtype, from_logits=bool(from_logits), label_smoothing=smoothing, axis=-1)


class CategoricalFocalCrossentropy(Loss):
    """-sum over classes of alpha (1 - p)^gamma t log p: what the network is sure of counts less (Lin et al. 2017).

    Args:
        alpha: factor of the whole, 0 or more.
        gamma: how much less, 0 or more; 0 gives alpha times the cross-entropy.
        from_logits, label_smoothing, axis: as for `CategoricalCrossentropy`.
        reduction, name, dtype: as for `Loss`.
    """

    kind = "categorical_focal_crossentropy"
    _compute = staticmethod(categorical_focal_crossentropy)

    def __init__(
        self, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
        axis: int = -1, reduction: str = "sum_over_batch_size", name: str = "categorical_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        check_axis(name, axis)
        super().__init__(
            name, reduction, dtype, alpha=number(name, "alpha", alpha), gamma=number(name, "gamma", gamma),
            from_logits=bool(from_logits), label_smoothing=number(name, "label_smoothing", label_smoothing, 0, 1),
            axis=-1,
        )  # fmt: skip


class BinaryCrossentropy(Loss):
    """-(t log p + (1 - t) log(1 - p)), the mean over the outputs: for yes-or-no labels.

    Args:
        from_logits: the network's output has not been through a sigmoid.
        label_smoothing: s from 0 to 1; targets t become t (1 - s) + s / 2.
        axis: only -1, the channels.
        reduction, name, dtype: as for `Loss`.
    """

    kind = "binary_crossentropy"
    _compute = staticmethod(binary_crossentropy)

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
        reduction: str = "sum_over_batch_size", name: str = "binary_crossentropy", dtype: str | None = None,
    ) -> None:
        check_axis(name, axis)
        smoothing = number(name, "label_smoothing", label_smoothing, 0, 1)
        super().__init__(name, reduction, dtype, from_logits=bool(from_logits), label_smoothing=smoothing, axis=-1)


class BinaryFocalCrossentropy(Loss):
    """b (1 - q)^gamma times the binary cross-entropy: what the network is sure of counts less (Lin et al. 2017).

    q = t p + (1 - t) (1 - p) is the probability of what is; b = t alpha + (1 - t) (1 - alpha) with class balancing,
    else 1.

    Args:
        apply_class_balancing: whether yes counts alpha and no 1 - alpha.
        alpha: from 0 to 1.
        gamma: 0 or more.
        from_logits, label_smoothing, axis: as for `BinaryCrossentropy`.
        reduction, name, dtype: as for `Loss`.
    """

    kind = "binary_focal_crossentropy"
    _compute = staticmethod(binary_focal_crossentropy)

    def __init__(
        self, apply_class_balancing: bool = False, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False,
        label_smoothing: float = 0.0, axis: int = -1, reduction: str = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy", dtype: str | None = None,
    ) -> None:
        check_axis(name, axis)
        super().__init__(
            name, reduction, dtype, apply_class_balancing=bool(apply_class_balancing),
            alpha=number(name, "alpha", alpha, 0, 1), gamma=number(name, "gamma", gamma),
            from_logits=bool(from_logits), label_smoothing=number(name, "label_smoothing", label_smoothing, 0, 1),
            axis=-1,
        )  # fmt: skip


def _exponentials(logits: Float64) -> Float64:
    exponentials: Float64 = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials


def _log_probabilities(predictions: Float64, from_logits: bool) -> Float64:
    """Logarithms of probabilities along the last axis, of logits or of (clipped) probabilities, as Keras takes them."""
    if from_logits:
        shifted = predictions - predictions.max(axis=-1, keepdims=True)
        logs: Float64 = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return logs
    probabilities = predictions / predictions.sum(axis=-1, keepdims=True)
    logs = np.log(np.clip(probabilities, EPSILON, 1 - EPSILON))
    return logs


def _binary(targets: Float64, probabilities: Float64) -> Float64:
    p = np.clip(probabilities, EPSILON, 1 - EPSILON)
    losses: Float64 = -(targets * np.log(p) + (1 - targets) * np.log(1 - p))
    return losses


def _check_ignored(name: str, ignore_class: object) -> None:
    if ignore_class is not None:
        raise StriateError(
            f"{name}: got ignore_class={ignore_class!r}, expected None; give those examples sample_weight 0 instead"
        )

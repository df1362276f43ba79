"""Cross-entropies of logits, for each example (tf.nn)."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.errors import ShapeError, StriateError
from striate.losses.asked import Asked, known
from striate.tensorflow._arguments import tensor
from striate.tensors import Tensor, wrapped


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Any:
    """-sum(labels log(softmax(logits))) over an axis."""
    if isinstance(logits, Asked):
        return known("categorical_crossentropy", labels, logits, from_logits=True)
    scores = tensor(logits, "softmax_cross_entropy_with_logits")
    truth = tensor(labels, "softmax_cross_entropy_with_logits").astype(scores.dtype)
    if truth.shape != scores.shape:
        raise ShapeError(
            f"softmax_cross_entropy_with_logits: got labels of shape {truth.shape} for logits of shape {scores.shape}"
        )
    return wrapped(-np.sum(truth * _log_softmax(scores, axis), axis=axis))


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """-log(softmax(logits)[label]) over the last axis, for class numbers.

    Raises:
        ShapeError: labels that do not fit. StriateError: a label that is no class.
    """
    if isinstance(logits, Asked):
        return known("sparse_categorical_crossentropy", labels, logits, from_logits=True)
    function = "sparse_softmax_cross_entropy_with_logits"
    scores, classes = tensor(logits, function), tensor(labels, function).astype(np.int64)
    if classes.shape != scores.shape[:-1]:
        raise ShapeError(f"{function}: got labels of shape {classes.shape} for logits of shape {scores.shape}")
    if classes.size and not 0 <= classes.min() <= classes.max() < scores.shape[-1]:
        low, high, count = classes.min(), classes.max(), scores.shape[-1]
        raise StriateError(f"{function}: got labels from {low} to {high} for {count} classes")
    found = np.take_along_axis(_log_softmax(scores, -1), classes[..., np.newaxis], axis=-1)
    return wrapped(-found[..., 0])


def sigmoid_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """-z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x)) = max(x, 0) - x z + log(1 + exp(-|x|)) for each element."""
    if isinstance(logits, Asked):
        return known("binary_crossentropy", labels, logits, from_logits=True)
    return weighted_cross_entropy_with_logits(labels, logits, 1.0)


def weighted_cross_entropy_with_logits(
    labels: Any, logits: Any, pos_weight: Any, name: str | None = None
) -> Tensor:
    """-pos_weight z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x)) for each element."""
    x = tensor(logits, "cross_entropy_with_logits")
    z = tensor(labels, "cross_entropy_with_logits").astype(x.dtype)
    if x.shape != z.shape:
        raise ShapeError(f"cross_entropy_with_logits: got labels of shape {z.shape} for logits of shape {x.shape}")
    weight = 1 + (np.asarray(pos_weight, x.dtype) - 1) * z
    return wrapped((1 - z) * x + weight * (np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0)))


def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """exp(c) - c z for each element; in full with Stirling's z log z - z + log(2 pi z) / 2 for z above 1."""
    c, z = tensor(log_input, "log_poisson_loss"), tensor(targets, "log_poisson_loss")
    loss = np.exp(c) - c * z
    if compute_full_loss:
        large = np.where(z > 1, z, 1)
        stirling = large * np.log(large) - large + np.log(2 * np.pi * large) / 2
        loss = loss + np.where(z > 1, stirling, 0).astype(loss.dtype)
    return wrapped(loss)


def _log_softmax(scores: Tensor, axis: int) -> Any:
    shifted = scores - np.max(scores, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))

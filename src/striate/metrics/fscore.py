"""The F-score: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.checks import number
from striate.errors import ShapeError, StriateError
from striate.metrics.base import Float64, Metric, append

EPSILON = 1e-7


class FBetaScore(Metric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall), for outputs (n, classes) and one-hot labels.

    Args:
        average: None for one value for each class, "micro" for all classes as one, "macro" for the mean over the
            classes, "weighted" for the mean weighted with the classes' examples.
        beta: how much more recall counts than precision, above 0.
        threshold: outputs above it mean yes; None: the largest one does. Above 0, to 1.
        name: the key in histories.
        dtype: None or "float32".
    """

    direction = "up"

    def __init__(
        self, average: str | None = None, beta: float = 1.0, threshold: float | None = None, name: str = "fbeta_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise StriateError(f'{name}: got average={average!r}, expected None, "micro", "macro" or "weighted"')
        if number(name, "beta", beta) == 0:
            raise StriateError(f"{name}: got beta={beta}, expected a number above 0")
        if threshold is not None and number(name, "threshold", threshold, 0, 1) == 0:
            raise StriateError(f"{name}: got threshold={threshold}, expected a number above 0, to 1")
        self.average, self.beta, self.threshold = average, float(beta), threshold
        self.scalar = average is not None
        self._sums: Float64 | None = None  # [TP, FP, FN, positives][class], or one for all classes

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        labels, outputs = np.asarray(y_true, dtype=np.float64), np.asarray(y_pred, dtype=np.float32)
        if labels.ndim != 2 or labels.shape != outputs.shape:
            raise ShapeError(
                f"{self.name}: got labels of shape {labels.shape} and outputs of shape {outputs.shape}, expected both "
                "(examples, classes)"
            )
        if self.threshold is None:
            said = (outputs >= outputs.max(axis=-1, keepdims=True)) & (np.abs(outputs) > 1e-9)
        else:
            said = outputs > np.float32(self.threshold)
        kinds = np.stack([said * labels, said * (1 - labels), ~said * labels, labels])
        if sample_weight is not None:
            weights = np.asarray(sample_weight, dtype=np.float64).reshape(-1, 1)
            if len(weights) != len(labels):
                raise ShapeError(f"{self.name}: {len(weights)} sample weights for {len(labels)} examples")
            kinds = kinds * weights
        kinds = kinds.reshape(4, -1, 1) if self.average == "micro" else kinds
        sums = np.zeros((4, kinds.shape[-1])) if self._sums is None else self._sums
        self._sums = np.stack([append(total, values) for total, values in zip(sums, kinds, strict=True)])

    def result(self) -> Any:
        """One value, or one for each class with average None."""
        tp, fp, fn, positives = np.zeros((4, 1)) if self._sums is None else self._sums
        precision, recall = tp / (tp + fp + EPSILON), tp / (tp + fn + EPSILON)
        square = self.beta**2
        scores = (1 + square) * precision * recall / (square * precision + recall + EPSILON)
        if self.average is None:
            return scores
        if self.average == "weighted":
            return float((scores * positives / (positives.sum() + EPSILON)).sum())
        return float(scores.mean())

    def reset_state(self) -> None:
        self._sums = None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """2 precision recall / (precision + recall); arguments as for `FBetaScore`, whose beta is 1."""

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str = "f1_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config

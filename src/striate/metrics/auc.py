"""The area under a curve of yes-or-no answers: receiver operating characteristic, precision over recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.errors import StriateError
from striate.lookup import class_and_config
from striate.metrics.base import Float64, Metric
from striate.metrics.thresholds import ThresholdCounts, parse_thresholds, quotient, threshold_count

CURVES = ("ROC", "PR", "PRGAIN")
METHODS = ("interpolation", "majoring", "minoring")


class AUC(Metric):
    """The area under the curve through the points of many thresholds.

    "ROC": TP / (TP + FN) over FP / (FP + TN); "PR": precision over recall, interpolated as Davis and Goadrich 2006
    say; "PRGAIN": their gains (Flach and Kull 2015).

    Args:
        num_thresholds: how many, evenly spread from 0 to 1 with the ends a little beyond.
        curve: "ROC", "PR" or "PRGAIN".
        summation_method: heights between two points: "interpolation" (their mean, but see PR), "majoring" (the
            larger), "minoring" (the smaller).
        name: the key in histories.
        dtype: None or "float32".
        thresholds: between 0 and 1, in the place of evenly spread ones.
        multi_label: the mean of the areas of all columns of two-dimensional outputs.
        num_labels: how many columns there are; with multi_label only.
        label_weights: factors for the columns; also in the form in which Keras writes an array.
        from_logits: outputs have not been through a sigmoid.
    """

    direction = "up"

    def __init__(
        self, num_thresholds: int = 200, curve: str = "ROC", summation_method: str = "interpolation",
        name: str | None = None, dtype: str | None = None, thresholds: Sequence[float] | None = None,
        multi_label: bool = False, num_labels: int | None = None,
        label_weights: Sequence[float] | Mapping[str, Any] | None = None, from_logits: bool = False,
    ) -> None:
        super().__init__(name or "auc", dtype)
        self.curve = self._one_of("curve", curve, CURVES)
        self.summation_method = self._one_of("summation_method", summation_method, METHODS)
        if num_labels and not multi_label:
            raise StriateError(f"{self.name}: got num_labels={num_labels}, which needs multi_label=True")
        self._given = None if thresholds is None else sorted(parse_thresholds(self.name, thresholds, 0.5))
        count = threshold_count(self.name, num_thresholds, 2)
        inner = [(i + 1) / (count - 1) for i in range(count - 2)] if self._given is None else self._given
        self.thresholds = [-1e-7, *inner, 1 + 1e-7]
        self.num_thresholds = len(self.thresholds)
        self.multi_label, self.num_labels, self.from_logits = bool(multi_label), num_labels, bool(from_logits)
        if isinstance(label_weights, Mapping):  # an array as Keras writes it
            form = class_and_config(label_weights)
            label_weights = form[1].get("value") if form else None
        self.label_weights = None if label_weights is None else [float(weight) for weight in label_weights]
        self._counts = ThresholdCounts(self.name, self.thresholds)

    def _one_of(self, argument: str, value: str, allowed: tuple[str, ...]) -> str:
        for name in allowed:
            if isinstance(value, str) and value.lower() == name.lower():
                return name
        names = ", ".join(f'"{name}"' for name in allowed)
        raise StriateError(f"{self.name}: got {argument}={value!r}, expected one of {names}")

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        outputs = np.asarray(y_pred, dtype=np.float32)
        if self.from_logits:
            outputs = 0.5 * (1 + np.tanh(0.5 * outputs))
        weights = None if self.multi_label else self._label_weights()
        self._counts.add(y_true, outputs, sample_weight, self.multi_label, weights)

    def result(self) -> Any:
        """The area, from 0 to 1."""
        tp, fp, tn, fn = self._counts.counts()
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._total(_precision_recall_areas(tp, fp, fn))
        x, y = _curve(self.curve, tp, fp, tn, fn)
        return self._total((x[:-1] - x[1:]) * self._heights(y[:-1], y[1:]))

    def _heights(self, a: Float64, b: Float64) -> Float64:
        if self.summation_method == "interpolation":
            return (a + b) / 2
        return np.maximum(a, b) if self.summation_method == "majoring" else np.minimum(a, b)

    def _label_weights(self) -> Float64 | None:
        return None if self.label_weights is None else np.asarray(self.label_weights)

    def _total(self, areas: Float64) -> float:
        """The sum of all strips; of several columns the (weighted) mean."""
        columns = np.atleast_1d(areas.sum(axis=0))
        weights = self._label_weights() if self.multi_label else None
        return float(columns.mean() if weights is None else (columns * weights).sum() / weights.sum())

    def reset_state(self) -> None:
        self._counts.reset()

    def get_config(self) -> dict[str, Any]:
        config = {
            "num_thresholds": self.num_thresholds, "curve": self.curve, "summation_method": self.summation_method,
            "multi_label": self.multi_label, "num_labels": self.num_labels, "label_weights": self.label_weights,
            "from_logits": self.from_logits,
        }  # fmt: skip
        if self._given is not None:
            config["thresholds"] = self._given
        return {**super().get_config(), **config}


def _curve(kind: str, tp: Float64, fp: Float64, tn: Float64, fn: Float64) -> tuple[Float64, Float64]:
    """x and y of the points, from the lowest threshold to the highest."""
    recall = quotient(tp, tp + fn)
    if kind == "ROC":
        return quotient(fp, fp + tn), recall
    if kind == "PR":
        return recall, quotient(tp, tp + fp)
    odds = quotient(tp + fn, tn + fp)
    none = tp == 0
    recall_gain = np.where(none, 0.0, 1 - odds * quotient(fn, tp))
    precision_gain = np.where(none, 1.0, 1 - odds * quotient(fp, tp))
    return np.maximum(recall_gain, 0), precision_gain


def _precision_recall_areas(tp: Float64, fp: Float64, fn: Float64) -> Float64:
    """Strips under precision over recall, where between two points TP grows in proportion to TP + FP.

    With P = TP + FP and the slope s = dTP / dP the strip is s (dTP + (TP - s P) ln(P' / P)) / (TP + FN).
    """
    said = tp + fp
    gained = tp[:-1] - tp[1:]
    slope = quotient(gained, np.maximum(said[:-1] - said[1:], 0))
    intercept = tp[1:] - slope * said[1:]
    both = (said[:-1] > 0) & (said[1:] > 0)
    ratio = np.where(both, quotient(said[:-1], np.maximum(said[1:], 0)), 1.0)
    return quotient(slope * (gained + intercept * np.log(ratio)), np.maximum(tp[1:] + fn[1:], 0))

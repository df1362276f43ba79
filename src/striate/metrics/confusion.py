"""Counts of right and wrong answers to yes-or-no questions, and their ratios: precision, recall and relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from striate.checks import number, whole
from striate.lookup import snake_case
from striate.metrics.base import Float64, Metric
from striate.metrics.thresholds import (
    FAR_BELOW,
    ThresholdCounts,
    one_or_all,
    parse_thresholds,
    quotient,
    threshold_count,
)


class _Counted(Metric):
    """Metrics of the counts at some thresholds; outputs greater than one mean yes."""

    _counts: ThresholdCounts

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        self._counts.add(y_true, y_pred, sample_weight)

    def reset_state(self) -> None:
        self._counts.reset()


class _Count(_Counted):
    """How many (or what weight of) outputs are of one kind.

    Args:
        thresholds: one or several from 0 to 1, 0.5 if None; several give an array.
        name: the key in histories; made from the class's if None.
        dtype: None or "float32".
    """

    _which: ClassVar[int]  # place in ThresholdCounts.counts

    def __init__(
        self, thresholds: float | Sequence[float] | None = None, name: str | None = None, dtype: str | None = None
    ) -> None:
        super().__init__(name or snake_case(type(self).__name__), dtype)
        self.thresholds = parse_thresholds(self.name, thresholds, 0.5)
        self.init_thresholds = thresholds
        self.scalar = len(self.thresholds) == 1
        self._counts = ThresholdCounts(self.name, self.thresholds)

    def result(self) -> Any:
        return one_or_all(self._counts.counts()[self._which])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """How often yes was said rightly; arguments as for all counts: thresholds, name, dtype."""

    direction = "up"
    _which = 0


class FalsePositives(_Count):
    """How often yes was said wrongly; arguments as for all counts: thresholds, name, dtype."""

    direction = "down"
    _which = 1


class TrueNegatives(_Count):
    """How often no was said rightly; arguments as for all counts: thresholds, name, dtype."""

    direction = "up"
    _which = 2


class FalseNegatives(_Count):
    """How often no was said wrongly; arguments as for all counts: thresholds, name, dtype."""

    direction = "down"
    _which = 3


class Precision(_Counted):
    """TP / (TP + FP): how often yes was right when it was said. 0 when it never was.

    Args:
        thresholds: one or several from 0 to 1; 0.5 if None, or none with `top_k`. Several give an array.
        top_k: only the k largest outputs of an example can mean yes.
        class_id: only this class counts.
        name: the key in histories.
        dtype: None or "float32".
    """

    direction = "up"
    _wrong: ClassVar[int] = 1  # place in ThresholdCounts.counts

    def __init__(
        self, thresholds: float | Sequence[float] | None = None, top_k: int | None = None, class_id: int | None = None,
        name: str | None = None, dtype: str | None = None,
    ) -> None:
        super().__init__(name or snake_case(type(self).__name__), dtype)
        self.top_k = None if top_k is None else whole(self.name, top_k, 1, "top_k")
        self.class_id = None if class_id is None else whole(self.name, class_id, 0, "class_id")
        self.thresholds = parse_thresholds(self.name, thresholds, 0.5 if top_k is None else FAR_BELOW)
        self.init_thresholds = thresholds
        self.scalar = len(self.thresholds) == 1
        self._counts = ThresholdCounts(self.name, self.thresholds, self.top_k, self.class_id)

    def result(self) -> Any:
        counts = self._counts.counts()
        return one_or_all(quotient(counts[0], counts[0] + counts[self._wrong]))

    def get_config(self) -> dict[str, Any]:
        config = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **config}


class Recall(Precision):
    """TP / (TP + FN): how often yes was said when it was right. 0 when it never was.

    Args:
        thresholds, top_k, class_id, name, dtype: as for `Precision`.
    """

    _wrong = 3


class _AtValue(_Counted):
    """The best of one ratio at the thresholds where another is at least a value.

    Args:
        value: from 0 to 1.
        num_thresholds: how many thresholds from 0 to 1, evenly spread; 1 is 0.5.
        class_id: only this class counts.
        name: the key in histories.
        dtype: None or "float32".
    """

    direction = "up"
    _argument: ClassVar[str]  # what the value is called

    def __init__(
        self, value: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name or snake_case(type(self).__name__), dtype)
        self.value = number(self.name, self._argument, value, 0, 1)
        self.num_thresholds = threshold_count(self.name, num_thresholds, 1)
        self.class_id = None if class_id is None else whole(self.name, class_id, 0, "class_id")
        spread = [i / max(num_thresholds - 1, 1) for i in range(num_thresholds)]
        self.thresholds = spread if num_thresholds > 1 else [0.5]
        self._counts = ThresholdCounts(self.name, self.thresholds, class_id=self.class_id)

    def _ratios(self, tp: Float64, fp: Float64, tn: Float64, fn: Float64) -> tuple[Float64, Float64]:
        """What must reach the value, and what is then made largest."""
        raise NotImplementedError(f"{type(self).__name__} does not say which ratios it compares")

    def result(self) -> Any:
        bound, wanted = self._ratios(*self._counts.counts())
        return float(np.where(bound >= self.value, wanted, 0.0).max())

    def get_config(self) -> dict[str, Any]:
        config = {"num_thresholds": self.num_thresholds, self._argument: self.value, "class_id": self.class_id}
        return {**super().get_config(), **config}


class SensitivityAtSpecificity(_AtValue):
    """The largest TP / (TP + FN) with TN / (TN + FP) at least `specificity`; arguments as for `PrecisionAtRecall`."""

    _argument = "specificity"

    def __init__(
        self, specificity: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def _ratios(self, tp: Float64, fp: Float64, tn: Float64, fn: Float64) -> tuple[Float64, Float64]:
        return quotient(tn, tn + fp), quotient(tp, tp + fn)


class SpecificityAtSensitivity(_AtValue):
    """The largest TN / (TN + FP) with TP / (TP + FN) at least `sensitivity`; arguments as for `PrecisionAtRecall`."""

    _argument = "sensitivity"

    def __init__(
        self, sensitivity: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def _ratios(self, tp: Float64, fp: Float64, tn: Float64, fn: Float64) -> tuple[Float64, Float64]:
        return quotient(tp, tp + fn), quotient(tn, tn + fp)


class PrecisionAtRecall(_AtValue):
    """The largest TP / (TP + FP) with TP / (TP + FN) at least `recall`.

    Args:
        recall: from 0 to 1.
        num_thresholds: how many thresholds from 0 to 1 are tried; 1 is 0.5.
        class_id: only this class counts.
        name: the key in histories.
        dtype: None or "float32".
    """

    _argument = "recall"

    def __init__(
        self, recall: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def _ratios(self, tp: Float64, fp: Float64, tn: Float64, fn: Float64) -> tuple[Float64, Float64]:
        return quotient(tp, tp + fn), quotient(tp, tp + fp)


class RecallAtPrecision(_AtValue):
    """The largest TP / (TP + FN) with TP / (TP + FP) at least `precision`; arguments as for `PrecisionAtRecall`."""

    _argument = "precision"

    def __init__(
        self, precision: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def _ratios(self, tp: Float64, fp: Float64, tn: Float64, fn: Float64) -> tuple[Float64, Float64]:
        return quotient(tp, tp + fp), quotient(tp, tp + fn)

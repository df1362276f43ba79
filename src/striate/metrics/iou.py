"""Intersection over union of what is and what was said, for segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.checks import number, whole
from striate.errors import ShapeError, StriateError
from striate.lookup import snake_case
from striate.metrics.base import Metric

EPSILON = 1e-7
MOST_CLASSES = 10_000  # of which each pair is counted


class IoU(Metric):
    """The mean over some classes of TP / (TP + FP + FN); classes that neither are nor were said do not count.

    Args:
        num_classes: how many classes there are; labels and predictions outside them are passed over.
        target_class_ids: the classes of the mean.
        name: the key in histories.
        dtype: None, "float32" or a name of whole numbers; sample weights count as they are with each.
        ignore_class: a label that is passed over.
        sparse_y_true, sparse_y_pred: whether labels, predictions are class numbers rather than one for each class.
        axis: where the classes of those that are not class numbers lie.
    """

    direction = "up"

    def __init__(
        self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: str | None = None,
        ignore_class: int | None = None, sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1,
    ) -> None:
        super().__init__(name or snake_case(type(self).__name__), None if dtype in ("int", "int32", "int64") else dtype)
        self.num_classes = _class_count(self.name, num_classes)
        self.target_class_ids = [whole(self.name, target, 0, "target_class_ids") for target in target_class_ids]
        if not self.target_class_ids or max(self.target_class_ids) >= num_classes:
            raise StriateError(
                f"{self.name}: got target_class_ids={self.target_class_ids}, expected classes from 0 to "
                f"{num_classes - 1}"
            )
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = bool(sparse_y_true), bool(sparse_y_pred)
        self.reset_state()

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        labels = self._classes(y_true, self.sparse_y_true)
        said = self._classes(y_pred, self.sparse_y_pred)
        if labels.size != said.size:
            raise ShapeError(f"{self.name}: {labels.size} labels for {said.size} predictions")
        counted = (labels >= 0) & (labels < self.num_classes) & (said >= 0) & (said < self.num_classes)
        if self.ignore_class is not None:
            counted &= labels != self.ignore_class
        place = labels[counted] * self.num_classes + said[counted]
        table = self._table.reshape(-1)
        if sample_weight is None:
            table += np.bincount(place, minlength=len(table))
            return
        weights = np.asarray(sample_weight, dtype=np.float64).reshape(-1)
        if labels.size % max(weights.size, 1) or not weights.size:
            raise ShapeError(f"{self.name}: {weights.size} sample weights for {labels.size} labels")
        np.add.at(table, place, np.repeat(weights, labels.size // weights.size)[counted])

    def _classes(self, values: ArrayLike, sparse: bool) -> NDArray[np.int64]:
        array = np.asarray(values)
        flat: NDArray[np.int64] = (array if sparse else array.argmax(axis=self.axis)).astype(np.int64).reshape(-1)
        return flat

    def result(self) -> Any:
        """The mean, from 0 to 1."""
        right = np.diag(self._table)[self.target_class_ids]
        union = (self._table.sum(axis=0) + self._table.sum(axis=1) - np.diag(self._table))[self.target_class_ids]
        there = union > 1e-9
        return float(np.where(there, right / (union + EPSILON), 0.0).sum() / (there.sum() + EPSILON))

    def reset_state(self) -> None:
        self._table = np.zeros((self.num_classes, self.num_classes))  # [label][prediction]

    def get_config(self) -> dict[str, Any]:
        config = {
            "num_classes": self.num_classes, "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class, "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred, "axis": self.axis,
        }  # fmt: skip
        return {**super().get_config(), **config}

    def _config_without(self, *names: str) -> dict[str, Any]:
        return {key: value for key, value in IoU.get_config(self).items() if key not in names}


class BinaryIoU(IoU):
    """`IoU` of the classes no (0) and yes (1), with outputs of at least `threshold` meaning yes.

    Args:
        target_class_ids: the classes of the mean.
        threshold: from 0 to 1.
        name: the key in histories.
        dtype: as for `IoU`.
    """

    def __init__(
        self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = number(self.name, "threshold", threshold, 0, 1)

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        said = np.asarray(y_pred, dtype=np.float32) >= np.float32(self.threshold)
        super().update_state(y_true, said, sample_weight)

    def get_config(self) -> dict[str, Any]:
        kept = self._config_without("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**kept, "threshold": self.threshold}


class MeanIoU(IoU):
    """`IoU` of all classes.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: as for `IoU`.
    """

    def __init__(
        self, num_classes: int, name: str | None = None, dtype: str | None = None, ignore_class: int | None = None,
        sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1,
    ) -> None:
        classes = range(_class_count(name or snake_case(type(self).__name__), num_classes))
        super().__init__(num_classes, classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config_without("target_class_ids")


class OneHotIoU(IoU):
    """`IoU` for one-hot labels.

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: as for `IoU`.
    """

    def __init__(
        self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: str | None = None,
        ignore_class: int | None = None, sparse_y_pred: bool = False, axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config_without("sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` for one-hot labels.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: as for `IoU`.
    """

    def __init__(
        self, num_classes: int, name: str | None = None, dtype: str | None = None, ignore_class: int | None = None,
        sparse_y_pred: bool = False, axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config_without("target_class_ids", "sparse_y_true")


def _class_count(name: str, value: object) -> int:
    count = whole(name, value, 1, "num_classes")
    if count > MOST_CLASSES:
        raise StriateError(f"{name}: got num_classes={count}, expected at most {MOST_CLASSES:,}")
    return count

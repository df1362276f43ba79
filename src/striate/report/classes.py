"""Results by class: confusion, precision, recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.errors import ShapeError


@dataclass(frozen=True)
class ClassResult:
    """One class of a test.

    precision: of the images called this class, the part that is (0 when none was called so).
    recall: of the images of this class, the part that was recognised (0 when there are none).
    count: images of this class.
    """

    name: str
    precision: float
    recall: float
    count: int


class Results:
    """What a classifier said about test images, against what they are.

    Args:
        labels: the true classes, integers (n,) or (n, 1).
        probabilities: (n, classes), or (n, 1) for the probability of the second of two classes.
        class_names: a name for each class; numbers where names are missing.
    """

    def __init__(self, labels: ArrayLike, probabilities: ArrayLike, class_names: Sequence[str] = ()) -> None:
        chances = np.asarray(probabilities, np.float32)
        if chances.ndim == 2 and chances.shape[1] == 1:
            chances = np.concatenate([1 - chances, chances], axis=1)
        self.probabilities: NDArray[np.float32] = chances
        self.labels: NDArray[np.int64] = np.asarray(labels).astype(np.int64).reshape(-1)
        if chances.ndim != 2 or len(chances) != len(self.labels) or not len(chances):
            raise ShapeError(f"results: {chances.shape} probabilities do not fit {len(self.labels)} labels")
        classes = chances.shape[1]
        if self.labels.min() < 0 or self.labels.max() >= classes:
            raise ShapeError(f"results: labels up to {self.labels.max()}, but the model knows {classes} classes")
        self.class_names = [str(class_names[i]) if i < len(class_names) else str(i) for i in range(classes)]
        self.predicted: NDArray[np.int64] = np.argmax(chances, axis=1)
        self.confidence: NDArray[np.float32] = chances[np.arange(len(chances)), self.predicted]

    @property
    def accuracy(self) -> float:
        """The part of the images recognised."""
        return float(np.mean(self.predicted == self.labels))

    def confusion(self) -> NDArray[np.int64]:
        """(classes, classes): how many images of the row's class were called the column's."""
        classes = len(self.class_names)
        counts = np.bincount(self.labels * classes + self.predicted, minlength=classes * classes)
        return counts.reshape(classes, classes)

    def by_class(self) -> list[ClassResult]:
        """One result for each class."""
        matrix = self.confusion()
        right, called, there = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)
        precision, recall = right / np.maximum(called, 1), right / np.maximum(there, 1)
        return [
            ClassResult(name, float(precision[i]), float(recall[i]), int(there[i]))
            for i, name in enumerate(self.class_names)
        ]

    def surest_wrong(self, count: int) -> list[int]:
        """Indices of the images called wrongly with the most confidence, surest first."""
        return self._by_confidence(self.predicted != self.labels)[:count]

    def surest_right(self, count: int) -> list[int]:
        """The image recognised with the most confidence of each class, for the `count` surest classes."""
        first: dict[int, int] = {}
        for index in self._by_confidence(self.predicted == self.labels):
            first.setdefault(int(self.labels[index]), index)
        return list(first.values())[:count]

    def _by_confidence(self, among: NDArray[np.bool_]) -> list[int]:
        chosen = np.flatnonzero(among)
        return [int(index) for index in chosen[np.argsort(-self.confidence[chosen], kind="stable")]]

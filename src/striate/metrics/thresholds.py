"""Right and wrong at each of many thresholds, counted exactly: what precision, recall and areas rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.checks import whole
from striate.errors import ShapeError, StriateError
from striate.metrics.base import Float64, one_rank

FAR_BELOW = -1e10  # what outputs outside the k largest count as, as in Keras
MOST_THRESHOLDS = 1_000_000


class ThresholdCounts:
    """How many (or what weight of) examples of yes and of no lie above each threshold.

    An output means yes when it is greater than the threshold. For each label there is a histogram over the number of
    thresholds below the output, so counts of a stream do not depend on the pieces it comes in.

    Args:
        name: of the metric, for errors.
        thresholds: in any order.
        top_k: only the k largest outputs of an example can mean yes.
        class_id: only this class counts.
    """

    def __init__(
        self, name: str, thresholds: Sequence[float], top_k: int | None = None, class_id: int | None = None
    ) -> None:
        self.name, self.top_k, self.class_id = name, top_k, class_id
        self.thresholds = np.asarray(thresholds, dtype=np.float32)
        self._order = np.argsort(self.thresholds, kind="stable")
        self._even = _evenly_spread(self.thresholds)
        self.reset()

    def reset(self) -> None:
        """Forget all examples."""
        self._histogram: Float64 | None = None  # [no, yes][column][number of thresholds below]

    def add(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None, by_column: bool = False,
        column_weights: Float64 | None = None,
    ) -> None:
        """Take in examples.

        Args:
            y_true: labels; all but 0 mean yes.
            y_pred: outputs, shaped like the labels.
            sample_weight: one for each example, or for each output.
            by_column: count each column of two-dimensional outputs for itself.
            column_weights: factors for the columns' examples.
        """
        labels, outputs = one_rank(np.asarray(y_true), np.asarray(y_pred, dtype=np.float32))
        weights = _weights(self.name, sample_weight, outputs)
        if self.top_k is not None:
            outputs = _only_largest(outputs, self.top_k)
        if self.class_id is not None:
            if outputs.ndim < 2 or not 0 <= self.class_id < outputs.shape[-1]:
                raise ShapeError(f"{self.name}: class_id={self.class_id} does not fit outputs of shape {outputs.shape}")
            chosen = (..., slice(self.class_id, self.class_id + 1))
            labels, outputs = labels[chosen], outputs[chosen]
            weights = None if weights is None else weights[chosen]
        if by_column and outputs.ndim != 2:
            raise ShapeError(f"{self.name}: got outputs of shape {outputs.shape}, expected two axes (examples, labels)")
        if column_weights is not None:
            weights = np.broadcast_to(column_weights, outputs.shape) * (1.0 if weights is None else weights)
        columns = outputs.shape[-1] if by_column else 1
        bins = len(self.thresholds) + 1
        column = np.broadcast_to(np.arange(columns), outputs.shape) if by_column else 0
        place = ((labels != 0) * columns + column) * bins + self._thresholds_below(outputs)
        if self._histogram is None:
            self._histogram = np.zeros((2, columns, bins))
        elif self._histogram.shape[1] != columns:
            raise ShapeError(f"{self.name}: got {columns} labels after {self._histogram.shape[1]}")
        flat = self._histogram.reshape(-1)
        if weights is None:
            flat += np.bincount(place.reshape(-1), minlength=len(flat))
        else:  # one after the other, so that pieces of any size give the same bits
            np.add.at(flat, place.reshape(-1), np.ascontiguousarray(weights).reshape(-1))

    def counts(self) -> tuple[Float64, Float64, Float64, Float64]:
        """True positives, false positives, true negatives, false negatives: [threshold], or [threshold][column]."""
        bins = len(self.thresholds) + 1
        histogram = np.zeros((2, 1, bins)) if self._histogram is None else self._histogram
        above = np.cumsum(histogram[..., ::-1], axis=-1)[..., -2::-1]  # of the thresholds in ascending order
        totals = histogram.sum(axis=-1, keepdims=True)
        ascending = np.stack([above[1], above[0], (totals - above)[0], (totals - above)[1]])
        given = np.empty_like(ascending)
        given[..., self._order] = ascending
        tp, fp, tn, fn = np.moveaxis(given, -1, 1)
        return (tp, fp, tn, fn) if histogram.shape[1] > 1 else (tp[:, 0], fp[:, 0], tn[:, 0], fn[:, 0])

    def _thresholds_below(self, outputs: NDArray[np.float32]) -> NDArray[np.int64]:
        """How many thresholds each output exceeds; of evenly spread ones by Keras's formula, rounding included."""
        if not self._even:
            found: NDArray[np.int64] = np.searchsorted(self.thresholds[self._order], outputs, side="left")
            return found
        steps = np.float32(len(self.thresholds) - 1)
        below = np.ceil(np.clip(outputs, 0, 1) * steps).astype(np.int64)
        reaching_out = self.thresholds[0] < 0 or self.thresholds[-1] > 1
        counted: NDArray[np.int64] = np.maximum(below, 1) if reaching_out else below
        return counted


def quotient(a: Float64, b: Float64) -> Float64:
    """a / b, 0 where b is 0."""
    result: Float64 = np.divide(a, b, out=np.zeros_like(a), where=b != 0)
    return result


def one_or_all(values: Float64) -> Any:
    """A number for one threshold, an array for several."""
    return float(values[0]) if len(values) == 1 else values


def threshold_count(name: str, value: object, minimum: int) -> int:
    """How many evenly spread thresholds: a whole number from `minimum` to a million, as they are listed."""
    count = whole(name, value, minimum, "num_thresholds")
    if count > MOST_THRESHOLDS:
        raise StriateError(f"{name}: got num_thresholds={count}, expected at most {MOST_THRESHOLDS:,}")
    return count


def parse_thresholds(name: str, thresholds: float | Sequence[float] | None, default: float) -> list[float]:
    """One threshold or several as a list; each from 0 to 1."""
    if thresholds is None:
        return [default]
    listed = [float(t) for t in np.atleast_1d(np.asarray(thresholds, dtype=np.float64))]
    if not listed or not all(0 <= t <= 1 for t in listed):
        raise StriateError(f"{name}: got thresholds={thresholds!r}, expected numbers from 0 to 1")
    return listed


def _evenly_spread(thresholds: NDArray[np.float32]) -> bool:
    count = len(thresholds)
    return count >= 3 and bool(np.allclose(thresholds, np.arange(count, dtype=np.float32) / (count - 1), atol=1e-7))


def _only_largest(outputs: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Outputs with all but the k largest of each example far below every threshold."""
    largest = np.argsort(-outputs, axis=-1, kind="stable")[..., :k]
    kept = np.full_like(outputs, FAR_BELOW)
    np.put_along_axis(kept, largest, np.take_along_axis(outputs, largest, axis=-1), axis=-1)
    return kept


def _weights(name: str, sample_weight: ArrayLike | None, outputs: NDArray[np.float32]) -> Float64 | None:
    """Weights of examples spread over their outputs."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64)
    try:
        return np.broadcast_to(weights.reshape(weights.shape + (1,) * (outputs.ndim - weights.ndim)), outputs.shape)
    except ValueError:
        raise ShapeError(
            f"{name}: sample weights of shape {weights.shape} do not fit outputs of shape {outputs.shape}"
        ) from None

"""Metrics as means over a stream of examples, exact and independent of how the stream is cut into pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.errors import ShapeError, StriateError
from striate.lookup import snake_case
from striate.tensors import State, handing_out

Float64 = NDArray[np.float64]
MetricFunction = Callable[..., ArrayLike]


class Metric:
    """Base of metrics: fed with pieces of a data set, shows one number for all of it.

    Your own subclass defines `update_state` and `result`, on arrays, and keeps what it needs in attributes: numbers and
    arrays, which its `reset_state` sets back, or what `add_weight` gave, which is set to zero by itself.

    Attributes:
        direction: "up" when larger is better, "down" when smaller is, None when unknown; for callbacks in mode "auto".
        scalar: whether the result is one number rather than an array, as training wants it.
    """

    direction: Literal["up", "down"] | None = None
    scalar: bool = True

    def __init_subclass__(cls, **options: Any) -> None:
        """Results are tensors, as Keras's are, whatever a subclass computes them with."""
        super().__init_subclass__(**options)
        if "result" in vars(cls):
            cls.result = handing_out(vars(cls)["result"])  # type: ignore[method-assign]

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        name = name or snake_case(type(self).__name__)
        if dtype not in (None, "float32"):
            raise StriateError(f'{name}: got dtype={dtype!r}, expected None or "float32"')
        self.name = name
        self._states: list[State] = []

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in some more examples."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state")

    def result(self) -> Any:
        """The value over all examples since the last reset: a number, of some metrics an array."""
        raise NotImplementedError(f"{type(self).__name__} has no result")

    def reset_state(self) -> None:
        """Forget all examples: what `add_weight` gave becomes zero."""
        if not self._states:
            raise NotImplementedError(f"{type(self).__name__} has no reset_state")
        for state in self._states:
            state.assign(np.zeros(state.shape))

    def reset_states(self) -> None:
        """`reset_state`, as Keras 2 called it."""
        self.reset_state()

    def add_weight(
        self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, name: str | None = None, **options: Any
    ) -> State:
        """A number or an array that `assign`, `assign_add` and `assign_sub` change.

        Args:
            shape: () for a number; in Keras 2's order of arguments the name comes first.
            initializer: as for layers.
            dtype: the type of the numbers; float32 if not given.
            name: for the reader.
            **options: Keras 2's `aggregation` and `synchronization`, without effect.
        """
        from striate import initializers

        if isinstance(shape, str):
            shape, name = (), shape
        make = initializers.get(initializer) or initializers.Zeros()
        kind = np.dtype(getattr(dtype, "name", dtype) or "float32")
        state = np.array(make(tuple(shape), dtype="float32"), dtype=kind).view(State)
        state.name = name or "state"
        self._states.append(state)
        return state

    @property
    def variables(self) -> list[State]:
        """What `add_weight` gave."""
        return list(self._states)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in some more examples and return the value over all."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {"name": self.name, "dtype": "float32"}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Metric:
        """The metric of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class RunningMean:
    """sum(w v) / sum(w) of a stream. Adds strictly from left to right, so pieces of any size give the same bits."""

    def __init__(self) -> None:
        self.total = 0.0
        self.count = 0.0

    def add(self, values: Float64, weights: Float64 | None = None) -> None:
        if len(values) == 0:
            return
        if weights is None:
            self.total = float(append(self.total, values))
            self.count += len(values)
        else:
            self.total = float(append(self.total, values * weights))
            self.count = float(append(self.count, weights))

    def value(self) -> float:
        return self.total / self.count if self.count else 0.0


class Mean(Metric):
    """The (weighted) mean of the values it is given: sum(w v) / sum(w).

    Args:
        name: the key in histories.
        dtype: None or "float32".
    """

    def __init__(self, name: str = "mean", dtype: str | None = None) -> None:
        super().__init__(name, dtype)
        self._mean = RunningMean()

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:  # type: ignore[override]
        """Take in values: a number, or an array whose first axis is the examples; the other axes are averaged."""
        by_example, weights = by_examples(self.name, np.asarray(values, dtype=np.float64), sample_weight)
        self._mean.add(by_example, weights)

    def result(self) -> float:
        return self._mean.value()

    def reset_state(self) -> None:
        self._mean = RunningMean()


class Sum(Metric):
    """The (weighted) sum of the values it is given: sum(w v).

    Args:
        name: the key in histories.
        dtype: None or "float32".
    """

    def __init__(self, name: str = "sum", dtype: str | None = None) -> None:
        super().__init__(name, dtype)
        self._total = 0.0

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:  # type: ignore[override]
        """Take in values: a number, or an array whose first axis is the examples."""
        array = np.atleast_1d(np.asarray(values, dtype=np.float64))
        by_example = array.reshape(len(array), -1).sum(axis=1)
        _, weights = by_examples(self.name, by_example, sample_weight)
        self._total = float(append(self._total, by_example if weights is None else by_example * weights))

    def result(self) -> float:
        return self._total

    def reset_state(self) -> None:
        self._total = 0.0


class MeanMetricWrapper(Metric):
    """The mean over examples of a function `fn(y_true, y_pred, **kwargs)` on NumPy arrays.

    Args:
        fn: returns an array whose first axis is the examples; further axes are averaged.
        name: the key in histories; the function's name if None.
        dtype: None or "float32".
        kwargs: further arguments for `fn`.
    """

    def __init__(self, fn: MetricFunction, name: str | None = None, dtype: str | None = None, **kwargs: Any) -> None:
        super().__init__(name or str(getattr(fn, "__name__", type(fn).__name__)), dtype)
        self._fn = fn
        self._kwargs = kwargs
        self._mean = RunningMean()

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        values = np.asarray(self._fn(y_true, y_pred, **self._kwargs), dtype=np.float64)
        by_example, weights = by_examples(self.name, values, sample_weight)
        self._mean.add(by_example, weights)

    def result(self) -> float:
        return self._mean.value()

    def reset_state(self) -> None:
        self._mean = RunningMean()


def by_examples(name: str, values: Float64, sample_weight: ArrayLike | None) -> tuple[Float64, Float64 | None]:
    """One value and one weight for each example: further axes averaged, weights spread over the examples."""
    values = np.atleast_1d(values)
    if values.ndim > 1:
        values = values.reshape(len(values), -1).mean(axis=1)
    if sample_weight is None:
        return values, None
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.ndim > 1:
        weights = weights.reshape(len(weights), -1).mean(axis=1)
    if weights.ndim == 1 and len(weights) not in (1, len(values)):
        raise ShapeError(f"{name}: {len(weights)} sample weights for {len(values)} examples")
    return values, np.broadcast_to(weights, values.shape)


def append(total: float | Float64, values: Float64) -> Float64:
    """total + values[0] + values[1] + ..., in this order (NumPy's sum would pair them differently in each piece)."""
    result: Float64 = np.cumsum(np.concatenate((np.asarray(total)[np.newaxis], values)), axis=0)[-1]
    return result


def one_rank(labels: NDArray[Any], predictions: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both of one rank: a last axis of one is added where it is missing."""
    if labels.ndim == predictions.ndim - 1 and predictions.shape[-1] == 1:
        labels = labels[..., np.newaxis]
    elif labels.ndim == predictions.ndim + 1 and labels.shape[-1] == 1:
        predictions = predictions[..., np.newaxis]
    if labels.shape != predictions.shape:
        raise ShapeError(f"labels of shape {labels.shape} do not fit outputs of shape {predictions.shape}")
    return labels, predictions

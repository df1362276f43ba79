"""What all losses share: the mean over a batch, options, and arrays made to fit each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.errors import ShapeError, StriateError
from striate.graph import LossFunction
from striate.graph.training import LossKind
from striate.lookup import snake_case
from striate.losses.asked import Asked, known
from striate.tensors import wrapped

Float64 = NDArray[np.float64]
EPSILON = 1e-7  # Keras's: probabilities are kept this far from 0 and 1 before their logarithm
_MEANS = ("sum_over_batch_size", "mean")  # one by two names
_OTHER_REDUCTIONS = ("sum", "none", None)
_ENGINE_OPTIONS = {field.name for field in fields(LossFunction)} - {"kind"}


class Loss:
    """A loss of one output: sum_i w_i l_i / n over the n images of a batch, l_i the mean over the output's positions.

    Args:
        name: shown in configurations.
        reduction: "sum_over_batch_size", or "mean", which is the same, as networks are trained with; for calls on
            arrays also "sum", or "none" (or None) for a number at each example and position.
        dtype: None or "float32", the only precision that networks have.
        options: what the loss's function on arrays takes; they become attributes and part of the configuration.
    """

    kind: LossKind
    _compute: Callable[..., Float64]  # the same on arrays, (y_true, y_pred, **options)

    def __init__(
        self, name: str | None = None, reduction: str = "sum_over_batch_size", dtype: str | None = None, **options: Any
    ) -> None:
        name = name or snake_case(type(self).__name__)
        if reduction not in (*_MEANS, *_OTHER_REDUCTIONS):
            raise StriateError(
                f"{type(self).__name__}: got reduction={reduction!r}, expected one of {(*_MEANS, *_OTHER_REDUCTIONS)}"
            )
        if dtype not in (None, "float32"):
            raise StriateError(f'{type(self).__name__}: got dtype={dtype!r}, expected None or "float32"')
        self.name = name
        self.reduction = reduction
        self.options = options
        for option, value in options.items():
            setattr(self, option, value)

    @property
    def is_own(self) -> bool:
        """Whether it is of a class of the user's that says itself, in `call`, what it computes."""
        return not type(self).call.__module__.startswith("striate.")

    def check_trainable(self) -> None:
        """Raise StriateError if networks cannot be trained with it."""
        if self.reduction not in _MEANS:
            raise StriateError(
                f"{type(self).__name__}: got reduction={self.reduction!r}; networks are trained with "
                '"sum_over_batch_size", the mean over the batch'
            )

    def function(self) -> LossFunction:
        """The loss as engines know it."""
        return LossFunction(self.kind, **{key: value for key, value in self.options.items() if key in _ENGINE_OPTIONS})

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
        """The loss at each example and position, without weights."""
        return self._compute(y_true, y_pred, **self.options)

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
        """The loss of a batch.

        Args:
            y_true: targets, (n,) or (n, 1) classes for the sparse loss, else shaped like `y_pred`.
            y_pred: what the network said, (n, ..., classes or values).
            sample_weight: (n,), each example's weight; the sum is divided by n, not by the sum of weights.

        Returns:
            The mean over the batch or what `reduction` says, a tensor.

        Raises:
            ShapeError: targets or weights do not fit `y_pred`.
        """
        from striate.layers.symbolic import is_symbolic

        if isinstance(y_true, Asked) and not self.is_own:
            return known(self.kind, y_true, y_pred, **self.options)
        values: Any = self.call(y_true, y_pred)
        if is_symbolic(values):  # inside a loss of the user's own
            from striate.layers import operators

            return operators.reduced("mean", values, None, False)
        if sample_weight is not None:
            weights = np.asarray(sample_weight, dtype=np.float64).reshape(-1)
            if len(weights) != len(values):
                raise ShapeError(f"{self.name}: {len(weights)} sample weights for {len(values)} examples")
            values = values * weights.reshape(-1, *[1] * (values.ndim - 1))
        if self.reduction in _MEANS:
            return wrapped(values.mean())
        return wrapped(values.sum() if self.reduction == "sum" else values)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {"name": self.name, "reduction": self.reduction, **self.options}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Loss:
        """The loss of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def alike(name: str, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Float64, Float64]:
    """Both in double precision and of one shape; a missing or extra last axis of one is mended, as in Keras."""
    targets, predictions = np.asarray(y_true, dtype=np.float64), np.asarray(y_pred, dtype=np.float64)
    if targets.ndim == predictions.ndim - 1 and predictions.shape[-1] == 1:
        targets = targets[..., np.newaxis]
    elif targets.ndim == predictions.ndim + 1 and targets.shape[-1] == 1:
        predictions = predictions[..., np.newaxis]
    if targets.shape != predictions.shape:
        raise ShapeError(f"{name}: targets of shape {targets.shape} do not fit outputs of shape {predictions.shape}")
    return targets, predictions


def mean(values: Float64) -> Float64:
    """The mean over the last axis."""
    result: Float64 = values.mean(axis=-1)
    return result


def check_axis(name: str, axis: int) -> None:
    """Nothing but the last axis can be worked along."""
    if axis != -1:
        raise StriateError(f"{name}: got axis={axis!r}, expected -1: the classes are the last axis")

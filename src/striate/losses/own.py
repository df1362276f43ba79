"""Losses that the user writes: functions of symbolic tensors, which become operations of the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.lookup import own_form
from striate.losses.base import Float64, Loss
from striate.tensors import as_tensor


class OwnLoss(Loss):
    """The mean over a batch of function(y_true, y_pred), a number at each example (and position) or one for all.

    Args:
        function: called once on symbolic tensors, and on arrays where a value is wanted outside of training.
        name: shown in errors.
    """

    kind = "value"

    def __init__(self, function: Callable[[Any, Any], Any], name: str | None = None) -> None:
        super().__init__(name or getattr(function, "__name__", type(function).__name__), "sum_over_batch_size")
        self.of = function

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
        """The function's values; one for the whole batch is repeated for each example."""
        given = (as_tensor(np.asarray(value, np.float32)) for value in (y_true, y_pred))
        values = np.asarray(self.of(*given), np.float64)
        return values if values.ndim else np.full(len(np.asarray(y_pred)), values)

    def form(self) -> dict[str, Any]:
        """As Keras writes a function: by its name, which `load_model` looks up in custom_objects."""
        return own_form(self.name)

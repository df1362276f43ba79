"""Losses that the user writes: functions of symbolic tensors, which become operations of the network."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.errors import StriateError
from striate.lookup import own_form
from striate.losses.base import Float64, Loss
from striate.tensors import as_tensor


class OwnLoss(Loss):
    """The mean over a batch of function(y_true, y_pred), a number at each example (and position) or one for all.

    Args:
        function: called on symbolic tensors, and on arrays where a value is wanted outside of training.
        given: the object of a class of the user's whose `call` it is.

    Raises:
        StriateError: a function that does not take two arguments.
    """

    kind = "value"

    def __init__(self, function: Callable[[Any, Any], Any], given: Loss | None = None) -> None:
        name = given.name if given is not None else getattr(function, "__name__", type(function).__name__)
        super().__init__(name, "sum_over_batch_size")
        self.of, self._given = function, given
        try:
            inspect.signature(function).bind(None, None)
        except TypeError as error:
            raise StriateError(f"loss: {name} is to take (y_true, y_pred): {error}") from None
        except ValueError:  # of what has no signature: it is called all the same
            pass

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
        """The function's values; one for the whole batch is repeated for each example."""
        given = (as_tensor(np.asarray(value, np.float32)) for value in (y_true, y_pred))
        values = np.asarray(self.of(*given), np.float64)
        return values if values.ndim else np.full(len(np.asarray(y_pred)), values)

    @property
    def is_named(self) -> bool:
        """Whether a file can say what it is: lambdas have no name."""
        return self._given is not None or self.name.isidentifier()

    def form(self) -> dict[str, Any]:
        """As Keras writes it: a name, to be looked up in custom_objects, and the configuration of a class."""
        if self._given is None:
            return own_form(self.name)
        name = type(self._given).__name__
        return {"module": None, "class_name": name, "config": self._given.get_config(), "registered_name": name}

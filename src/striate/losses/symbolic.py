"""The commonest losses of symbolic tensors: what losses of the user's own are put together from.

The same formulas as the functions on arrays have, in operators and layers that the engine differentiates.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from striate.errors import UnavailableError
from striate.losses.asked import Asked, known
from striate.tensors import handing_out

P = ParamSpec("P")
T = TypeVar("T")
EPSILON = 1e-7


def of_tensors(function: Callable[P, T]) -> Callable[P, T]:
    """A loss function of arrays that takes symbolic tensors, too, where there is a formula for them."""
    on_arrays = handing_out(function)

    @wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> Any:
        from striate.layers.symbolic import is_symbolic

        if any(isinstance(value, Asked) for value in (*arguments, *options.values())):
            return _known(function, *arguments, **options)
        if not is_symbolic([*arguments, *options.values()]):
            return on_arrays(*arguments, **options)
        formula = _FORMULAS.get(function.__name__)
        if formula is None:
            raise UnavailableError(
                f"keras.losses.{function.__name__} inside another loss",
                f"{function.__name__}: got symbolic tensors", f"one of {', '.join(_FORMULAS)}, or its formula.",
            )  # fmt: skip
        return formula(*arguments, **options)

    return call


def _known(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What stands for the result of one of the engine's losses."""
    given = inspect.signature(function).bind(*arguments, **options).arguments
    found = known(function.__name__, given.pop("y_true"), given.pop("y_pred"), **given)
    if found is None:
        raise TypeError(f"{function.__name__} of something else than labels and outputs")
    return found


def _mean(x: Any) -> Any:
    from striate.layers import operators

    return operators.reduced("mean", x, -1, False)


def _sum(x: Any) -> Any:
    from striate.layers import operators

    return operators.reduced("sum", x, -1, False)


def _log(x: Any) -> Any:
    """log x, with x kept in [1e-7, 1 - 1e-7]."""
    from striate import layers
    from striate.layers.elementwise import Log

    above = layers.ReLU()(x - EPSILON) + EPSILON
    return Log()(1 - EPSILON - layers.ReLU()(1 - EPSILON - above))


def _activated(name: str, x: Any) -> Any:
    from striate import layers

    return layers.Activation(name)(x)


def _squared_error(y_true: Any, y_pred: Any) -> Any:
    return _mean((y_true - y_pred) ** 2)


def _absolute_error(y_true: Any, y_pred: Any) -> Any:
    return _mean(abs(y_true - y_pred))


def _huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """e^2 / 2 up to delta, then a line: with q = min(|e|, delta), q^2 / 2 + delta (|e| - q)."""
    from striate import layers

    error = abs(y_true - y_pred)
    beyond = layers.ReLU()(error - delta)
    return _mean(0.5 * (error - beyond) ** 2 + delta * beyond)


def _binary(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Any:
    t = y_true * (1 - label_smoothing) + label_smoothing / 2 if label_smoothing else y_true
    if from_logits:
        return _mean(_activated("softplus", y_pred) - t * y_pred)
    return _mean(binary_of_each(t, y_pred))


def binary_of_each(y_true: Any, y_pred: Any) -> Any:
    """-t log p - (1 - t) log(1 - p), for each number."""
    return -(y_true * _log(y_pred) + (1 - y_true) * _log(1 - y_pred))


def _categorical(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    classes = y_true.image_shape[-1]
    t = y_true * (1 - label_smoothing) + label_smoothing / classes if label_smoothing else y_true
    if from_logits:
        return -_sum(t * _activated("log_softmax", y_pred))
    from striate.layers import operators

    return -_sum(t * _log(y_pred / operators.reduced("sum", y_pred, -1, True)))


_FORMULAS: dict[str, Callable[..., Any]] = {
    "mean_squared_error": _squared_error,
    "mean_absolute_error": _absolute_error,
    "huber": _huber,
    "binary_crossentropy": _binary,
    "categorical_crossentropy": _categorical,
}

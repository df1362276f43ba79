"""Optimizers: how weights follow their gradients. Keras's names, arguments, defaults and formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.errors import StriateError
from striate.lookup import find, made, serialized
from striate.optimizers import schedules
from striate.optimizers.adam import Adam, Adamax, AdamW, Lion, Nadam
from striate.optimizers.adaptive import Adadelta, Adagrad, Ftrl, RMSprop
from striate.optimizers.base import Optimizer
from striate.optimizers.sgd import SGD

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "Optimizer", "RMSprop",
    "deserialize", "get", "schedules", "serialize",
]

_CLASSES: dict[str, type[Optimizer]] = {
    cls.__name__.lower(): cls
    for cls in (SGD, Adam, AdamW, Adamax, Nadam, RMSprop, Adagrad, Adadelta, Ftrl, Lion)
}

OptimizerLike = str | Mapping[str, Any] | Optimizer | type[Optimizer]


def get(identifier: OptimizerLike) -> Optimizer:
    """The optimizer of a name in any case ("adam"), a configuration, a class or an object.

    Raises:
        StriateError: nothing of the kind; the message gives the nearest names.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()  # type: ignore[call-arg]  # the subclasses need no argument
    if isinstance(identifier, str):
        return _find(identifier)()  # type: ignore[call-arg]
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    names = ", ".join(f'"{name}"' for name in _CLASSES)
    raise StriateError(f"optimizer: got {identifier!r}, expected an optimizer of striate.optimizers or one of {names}")


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The form in which Keras writes an optimizer."""
    return serialized("keras.optimizers", type(optimizer).__name__, optimizer.get_config())


def deserialize(form: Mapping[str, Any]) -> Optimizer:
    """The optimizer of a serialized form."""
    return made("optimizer", form, _find)


def _find(name: str) -> type[Optimizer]:
    return find("optimizer", name.lower(), _CLASSES)

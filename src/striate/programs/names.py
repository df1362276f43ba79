"""Full names of TensorFlow and Keras, looked up in Striate without running anything of a program's."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from striate.programs.answering import BETWEEN, own_module, own_name, public_name
from striate.programs.kinds import has, names_in


class Absent(LookupError):
    """A full name that Striate lacks.

    Attributes:
        name: as far as the first part that is not there, under the name that Keras or TensorFlow has for it.
        known: the names that stand where the last part would.
    """

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(name)
        self.name, self.known = name, known


def look_up(name: str) -> Any:
    """What a full name such as tensorflow.keras.layers.Dense stands for; None for attributes of objects.

    Raises:
        Absent: nothing of that name.
    """
    root, *parts = name.split(".")
    at, module = root, own_module(root)
    found: Any = module
    for number, part in enumerate(parts):
        if found is not None and not isinstance(found, ModuleType):
            return _inside(found, at, parts[number:])
        before, at = at, f"{at}.{part}"
        inner = own_module(at)
        if inner is not None or at in BETWEEN:
            found = inner
        elif found is None or not hasattr(found, part):
            raise Absent(public_name(own_name(at)), public_names(before))
        else:
            found = getattr(found, part)
    return found


def _inside(value: Any, at: str, parts: list[str]) -> Any:
    """What attributes of a class stand for."""
    for part in parts:
        if not isinstance(value, type):
            return None
        if not has(value, part):
            raise Absent(f"{public_name(own_name(at))}.{part}", names_in(value))
        at, value = f"{at}.{part}", getattr(value, part, None)
    return value


def public_names(module: str) -> list[str]:
    """The names that `from MODULE import *` brings."""
    found = own_module(module)
    listed = getattr(found, "__all__", None)
    names = dir(found) if listed is None and found is not None else listed or []
    return [name for name in names if not name.startswith("_")]


def keywords_of(function: Any) -> set[str] | None:
    """The keywords that a layer, an optimizer or a function of Striate's takes; None where that cannot be told."""
    function = getattr(function, "__func__", function)  # of a class method
    if isinstance(function, type):
        from striate.layers import Layer
        from striate.layers.former import FORMER
        from striate.layers.naming import arguments_of
        from striate.models import Model
        from striate.optimizers import Optimizer

        if issubclass(function, Layer) and not issubclass(function, Model):
            return arguments_of(function) | FORMER
        former = {"lr", "decay", "jit_compile"} if issubclass(function, Optimizer) else set()
    elif inspect.isfunction(function):
        former = set()
    else:
        return None
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return former | {parameter.name for parameter in parameters}

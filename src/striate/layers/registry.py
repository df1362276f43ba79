"""Layers by name: what makes them from configurations and files. Nothing but these classes is ever made from a file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from striate import lookup
from striate.errors import StriateError
from striate.layers.base import Layer
from striate.layers.configuration import serialize

__all__ = ["LAYERS", "deserialize", "find", "get", "serialize"]


def _families() -> list[ModuleType]:
    """The modules of this package besides this one."""
    package = import_module("striate.layers")
    names = [f"{package.__name__}.{found.name}" for found in iter_modules(package.__path__)]
    return [import_module(name) for name in names if name != __name__]


# Every layer and alias that a family's module defines, by its name.
LAYERS: dict[str, type[Layer]] = {
    name: value
    for family in _families()
    for name, value in vars(family).items()
    if isinstance(value, type) and issubclass(value, Layer) and not value._common
}


def find(name: str, custom_objects: Mapping[str, type[Layer]] | None = None) -> type[Layer]:
    """The class of a name; `custom_objects` come first."""
    return lookup.find("layer", name, {**LAYERS, **(custom_objects or {})})


def get(identifier: str | Mapping[str, Any] | type[Layer] | Layer) -> Layer:
    """The layer of a serialized form, a name or a class (then with its defaults), or itself."""
    if isinstance(identifier, Layer):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return find(identifier).from_config({})
    if isinstance(identifier, type) and issubclass(identifier, Layer):
        return identifier.from_config({})
    raise StriateError(f"layers: got {identifier!r}, expected a layer such as striate.layers.Dense(10)")


def deserialize(form: Mapping[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Layer:
    """The layer of a serialized form, with new parameters.

    Args:
        form: what `serialize` or Keras wrote.
        custom_objects: your own classes by name.

    Raises:
        StriateError: an unknown class, or a configuration that does not fit it.
    """
    return lookup.made("layer", form, lambda name: find(name, custom_objects))

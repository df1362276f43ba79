"""Functions and classes of the user's own by name, as `keras.saving` keeps them: for `load_model` and `activation=`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from striate.errors import StriateError
from striate.lookup import own_objects, registered

__all__ = [
    "CustomObjectScope", "custom_object_scope", "get_custom_objects", "get_registered_name", "get_registered_object",
    "register_keras_serializable",
]  # fmt: skip

Thing = TypeVar("Thing", bound=Callable[..., Any])


def get_custom_objects() -> dict[str, Any]:
    """What is registered, by name; what is put into it is registered, too."""
    return registered


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Thing], Thing]:
    """A decorator that registers a function or a class, as `name` and as `package>name`.

    Raises:
        StriateError: something else than a function or a class.
    """

    def register(thing: Thing) -> Thing:
        if not callable(thing) or not hasattr(thing, "__name__"):
            raise StriateError(f"register_keras_serializable: got {thing!r}, expected a function or a class")
        own = name or thing.__name__
        registered.update({own: thing, f"{package}>{own}": thing})
        return thing

    return register


def custom_object_scope(custom_objects: dict[str, Any]) -> AbstractContextManager[None]:
    """Inside, further names; in the form of a `with` statement.

    Raises:
        StriateError: no dictionary.
    """
    if not isinstance(custom_objects, dict):
        raise StriateError(f"custom_object_scope: got {custom_objects!r}, expected a dictionary by name")
    return own_objects(custom_objects)


CustomObjectScope = custom_object_scope


def get_registered_name(obj: Any) -> str:
    """The name under which a function or a class is registered with its package, or else its own."""
    found = [name for name, thing in registered.items() if thing is obj]
    return max(found, key=len) if found else str(obj.__name__)


def get_registered_object(
    name: str, custom_objects: dict[str, Any] | None = None, module_objects: dict[str, Any] | None = None
) -> Any:
    """What a name stands for; None if nothing."""
    for objects in (custom_objects or {}, registered, module_objects or {}):
        if name in objects:
            return objects[name]
    return None

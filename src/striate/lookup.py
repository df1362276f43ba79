"""Finding things by name, and the form in which Keras writes objects into configurations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from striate.errors import StriateError

T = TypeVar("T")
_own_objects: ContextVar[Mapping[str, Any]] = ContextVar("own_objects", default={})  # noqa: B039 (never changed)
registered: dict[str, Any] = {}  # the same for as long as the program runs


@contextmanager
def own_objects(objects: Mapping[str, Any]) -> Iterator[None]:
    """Inside, names in files stand for these functions and classes of the user's own first."""
    before = _own_objects.set({**_own_objects.get(), **objects})
    try:
        yield
    finally:
        _own_objects.reset(before)


def own_object(name: str) -> Any:
    """What `own_objects` has under a name, or what is registered under it; None if nothing."""
    return _own_objects.get().get(name, registered.get(name))


def own_form(name: str) -> dict[str, Any]:
    """The form in which Keras 3 writes a function of the user's own: its name alone."""
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def likely(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that look like a name, the likeliest first."""
    from difflib import SequenceMatcher

    likeness = {
        candidate: SequenceMatcher(None, name.lower(), candidate.lower()).ratio() for candidate in sorted(set(known))
    }
    best = max(likeness.values(), default=0.0)
    close = [candidate for candidate in likeness if likeness[candidate] >= max(best - 0.1, 0.6)]
    return sorted(close, key=lambda candidate: -likeness[candidate])[:3]


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error about an unknown name: the names that look like it, or else all of them."""
    known = sorted(set(known))
    close = likely(name, known)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"known are {', '.join(known)}"


def find(what: str, name: str, known: Mapping[str, T], others: Iterable[str] = ()) -> T:
    """What a name stands for: a loss, a layer, ...; `others` are names that the error mentions, too."""
    if name not in known:
        raise StriateError(f"unknown {what} {name!r}: {nearest(name, [*known, *others])}")
    return known[name]


def snake_case(name: str) -> str:
    """Keras's spelling of a class name: conv2d for Conv2D, max_pooling2d for MaxPooling2D, re_lu for ReLU."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def serialized(module: str, class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """The form in which Keras 3 writes an object."""
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def class_and_config(form: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Class name and configuration of a serialized object, or None when it is not of that form."""
    name, config = form.get("class_name"), form.get("config")
    if not isinstance(name, str) or not isinstance(config, Mapping):
        return None
    return name.rsplit(">", 1)[-1], dict(config)  # Keras 2 wrote "package>Name"


def made(what: str, form: Mapping[str, Any], class_of: Callable[[str], type[T]]) -> T:
    """The object of a serialized form: its class makes it from its configuration."""
    found = class_and_config(form)
    if found is None:
        raise StriateError(f"{what}: got {dict(form)!r}, expected a form with class_name and config")
    cls: Any = class_of(found[0])
    result: T = cls.from_config(found[1])
    return result

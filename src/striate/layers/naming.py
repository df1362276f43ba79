"""Names of layers, and the error about an argument that no layer has."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from striate.errors import StriateError
from striate.lookup import nearest, snake_case

_counts: Counter[str] = Counter()


def automatic_name(class_name: str) -> str:
    """conv2d, conv2d_1, conv2d_2, ... for layers that come without a name."""
    prefix = snake_case(class_name)
    count = _counts[prefix]
    _counts[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def reset_names() -> None:
    """Start counting again."""
    _counts.clear()


@contextmanager
def apart() -> Iterator[None]:
    """Names made meanwhile are counted by themselves, and forgotten after."""
    before = Counter(_counts)
    _counts.clear()
    try:
        yield
    finally:
        _counts.clear()
        _counts.update(before)


def clear_session(free_memory: bool = True) -> None:
    """Start automatic names anew, as Keras's function does. Models are freed as soon as nothing refers to them.

    free_memory: without effect.
    """
    reset_names()


def unknown_argument(cls: type, argument: str) -> StriateError:
    """The error about an argument that a class does not take."""
    return StriateError(f"{cls.__name__}: unknown argument {argument!r}; {nearest(argument, arguments_of(cls))}")


def arguments_of(cls: type) -> set[str]:
    """The names of all arguments that a class takes, those that it hands on to its bases included."""
    return {
        name
        for base in cls.__mro__
        if "__init__" in vars(base) and base is not object
        for name, parameter in inspect.signature(base.__init__).parameters.items()  # type: ignore[misc]
        if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
    }

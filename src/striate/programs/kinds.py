"""What is known of an object without running the program that makes it: its class, and what objects of it have."""

from __future__ import annotations

import ast
import dis
import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from striate.errors import UnavailableError

# Methods in which programs say what layers, models, losses and optimizers compute.
CODE = ("call", "train_step", "test_step", "predict_step", "compute_loss", "update_step", "apply_gradients")


def kind_made_by(function: Any) -> type | None:
    """The class of Striate's whose object a call gives: of the class itself, or what a function says it returns."""
    if isinstance(function, type):
        return function if _is_ours(function) else None
    said = getattr(function, "__annotations__", {}).get("return")
    if isinstance(said, str):
        from striate import images

        space = {**vars(images), **getattr(inspect.unwrap(function), "__globals__", {})}
        said = space.get(said)
    return said if isinstance(said, type) and _is_ours(said) else None


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "striate"


def names_in(kind: type) -> list[str]:
    """The public names of a class."""
    return [name for name in dir(kind) if not name.startswith("_")]


def has(kind: type, name: str) -> bool:
    """Whether objects of a class, or of one of those derived from it, may have an attribute."""
    family = [kind, *_derived(kind)]
    if name.startswith("_") or any(hasattr(one, name) for one in family):
        return True
    ancestors = {ancestor for one in family for ancestor in one.__mro__}
    if any("__getattr__" in vars(one) or name in vars(one).get("__annotations__", {}) for one in ancestors):
        return True
    return any(name in _set_by(function) for one in ancestors for function in _functions(one))


def _derived(kind: type) -> Iterator[type]:
    subclasses: list[type] = type.__subclasses__(kind)
    for derived in subclasses:
        yield derived
        yield from _derived(derived)


def _functions(kind: type) -> Iterator[FunctionType]:
    for value in vars(kind).values():
        function = inspect.unwrap(value) if callable(value) else getattr(value, "fget", None) or value
        if isinstance(function, FunctionType):
            yield function


def _set_by(function: FunctionType) -> set[str]:
    """The attributes that a function sets; of what, does not matter."""
    return {step.argval for step in dis.get_instructions(function) if step.opname == "STORE_ATTR"}


def refused(kind: type, method: str) -> str | None:
    """What there is instead where classes derived from one of Striate's may not define a method; else None."""
    if method not in CODE or not _is_ours(kind):
        return None
    try:
        type(kind)("Derived", (kind,), {method: lambda self: None, "__module__": "__main__"})
    except UnavailableError as error:
        return error.instead
    return None


def set_names(tree: ast.AST) -> set[str]:
    """Attributes that a program sets itself, on whatever object."""
    return {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load)}


def asked_names(tree: ast.AST) -> set[str]:
    """Attributes that a program does not count on: it asks hasattr, or getattr with something else in their place."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            asks = (node.func.id, len(node.args)) in (("hasattr", 2), ("getattr", 3))
            if asks and isinstance(node.args[1], ast.Constant):
                found.add(str(node.args[1].value))
    return found


def shared_names(tree: ast.AST) -> set[str]:
    """Variables that functions change from inside, so that their order in the text says nothing."""
    return {name for node in ast.walk(tree) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}



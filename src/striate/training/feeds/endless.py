"""Whether an iterator is known never to end, before it is begun."""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
import itertools
import operator
import textwrap
from collections.abc import Iterator
from types import CodeType, GeneratorType
from typing import Any


def is_endless(iterator: Any) -> bool:
    """True only where it is sure: itertools' endless ones, iterators of images (which begin again), what map, zip,
    enumerate and generator expressions make of them, and generators with a `while True:` that has a `yield` in it and
    no way out."""
    if hasattr(iterator, "__next__") and hasattr(iterator, "total_batches_seen"):  # what `flow` and its like return
        return True
    if getattr(iterator, "endless", False) is True:  # of a Dataset
        return True
    if isinstance(iterator, (itertools.cycle, itertools.count)):
        return True
    if isinstance(iterator, itertools.repeat):
        return operator.length_hint(iterator, -1) == -1  # without a number of times it has no length
    if isinstance(iterator, (map, zip, enumerate)):
        inner = _inner(iterator)
        return bool(inner) and all(map(is_endless, inner))
    frame = iterator.gi_frame if isinstance(iterator, GeneratorType) else None
    if frame is None:
        return False
    if frame.f_code.co_name == "<genexpr>":
        return is_endless(frame.f_locals[".0"])
    return _has_no_return(frame.f_code) or _never_returns(frame.f_code, {**frame.f_globals, **frame.f_locals})


def _inner(iterator: Iterator[Any]) -> list[Any]:
    """What a map, zip or enumerate goes through."""
    arguments = iterator.__reduce__()[1]
    assert isinstance(arguments, tuple)
    if isinstance(iterator, map):
        return list(arguments[1:])
    return list(arguments[:1]) if isinstance(iterator, enumerate) else list(arguments)


def _has_no_return(code: CodeType) -> bool:
    """Whether the compiler found no way to a generator's end; code typed at a prompt has no source to be read."""
    ways_out = ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS")
    return not any(instruction.opname in ways_out for instruction in dis.get_instructions(code))


def _never_returns(code: CodeType, names: dict[str, Any]) -> bool:
    """Whether a generator's function ends in an endless loop, as far as its source and the values of names say."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError, ValueError):  # typed at a prompt, or a part of a larger statement
        return False
    for node in tree.body[:1]:
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            names = {**names, **_bound_in(node.body)}
            return not _leaves(node.body) and any(_is_endless_loop(statement, names) for statement in node.body)
    return False


def _is_endless_loop(node: ast.stmt, names: dict[str, Any]) -> bool:
    """A loop without an end whose body yields."""
    if isinstance(node, ast.With):
        return any(_is_endless_loop(statement, names) for statement in node.body)
    if isinstance(node, ast.While):
        forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
    elif isinstance(node, ast.For):
        forever = _goes_on(node.iter, names)
    else:
        return False
    yields = any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in _own(node.body))
    return forever and yields and not _breaks(node.body)


def _bound_in(body: list[ast.stmt]) -> dict[str, Any]:
    """Names that get a value in a function: the expression, if there is one only, else None."""
    stored = [node.id for node in _own(body) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    found: dict[str, Any] = dict.fromkeys(stored)
    for node in body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            found[name] = node.value if stored.count(name) == 1 else None
    return found


def _goes_on(node: ast.expr, names: dict[str, Any]) -> bool:
    """Whether what a `for` goes through is known to have no end."""
    value = _value(node, names)
    if isinstance(value, ast.expr):
        return _goes_on(value, {**names, node.id: None} if isinstance(node, ast.Name) else names)
    if not isinstance(node, ast.Call):
        return hasattr(value, "__next__") and is_endless(value)
    called = _value(node.func, names)
    if called in (itertools.count, itertools.cycle):
        return True
    if called is zip:
        return bool(node.args) and all(_goes_on(argument, names) for argument in node.args)
    if called is enumerate:
        return _goes_on(node.args[0], names)
    return _makes_images(called)


def _makes_images(function: Any) -> bool:
    """Whether it is `flow` of an ImageDataGenerator, or one of its like."""
    owner = getattr(function, "__self__", None)
    return getattr(function, "__name__", "").startswith("flow") and hasattr(owner, "flow_from_directory")


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    """What a name, or a name in a module or an object, stands for; None if that is not known."""
    if isinstance(node, ast.Name):
        return names.get(node.id, getattr(builtins, node.id, None))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = names.get(node.value.id)
        known = inspect.ismodule(owner) or hasattr(owner, "flow_from_directory")
        return getattr(owner, node.attr, None) if known else None
    return None


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes but those of functions and classes inside."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether there is a return or a raise."""
    return any(isinstance(node, (ast.Return, ast.Raise)) for node in _own(body))


def _breaks(body: list[ast.stmt]) -> bool:
    """Whether a break leaves the loop that this is the body of."""
    for node in body:
        if isinstance(node, ast.Break):
            return True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        blocks = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
        blocks += [handler.body for handler in getattr(node, "handlers", [])]
        blocks += [case.body for case in getattr(node, "cases", [])]
        if isinstance(node, (ast.While, ast.For, ast.AsyncFor)):
            blocks = [node.orelse]  # a break in an inner loop's body is that loop's
        if any(map(_breaks, blocks)):
            return True
    return False

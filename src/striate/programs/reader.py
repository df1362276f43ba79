"""A program's text read for names of TensorFlow and Keras: imports, aliases, chains of attributes, keywords."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from striate.lookup import likely
from striate.programs.answering import is_answered
from striate.programs.kinds import asked_names, has, kind_made_by, names_in, refused, set_names, shared_names
from striate.programs.missing import instead, starred
from striate.programs.names import Absent, keywords_of, look_up, public_names

# What a program's names stand for: a full name, an object of a class, or something of its own (None).
Scope = dict[str, "str | type | None"]
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_ANY = frozenset({"Exception", "BaseException"})


@dataclass(frozen=True)
class Use:
    """A place where a program uses what Striate lacks.

    Attributes:
        name: in full, or a call with a keyword that is not known.
        place: such as "line 7" or "cell 3, line 7".
        part, line: the same as numbers.
        instead: what there is in its place.
    """

    name: str
    place: str
    part: int
    line: int
    instead: str


class Reader(ast.NodeVisitor):
    """Reads one or more parts of a program, in their order.

    What a function does is read after all that surrounds it, as it runs later. Names inside a `try` that catches their
    absence are the program's own affair and are passed over.

    A variable is followed as long as it is given objects of one class only.

    Attributes:
        lacking: the uses of what Striate lacks.
        used: the full names that are there.
    """

    def __init__(self) -> None:
        self.lacking: list[Use] = []
        self.used: set[str] = set()
        self._scopes: list[Scope] = [{}]
        self._later: list[tuple[list[Scope], frozenset[str], tuple[str, int], Callable[[], None]]] = []
        self._caught: frozenset[str] = frozenset()
        self._stars: list[str] = []  # modules of which all names are imported
        self._asked: set[str] = set()  # attributes that may be absent
        self._set: set[str] = set()  # those that objects get from the program
        self._shared: set[str] = set()  # variables that are not followed
        self._at = "", 0  # what stands before line numbers, and which part this is

    def read(self, tree: ast.Module, prefix: str = "") -> None:
        """Read one part; `prefix` stands before its line numbers."""
        self._at = prefix, self._at[1] + 1
        self._asked |= asked_names(tree)
        self._set |= set_names(tree)
        self._shared |= shared_names(tree)
        for statement in tree.body:
            self.visit(statement)

    def finish(self) -> None:
        """Read the functions' bodies."""
        while self._later:
            self._scopes, self._caught, self._at, body = self._later.pop(0)
            body()

    # Imports

    def visit_Import(self, node: ast.Import) -> None:
        for item in node.names:
            if not is_answered(item.name):
                self._bind((item.asname or item.name).partition(".")[0], None)
                continue
            self._ask(item.name, node, "ImportError", "ModuleNotFoundError")
            root = item.name.partition(".")[0]
            self._bind(item.asname or root, item.name if item.asname else root)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        ours = node.level == 0 and is_answered(module)
        if ours and not self._ask(module, node, "ImportError", "ModuleNotFoundError"):
            ours = False
        for item in node.names:
            if item.name == "*":
                self._stars += [module] if ours else []
                for name in public_names(module) if ours else ():
                    self._bind(name, f"{module}.{name}")
                continue
            if ours:
                self._ask(f"{module}.{item.name}", node, "ImportError")
            self._bind(item.asname or item.name, f"{module}.{item.name}" if ours else None)

    # Uses

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self._full_name(node)
        kind = None if full else self._kind_of(node.value)
        if full is None:
            self.visit(node.value)
        if full is not None and node.attr not in self._asked:
            self._ask(full, node, "AttributeError")
        elif kind is not None and node.attr not in self._asked | self._set and not has(kind, node.attr):
            name = f"{kind.__name__}.{node.attr}"
            if self._caught.isdisjoint({"AttributeError", *_ANY}):
                self._note(name, node, instead(name, names_in(kind)))

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        called, function = self._called(node)
        known = keywords_of(function)
        for keyword in node.keywords:
            if keyword.arg and known is not None and keyword.arg not in known:
                close = [f"{other}=" for other in likely(keyword.arg, known)]
                offer = f"perhaps {' or '.join(close)}." if close else "nothing."
                self._note(f"{called}({keyword.arg}=...)", keyword, offer)

    def _called(self, node: ast.Call) -> tuple[str, Any]:
        """What a call is of, as far as that is known: a function or class of Striate's, or a method of an object."""
        full = self._full_name(node.func)
        if full is not None:
            with suppress(Absent):
                return full.rpartition(".")[2], look_up(full)
        elif isinstance(node.func, ast.Attribute):
            kind = self._kind_of(node.func.value)
            if kind is not None:
                return f"{kind.__name__}.{node.func.attr}", getattr(kind, node.func.attr, None)
        return "", None

    def _kind_of(self, node: ast.expr) -> type | None:
        """The class of Striate's that a value is an object of, as far as that is known."""
        if isinstance(node, ast.Call):
            return kind_made_by(self._called(node)[1])
        found = self._meaning(node.id) if isinstance(node, ast.Name) else None
        return found if isinstance(found, type) else None

    # What names stand for

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        meaning = self._full_name(node.value) or self._kind_of(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._bind(target.id, meaning)
            else:
                self.visit(target)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id, None)
            return
        full = self._full_name(node)
        if full is None and self._caught.isdisjoint({"NameError", *_ANY}) and not self._is_bound(node.id):
            absent = starred(node.id, self._stars)
            if absent is not None:
                self._note(absent, node, instead(absent))
        with suppress(Absent):  # was noted where it was imported
            if full is not None:
                look_up(full)
                self.used.add(full)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, None)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        for name in node.names:
            self._scopes[-1].pop(name, None)

    def visit_Try(self, node: ast.Try) -> None:
        before, self._caught = self._caught, self._caught | _caught(node.handlers)
        for statement in node.body:
            self.visit(statement)
        self._caught = before
        for rest in (*node.handlers, *node.orelse, *node.finalbody):
            self.visit(rest)

    # Scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in (*node.decorator_list, node.args, *([node.returns] if node.returns else [])):
            self.visit(part)
        self._bind(node.name, None)
        self._defer(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self._defer(node, [node.body])

    def visit_arguments(self, node: ast.arguments) -> None:
        """Defaults and annotations belong to what surrounds the function; the names themselves to it."""
        listed = [*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg]
        annotations = [argument.annotation for argument in listed if argument is not None]
        for part in (*node.defaults, *node.kw_defaults, *annotations):
            if part is not None:
                self.visit(part)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        self._ask_for_code(node)
        self._bind(node.name, None)
        with self._inside({}):
            for statement in node.body:
                self.visit(statement)

    def _visit_comprehension(self, node: Any) -> None:
        with self._inside({}):
            for generator in node.generators:
                self.visit(generator)
            for name in ("key", "value", "elt"):
                if hasattr(node, name):
                    self.visit(getattr(node, name))

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def _defer(self, node: _Function, body: Iterable[ast.AST]) -> None:
        arguments = node.args
        listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        scope: Scope = {argument.arg: None for argument in listed if argument is not None}
        scopes = [*self._scopes, scope]

        def read() -> None:
            for part in body:
                self.visit(part)

        self._later.append((scopes, self._caught, self._at, read))

    @contextmanager
    def _inside(self, scope: Scope) -> Iterator[None]:
        self._scopes.append(scope)
        yield
        self._scopes.pop()

    def _bind(self, name: str, meaning: str | type | None) -> None:
        """An object is followed where the variable never stands for anything else."""
        scope = self._scopes[-1]
        if isinstance(meaning, type) and (name in self._shared or scope.get(name, meaning) != meaning):
            meaning = None
        scope[name] = meaning

    def _meaning(self, name: str) -> str | type | None:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), None)

    def _is_bound(self, name: str) -> bool:
        return hasattr(builtins, name) or any(name in scope for scope in self._scopes)

    def _full_name(self, node: ast.AST) -> str | None:
        """The full name of a chain of attributes that begins with an imported name."""
        if isinstance(node, ast.Attribute):
            inner = self._full_name(node.value)
            return None if inner is None else f"{inner}.{node.attr}"
        found = self._meaning(node.id) if isinstance(node, ast.Name) else None
        return found if isinstance(found, str) else None

    def _ask_for_code(self, node: ast.ClassDef) -> None:
        """Note methods by which a class of the program's says in Python code what Striate leaves to its engine."""
        for base in map(self._full_name, node.bases):
            with suppress(Absent):
                kind = None if base is None else look_up(base)
                for part in node.body:
                    if isinstance(kind, type) and isinstance(part, ast.FunctionDef):
                        offer = refused(kind, part.name)
                        if offer:
                            self._note(f"{node.name}.{part.name}", part, offer)

    def _ask(self, name: str, node: ast.stmt | ast.expr, *errors: str) -> bool:
        """Whether Striate has a name; notes it either way, unless the program catches what would be raised."""
        try:
            look_up(name)
        except Absent as absent:
            if self._caught.isdisjoint({*errors, *_ANY}):
                self._note(absent.name, node, instead(absent.name, absent.known))
            return False
        self.used.add(name)
        return True

    def _note(self, name: str, node: ast.stmt | ast.expr | ast.keyword, offer: str) -> None:
        prefix, part = self._at
        self.lacking.append(Use(name, f"{prefix}line {node.lineno}", part, node.lineno, offer))


def _caught(handlers: Iterable[ast.ExceptHandler]) -> frozenset[str]:
    """The names of the exceptions that a `try` catches."""
    names: set[str] = set()
    for handler in handlers:
        if handler.type is None:
            return _ANY
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names |= {kind.id for kind in types if isinstance(kind, ast.Name)}
    return frozenset(names)

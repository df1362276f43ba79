"""Names of TensorFlow and Keras that Striate lacks: found in the errors that Python raises about them."""

from __future__ import annotations

import linecache
import os
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from types import FrameType, ModuleType, TracebackType
from typing import Any

from striate.errors import UnavailableError
from striate.lookup import likely
from striate.programs.absent import reason
from striate.programs.answering import ROOTS, is_answered, own_name, public_name
from striate.programs.elsewhere import exists, said

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_CANNOT_IMPORT = re.compile(r"cannot import name '([^']+)' from")
_STARRED = re.compile(r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]*\*", re.MULTILINE)


@dataclass(frozen=True)
class Missing:
    """A name that a program asked for in vain.

    Attributes:
        name: in full, such as keras.layers.LSTM.
        file, line: where in the program.
        text: the program's line.
        instead: what Striate offers in its place, or why nothing.
        why: what came, where that is known.
    """

    name: str
    file: str
    line: int
    text: str
    instead: str
    why: str = ""

    def __str__(self) -> str:
        shown = f"    {self.text}\n" if self.text else ""
        said = [f"Instead: {self.instead}"]
        if self.name.endswith("of such code"):  # what the code does is what matters
            said.insert(0, f"Because: {self.why}")
        offer = "\n".join(textwrap.fill(one, 80, break_long_words=False, break_on_hyphens=False) for one in said)
        return f"{self.file}, line {self.line}: Striate has no {self.name}\n{shown}{offer}"


def missing(error: BaseException | None) -> Missing | None:
    """The name that an error is about, if a program of the user's asked one of Striate's namespaces for it.

    A name that no TensorFlow and Keras has is a slip of the program's, as an error says that Python would raise there.
    """
    if isinstance(error, UnavailableError):
        place = _innermost(error, own=False)
        return None if place is None else replace(_missing(error.name, error.instead, place), why=error.reason)
    found, place = asked(error), _innermost(error)
    if found is None or place is None or not exists(found[0]):
        return None
    name, known = found
    return _missing(name, instead(name, known), place)


def asked(error: BaseException | None) -> tuple[str, list[str]] | None:
    """The full name that a program of the user's asked Striate for in vain, and the names that are there."""
    place = _innermost(error)
    return None if place is None or is_striate(place[0]) else _asked(error)


def suggest(error: BaseException) -> None:
    """Have an error about a name that is imported say the nearest one, as Python says it of attributes."""
    found = asked(error)
    if found is None or not isinstance(error, ImportError) or exists(found[0]):
        return
    close = likely(found[0].rpartition(".")[2], found[1])
    python_says_it = sys.version_info >= (3, 12) and not isinstance(error, ModuleNotFoundError)
    if close and not python_says_it:
        error.msg = f"{error.msg}. Did you mean: {close[0]!r}?"


def _missing(name: str, offer: str, place: tuple[FrameType, int]) -> Missing:
    file, line = place[0].f_code.co_filename, place[1]
    return Missing(name, _shown(file), line, linecache.getline(file, line).strip(), offer)


def starred(name: str, modules: Iterable[str]) -> str | None:
    """The full name of one that `from MODULE import *` would have brought if Striate had it.

    Args:
        name: one that the program has not.
        modules: those that it imports so; a name counts where something is said about it in particular.
    """
    if name == name.lower() and "_" not in name:
        return None  # a module, or a word of the program's
    for module in modules:
        full, any_other = (f"{public_name(own_name(module))}.{part}" for part in (name, "any_other"))
        if is_answered(module) and reason(full) not in (None, reason(any_other)):
            return full
    return None


def instead(name: str, known: Sequence[str] = ()) -> str:
    """What there is in place of a name.

    Args:
        name: in full, such as keras.layers.LSTM.
        known: the names that stand where it would.
    """
    why = said(name)
    if why is not None:
        return why
    place, _, last = name.rpartition(".")
    close = " or ".join(f"{place}.{other}" for other in likely(last, known))
    if exists(name):
        return f"perhaps {close}." if close else "nothing."
    return f"TensorFlow and Keras have no such name, either{f'; perhaps {close}' if close else ''}."


def _asked(error: BaseException | None) -> tuple[str, list[str]] | None:
    """The full name that an error says is not there, and the names that are."""
    if isinstance(error, AttributeError):
        return _attribute(error.obj, error.name)
    if isinstance(error, NameError):
        return _unbound(error)
    if isinstance(error, ModuleNotFoundError):
        name = error.name or ""
        return (public_name(own_name(name)), _below(name)) if name.partition(".")[0] in ROOTS else None
    if isinstance(error, ImportError):
        found = _CANNOT_IMPORT.match(str(error))
        return None if found is None else _attribute(sys.modules.get(error.name or ""), found[1])
    return None


def _unbound(error: NameError) -> tuple[str, list[str]] | None:
    """A name that one of the imports with a star in the file would have brought."""
    place = _innermost(error)
    if place is None or error.name is None:
        return None
    text = "".join(linecache.getlines(place[0].f_code.co_filename))
    full = starred(error.name, _STARRED.findall(text))
    return None if full is None else (full, [])


def _attribute(owner: Any, name: str | None) -> tuple[str, list[str]] | None:
    if name is None:
        return None
    if isinstance(owner, ModuleType):
        module = owner.__name__
        if not module.startswith("striate.") and module.partition(".")[0] not in ROOTS:
            return None
        return f"{public_name(own_name(module))}.{name}", _names(owner)
    kind = owner if isinstance(owner, type) else type(owner)
    if not kind.__module__.startswith("striate."):
        return None
    return f"{kind.__name__}.{name}", _names(owner)


def _below(module: str) -> list[str]:
    """What stands in the module that another one would stand in."""
    parent = sys.modules.get(module.rpartition(".")[0])
    return [] if parent is None else _names(parent)


def _names(owner: Any) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")]


def _innermost(error: BaseException | None, own: bool = True) -> tuple[FrameType, int] | None:
    """Where an error was raised, without the frames of the import system and of the namespaces' own look-up.

    own: whether other frames of Striate's count.
    """
    place = None
    at: TracebackType | None = None if error is None else error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_name == "__getattr__" and is_striate(at.tb_frame):
            break
        hidden = at.tb_frame.f_code.co_filename.startswith("<frozen importlib")
        if not hidden and (own or not is_striate(at.tb_frame)):
            place = at.tb_frame, at.tb_lineno
        at = at.tb_next
    return place


def _shown(file: str) -> str:
    """A file below the present folder as seen from there."""
    here = os.getcwd() + os.sep
    return file[len(here) :] if file.startswith(here) else file


def is_striate(frame: FrameType) -> bool:
    """Whether a frame runs Striate's own code."""
    return frame.f_code.co_filename.startswith(PACKAGE + os.sep)

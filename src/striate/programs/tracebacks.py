"""Tracebacks as a program's author wants them: without the frames of Striate around and below the program's."""

from __future__ import annotations

import os
import sysconfig
from types import CodeType, TracebackType

from striate.errors import StriateError
from striate.programs.missing import asked, is_striate

_LIBRARIES = tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "purelib", "platlib"))
_MENDABLE = (StriateError, OSError, KeyboardInterrupt)


def shorten(error: BaseException, program: CodeType | None) -> None:
    """Take frames out of an error's traceback, and out of those of the errors that led to it.

    What runs the program goes from the top. Below the program's last line, Striate's own frames stay only where they
    show a fault of Striate's.

    Args:
        error: changed in place.
        program: the code of the program's module; None for an error that has no frame of it.
    """
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        mendable = isinstance(at, _MENDABLE) or asked(at) is not None
        at.__traceback__ = _joined(_chosen(_entries(at.__traceback__), program, mendable))
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)


def _chosen(entries: list[TracebackType], program: CodeType | None, mendable: bool) -> list[TracebackType]:
    first = next((i for i, entry in enumerate(entries) if entry.tb_frame.f_code is program), 0)
    entries = entries[first:]
    own = [i for i, entry in enumerate(entries) if _is_programs(entry)]
    last = max(own, default=-1)
    if not mendable and any(is_striate(entry.tb_frame) for entry in entries[last + 1 :]):
        return entries  # a fault of Striate's: all of it
    entries = entries[: last + 1] if mendable else entries
    return [entry for entry in entries if not is_striate(entry.tb_frame)]


def _is_programs(entry: TracebackType) -> bool:
    """Whether a frame is of the program or of modules beside it."""
    name = entry.tb_frame.f_code.co_filename
    if name.startswith("<"):  # of a cell, or given to exec
        return not name.startswith("<frozen")
    return not is_striate(entry.tb_frame) and not os.path.realpath(name).startswith(_LIBRARIES)


def _entries(traceback: TracebackType | None) -> list[TracebackType]:
    found = []
    while traceback is not None:
        found.append(traceback)
        traceback = traceback.tb_next
    return found


def _joined(entries: list[TracebackType]) -> TracebackType | None:
    joined = None
    for entry in reversed(entries):
        joined = TracebackType(joined, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return joined

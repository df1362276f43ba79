"""Running a program as `python PROGRAM.py` would, with TensorFlow and Keras answered by Striate."""

from __future__ import annotations

import builtins
import os
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType

from striate.errors import StriateError
from striate.programs.answering import answer
from striate.programs.missing import missing, suggest
from striate.programs.processes import carry_over
from striate.programs.tracebacks import shorten

FAILED, LACKING, INTERRUPTED = 1, 2, 130
_kept: list[ModuleType] = []  # the `__main__` before, whose globals must outlive it


def run(program: str, arguments: Sequence[str] = ()) -> int:
    """Run a program as `__main__`; returns its exit code, unless it leaves with SystemExit itself.

    Args:
        program: path of a Python program.
        arguments: what the program finds in sys.argv[1:].

    Raises:
        StriateError: there is no such program.
        SystemExit: the program's own.
    """
    source = read(program)
    answer()
    carry_over()
    _watch_threads()
    path = os.path.abspath(program)
    main = _become(program, path, arguments)
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        if isinstance(error, SyntaxError):
            error.filename = error.filename or path  # for zero bytes, Python says no file
        return _report(error.with_traceback(None), None)
    try:
        exec(code, main.__dict__)
    except SystemExit:
        raise
    except BaseException as error:  # as Python itself does at the end of a program
        return _report(error, code)
    return 0


def read(program: str) -> bytes:
    """A program's source.

    Raises:
        StriateError: a notebook, a folder, or nothing that can be read.
    """
    if program.endswith(".ipynb"):
        raise StriateError(f"{program}: is a notebook; open it in Jupyter, with %load_ext striate in its first cell")
    return read_bytes(program)


def read_bytes(program: str) -> bytes:
    """What a file of the user's holds.

    Raises:
        StriateError: a folder, or nothing that can be read.
    """
    if os.path.isdir(program):
        raise StriateError(f"{program}: is a folder; give the program in it")
    try:
        with open(program, "rb") as file:
            return file.read()
    except OSError as error:
        raise StriateError(f"{program}: {error.strerror}") from None


def _become(program: str, path: str, arguments: Sequence[str]) -> ModuleType:
    """Make a new `__main__`, and set what a program sees of how it was called."""
    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=path, __builtins__=builtins, __loader__=SourceFileLoader("__main__", path), __annotations__={},
        __cached__=None,
    )  # fmt: skip
    _kept.append(sys.modules["__main__"])
    sys.modules["__main__"] = main
    sys.argv[:] = [program, *arguments]
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.path.dirname(os.path.realpath(path))
    return main


def _watch_threads() -> None:
    """Have errors in the program's threads said as its other errors; the thread ends, and the program goes on."""
    python_says = threading.excepthook

    def say(given: threading.ExceptHookArgs) -> None:
        lacking = missing(given.exc_value)
        if lacking is not None:
            print(f"striate: {lacking}", file=sys.stderr)
            return
        if given.exc_value is not None:
            shorten(given.exc_value, None)
            traceback = given.exc_value.__traceback__
            given = threading.ExceptHookArgs((given.exc_type, given.exc_value, traceback, given.thread))
        python_says(given)

    threading.excepthook = say


def _report(error: BaseException, code: CodeType | None) -> int:
    """Say what ended a program: a name that Striate lacks in short, anything else as Python says it."""
    if sys.stdout is not None:
        sys.stdout.flush()
    lacking = missing(error)
    if lacking is not None:
        print(f"striate: {lacking}", file=sys.stderr)
        return LACKING
    suggest(error)
    shorten(error, code)
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except Exception as failure:  # of a hook of the program's
        failure.__context__ = None  # which is the program's error
        print("Error in sys.excepthook:", file=sys.stderr)
        shorten(failure.with_traceback(failure.__traceback__ and failure.__traceback__.tb_next), code)
        sys.__excepthook__(type(failure), failure, failure.__traceback__)
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(error), error, error.__traceback__)
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED

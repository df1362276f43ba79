"""`%load_ext striate`: imports of TensorFlow and Keras answered in a notebook's kernel."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import TracebackType
from typing import Any

from striate.errors import StriateError
from striate.programs.answering import answer, stop
from striate.programs.missing import missing, suggest
from striate.programs.tracebacks import shorten


def load(shell: Any) -> None:
    """Answer imports from now on; say in short what Striate lacks, and show other errors without Striate's frames.

    Args:
        shell: IPython's.

    Raises:
        UsageError: of IPython, which shows it in one line: the real TensorFlow or Keras is imported already.
    """
    from IPython.core.error import UsageError

    try:
        answer()
    except StriateError as error:
        raise UsageError(f"striate: {error}") from None
    shell.set_custom_exc((Exception,), _show)


def unload(shell: Any) -> None:
    """Answer no longer."""
    stop()
    shell.set_custom_exc((), None)


def _show(shell: Any, kind: type, error: BaseException, traceback: TracebackType, tb_offset: int | None = None) -> None:
    lacking = missing(error.with_traceback(traceback))
    if lacking is None:
        suggest(error)
        shorten(error, None)
        shell.showtraceback((kind, error, error.__traceback__), tb_offset=tb_offset)
        return
    name = getattr(shell.compile, "format_code_name", lambda file: None)(lacking.file)  # ("Cell", "In[3]")
    print(f"striate: {replace(lacking, file=' '.join(name)) if name else lacking}", file=sys.stderr)

"""What a program uses of TensorFlow and Keras, read from its text: each name that Striate lacks, with its line."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from striate.errors import StriateError
from striate.programs.reader import Reader, Use

WIDTH = 80
_COMMAND = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)  # of the notebook, not of Python


@dataclass
class Report:
    """What `check` found.

    Attributes:
        program: the program's path.
        lacking: the uses of what Striate lacks, in the order of the text.
        used: the full names that are there.
    """

    program: str
    lacking: list[Use] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        lines: list[str] = []
        for name, uses in _by_name(self.lacking).items():
            places = ", ".join(dict.fromkeys(use.place for use in uses))
            lines += textwrap.wrap(f"{places}: {name}", WIDTH, subsequent_indent="    ", break_on_hyphens=False)
            offer = f"    instead: {uses[0].instead}"
            lines += textwrap.wrap(offer, WIDTH, subsequent_indent="    ", break_on_hyphens=False)
        lacking = len(_by_name(self.lacking))
        if not lacking:
            return f"{self.program}: Striate has all {len(self.used)} names of TensorFlow and Keras that it uses."
        of = f"of {lacking + len(self.used)} names of TensorFlow and Keras that it uses"
        return "\n".join([*lines, f"{self.program}: {of}, Striate lacks {lacking}."])


def check(program: str) -> Report:
    """Read a program or a notebook, without running any of it.

    Raises:
        StriateError: it cannot be read, or is no Python.
    """
    reader = Reader()
    for prefix, text in _parts(program):
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            where = f", {prefix}line {line}" if line else ""
            raise StriateError(f"{program}{where}: is not Python: {getattr(error, 'msg', error)}") from None
        reader.read(tree, prefix)
    reader.finish()
    return Report(program, sorted(reader.lacking, key=lambda use: (use.part, use.line)), reader.used)


def _parts(program: str) -> Iterator[tuple[str, bytes]]:
    """What stands before line numbers, and the text: a program is one part, a notebook has one for each cell."""
    from striate.programs.runner import read

    if not program.endswith(".ipynb"):
        yield "", read(program)
        return
    for number, cell in enumerate(_cells(program), start=1):
        if cell.get("cell_type") == "code":
            source: Any = cell.get("source", "")
            text = source if isinstance(source, str) else "".join(map(str, source))
            yield f"cell {number}, ", _COMMAND.sub(r"\1pass", text).encode()


def _cells(notebook: str) -> list[dict[str, object]]:
    from striate.programs.runner import read_bytes

    try:
        cells = json.loads(read_bytes(notebook))["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        cells = None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise StriateError(f"{notebook}: is not a notebook")
    return cells


def _by_name(uses: list[Use]) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for use in uses:
        found.setdefault(use.name, []).append(use)
    return found

"""The public names of the TensorFlow and Keras that are installed, for `src/striate/programs/elsewhere.txt`.

    python tools/foreign_names.py src/striate/programs/elsewhere.txt

Run it with the Python of each environment that counts (TensorFlow with Keras 3, tf_keras), with Striate's `src` in
PYTHONPATH: names that Striate lacks are added to the table, and nothing is lost.
"""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from striate.programs.absent import reason
from striate.programs.elsewhere import OBJECTS, read
from striate.programs.names import Absent, look_up

SKIPPED = {"src", "python", "core", "include", "lite_internal", "compat"}
DEPTH = 7


def names(place: str, module: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Full public names in a module and those below it, with what they stand for."""
    for name in dir(module):
        value = attribute(module, name)
        if name.startswith("_") or name in SKIPPED or (place == "tensorflow" and name in ("keras", "estimator")):
            continue
        yield f"{place}.{name}", value
        home = str(attribute(value, "__name__")).partition(".")[0]
        inside = isinstance(value, ModuleType) and home in ("tensorflow", "keras", "tf_keras")
        if inside and depth < DEPTH:
            yield from names(f"{place}.{name}", value, depth + 1)


def attribute(owner: Any, name: str) -> Any:
    """An attribute; None where asking for it fails, as lazy modules may in ways of their own."""
    try:
        return getattr(owner, name)
    except Exception:
        return None


def roots() -> Iterator[tuple[str, Any]]:
    """What is installed, under the names that programs have for it."""
    for place, library in (("tensorflow", "tensorflow"), ("keras", "keras"), ("keras", "tf_keras")):
        try:
            module = importlib.import_module(library)
        except ImportError:
            continue
        yield place, module
        if place == "tensorflow":
            yield place, module.compat.v1


def add(table: dict[str, set[str]]) -> None:
    """Add what Striate lacks: names of modules, and attributes of classes that it has."""
    for place, module in roots():
        for full, value in names(place, module):
            try:
                ours = look_up(full)
            except Absent as absent:
                if absent.name == full and reason(full) is None:
                    home, _, name = full.rpartition(".")
                    table.setdefault(home, set()).add(name)
                continue
            if isinstance(value, type) and isinstance(ours, type):
                table[OBJECTS] |= {name for name in dir(value) if not name.startswith("_") and not hasattr(ours, name)}


def main() -> None:
    """Write the table anew."""
    path = Path(sys.argv[1])
    table = {OBJECTS: set(), **{place: set(found) for place, found in read(path.read_text()).items()}}
    add(table)
    path.write_text(written(path.read_text(), table))


def written(text: str, table: dict[str, set[str]]) -> str:
    """The table as text, under the comments of the text before."""
    lines = [line for line in text.splitlines() if line.startswith("#")]
    for place in sorted(table):
        text = f"{place}: {' '.join(sorted(table[place]))}"
        lines += textwrap.wrap(text, 120, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

"""What is checked before any work begins."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from striate.errors import StriateError
from striate.folders import make_writable
from striate.lookup import nearest


def known_name(kind: str, name: str, known: Iterable[str]) -> str:
    """The known name that is meant; case and the difference of - and _ do not matter.

    Raises:
        StriateError: with the nearest known names.
    """
    wanted = name.lower().replace("-", "_")
    names = list(known)
    if wanted in names:
        return wanted
    raise StriateError(f"unknown {kind} {name!r}; {nearest(name, names)}")


def above_zero(option: str, value: float, example: str) -> float:
    """The value itself.

    Raises:
        StriateError: it is not a finite number above 0.
    """
    if not (math.isfinite(value) and value > 0):
        raise StriateError(f"{option}: got {value}, expected a number above 0, such as {example}")
    return value


def writable_folder(path: Path) -> Path:
    """Make the folder and prove that files can be made in it, now rather than after an hour's training."""
    make_writable(path, f"--out {path}")
    return path

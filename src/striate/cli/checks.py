"""What is checked before any work begins."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable
from pathlib import Path

from striate.errors import StriateError
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


def at_least(option: str, value: int, minimum: int) -> int:
    """The value itself.

    Raises:
        StriateError: it is smaller than the minimum.
    """
    if value < minimum:
        raise StriateError(f"{option}: got {value}, expected a whole number of at least {minimum}")
    return value


def learning_rate(value: float) -> float:
    """The value itself.

    Raises:
        StriateError: it is not a finite number above 0.
    """
    if not (math.isfinite(value) and value > 0):
        raise StriateError(f"--lr: got {value}, expected a number above 0, such as 0.001")
    return value


def writable_folder(path: Path) -> Path:
    """Make the folder and prove that files can be made in it, now rather than after an hour's training."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise StriateError(f"--out {path}: cannot write there ({error.strerror}); choose another folder") from None
    return path

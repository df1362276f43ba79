"""Arguments of `fit`, `evaluate` and `predict` other than data, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.checks import whole
from striate.errors import StriateError


def batch_size_of(value: Any, name: str = "batch_size") -> int:
    """A batch size; 32 for None."""
    return 32 if value is None else whole(name, value, 1)


def verbosity(value: Any) -> int:
    """0, 1 or 2; "auto" is 1."""
    if isinstance(value, str) and value == "auto":
        return 1
    if isinstance(value, (bool, int, np.integer)) and int(value) in (0, 1, 2):
        return int(value)
    raise StriateError(f'verbose: got {value!r}, expected 0, 1, 2 or "auto"')


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise StriateError(f"{name}: got {value!r}, expected True or False")
    return bool(value)


def unavailable(**options: Any) -> None:
    """Refuse arguments that make sense for streams of batches only."""
    for name, value in options.items():
        if value is not None:
            raise StriateError(f"{name}={value!r} is not available: an epoch is the whole array; give a part of it")


def validation_epochs(frequency: Any, epochs: int) -> set[int]:
    """The epochs, from 0, after which validation runs: every n-th, or those of a list (from 1)."""
    if isinstance(frequency, Sequence) and not isinstance(frequency, str):
        return {whole("validation_freq", epoch, 1) - 1 for epoch in frequency}
    every = whole("validation_freq", frequency, 1)
    return {epoch for epoch in range(epochs) if (epoch + 1) % every == 0}


def validation_triple(value: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a 2- or 3-tuple."""
    if not isinstance(value, (tuple, list)) or len(value) not in (2, 3):
        listed = isinstance(value, (tuple, list))
        what = f"{len(value)} things" if listed else f"a value of type {type(value).__name__}"
        raise StriateError(f"validation_data: got {what}, expected (x, y) or (x, y, sample_weight)")
    return value[0], value[1], value[2] if len(value) == 3 else None

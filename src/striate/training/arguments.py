"""Arguments of `fit`, `evaluate` and `predict` other than data, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from striate import settings
from striate.checks import whole
from striate.errors import StriateError
from striate.warning import warn


def batch_size_of(value: Any, name: str = "batch_size") -> int | None:
    """A batch size; None stays None."""
    return None if value is None else whole(name, value, 1)


def batch_size_for(value: int | None, count: int, steps: int | None) -> int:
    """The batch size for so many images; without one, that which makes so many steps of them, else 32."""
    return value or (32 if steps is None else math.ceil(count / steps))


def verbosity(value: Any) -> int:
    """0, 1 or 2; "auto" is 1. Where progress is not to be shown, always 0."""
    if isinstance(value, str) and value == "auto":
        return int(settings.is_interactive_logging_enabled())
    if isinstance(value, (bool, int, np.integer)) and int(value) in (0, 1, 2):
        return int(value) * settings.is_interactive_logging_enabled()
    raise StriateError(f'verbose: got {value!r}, expected 0, 1, 2 or "auto"')


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise StriateError(f"{name}: got {value!r}, expected True or False")
    return bool(value)


def epochs_of(epochs: Any, nb_epoch: Any) -> int:
    """The epoch to end with, under either of its names."""
    if nb_epoch is None:
        return whole("epochs", epochs, 1)
    if epochs != 1:
        raise StriateError(f"nb_epoch: got {nb_epoch!r} besides epochs={epochs!r}, its new name; give one of them")
    return whole("nb_epoch", nb_epoch, 1)


def steps_of(name: str, value: Any) -> int | None:
    """A number of steps; None stays None, and a fraction (len(x) / 32) is rounded up, as Keras 2 did."""
    if isinstance(value, (float, np.floating)) and math.isfinite(value):
        value = math.ceil(value)
    return None if value is None else whole(name, value, 1)


def told_of_threads(workers: Any, use_multiprocessing: Any, max_queue_size: Any) -> None:
    """Check Keras 2's settings for preparing batches, and say what becomes of `use_multiprocessing`."""
    for name, value in (("workers", workers), ("max_queue_size", max_queue_size)):
        if value is not None:
            whole(name, value, 0)
    if use_multiprocessing is not None and flag("use_multiprocessing", use_multiprocessing):
        warn(
            "use_multiprocessing=True: batches are prepared by a thread while the engine trains, not by processes; "
            "nothing else changes"
        )


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

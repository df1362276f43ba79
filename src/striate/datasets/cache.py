"""Decoded copies of archives that are slow to read, so that only the first load is slow."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.datasets.arrays import Data
from striate.datasets.npz import read_npz
from striate.datasets.storage import cache_folder
from striate.errors import DatasetError

_NAMES = ("x_train", "y_train", "x_test", "y_test")


def decoded(source: Path, variant: str, decode: Callable[[], Data]) -> Data:
    """`decode()`, or the copy that an earlier call left for the same file (path, size, time of change) and variant.

    A cache that cannot be written costs a warning and time, nothing else.
    """
    copy = _place(source, variant)
    if copy.is_file():
        try:
            x_train, y_train, x_test, y_test = read_npz(copy, _NAMES)
            return (x_train, y_train), (x_test, y_test)
        except DatasetError:
            pass  # ours to mend: decode again and write it anew
    print(f"decoding {source.name}, only this once", file=sys.stderr)
    (x_train, y_train), (x_test, y_test) = data = decode()
    try:
        _write(copy, dict(zip(_NAMES, (x_train, y_train, x_test, y_test), strict=True)))
    except OSError as error:
        warnings.warn(f"{copy}: not cached, so {source.name} is decoded again next time ({error})", stacklevel=2)
    return data


def _place(source: Path, variant: str) -> Path:
    import hashlib

    state = source.stat()
    identity = f"{source.resolve()}|{state.st_size}|{state.st_mtime_ns}|{variant}"
    key = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_folder() / "decoded" / f"{source.name.partition('.')[0]}-{key}.npz"


def _write(target: Path, arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> None:
    """Write beside the target, then rename, so that no reader ever sees half a file."""
    import tempfile

    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise

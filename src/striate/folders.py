"""Folders that are to be written into: made and tried out before hours of work depend on them."""

from __future__ import annotations

import os

from striate.errors import StriateError


def make_writable(folder: str | os.PathLike[str], argument: str) -> None:
    """Make a folder if it is missing, and prove that files can be made in it.

    Raises:
        StriateError: it cannot be made or written; the message begins with `argument`.
    """
    import tempfile

    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StriateError(f"{argument}: cannot write there ({error.strerror}); choose another folder") from None

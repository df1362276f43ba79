"""Replacing a file all at once: whoever reads the path sees the old file or the new one, never half of either."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from striate.errors import ModelFileError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` for writing; leaving the block without an error moves it into place.

    The data reaches the disk (fsync) before the name changes. A symbolic link stays one and its target is replaced;
    an existing file's permissions are kept.

    Raises:
        ModelFileError: the folder is missing, the disk is full or writing is not allowed. The old file is unchanged.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ModelFileError(f"{path}: is not a regular file, so it cannot be replaced; choose another name")
    if not target.parent.is_dir():
        raise ModelFileError(f"{path}: there is no folder {target.parent}; make it first, or choose another")
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        try:
            with open(temporary, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        survives = "; the old file is unchanged" if target.exists() else ""
        reason = error.strerror or str(error)
        raise ModelFileError(
            f"{path}: could not be saved: {reason}{survives}; free some space or save to another folder"
        ) from error
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself last through a power cut, on systems where folders can be opened."""
    with suppress(OSError):  # the file is complete and in place; some file systems cannot sync a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

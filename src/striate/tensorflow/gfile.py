"""Files and folders of this machine under TensorFlow's names (tf.io.gfile)."""

from __future__ import annotations

import os
import shutil
from glob import glob as _glob
from typing import Any

from striate.errors import StriateError
from striate.tensorflow._absent import absent

__all__ = [
    "GFile", "copy", "exists", "glob", "isdir", "join", "listdir", "makedirs", "mkdir", "remove", "rename", "rmtree",
]  # fmt: skip

__getattr__ = absent(__name__)


def GFile(name: str | os.PathLike[str], mode: str = "r") -> Any:
    """An open file."""
    return open(name, mode, encoding=None if "b" in mode else "utf-8")


def exists(path: str | os.PathLike[str]) -> bool:
    """Whether there is such a file or folder."""
    return os.path.exists(path)


def isdir(path: str | os.PathLike[str]) -> bool:
    """Whether there is such a folder."""
    return os.path.isdir(path)


def listdir(path: str | os.PathLike[str]) -> list[str]:
    """The names in a folder, sorted."""
    return sorted(os.listdir(path))


def glob(pattern: Any) -> list[str]:
    """The files of a pattern, or of several, sorted."""
    patterns = [pattern] if isinstance(pattern, (str, os.PathLike)) else pattern
    return sorted(path for one in patterns for path in _glob(os.fspath(one)))


def join(path: str, *paths: str) -> str:
    """Parts of a path put together."""
    return os.path.join(path, *paths)


def mkdir(path: str | os.PathLike[str]) -> None:
    """Make a folder."""
    os.mkdir(path)


def makedirs(path: str | os.PathLike[str]) -> None:
    """Make a folder, and those it is in; one that is there stays."""
    os.makedirs(path, exist_ok=True)


def remove(path: str | os.PathLike[str]) -> None:
    """Remove a file."""
    os.remove(path)


def rmtree(path: str | os.PathLike[str]) -> None:
    """Remove a folder with all that is in it."""
    shutil.rmtree(path)


def rename(src: str | os.PathLike[str], dst: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Give a file another name."""
    _check_free(dst, overwrite)
    os.replace(src, dst)


def copy(src: str | os.PathLike[str], dst: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Copy a file."""
    _check_free(dst, overwrite)
    shutil.copyfile(src, dst)


def _check_free(path: str | os.PathLike[str], overwrite: bool) -> None:
    if os.path.exists(path) and not overwrite:
        raise StriateError(f"{os.fspath(path)}: exists; give overwrite=True to replace it")

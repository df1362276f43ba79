"""Which image files a folder holds, in an order that does not depend on the file system."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from striate.errors import DataError, StriateError


def check_folder(directory: Any, name: str) -> str:
    """A folder's path as text.

    Raises:
        StriateError: no path, or no folder there; the message begins with `name`.
    """
    if not isinstance(directory, (str, bytes, os.PathLike)):
        raise StriateError(f"{name}: got directory={directory!r}, expected the path of a folder")
    path = os.fsdecode(directory)
    if not os.path.isdir(path):
        raise DataError(f"{name}: {path}: no such folder")
    return path


def about_loose(directory: str, endings: tuple[str, ...]) -> str:
    """What is said about images that lie in a folder where folders of images were expected."""
    loose = any(file.lower().endswith(endings) for file in os.listdir(directory))
    return "; those that lie there directly have no class: put them into a folder for each" if loose else ""


def class_folders(directory: str, classes: Any, name: str, hidden: bool) -> list[str]:
    """The names of the folders in a folder, sorted, or those that were asked for, in their order.

    Args:
        directory: the folder.
        classes: names, or None for all.
        name: errors begin with it.
        hidden: also those whose name begins with a dot.

    Raises:
        StriateError: names that are no list of different folders in it. Paths that lead elsewhere are none.
    """
    try:
        found = sorted(
            entry for entry in os.listdir(directory)
            if os.path.isdir(os.path.join(directory, entry)) and (hidden or not entry.startswith("."))
        )  # fmt: skip
    except OSError as error:
        raise DataError(f"{name}: {directory}: cannot be read ({error.strerror})") from None
    if classes is None or not len(classes):
        return found
    if isinstance(classes, str) or not all(isinstance(entry, str) for entry in classes):
        raise StriateError(f"{name}: got the classes {classes!r}, expected a list of names of folders in {directory}")
    missing = [entry for entry in classes if entry not in found]
    if missing or len(set(classes)) < len(classes):
        what = f"no folder {missing[0]!r} in {directory}" if missing else "a name twice"
        raise DataError(f"{name}: got the classes {list(classes)!r}, but {what}; expected some of {found}")
    return list(classes)


def _unreadable(error: OSError) -> None:
    raise DataError(f"{error.filename}: this folder cannot be read ({error.strerror})")


def image_files(directory: str, endings: Sequence[str], follow_links: bool) -> Iterator[str]:
    """The paths below a folder of files with one of some endings, relative to it: folder by folder, each sorted.

    Args:
        directory: the folder.
        endings: in small letters.
        follow_links: also into folders that are symbolic links; each real folder is visited once.

    Raises:
        DataError: a folder that cannot be read.
    """
    wanted, folders, seen = tuple(endings), [], set()
    for root, inner, files in os.walk(directory, onerror=_unreadable, followlinks=follow_links):
        if follow_links:  # a link to a folder above would never end
            here = os.stat(root)
            if (here.st_dev, here.st_ino) in seen:
                inner.clear()
                continue
            seen.add((here.st_dev, here.st_ino))
        inner.sort()
        folders.append((root, files))
    for root, files in sorted(folders, key=lambda folder: folder[0]):
        for file in sorted(files):
            path = os.path.join(root, file)
            if file.lower().endswith(wanted) and os.path.isfile(path):
                yield os.path.relpath(path, directory)

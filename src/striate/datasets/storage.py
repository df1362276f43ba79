"""Where data sets lie: the places searched in order, and what happens when a file is in none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from striate.errors import DatasetError

SYSTEM_FOLDER = Path("/usr/share/datasets")  # Debian's dataset-* packages


class DatasetUnavailable(DatasetError):
    """The data set is not on this machine, and the network does not give it."""


@dataclass(frozen=True)
class RemoteFile:
    """A published file: its name, where it can be had, and what makes it the right one.

    size: bytes. sha256: of the file as downloaded, hexadecimal.
    """

    name: str
    addresses: tuple[str, ...]
    size: int
    sha256: str


def cache_folder() -> Path:
    """Where Striate keeps downloads and decoded copies: $XDG_CACHE_HOME/striate, else ~/.cache/striate."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "striate"


def places(kind: str = "datasets") -> list[Path]:
    """Folders searched, in order: $STRIATE_DATA, Keras's, Striate's own cache, the system's.

    kind: what Keras calls the folder below its own: "datasets", or "models" for weights.
    """
    chosen = os.environ.get("STRIATE_DATA")
    keras = os.environ.get("KERAS_HOME")
    keras_folder = (Path(keras).expanduser() if keras else Path.home() / ".keras") / kind
    own = cache_folder() / kind
    return [*([Path(chosen).expanduser()] if chosen else []), keras_folder, own, SYSTEM_FOLDER]


def candidates(names: Sequence[str], kind: str = "datasets") -> Iterator[Path]:
    """Existing files or folders of these relative names; all names of one place before the next place."""
    for place in places(kind):
        for name in names:
            path = place / name
            if os.path.exists(path):  # unlike Path.exists, False for a folder that may not be entered
                yield path


def find(names: Sequence[str]) -> Path | None:
    """The first existing file or folder of these relative names, or None."""
    return next(candidates(names), None)


def download(dataset: str, remote: RemoteFile, folder: str, hint: str = "") -> Path:
    """Fetch a file that no place holds into Striate's cache.

    Args:
        dataset: its name in messages.
        remote: the file.
        folder: folder below the cache's `datasets`, "" for none.
        hint: a last sentence for the error, such as another way to the data.

    Raises:
        DatasetUnavailable: naming the file, the places looked in and each address with what went wrong there.
    """
    from striate.download import DownloadError, fetch

    target = cache_folder() / "datasets" / folder / remote.name
    problems = []
    for address in remote.addresses:
        try:
            return fetch(address, target, size=remote.size, checksum=remote.sha256)
        except DownloadError as error:
            problems.append(f"{address} ({error})")
    looked = ", ".join(str(place) for place in places())
    raise DatasetUnavailable(
        f"{dataset}: {remote.name} is not in {looked}, and cannot be downloaded from {', '.join(problems)}."
        f" Put the file into one of these folders or set STRIATE_DATA to where it is.{' ' * bool(hint)}{hint}"
    )

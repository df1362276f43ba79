"""`get_file`: a published file in the cache, unpacked if it is an archive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from striate.errors import DatasetError, StriateError

if TYPE_CHECKING:
    import tarfile

MOST_MEMBERS = 2_000_000
MOST_BYTES = 64 << 30
FLOOR, RATIO = 256 << 20, 200  # an archive that unpacks to more than this, and to so many times its size, is a bomb


def get_file(
    fname: str | os.PathLike[str] | None = None, origin: str | None = None, untar: bool = False,
    md5_hash: str | None = None, file_hash: str | None = None, cache_subdir: str = "datasets",
    hash_algorithm: str = "auto", extract: bool = False, archive_format: Any = "auto",
    cache_dir: str | os.PathLike[str] | None = None, force_download: bool = False,
) -> str:
    """The path of a file from the network, which is downloaded once.

    Args:
        fname: its name in the cache; None: the last part of the address.
        origin: the address, http or https.
        untar, extract: whether to unpack it: then the path is that of the folder with what was in it,
            cache/fname for a name without ending, else cache/fname_extracted.
        md5_hash, file_hash: its checksum, hexadecimal: MD5 or SHA-256.
        cache_subdir: folder within the cache.
        hash_algorithm: "auto", "md5" or "sha256"; the checksum's length says which it is.
        archive_format: "auto", "tar", "zip", or None for no unpacking.
        cache_dir: the cache; $KERAS_HOME, else ~/.keras.
        force_download: whether to download it again.

    Raises:
        StriateError: arguments out of their range, or no address.
        DatasetError: it cannot be had, has another checksum, or is no archive that may be unpacked.
    """
    from urllib.parse import urlsplit

    if origin is None:
        raise StriateError("get_file: got origin=None, expected the address of a file")
    checksum = _checksum(file_hash or md5_hash, hash_algorithm)
    base = Path(os.fspath(cache_dir) if cache_dir else os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    folder = base / cache_subdir
    name = os.fspath(fname) if fname else PurePosixPath(urlsplit(origin).path).name
    if not name or name in (".", "..") or os.path.basename(name) != name:
        raise StriateError(f"get_file: got fname={fname!r} for {origin}, expected the name of a file without folders")
    target, unpacked = folder / name, folder / name
    if extract or untar:
        if fname and "." in name:
            unpacked = folder / f"{name.partition('.')[0]}_extracted"
        else:
            target = folder / f"{name}_archive"
    _bring(origin, target, checksum, force_download)
    if not (extract or untar) or archive_format is None:
        return str(target)
    if force_download or not unpacked.exists():
        unpack(target, unpacked, "tar" if untar else archive_format)
    return str(unpacked)


def _checksum(value: str | None, algorithm: str) -> str | None:
    if algorithm not in ("auto", "md5", "sha256"):
        raise StriateError(f'get_file: got hash_algorithm={algorithm!r}, expected "auto", "md5" or "sha256"')
    if value is None:
        return None
    length = {"auto": (32, 64), "md5": (32,), "sha256": (64,)}[algorithm]
    if len(value) not in length or not all(letter in "0123456789abcdefABCDEF" for letter in value):
        digits = " or ".join(map(str, length))
        raise StriateError(f"get_file: got the checksum {value!r}, expected {digits} hexadecimal digits")
    return value.lower()


def _bring(origin: str, target: Path, checksum: str | None, again: bool) -> None:
    """Make sure that the file is there, and that it is the right one."""
    from striate.download import DownloadError, fetch

    if target.is_file() and not again:
        if checksum is None or _digest(target, checksum) == checksum:
            return
        again = True
    try:
        if again:  # the old file stays until the new one is whole
            fresh = target.with_name(f"{target.name}.new")
            fresh.unlink(missing_ok=True)
            fetch(origin, fresh, checksum=checksum)
            os.replace(fresh, target)
        else:
            fetch(origin, target, checksum=checksum)
    except DownloadError as error:
        raise DatasetError(
            f"get_file: {target.name} is not in {target.parent}, and cannot be downloaded from {origin} ({error}); put "
            "the file there yourself"
        ) from None


def _digest(path: Path, checksum: str) -> str:
    import hashlib

    digest = hashlib.md5(usedforsecurity=False) if len(checksum) == 32 else hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def unpack(archive: Path, folder: Path, archive_format: Any = "auto") -> None:
    """Unpack a zip or tar file: whole, into a folder that appears when all is there.

    Raises:
        DatasetError: no archive, damaged, members that point out of the folder, links, or more than any data set.
    """
    import shutil
    import tarfile
    import tempfile
    import zipfile

    formats = ("tar", "zip") if archive_format == "auto" else tuple(
        [archive_format] if isinstance(archive_format, str) else archive_format
    )  # fmt: skip
    if not set(formats) <= {"tar", "zip", "gz", "bz", "tgz"}:
        raise StriateError(f'get_file: got archive_format={archive_format!r}, expected "auto", "tar", "zip" or None')
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        with _members(archive, formats) as members:
            _write(archive, members, beside)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(beside, folder)
    except (OSError, EOFError, RuntimeError, ValueError, tarfile.TarError, zipfile.BadZipFile) as error:
        if isinstance(error, StriateError):
            raise
        raise DatasetError(f"get_file: {archive} cannot be unpacked: {error}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _members(archive: Path, formats: tuple[str, ...]) -> Iterator[Iterator[tuple[str, int, IO[bytes] | None]]]:
    """Name, size and content of each member of an archive; no content for a folder."""
    import tarfile
    import zipfile

    if "zip" in formats and zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            yield (
                (info.filename, info.file_size, None if info.is_dir() else packed.open(info))
                for info in packed.infolist()
            )
    elif set(formats) - {"zip"} and tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            yield ((info.name, info.size, _content(tar, info)) for info in tar)
    else:
        raise DatasetError(f"get_file: {archive} is no {' or '.join(formats)} file")


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes] | None:
    if info.isdir():
        return None
    content = tar.extractfile(info) if info.isreg() else None
    if content is None:
        raise DatasetError(f"get_file: {info.name} in {tar.name!r} is a link or a device, which are not unpacked")
    return content


def _write(archive: Path, members: Iterator[tuple[str, int, IO[bytes] | None]], folder: Path) -> None:
    import shutil

    left = min(max(FLOOR, archive.stat().st_size * RATIO), MOST_BYTES)
    for number, (name, size, content) in enumerate(members):
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
            if name in (".", "./"):
                continue
            raise DatasetError(f"get_file: {name!r} in {archive} points out of the folder it is unpacked to")
        left -= size
        if left < 0 or number >= MOST_MEMBERS:
            raise DatasetError(f"get_file: {archive} unpacks to more than any data set; it is not unpacked")
        target = folder.joinpath(*parts)
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with content, open(target, "wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)  # reads no more than the member's announced size

"""Downloads that can be trusted: resumable, bounded, checked, and in place only when whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from http.client import HTTPResponse

TIMEOUT = 15.0  # seconds without a byte
CHUNK = 1 << 16
LARGEST = 4 << 30  # bytes of a file whose size is not known beforehand


class DownloadError(Exception):
    """Why an address did not give the file, in a few words."""


def fetch(
    address: str, target: Path, *, size: int | None = None, checksum: str | None = None, timeout: float = TIMEOUT
) -> Path:
    """Download a file.

    Bytes go to `target` + ".part", which a later call continues; only a whole file with the right checksum is renamed
    to `target`. A part that turns out not to belong to the file is dropped, and the download starts once more.

    Args:
        address: http or https.
        target: where the file shall be; folders are made.
        size: bytes; the download never writes more. None: as many as the server says, up to 4 GiB.
        checksum: of the file, hexadecimal: MD5 (32 digits) or SHA-256 (64). None: nobody has published one, and then
            the download always begins anew, as nothing would show that two parts belong together.
        timeout: seconds to wait for the server, each time.

    Raises:
        DownloadError: no connection, an HTTP error, an early end, a wrong checksum, no space.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "a+b") as file, _locked(file):
            if target.exists():  # another process finished it while this one waited
                return target
            if checksum is None:
                file.truncate(0)
            resumed = _receive(address, file, size, timeout, target.name)
            if resumed and not _matches(file, checksum):
                file.truncate(0)
                _receive(address, file, size, timeout, target.name)
            if not _matches(file, checksum):
                file.truncate(0)
                raise DownloadError("the checksum is wrong: the file there is not the published one")
            file.flush()
            os.fsync(file.fileno())
            os.replace(part, target)
    except OSError as error:
        raise DownloadError(f"cannot write {error.filename or part}: {error.strerror or error}") from None
    return target


def _receive(address: str, file: BinaryIO, size: int | None, timeout: float, name: str) -> bool:
    """Bring `file` to its size. Returns whether it continued an earlier part."""
    have = file.seek(0, os.SEEK_END)
    if size is not None and have > size:
        have = file.truncate(0)
    if have == size:
        return True
    with _open(address, have, timeout) as response:
        resumed = have > 0 and response.status == 206 and _range_start(response) == have
        if have and not resumed:  # the server ignores ranges, or answers with another one than asked for
            have = file.truncate(0)
            if response.status != 200:
                response.close()
                return _receive(address, file, size, timeout, name)
        whole = have + _announced(response) if size is None else size
        with _progress(name, whole, have) as advance:
            have = _copy(response, file, have, whole, advance)
    if have != whole:
        raise DownloadError(f"ended after {have:,} of {whole:,} bytes; what came is kept, try again to continue")
    return resumed


def _announced(response: HTTPResponse) -> int:
    """How many bytes the server is going to send, of a file whose size is known to nobody else."""
    length = response.headers.get("Content-Length") or ""
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise DownloadError("the server does not say how long the file is")
    if int(length) > LARGEST:
        raise DownloadError(f"the server announces {int(length):,} bytes, more than the {LARGEST:,} allowed")
    return int(length)


def _open(address: str, start: int, timeout: float) -> HTTPResponse:
    """Request the bytes from `start` on; a server that has none there (416) is asked for all."""
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    headers = {"User-Agent": "striate", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        response: HTTPResponse = urllib.request.urlopen(  # addresses are constants of this package
            urllib.request.Request(address, headers=headers), timeout=timeout
        )
        return response
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:
            return _open(address, 0, timeout)
        raise DownloadError(f"HTTP {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        reason = error.reason
        raise DownloadError(str(getattr(reason, "strerror", None) or reason)) from None
    except (HTTPException, OSError) as error:
        raise DownloadError(str(error) or type(error).__name__) from None


def _copy(response: HTTPResponse, file: BinaryIO, have: int, size: int, advance: Callable[[int], None]) -> int:
    """Copy until the response ends. Returns the size reached."""
    from http.client import HTTPException

    while have <= size:
        try:
            chunk = response.read(CHUNK)
        except (HTTPException, OSError) as error:
            raise DownloadError(f"broke off after {have:,} of {size:,} bytes ({error}); try again") from None
        if not chunk:
            return have
        have += len(chunk)
        if have > size:
            break
        file.write(chunk)
        advance(len(chunk))
    file.truncate(0)
    raise DownloadError(f"sends more than the {size:,} bytes of the published file")


def _range_start(response: HTTPResponse) -> int | None:
    """n of "Content-Range: bytes n-m/size"."""
    unit, _, rest = (response.headers.get("Content-Range") or "").partition(" ")
    start = rest.partition("-")[0]
    return int(start) if unit == "bytes" and start.isascii() and start.isdigit() else None


def _matches(file: BinaryIO, checksum: str | None) -> bool:
    """Whether the file has the checksum, of the kind that its length tells."""
    import hashlib

    if checksum is None:
        return True
    digest = hashlib.md5(usedforsecurity=False) if len(checksum) == 32 else hashlib.sha256()
    file.seek(0)
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest() == checksum


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    """Only one process writes a part; the others wait. Windows has no such lock and does without."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def _progress(name: str, size: int, have: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's standard error, one line elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"downloading {name} ({size / 1e6:.1f} MB)", highlight=False, soft_wrap=True)
        yield lambda count: None
        return
    columns = TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(name, total=size, completed=have)
        yield lambda count: progress.advance(task, count)

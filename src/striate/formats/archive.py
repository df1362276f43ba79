"""Reading members of a zip file that nobody vouches for: known names only, bounded sizes, no extraction to paths."""

from __future__ import annotations

import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, BinaryIO, cast

from striate.errors import ModelFileError

_MAXIMAL_DIRECTORY = 4 << 20  # bytes of the zip's table of contents: about 40,000 members
_BOMB_FLOOR = 64 << 20  # members that unpack to less are never called a bomb
_BOMB_RATIO = 20  # weights are near to noise: they never shrink to a twentieth
_CHUNK = 1 << 20
_IN_MEMORY = 64 << 20  # larger members are unpacked to a temporary file
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError,
    OverflowError,
)


class Archive:
    """An open zip file. Members are found by exact name, so a name that points elsewhere has no effect."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._name, self._size = name, file.seek(0, os.SEEK_END)
        try:
            _check_directory(file, name)
            self._zip = zipfile.ZipFile(file)
        except ModelFileError:
            raise
        except _BROKEN as error:
            raise ModelFileError(
                f"{name}: is not a .keras file: {error}; it is foreign or truncated"
            ) from error
        if min((info.header_offset for info in self._zip.infolist()), default=0) > 0:  # the end of a file in the file
            raise ModelFileError(f"{name}: other data come before its archive; it is foreign or truncated")
        self._count: dict[str, int] = {}
        for info in self._zip.infolist():
            self._count[info.filename] = self._count.get(info.filename, 0) + 1

    def __contains__(self, member: str) -> bool:
        return member in self._count

    def check_stored(self, members: Sequence[str]) -> None:
        """Refuse members that are packed or lie over each other: those of a small file are then small together, too.

        For members that are archives themselves, whose own packing multiplies with that around them.
        """
        sizes = 0
        for member in members:
            info = self._info(member)
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                raise ModelFileError(f"{self._name}: {member} is packed, which model files in an ensemble never are")
            sizes += info.file_size
        if sizes > self._size:
            raise ModelFileError(f"{self._name}: its members declare {sizes} bytes, but the file has {self._size}")

    def read(self, member: str, limit: int) -> bytes:
        """The bytes of a small member; ModelFileError when it is missing, broken or longer than `limit`."""
        info = self._info(member)
        if info.file_size > limit:
            raise ModelFileError(f"{self._name}: {member} has {info.file_size} bytes, more than the {limit} allowed")
        with self.open(member) as file:
            return file.read(limit + 1)

    @contextmanager
    def open(self, member: str) -> Iterator[IO[bytes]]:
        """A seekable copy of a member, its checksum verified; on disk when it is large, gone when the block ends."""
        info = self._info(member)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
            try:
                with self._zip.open(info) as source:
                    while chunk := source.read(_CHUNK):
                        copy.write(chunk)
            except _BROKEN as error:
                raise ModelFileError(f"{self._name}: {member} is truncated or damaged: {error}") from error
            if copy.tell() != info.file_size:
                raise ModelFileError(
                    f"{self._name}: {member} is truncated: {copy.tell()} of {info.file_size} bytes are there"
                )
            copy.seek(0)
            yield cast("IO[bytes]", copy)

    def _info(self, member: str) -> zipfile.ZipInfo:
        """What the archive says of a member, once it is plausible."""
        if member not in self._count:
            raise ModelFileError(f"{self._name}: has no {member}, so it is not a .keras file as Keras 3 writes it")
        if self._count[member] > 1:
            raise ModelFileError(f"{self._name}: holds {member} {self._count[member]} times; refused as ambiguous")
        info = self._zip.getinfo(member)
        if info.flag_bits & 1:
            raise ModelFileError(f"{self._name}: {member} is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelFileError(f"{self._name}: {member} uses compression {info.compress_type}, not deflate")
        if info.file_size > max(_BOMB_FLOOR, _BOMB_RATIO * info.compress_size):
            raise ModelFileError(
                f"{self._name}: {member} declares {info.file_size} bytes but stores {info.compress_size}; "
                "refused as a decompression bomb"
            )
        return info


def _check_directory(file: BinaryIO, name: str) -> None:
    """Refuse an enormous table of contents before zipfile turns each of its entries into an object."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        raise ModelFileError(
            f"{name}: is not a .keras file: no zip archive ends here ({size} bytes); it is foreign or truncated"
        )
    (comment,) = struct.unpack_from("<H", tail, end + 20)
    if len(tail) != end + 22 + comment:
        raise ModelFileError(f"{name}: other data follow its archive; it is foreign or truncated")
    (directory,) = struct.unpack_from("<I", tail, end + 12)
    if end >= 20 and tail[end - 20 : end - 16] == b"PK\x06\x07":  # archives of more than 2 GB have a second record
        (place,) = struct.unpack_from("<Q", tail, end - 12)
        file.seek(min(place, size))
        record = file.read(56)
        if len(record) == 56 and record[:4] == b"PK\x06\x06":
            directory = max(directory if directory != 0xFFFFFFFF else 0, struct.unpack_from("<Q", record, 40)[0])
    if directory > _MAXIMAL_DIRECTORY:
        raise ModelFileError(f"{name}: its table of contents takes {directory} bytes, more than {_MAXIMAL_DIRECTORY}")
    file.seek(0)

"""What CIFAR-10 and CIFAR-100 share: pickled batches, in a folder or in the archive as published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from striate.datasets.arrays import MAX_IMAGES, Bytes, Data, Split, broken, check_split, unreadable
from striate.datasets.cache import decoded
from striate.datasets.pickles import PickleError, RawArray, read_pickle

SHAPE = (32, 32, 3)
PIXELS = 3072
MAX_BATCH = 1 << 30  # bytes of one pickle

Read = Callable[[str], bytes]  # the content of a batch by its name


@dataclass(frozen=True)
class Batches:
    """Which files make a data set, and where in them the labels are."""

    folder: str
    training: tuple[str, ...]
    test: str
    label_key: bytes
    classes: int

    def places(self, archive: str) -> list[str]:
        """Relative paths where copies lie: unpacked by hand or by Keras of any version, or still packed."""
        folder = self.folder
        unpacked = [f"{folder}-target/{folder}", f"{folder}/{folder}", folder]
        return [*unpacked, archive, f"{folder}-target_archive", f"{folder}_archive", f"{folder}.tar.gz"]


def load(path: Path, batches: Batches) -> Data | None:
    """Read a folder or an archive; None for a folder that holds none of the batches."""
    if path.is_file():
        return from_archive(path, batches)
    if not any((path / name).is_file() for name in (*batches.training, batches.test)):
        return None

    def read(name: str) -> bytes:
        file = path / name
        try:
            if file.stat().st_size > MAX_BATCH:
                raise broken(file, "too large for a CIFAR batch")
            return file.read_bytes()
        except OSError as error:
            raise unreadable(file, error) from None

    return _assemble(path, read, batches)


def from_archive(path: Path, batches: Batches) -> Data:
    """Read the batches inside a .tar.gz, in memory; nothing is unpacked to disk. Decoded once, then cached."""
    return decoded(path, batches.label_key.decode(), lambda: _unpack(path, batches))


def _unpack(path: Path, batches: Batches) -> Data:
    import tarfile
    import zlib

    wanted = {f"{batches.folder}/{name}": name for name in (*batches.training, batches.test)}
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                name = wanted.get(member.name.removeprefix("./"))
                if name is None or not member.isreg():
                    continue
                if member.size > MAX_BATCH:
                    raise broken(path, f"{member.name} claims {member.size:,} bytes")
                stream = archive.extractfile(member)
                found[name] = stream.read() if stream else b""
                if len(found) == len(wanted):
                    break
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise broken(path, f"not a readable tar archive ({error})") from None
    except OSError as error:
        raise unreadable(path, error) from None
    missing = [name for name in wanted.values() if name not in found]
    if missing:
        raise broken(path, f"holds no {batches.folder}/{missing[0]}")
    return _assemble(path, found.__getitem__, batches)


def _assemble(source: Path, read: Read, batches: Batches) -> Data:
    parts = [_batch(source / name, read(name), batches) for name in batches.training]
    images = np.concatenate([part[0] for part in parts])
    labels = np.concatenate([part[1] for part in parts])
    return (images, labels), _batch(source / batches.test, read(batches.test), batches)


def _batch(where: Path, content: bytes, batches: Batches) -> Split:
    try:
        fields = read_pickle(content)
    except PickleError as error:
        raise broken(where, f"not a CIFAR batch ({error})") from None
    data = fields.get(b"data") if isinstance(fields, dict) else None
    labels = fields.get(batches.label_key) if isinstance(fields, dict) else None
    if not isinstance(data, RawArray) or not isinstance(labels, list):
        raise broken(where, f"not a CIFAR batch (no data or no {batches.label_key.decode()})")
    images = _images(where, data)
    if not all(type(label) is int and 0 <= label < batches.classes for label in labels):
        raise broken(where, f"labels that are not numbers from 0 to {batches.classes - 1}")
    column = np.array(labels, np.uint8).reshape(-1, 1)
    check_split(where, images, column, SHAPE, batches.classes)
    return images, column


def _images(where: Path, data: RawArray) -> Bytes:
    """(n, 3072), all of red, then green, then blue, to (n, 32, 32, 3)."""
    shape, raw = data.shape, data.data
    fits = len(shape) == 2 and shape[1] == PIXELS and 0 < shape[0] <= MAX_IMAGES and len(raw) == shape[0] * PIXELS
    if not fits or data.type not in (b"u1", b"|u1", b"B"):
        raise broken(where, f"an array of type {data.type!r} and shape {shape}, expected uint8 (n, {PIXELS})")
    flat = np.frombuffer(raw, np.uint8).reshape(shape, order="F" if data.fortran else "C")
    return np.ascontiguousarray(flat.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))

"""Reading HDF5 files that nobody vouches for: bounded in time and memory, and never outside the file itself.

Only hard links are followed, and only along paths that somebody asks for, so cycles of groups lead nowhere. Arrays must
be stored in the file, unfiltered and in one piece, and together they cannot claim more bytes than the file has.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from striate.arrays import to_float32
from striate.errors import ModelFileError

AnyArray = NDArray[np.generic]
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MAXIMAL_TEXT = 1 << 30  # bytes that an attribute of texts may unfold to
_HEAP = re.compile(rb"GCOL\x01...(.{8})", re.DOTALL)  # signature, version, size
_SMALL_HEAP = 1 << 16  # bytes; libraries take a heap of 4 KB for short texts and one of its own for each long text
_MAXIMAL_LARGE_HEAPS = 64  # Keras writes two: model_config and training_config
_MAXIMAL_DEPTH = 64  # names in a path
_Reader = TypeVar("_Reader", bound="H5Reader")


class H5Reader:
    """An open HDF5 file. `name` is what errors call it."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        import h5py

        self._name = name
        self._stream = file
        self._large: dict[int, int] | None = None
        file.seek(0, os.SEEK_END)
        self._size = self._unclaimed = file.tell()  # bytes, and those that arrays may still claim
        file.seek(0)
        with self._errors():
            self._file = h5py.File(file, "r")

    def __enter__(self: _Reader) -> _Reader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def has(self, path: str) -> bool:
        """Whether the file has a group of that path."""
        with self._errors():
            return self._group(path) is not None

    def text(self, name: str) -> str | None:
        """An attribute of the file that is one text; None when it is not there."""
        with self._errors():
            texts = self._texts(self._file, name)
            if texts is None:
                return None
            if len(texts) != 1:
                raise ModelFileError(f"{self._name}: attribute {name}: expected one text, got {len(texts)}")
            return texts[0]

    def _check_claim(self, size: int) -> None:
        """Refuse arrays of more bytes than the file still has for them."""
        if size > self._unclaimed:
            raise ModelFileError(f"{self._name}: its arrays claim more bytes than the file has; refused")

    def _array(self, dataset: Any) -> AnyArray:
        """The numbers of a dataset: float32, or integers where the file has integers."""
        self._check_claim(dataset.nbytes)
        self._unclaimed -= dataset.nbytes
        array = np.asarray(dataset[()])
        if array.dtype == np.float32 or array.dtype.kind in "iu":
            return array
        single = to_float32(array)
        if (np.isinf(single) & np.isfinite(array)).any():
            raise ModelFileError(f"{self._name}: {dataset.name} holds numbers beyond float32")
        return single

    def _dataset(self, group: Any, path: str) -> Any:
        """A dataset whose numbers are plain and in this file."""
        import h5py

        dataset = self._descend(group, path)
        place = f"{self._name}: {group.name}/{path}"
        if not isinstance(dataset, h5py.Dataset):
            raise ModelFileError(f"{place}: expected an array, found {'nothing' if dataset is None else 'a group'}")
        if dataset.external or dataset.is_virtual:
            raise ModelFileError(f"{place}: its numbers are in other files; refused")
        if dataset.shape is None or dataset.dtype.kind not in "fiu" or dataset.dtype.itemsize > 8:
            raise ModelFileError(f"{place}: has dtype {dataset.dtype}; expected float16, float32, float64 or integers")
        if dataset.chunks is not None:
            raise ModelFileError(
                f"{place}: is chunked or compressed, which Keras never writes; "
                "open the file with Keras, save it again and load that"
            )
        if dataset.id.get_storage_size() != dataset.nbytes:
            raise ModelFileError(
                f"{place}: declares {dataset.nbytes} bytes (shape {dataset.shape}) "
                f"but the file stores {dataset.id.get_storage_size()}"
            )
        return dataset

    def _group(self, path: str, start: Any = None) -> Any:
        """The group of a path; None when it is not there."""
        import h5py

        group = self._descend(self._file if start is None else start, path)
        if group is not None and not isinstance(group, h5py.Group):
            raise ModelFileError(f"{self._name}: {path}: expected a group, found an array")
        return group

    def _descend(self, group: Any, path: str) -> Any:
        """What lies at the end of a path, followed link by link; None when it is not there."""
        import h5py

        parts = path.split("/")
        if len(parts) > _MAXIMAL_DEPTH:
            raise ModelFileError(f"{self._name}: a path of {len(parts)} names, more than {_MAXIMAL_DEPTH}; refused")
        for part in parts:
            if not isinstance(group, h5py.Group):
                raise ModelFileError(f"{self._name}: {path}: expected a group at {group.name}, found an array")
            group = self._child(group, part)
            if group is None:
                return None
        return group

    def _child(self, group: Any, part: str) -> Any:
        """A member of a group, reached by a hard link only."""
        import h5py

        link = group.get(part, getlink=True) if part not in ("", ".", "..") else None
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            kind = "another file" if isinstance(link, h5py.ExternalLink) else "another place"
            raise ModelFileError(f"{self._name}: {group.name}/{part} is a link to {kind}; refused")
        return group[part]

    def _texts(self, group: Any, name: str) -> list[str] | None:
        """An attribute of texts as a list, of one where it is a scalar; None when it is not there."""
        import h5py

        if name not in group.attrs:
            return None
        attribute = h5py.h5a.open(group.id, name.encode("utf-8"))
        place = f"{self._name}: {group.name}: attribute {name}"
        if attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL or 0 in attribute.shape:
            return []  # Keras writes an empty list as an empty list of numbers
        kind = h5py.check_string_dtype(attribute.dtype)
        if kind is None:
            raise ModelFileError(f"{place}: expected text, got dtype {attribute.dtype}")
        count = math.prod(attribute.shape)
        unfolded = (self._size if kind.length is None else kind.length) * count
        if kind.length is None and unfolded > _MAXIMAL_TEXT:
            unfolded = self._unfolded(count)  # texts of any length may all lie at one place
        if unfolded > max(_MAXIMAL_TEXT, self._size):
            raise ModelFileError(f"{place}: {count} texts that may take {unfolded} bytes; refused")
        try:  # h5py hides bytes that are no UTF-8 in surrogates, on which whoever uses the text would stumble
            texts = [text if isinstance(text, bytes) else text.encode("utf-8") for text in np.ravel(group.attrs[name])]
            return [text.decode("utf-8") for text in texts]
        except UnicodeError as error:
            raise ModelFileError(f"{place}: is damaged, is not UTF-8: {error}") from error

    def _unfolded(self, count: int) -> int:
        """A bound on the bytes of texts whose length is not fixed, from the heaps that they are in.

        Each takes at most a small heap; a large one at most once for each place of the file that refers to it.
        """
        if self._large is None:
            self._large = self._large_heaps()
        if len(self._large) > _MAXIMAL_LARGE_HEAPS:
            return count * max(self._large.values())
        return count * _SMALL_HEAP + sum(
            size * min(count, self._references(address)) for address, size in self._large.items()
        )

    def _large_heaps(self) -> dict[int, int]:
        """Address and size of each heap that is not small, by their headers."""
        large = {}
        for start, block in self._blocks(16):
            for match in _HEAP.finditer(block):
                size = min(int.from_bytes(match.group(1), "little"), self._size)
                if size > _SMALL_HEAP:
                    large[start + match.start()] = size
        return large

    def _references(self, place: int) -> int:
        """How often a heap's address occurs in the file, in the form in which references to texts begin."""
        creation = self._file.id.get_create_plist()
        if creation.get_sizes() != (8, 8):
            raise ModelFileError(f"{self._name}: its addresses are not of 8 bytes, as Keras writes them; refused")
        address = (place - creation.get_userblock()).to_bytes(8, "little", signed=True)
        return sum(block.count(address) for _, block in self._blocks(8))

    def _blocks(self, width: int) -> Iterator[tuple[int, bytes]]:
        """The file in pieces and their places; each begins with the last width - 1 bytes of the one before."""
        self._stream.seek(0)
        place, tail = 0, b""
        while chunk := self._stream.read(1 << 20):
            yield place - len(tail), tail + chunk
            place += len(chunk)
            tail = (tail + chunk)[1 - width :]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """h5py raises many kinds of errors for broken files; here they become one."""
        try:
            yield
        except ModelFileError:
            raise
        except (OSError, LookupError, RuntimeError, ValueError, TypeError, OverflowError, MemoryError) as error:
            raise ModelFileError(f"{self._name}: is truncated or damaged: {error}") from error

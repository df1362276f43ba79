"""model.weights.h5: an HDF5 tree in which every object's arrays lie in `<path>/vars/0`, `1`, ...

Reading is for files that nobody vouches for. Only hard links inside the file are followed, arrays must be stored in
the file, unfiltered and in one piece, and together they cannot claim more bytes than the file has.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import ModelFileError

AnyArray = NDArray[np.generic]
_MAXIMAL_ARRAYS = 1_000_000  # of one object


class WeightsWriter:
    """Writes arrays under the paths that Keras uses."""

    def __init__(self, file: IO[bytes]) -> None:
        import h5py

        self._file = h5py.File(file, "w")

    def __enter__(self) -> WeightsWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def write(self, path: str, name: str, arrays: Sequence[AnyArray]) -> None:
        """The arrays of one layer or optimizer. `path` is "" for the model itself; `name` is kept for human readers."""
        group = self._file.create_group(f"{path}/vars" if path else "vars")
        group.attrs["name"] = name
        for index, array in enumerate(arrays):
            group[str(index)] = array


class WeightsReader:
    """Finds and reads arrays. `name` is what errors call the file."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        import h5py

        self._name = name
        file.seek(0, os.SEEK_END)
        self._unclaimed = file.tell()  # bytes that arrays may still claim
        file.seek(0)
        with self._errors():
            self._file = h5py.File(file, "r")

    def __enter__(self) -> WeightsReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def shapes(self, path: str) -> list[tuple[int, ...]] | None:
        """Shapes of the arrays under `path`, nothing read yet; None when the file has no such path."""
        with self._errors():
            group = self._group(f"{path}/vars" if path else "vars")
            if group is None:
                return None
            if len(group) > _MAXIMAL_ARRAYS:
                raise ModelFileError(f"{self._name}: {path} holds {len(group)} arrays, more than {_MAXIMAL_ARRAYS}")
            return [self._dataset(group, index).shape for index in range(len(group))]

    def read(self, path: str) -> list[AnyArray]:
        """The arrays under `path`: float32, or integers where the file has integers."""
        with self._errors():
            group = self._group(f"{path}/vars" if path else "vars")
            return [] if group is None else [self._array(group, index) for index in range(len(group))]

    def has(self, path: str) -> bool:
        """Whether the file has a group of that path."""
        with self._errors():
            return self._group(path) is not None

    def _array(self, group: Any, index: int) -> AnyArray:
        dataset = self._dataset(group, index)
        self._unclaimed -= dataset.nbytes
        if self._unclaimed < 0:
            raise ModelFileError(f"{self._name}: its arrays claim more bytes than the file has; refused")
        array = np.asarray(dataset[()])
        return array if array.dtype.kind in "iu" else array.astype(np.float32, copy=False)

    def _dataset(self, group: Any, index: int) -> Any:
        """A dataset whose numbers are plain and in this file."""
        import h5py

        dataset = self._child(group, str(index))
        place = f"{self._name}: {group.name}/{index}"
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

    def _group(self, path: str) -> Any:
        """The group of a path, followed link by link; None when it is not there."""
        import h5py

        group: Any = self._file
        for part in path.split("/"):
            group = self._child(group, part)
            if group is None:
                return None
            if not isinstance(group, h5py.Group):
                raise ModelFileError(f"{self._name}: {path}: expected a group, found an array")
        return group

    def _child(self, group: Any, part: str) -> Any:
        """A member of a group, reached by a hard link only."""
        import h5py

        link = group.get(part, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            kind = "another file" if isinstance(link, h5py.ExternalLink) else "another place"
            raise ModelFileError(f"{self._name}: {group.name}/{part} is a link to {kind}; refused")
        return group[part]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """h5py raises many kinds of errors for broken files; here they become one."""
        try:
            yield
        except ModelFileError:
            raise
        except (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError, MemoryError) as error:
            raise ModelFileError(f"{self._name}: is truncated or damaged: {error}") from error

"""model.weights.h5: an HDF5 tree in which every object's arrays lie in `<path>/vars/0`, `1`, ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

from striate.errors import ModelFileError
from striate.formats.hdf5 import AnyArray, H5Reader

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


class WeightsReader(H5Reader):
    """Finds and reads arrays. `name` is what errors call the file."""

    def shapes(self, path: str) -> list[tuple[int, ...]] | None:
        """Shapes of the arrays under `path`, nothing read yet; None when the file has no such path."""
        with self._errors():
            datasets = self._under(path)
            return None if datasets is None else [dataset.shape for dataset in datasets]

    def check_claims(self, paths: Sequence[str]) -> None:
        """Refuse arrays that claim more bytes than the file has, as one may lie under many paths."""
        with self._errors():
            self._check_claim(sum(dataset.nbytes for path in paths for dataset in self._under(path) or ()))

    def read(self, path: str) -> list[AnyArray]:
        """The arrays under `path`: float32, or integers where the file has integers."""
        with self._errors():
            return [self._array(dataset) for dataset in self._under(path) or ()]

    def _under(self, path: str) -> list[Any] | None:
        group = self._group(f"{path}/vars" if path else "vars")
        return None if group is None else self._datasets(group)

    def _datasets(self, group: Any) -> list[Any]:
        if len(group) > _MAXIMAL_ARRAYS:
            raise ModelFileError(f"{self._name}: {group.name} holds {len(group)} arrays, more than {_MAXIMAL_ARRAYS}")
        return [self._dataset(group, str(index)) for index in range(len(group))]

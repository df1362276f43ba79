"""The HDF5 layout of Keras 1 and 2: a group for each layer, and attributes that say in which order all is to be read.

    layer_names                          of the file or of its group model_weights
    keras_version, backend               of the same
    <layer>: weight_names                for each layer
    <layer>/<weight name>                the arrays

Lists of names that do not fit into one attribute (64 KB) are cut up into layer_names0, layer_names1, ...
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from striate.errors import ModelFileError
from striate.formats.hdf5 import AnyArray, H5Reader

KERAS_VERSION = "2.15.0"  # whose layout is written
_MAXIMAL_NAMES = 100_000
_MAXIMAL_NAME = 2_000  # letters
_ATTRIBUTE_LIMIT = 64_512  # bytes: HDF5 allows 64 KB for all of an object's header
_Arrays = Sequence[tuple[str, AnyArray]]


@dataclass(frozen=True)
class SavedLayer:
    """What a file holds for one layer, not read yet."""

    name: str
    weight_names: list[str]
    shapes: list[tuple[int, ...]]
    datasets: list[Any]


class LegacyReader(H5Reader):
    """Finds layers and their arrays.

    Attributes:
        version: the first number of the Keras version that wrote the file; 1 where it does not say.
        backend: "tensorflow", "theano", "cntk", ...; None where it does not say.
    """

    version: int
    backend: str | None

    def __init__(self, file: IO[bytes], name: str) -> None:
        super().__init__(file, name)
        with self._errors():
            within = self._group("model_weights") if not self._has_names(self._file, "layer_names") else None
            self._root = self._file if within is None else within
            versions = self._texts(self._root, "keras_version") or self._texts(self._file, "keras_version")
            version = (versions or ["1"])[0].split(".")[0]
            self.version = int(version) if version in ("1", "2", "3") else 2
            backend = self._texts(self._root, "backend") or self._texts(self._file, "backend")
            self.backend = backend[0] if backend else None

    @property
    def is_legacy(self) -> bool:
        """Whether the file is of this layout at all."""
        with self._errors():
            return self._has_names(self._root, "layer_names") or "nb_layers" in self._root.attrs

    def layers(self) -> list[SavedLayer]:
        """All layers that have arrays, in the network's order."""
        with self._errors():
            if "nb_layers" in self._root.attrs:
                raise ModelFileError(
                    f"{self._name}: is of Keras 0.x, whose layers have no names; load it with Keras 1 and save it again"
                )
            if not self._has_names(self._root, "layer_names"):
                raise ModelFileError(
                    f"{self._name}: holds neither layers nor layer_names, so it is no weights file of Keras"
                )
            layers = [self._layer(name) for name in self._names(self._root, "layer_names")]
            return [layer for layer in layers if layer.datasets]

    def read(self, layer: SavedLayer) -> list[AnyArray]:
        """A layer's arrays: float32, or integers where the file has integers."""
        with self._errors():
            return [self._array(dataset) for dataset in layer.datasets]

    def check_claims(self, layers: Sequence[SavedLayer]) -> None:
        """Refuse arrays that claim more bytes than the file has, as one may be there under many names."""
        with self._errors():
            self._check_claim(sum(dataset.nbytes for layer in layers for dataset in layer.datasets))

    def optimizer(self) -> SavedLayer | None:
        """The optimizer's state of a whole model; None when there is none."""
        with self._errors():
            return self._saved("optimizer_weights", self._file) if "optimizer_weights" in self._file else None

    def _layer(self, name: str) -> SavedLayer:
        return self._saved(name, self._root)

    def _saved(self, name: str, parent: Any) -> SavedLayer:
        group = self._group(name, parent)
        if group is None:
            raise ModelFileError(f"{self._name}: lists a layer {name}, but has no group of that name")
        names = self._names(group, "weight_names")
        datasets = [self._dataset(group, weight) for weight in names]
        return SavedLayer(name, names, [dataset.shape for dataset in datasets], datasets)

    def _has_names(self, group: Any, name: str) -> bool:
        return name in group.attrs or f"{name}0" in group.attrs

    def _names(self, group: Any, name: str) -> list[str]:
        """A list of names, put together from its pieces."""
        names = self._texts(group, name)
        if names is None:
            names = []
            piece = 0
            while (more := self._texts(group, f"{name}{piece}")) is not None and len(names) <= _MAXIMAL_NAMES:
                names.extend(more)
                piece += 1
        if len(names) > _MAXIMAL_NAMES:
            raise ModelFileError(f"{self._name}: {group.name}: more than {_MAXIMAL_NAMES} {name}")
        if max(map(len, names), default=0) > _MAXIMAL_NAME:
            raise ModelFileError(f"{self._name}: {group.name}: {name} longer than {_MAXIMAL_NAME} letters")
        return names


class LegacyWriter:
    """Writes the layout, either at the top of a file (weights alone) or in model_weights (a whole model)."""

    def __init__(self, file: IO[bytes]) -> None:
        import h5py

        self._file = h5py.File(file, "w")

    def __enter__(self) -> LegacyWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def write_attributes(self, **texts: str) -> None:
        """Texts of the file itself."""
        for name, text in texts.items():
            self._file.attrs[name] = text.encode("utf-8")

    def write_layers(self, layers: Iterable[tuple[str, _Arrays]], group: str = "") -> None:
        """All layers: the name of each, with the names and numbers of its arrays."""
        root = self._file.create_group(group) if group else self._file
        listed = list(layers)
        _write_names(root, "layer_names", [name for name, _ in listed])
        for place in {self._file, root}:
            place.attrs["backend"] = b"tensorflow"
            place.attrs["keras_version"] = KERAS_VERSION.encode("ascii")
        for name, arrays in listed:
            self._write(root.create_group(name), arrays)
        self._write(root.create_group("top_level_model_weights"), [])

    def write_optimizer(self, arrays: _Arrays) -> None:
        """The optimizer's state."""
        self._write(self._file.create_group("optimizer_weights"), arrays)

    def _write(self, group: Any, arrays: _Arrays) -> None:
        _write_names(group, "weight_names", [name for name, _ in arrays])
        for name, array in arrays:
            group[name] = array


def _write_names(group: Any, name: str, names: Sequence[str]) -> None:
    """A list of names, in as many pieces as HDF5's limit asks for."""
    encoded = np.asarray([text.encode("utf-8") for text in names])  # of fixed length, as Keras writes them
    if encoded.nbytes <= _ATTRIBUTE_LIMIT:
        group.attrs[name] = encoded
        return
    if encoded.itemsize > _ATTRIBUTE_LIMIT:
        raise ModelFileError(f"{group.name}: one of the {name} is longer than {_ATTRIBUTE_LIMIT} bytes")
    for piece, part in enumerate(np.array_split(encoded, -(-len(names) // (_ATTRIBUTE_LIMIT // encoded.itemsize)))):
        group.attrs[f"{name}{piece}"] = part

"""Files of weights alone: .weights.h5 as Keras 3 writes it, and .h5 in the layout of Keras 1 and 2."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

from striate.errors import ModelFileError
from striate.formats.paths import Path, checked_target, existing

if TYPE_CHECKING:
    from striate.models import Model

_KERAS3, _LEGACY = ".weights.h5", (".h5", ".hdf5")


def save_weights(model: Model, path: Path, overwrite: bool = True) -> None:
    """Save the weights of a built model: with the optimizer's state to .weights.h5, without it to any other .h5."""
    from striate.formats.atomic import replacing

    name = checked_target(path, (_KERAS3, *_LEGACY), overwrite)
    _check_built(model, "save_weights")
    with replacing(name) as file:
        if name.endswith(_KERAS3):
            from striate.formats.keras_weights import write_weights
            from striate.formats.weights_h5 import WeightsWriter

            with WeightsWriter(file) as writer:
                write_weights(model, writer)
        else:
            from striate.formats.legacy_h5 import LegacyWriter
            from striate.formats.legacy_weights import describe_layers

            with LegacyWriter(file) as writer_2:
                writer_2.write_layers(describe_layers(model))


def load_weights(model: Model, path: Path, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Fill a built model from a file of the same network; change nothing if it does not fit.

    Args:
        model: the model.
        path: .keras, .weights.h5, or an .h5 file of Keras 1 or 2, with the weights alone or with the whole model.
            What the file holds decides, not its name.
        by_name: fill the layers whose names are in the file and leave the others; for files of Keras 1 and 2.
        skip_mismatch: leave what does not fit as it is, with a warning.

    Raises:
        ModelFileError: names the first layer that does not fit, with both shapes; or the file is missing or damaged.
    """
    name = os.fspath(path)
    _check_built(model, "load_weights")
    with existing(name) as file:
        if file.read(4) == b"PK\x03\x04" or name.endswith(".keras"):
            from striate.formats.archive import Archive
            from striate.formats.keras_file import WEIGHTS

            with Archive(file, name).open(WEIGHTS) as weights:
                _read_keras3(model, weights, name, by_name, skip_mismatch)
            return
        from striate.formats.legacy_h5 import LegacyReader
        from striate.formats.legacy_weights import read_legacy

        with LegacyReader(file, name) as reader:
            if reader.is_legacy:
                read_legacy(model, reader, name, by_name, skip_mismatch)
                return
        _read_keras3(model, file, name, by_name, skip_mismatch)


def _read_keras3(model: Model, file: IO[bytes], name: str, by_name: bool, skip_mismatch: bool) -> None:
    from striate.formats.keras_weights import read_weights
    from striate.formats.weights_h5 import WeightsReader

    if by_name:
        raise ModelFileError(
            f"{name}: by_name=True is for files of Keras 1 and 2; this one knows layers by class and order alone, so "
            "it can only be loaded into the network that it was saved from"
        )
    with WeightsReader(file, name) as reader:
        read_weights(model, reader, name, skip_mismatch)


def _check_built(model: Model, what: str) -> None:
    if not model.built:
        raise ModelFileError(f"{what}: the model is not built yet, so it has no weights; give it an input shape first")

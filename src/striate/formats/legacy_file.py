"""Whole models in one .h5 file, as Keras 1 and 2 wrote them and Keras 3 still does when asked.

Beside the weights in `model_weights` there are the attributes model_config (layers) and training_config (what `compile`
was told), both JSON, and the group optimizer_weights.
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any, cast

from striate.errors import ModelFileError
from striate.formats.legacy_h5 import LegacyReader
from striate.formats.paths import Path, checked_target

if TYPE_CHECKING:
    from striate.models import Model

_MAXIMAL_CONFIG = 8 << 20  # bytes


def save_legacy_model(model: Model, path: Path, overwrite: bool = True, optimizer: bool = True) -> None:
    """Save a model to a name that ends in ".h5", in the layout of Keras 2: layers, weights, compilation, optimizer.

    optimizer: False: without the last two.

    Raises:
        ModelFileError: the name, a layer class of your own, or a folder that cannot be written, such as a full disk.
    """
    from striate.formats.atomic import replacing
    from striate.formats.keras2_config import keras2_model
    from striate.formats.keras_config import describe_model
    from striate.formats.legacy_config import legacy_compile
    from striate.formats.legacy_h5 import LegacyWriter
    from striate.formats.legacy_optimizer import describe_optimizer
    from striate.formats.legacy_weights import describe_layers

    name = checked_target(path, (".h5", ".hdf5"), overwrite)
    form = describe_model(model, optimizer)
    with replacing(name) as file, LegacyWriter(file) as writer:
        writer.write_attributes(model_config=json.dumps(keras2_model(form)))
        writer.write_layers(describe_layers(model), "model_weights")
        if optimizer and model.optimizer is not None:
            writer.write_attributes(training_config=json.dumps(legacy_compile(form["compile_config"])))
            writer.write_optimizer(describe_optimizer(model))


def load_legacy_model(file: IO[bytes], name: str, compile: bool = True) -> Model:
    """The model of an .h5 file; nothing in the file is executed.

    Args:
        file: the open file.
        name: what errors call it.
        compile: whether to compile the model as it was, with its optimizer's state, so that training goes on.

    Raises:
        ModelFileError: the file is foreign, truncated, hostile, or holds what Striate does not have.
    """
    from striate.formats.keras_config import compile_model, make_model
    from striate.formats.legacy_config import modern_compile, modern_model
    from striate.formats.legacy_optimizer import read_optimizer
    from striate.formats.legacy_weights import check_legacy, read_legacy
    from striate.graph.parameters import outlines

    with LegacyReader(file, name) as reader:
        form = modern_model(_object(reader, "model_config", name), name)
        with outlines():  # a file of a kilobyte can declare a network of a terabyte; this is where that ends
            outline = make_model(form, name)
            if not outline.built:
                raise ModelFileError(f"{name}: model_config does not say of which shape the images are")
            check_legacy(outline, reader, name)
        model = make_model(form, name)
        filled = read_legacy(model, reader, name)
        if compile and reader.text("training_config") is not None:
            compile_model(model, modern_compile(_object(reader, "training_config", name), name), name)
            read_optimizer(model, reader, filled, name)
    return cast("Model", model)


def _object(reader: LegacyReader, attribute: str, name: str) -> dict[str, Any]:
    from striate.formats.bounded_json import parse_object

    text = reader.text(attribute)
    if text is None:
        raise ModelFileError(
            f"{name}: holds no {attribute}, so it is no whole model; make the network in Python and use load_weights"
        )
    data = text.encode("utf-8")
    if len(data) > _MAXIMAL_CONFIG:
        raise ModelFileError(f"{name}: {attribute} has {len(data)} bytes, more than the {_MAXIMAL_CONFIG} allowed")
    return parse_object(data, f"{name}: {attribute}")

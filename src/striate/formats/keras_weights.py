"""Which array of a network lies where in model.weights.h5, as Keras 3 places them.

Layers lie under `layers/<class in snake case>`, numbered from the second of a class on (`layers/dense_1`): names that
users give play no part. An optimizer's arrays lie under `optimizer`: its step count, its learning rate unless a
schedule sets it, then its state for each trainable array, in the order of `_STATE`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from striate.errors import ModelFileError
from striate.formats.hdf5 import AnyArray
from striate.formats.weights_h5 import WeightsReader, WeightsWriter
from striate.graph import Parameter, Shape, UpdateRule
from striate.graph.training import AVERAGE
from striate.layers import InputLayer, Layer
from striate.lookup import snake_case
from striate.models.network import Network

# The state of each rule: names in one group alternate for each array, the groups follow one another.
_STATE: dict[str, tuple[tuple[str, ...], ...]] = {
    "sgd": (("momentum",),),
    "adam": (("momentum", "velocity"), ("velocity_hat",)),
    "adamw": (("momentum", "velocity"), ("velocity_hat",)),
    "adamax": (("momentum", "norm"),),
    "nadam": (("momentum", "velocity"),),
    "rmsprop": (("velocity",), ("momentum",), ("average_gradient",)),
    "adagrad": (("accumulator",),),
    "adadelta": (("accumulated_grad", "accumulated_delta_var"),),
    "ftrl": (("accumulator", "linear"),),
    "lion": (("momentum",),),
}


class Misfit(ModelFileError):
    """A layer whose arrays have other shapes in the file."""


def write_weights(model: Any, writer: WeightsWriter, optimizer: bool = True) -> None:
    """All weights of a built model and, once it is compiled, the state of its optimizer unless told not to."""
    writer.write("", model.name, [])
    for layer, path in layer_paths(model.layers):
        writer.write(path, layer.name, [weight.value for weight in layer.weights])
    if optimizer and model.optimizer is not None:
        writer.write("optimizer", model.optimizer.name, optimizer_arrays(model))


def read_weights(model: Any, reader: WeightsReader, name: str, skip_mismatch: bool = False) -> None:
    """Fill a built model, and its optimizer once it is compiled, from a file: everything or, on any error, nothing.

    An optimizer's state of another kind or size is passed over with a warning, as in Keras, and so are layers that do
    not fit if skip_mismatch is set.

    Raises:
        ModelFileError: the file is damaged, or its first layer that does not fit is named with both shapes.
    """
    places = _fitting(_places(model.layers, reader), reader, name, skip_mismatch)
    arrays = [array for _, path in places for array in reader.read(path)]
    state = _read_optimizer(model, reader, name)
    for weight, array in zip((weight for layer, _ in places for weight in layer.weights), arrays, strict=True):
        weight.assign(array)
    if state:
        _set_optimizer(model, state)


def check_fit(model: Any, reader: WeightsReader, name: str) -> None:
    """Compare the shapes of a model's parameters with the file's: the first that differs is an error.

    What passes takes no more memory than a few times the file's size.
    """
    places = _fitting(_places(model.layers, reader), reader, name, skip_mismatch=False)
    reader.check_claims([path for _, path in places])


def layer_paths(layers: Sequence[Layer], folder: str = "layers") -> list[tuple[Layer, str]]:
    """Each layer once with its path, those of inner models too; those that stand for images have none."""
    paths: dict[Layer, str] = {}
    counts: dict[str, int] = {}
    for layer in layers:
        base = snake_case(type(layer).__name__)
        count = counts[base] = counts.get(base, -1) + 1
        if isinstance(layer, InputLayer) or layer in paths:
            continue
        path = f"{folder}/{base}_{count}" if count else f"{folder}/{base}"
        paths[layer] = path
        if isinstance(layer, Network):
            for inner, place in layer_paths(layer.layers, f"{path}/layers"):
                paths.setdefault(inner, place)
    return [(layer, path) for layer, path in paths.items() if not isinstance(layer, Network)]


def _places(layers: Sequence[Layer], reader: WeightsReader) -> list[tuple[Layer, str]]:
    """Layers and their paths in a file: Keras 2.13 called `layers` something else."""
    pairs = list(layer_paths(layers))
    if reader.has("_layer_checkpoint_dependencies"):
        return [(layer, path.replace("layers/", "_layer_checkpoint_dependencies/")) for layer, path in pairs]
    return pairs


def _fitting(
    places: Sequence[tuple[Layer, str]], reader: WeightsReader, name: str, skip_mismatch: bool
) -> list[tuple[Layer, str]]:
    """The places whose arrays fit their layers. The first that does not is an error, or else left out and warned of."""
    fitting, left = [], []
    for layer, path in places:
        try:
            _check_fit(layer, [weight.shape for weight in layer.weights], reader.shapes(path), name)
            fitting.append((layer, path))
        except Misfit as error:
            if not skip_mismatch:
                raise
            left.append(str(error).removeprefix(f"{name}: ").partition("; load it")[0])
    if left:
        warnings.warn(f"{name}: left as they were: {'; '.join(left)}", stacklevel=5)
    return fitting


def _check_fit(
    layer: Layer, expected: list[Shape], shapes: list[Shape] | None, name: str, keys: Sequence[str] = ()
) -> None:
    """Raise the error that names a layer's first array that differs."""
    found = shapes or []
    if found == expected:
        return
    keys = keys or [weight.name.rsplit("/", 1)[-1] for weight in layer.weights]
    for key, want, got in zip(keys, expected, found, strict=False):
        if want != got:
            raise Misfit(
                f"{name}: layer {layer.name}: its {key} has shape {got} in the file and {want} in the model; "
                "load it into the network that it was saved from. Nothing was changed"
            )
    raise Misfit(
        f"{name}: layer {layer.name}: the file has {len(found)} arrays of shapes {found} for it and the model "
        f"{len(expected)} of shapes {expected}; load it into the network that it was saved from. Nothing was changed"
    )


def optimizer_arrays(model: Any) -> list[AnyArray]:
    """The whole state of a compiled model's optimizer, in the order of the file."""
    optimizer = model.optimizer
    arrays: list[AnyArray] = [np.asarray(optimizer.iterations, dtype=np.int64)]
    if not has_schedule(optimizer):
        arrays.append(np.asarray(optimizer.learning_rate, dtype=np.float32))
    slots, scalars = state_arrays(model)
    return arrays + slots + [scalar.astype(np.float32).reshape(()) for scalar in scalars]


def _read_optimizer(model: Any, reader: WeightsReader, name: str) -> list[AnyArray]:
    """The optimizer's arrays in the file; none when there are none, or when they belong to another optimizer."""
    if model.optimizer is None or not (shapes := reader.shapes("optimizer")):
        return []
    slots, scalars = state_arrays(model)
    head: list[Shape] = [()] if has_schedule(model.optimizer) else [(), ()]
    expected = head + [slot.shape for slot in slots] + [() for _ in scalars]
    if shapes not in (head, expected):
        warnings.warn(
            f"{name}: the optimizer's state ({len(shapes)} arrays) does not fit {type(model.optimizer).__name__} "
            f"({len(expected)} arrays) on this network; training will go on with a fresh state",
            stacklevel=5,
        )
        return []
    arrays = reader.read("optimizer")
    if arrays[0].dtype.kind not in "iu" or int(arrays[0]) < 0:
        raise ModelFileError(f"{name}: optimizer/vars/0: expected the number of steps taken, got {arrays[0]!r}")
    if len(head) == 2 and not 0 <= float(arrays[1]) < np.inf:
        raise ModelFileError(f"{name}: optimizer/vars/1: expected a learning rate of 0 or more, got {float(arrays[1])}")
    return arrays


def _set_optimizer(model: Any, arrays: list[AnyArray]) -> None:
    optimizer = model.optimizer
    optimizer.iterations = int(arrays[0])
    head = 1
    if not has_schedule(optimizer):
        head = 2
        if np.float32(optimizer.learning_rate) != arrays[1]:  # else keep all digits of the configuration
            optimizer.learning_rate = float(arrays[1])
    slots, scalars = state_arrays(model)
    for place, array in zip([*slots, *scalars], arrays[head:], strict=False):
        place[...] = array


def state_arrays(model: Any) -> tuple[list[AnyArray], list[AnyArray]]:
    """The optimizer's own arrays for the model's weights, and those it has for all, in the order of the file."""
    parameters: list[Parameter] = model.trainable_weights
    rule: UpdateRule = model.optimizer.rule(parameters)
    slots: list[AnyArray] = [
        rule.slots[id(parameter)][slot]
        for group in ((AVERAGE,), *_STATE[rule.kind])
        for parameter in parameters
        for slot in group
        if slot in rule.slots[id(parameter)]
    ]
    return slots, list(rule.scalars.values())


def has_schedule(optimizer: Any) -> bool:
    """Whether a schedule sets the learning rate, so that it is no part of the state."""
    return isinstance(optimizer.get_config()["learning_rate"], Mapping)

"""The optimizer's state in whole models of Keras 1, 2 and 3.

All begin with the number of steps. What follows depends on the version:

    Keras 1, 2                each kind of state for all parameters, then the next kind
    Keras 2.11 and later      a learning rate perhaps, then all kinds for the first parameter, then for the next
    Keras 3                   the same with a learning rate
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.errors import ModelFileError
from striate.formats.hdf5 import AnyArray
from striate.formats.keras_weights import has_schedule, optimizer_arrays, state_arrays
from striate.formats.legacy_h5 import LegacyReader, SavedLayer
from striate.formats.legacy_weights import Filled
from striate.graph import Parameter, Shape

_Place = tuple[Any, Parameter | None]  # the optimizer's own array, and the parameter whose state it is

def describe_optimizer(model: Any) -> list[tuple[str, AnyArray]]:
    """The state with names, in Keras 3's order."""
    arrays = optimizer_arrays(model)
    names = ["iteration", "learning_rate"][: 1 if has_schedule(model.optimizer) else 2]
    names += [f"state_{index}" for index in range(len(arrays) - len(names))]
    return [(f"{model.optimizer.name}/{name}:0", array) for name, array in zip(names, arrays, strict=True)]


def read_optimizer(model: Any, reader: LegacyReader, filled: Filled, name: str) -> None:
    """Give a compiled model's optimizer the state of a file.

    A state of another kind or size is passed over with a warning, as in Keras.

    Args:
        model: the model, filled from the same file.
        reader: the open file.
        filled: what `read_legacy` returned.
        name: what errors and warnings call the file.

    Raises:
        ModelFileError: the file is damaged.
    """
    saved = reader.optimizer()
    if model.optimizer is None or saved is None or not saved.shapes:
        return
    has_rate = len(saved.shapes) > 1 and "learning_rate" in saved.weight_names[1]
    places = _places(model, saved, has_rate, _in_order(model, reader, filled), filled)
    if saved.shapes[0] != () or places is None:
        warnings.warn(
            f"{name}: the optimizer's state ({len(saved.shapes)} arrays) does not fit {type(model.optimizer).__name__} "
            "on this network; training will go on with a fresh state",
            stacklevel=5,
        )
        return
    steps, *arrays = reader.read(saved)
    if not 0 <= float(steps) < 2**53:
        raise ModelFileError(f"{name}: optimizer_weights: expected the number of steps taken, got {steps!r}")
    model.optimizer.iterations = int(steps)
    for (place, parameter), array in zip(places, arrays[has_rate:], strict=True):
        place[...] = array if parameter is None else filled.kernels(parameter, array)


def _in_order(model: Any, reader: LegacyReader, filled: Filled) -> list[Parameter]:
    """The trainable parameters in the order of the file. Keras 1 sorted them by name."""
    if reader.version > 1:
        parameters: list[Parameter] = model.trainable_weights
        return parameters
    return [parameter for _, parameter in sorted(filled.parameters, key=lambda item: item[0]) if parameter.trainable]


def _places(
    model: Any, saved: SavedLayer, has_rate: bool, parameters: Sequence[Parameter], filled: Filled
) -> list[_Place] | None:
    """Where each array behind the steps and the rate belongs; None if they do not fit."""
    slots = model.optimizer.rule(model.trainable_weights).slots
    kinds = list(dict.fromkeys(kind for own in slots.values() for kind in own))
    grouped: list[_Place] = [(slots[id(p)][kind], p) for kind in kinds for p in parameters]
    owner = {id(place): parameter for place, parameter in grouped}
    alternating, scalars = state_arrays(model)
    newer: list[_Place] = [(place, owner[id(place)]) for place in alternating]
    shared: list[_Place] = [(scalar, None) for scalar in scalars]
    rest = saved.shapes[1 + has_rate :]
    if not kinds and not shared:  # older versions kept state that plain SGD does not need
        return _ignored(rest)
    is_newer = has_rate or saved.weight_names[0].rsplit("/", 1)[-1].split(":")[0] == "iteration"
    for places in (newer, grouped) if is_newer else (grouped, newer):
        for candidate in ([*places, *shared], places):
            shapes = [() if parameter is None else filled.shapes[id(parameter)] for _, parameter in candidate]
            # Early Keras 2 kept arrays of one number in the place of state that an option did not call for.
            if rest[: len(shapes)] == shapes and set(rest[len(shapes) :]) <= {(1,)}:
                return [*candidate, *_ignored(rest[len(shapes) :])]
    return None


def _ignored(shapes: Sequence[Shape]) -> list[_Place]:
    """Places for arrays that are read and forgotten."""
    return [(np.empty(shape, dtype=np.float32), None) for shape in shapes]

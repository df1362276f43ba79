"""Which array of a network lies where in the HDF5 layout of Keras 1 and 2.

Layers that have arrays follow one another as in the network, so their names need not agree; or else (`by_name`) only
those are filled whose names do. A layer's trainable arrays come first; of a model within the model they all do.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from striate.errors import ModelFileError
from striate.formats.hdf5 import AnyArray
from striate.formats.keras1_kernels import OldKernels
from striate.formats.legacy_h5 import LegacyReader, SavedLayer
from striate.graph import Parameter


@dataclass(frozen=True)
class _Pair:
    """A layer, what the file has for it, and the parameters in the file's order."""

    layer: Any
    saved: SavedLayer
    parameters: list[Parameter]


@dataclass(frozen=True)
class Filled:
    """How a model was filled: by the file's names the parameters, and what became of the kernels."""

    parameters: list[tuple[str, Parameter]]
    shapes: dict[int, tuple[int, ...]]  # in the file, by id of the parameter
    kernels: OldKernels


def read_legacy(
    model: Any, reader: LegacyReader, name: str, by_name: bool = False, skip_mismatch: bool = False
) -> Filled:
    """Fill a built model from a file: everything or, on any error, nothing.

    Args:
        model: the model.
        reader: the open file.
        name: what errors call it.
        by_name: fill the layers whose names are in the file, whatever their places.
        skip_mismatch: leave layers that do not fit as they are, with a warning.

    Raises:
        ModelFileError: the file is damaged, or its first layer that does not fit is named with both shapes.
    """
    pairs = _by_name(model, reader.layers(), name) if by_name else _in_order(model, reader.layers(), name)
    kernels = _kernels(model, pairs, reader, name)
    misfits = {id(pair): message for pair in pairs if (message := _misfit(pair, kernels))}
    if not skip_mismatch:
        _refuse_first(misfits.values(), name)
    fitting = [pair for pair in pairs if id(pair) not in misfits]
    arrays: list[tuple[Parameter, AnyArray]] = [
        (parameter, kernels(parameter, array))
        for pair in fitting
        for parameter, array in zip(pair.parameters, reader.read(pair.saved), strict=True)
    ]
    for parameter, array in arrays:
        parameter.assign(array)
    if misfits:
        warnings.warn(f"{name}: left as they were: {'; '.join(misfits.values())}", stacklevel=4)
    named = [item for pair in fitting for item in zip(pair.saved.weight_names, pair.parameters, strict=True)]
    shapes = {id(p): shape for pair in fitting for p, shape in zip(pair.parameters, pair.saved.shapes, strict=True)}
    return Filled(named, shapes, kernels)


def check_legacy(outline: Any, reader: LegacyReader, name: str) -> None:
    """Raise what `read_legacy` would, for a model whose parameters have shapes but no numbers yet."""
    pairs = _in_order(outline, reader.layers(), name)
    kernels = _kernels(outline, pairs, reader, name, warn=False)
    _refuse_first([message for pair in pairs if (message := _misfit(pair, kernels))], name)
    reader.check_claims([pair.saved for pair in pairs])


def describe_layers(model: Any) -> list[tuple[str, list[tuple[str, AnyArray]]]]:
    """Each layer's name with the names and numbers of its arrays, in the order of the layout."""
    return [
        (layer.name, [(_weight_name(layer, parameter), parameter.value) for parameter in _in_legacy_order(layer)])
        for layer in model.layers
    ]


def _weight_name(layer: Any, parameter: Parameter) -> str:
    """conv/kernel:0; of a model within the model, model/conv/kernel:0."""
    own = parameter.name if parameter.name.startswith(f"{layer.name}/") else f"{layer.name}/{parameter.name}"
    return f"{own}:0"


def _in_legacy_order(layer: Any) -> list[Parameter]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _in_order(model: Any, saved: Sequence[SavedLayer], name: str) -> list[_Pair]:
    """Layers paired with those of the file, one after the other."""
    layers = [layer for layer in model.layers if layer.weights]
    if len(layers) != len(saved):
        _refuse_count(layers, saved, name)
    return [_pair(layer, other) for layer, other in zip(layers, saved, strict=True)]


def _by_name(model: Any, saved: Sequence[SavedLayer], name: str) -> list[_Pair]:
    """Layers paired with those of the same name."""
    known = {other.name: other for other in saved}
    layers = [layer for layer in model.layers if layer.weights]
    pairs = [_pair(layer, known[layer.name]) for layer in layers if layer.name in known]
    if not pairs:
        raise ModelFileError(
            f"{name}: by_name=True, but none of its layers ({_some([other.name for other in saved])}) has the name of "
            f"one of the model's ({_some([layer.name for layer in layers])}). Nothing was changed"
        )
    return pairs


def _pair(layer: Any, saved: SavedLayer) -> _Pair:
    """A layer and its arrays. Those of a model within the model are told by name where all names agree."""
    parameters = _in_legacy_order(layer)
    if hasattr(layer, "layers") and len(parameters) == len(saved.weight_names):
        named = {"/".join(parameter.name.split("/")[-2:]): parameter for parameter in parameters}
        wanted = ["/".join(weight.split(":")[0].split("/")[-2:]) for weight in saved.weight_names]
        if len(named) == len(parameters) and set(wanted) == set(named):
            parameters = [named[weight] for weight in wanted]
    return _Pair(layer, saved, parameters)


def _kernels(model: Any, pairs: Sequence[_Pair], reader: LegacyReader, name: str, warn: bool = True) -> OldKernels:
    stored = [item for pair in pairs for item in zip(pair.parameters, pair.saved.shapes, strict=False)]
    kernels = OldKernels(model, stored, reader.version, reader.backend)
    if kernels.channels_first and reader.backend is None and warn:
        warnings.warn(
            f"{name}: its kernels are in Theano's order, but it does not say whether Theano itself wrote it, and so "
            "flipped; they are taken as they are. If it did, write that down: "
            f"h5py.File({name!r}, 'a').attrs['backend'] = 'theano'",
            stacklevel=5,
        )
    return kernels


def _refuse_first(messages: Iterable[str], name: str) -> None:
    for message in messages:
        raise ModelFileError(
            f"{name}: {message}; load it into the network that it was saved from. Nothing was changed"
        )


def _misfit(pair: _Pair, kernels: OldKernels) -> str | None:
    """What is wrong with a pair; None if nothing is."""
    called = pair.layer.name if pair.layer.name == pair.saved.name else f"{pair.layer.name} ({pair.saved.name} there)"
    if len(pair.parameters) != len(pair.saved.shapes):
        expected = [parameter.shape for parameter in pair.parameters]
        return (
            f"layer {called}: the file has {len(pair.saved.shapes)} arrays of shapes {pair.saved.shapes} for it and "
            f"the model {len(expected)} of shapes {expected}"
        )
    for parameter, stored in zip(pair.parameters, pair.saved.shapes, strict=True):
        if kernels.shape(parameter, stored) != parameter.shape:
            key = parameter.name.removeprefix(f"{pair.layer.name}/")
            return f"layer {called}: its {key} has shape {stored} in the file and {parameter.shape} in the model"
    return None


def _refuse_count(layers: Sequence[Any], saved: Sequence[SavedLayer], name: str) -> NoReturn:
    """The error about another number of layers, with the first that differs."""
    ours = [(layer.name, [parameter.shape for parameter in _in_legacy_order(layer)]) for layer in layers]
    theirs = [(layer.name, layer.shapes) for layer in saved]
    index = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a[1] != b[1]), None)
    if index is None:
        index = min(len(ours), len(theirs))
    here, there = (
        f"{side[index][0]} with shapes {side[index][1]}" if index < len(side) else "nothing" for side in (ours, theirs)
    )
    raise ModelFileError(
        f"{name}: has {len(saved)} layers with weights and the model {len(layers)}; the first that differ are {there} "
        f"in the file and {here} in the model. by_name=True fills the layers whose names agree. Nothing was changed"
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")

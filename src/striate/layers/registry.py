"""Layers by name: what makes them from configurations and files. Nothing but these classes is ever made from a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.errors import StriateError
from striate.layers import (
    activation,
    augmentation,
    convolution,
    dense,
    depthwise,
    embedding,
    group_normalization,
    input,
    lenet,
    merging,
    normalization,
    pooling,
    regularization,
    reshaping,
    resizing,
    standardization,
    transposed,
)
from striate.layers.base import Layer, serialize
from striate.lookup import class_and_config, nearest

__all__ = ["LAYERS", "deserialize", "find", "get", "serialize"]

_FAMILIES = (
    input, convolution, depthwise, transposed, lenet, pooling, dense, activation, normalization,
    group_normalization, regularization, reshaping, resizing, augmentation, merging, embedding, standardization,
)  # fmt: skip
_BASES = {
    "Layer", "Convolving", "Conv", "ConvTranspose", "Depthwise", "DepthwiseConv", "SeparableConv", "Pooling",
    "GlobalPooling", "AdaptivePooling", "Scaled", "Border", "ZeroPadding", "Cropping", "UpSampling",
    "SpatialDropout", "Augmentation", "Warp", "Adjustment", "Merge", "Pairwise",
}  # fmt: skip

# Every layer and alias that a family's module defines, by its name.
LAYERS: dict[str, type[Layer]] = {
    name: value
    for family in _FAMILIES
    for name, value in vars(family).items()
    if isinstance(value, type) and issubclass(value, Layer) and name not in _BASES
}


def find(name: str, custom_objects: Mapping[str, type[Layer]] | None = None) -> type[Layer]:
    """The class of a name; `custom_objects` come first."""
    classes = {**LAYERS, **(custom_objects or {})}
    if name not in classes:
        raise StriateError(f"unknown layer {name!r}: {nearest(name, classes)}")
    return classes[name]


def get(identifier: str | Mapping[str, Any] | type[Layer] | Layer) -> Layer:
    """The layer of a serialized form, a name or a class (then with its defaults), or itself."""
    if isinstance(identifier, Layer):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return find(identifier).from_config({})
    if isinstance(identifier, type) and issubclass(identifier, Layer):
        return identifier.from_config({})
    raise StriateError(f"layers: got {identifier!r}, expected a layer such as striate.layers.Dense(10)")


def deserialize(form: Mapping[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Layer:
    """The layer of a serialized form, with new parameters.

    Args:
        form: what `serialize` or Keras wrote.
        custom_objects: your own classes by name.

    Raises:
        StriateError: an unknown class, or a configuration that does not fit it.
    """
    found = class_and_config(form)
    if found is None:
        raise StriateError(f"layers: got {dict(form)!r}, expected a form with class_name and config")
    return find(found[0], custom_objects).from_config(found[1])

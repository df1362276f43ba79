"""Shapes as users give them to layers, with and without the batch, and as layers show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from striate.layers import arguments
from striate.layers.symbolic import OpenShape


def one_or_list(values: Sequence[Any]) -> Any:
    """The value of a list of one, else the list."""
    return values[0] if len(values) == 1 else list(values)


def shapes_of(layer: str, value: Any) -> tuple[list[OpenShape], bool]:
    """The shapes of one image for each input, and whether a None for the batch came before them."""
    if isinstance(value, Mapping):
        value = [value[key] for key in sorted(value)]
    several = isinstance(value, (list, tuple)) and bool(value) and all(isinstance(v, (list, tuple)) for v in value)
    found = [_without_batch(layer, shape) for shape in (value if several else [value])]
    return [shape for shape, _ in found], found[0][1]


def _without_batch(layer: str, shape: Sequence[int | None]) -> tuple[OpenShape, bool]:
    batched = len(shape) > 0 and shape[0] is None
    return arguments.open_shape(layer, "input_shape", tuple(shape)[batched:]), batched


def declared_shape(
    layer: str, shape: Sequence[int | None] | None, batch_shape: Sequence[int | None] | None, size: int | None
) -> OpenShape | None:
    """The shape that a first layer's arguments declare, without the batch."""
    if batch_shape is not None:
        return arguments.open_shape(layer, "batch_input_shape", tuple(batch_shape)[1:])
    if size is not None:
        return arguments.open_shape(layer, "input_dim", size)
    return None if shape is None else arguments.open_shape(layer, "input_shape", shape)

"""Shapes of images: as users give them to layers, as layers show them, and with sizes that are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from striate.graph import Shape
from striate.layers import arguments

OpenShape = tuple[int | None, ...]  # of one image, without the batch

# Two sizes that stand for an open one: what differs between their results is open, too. Divisible by all small numbers.
_PROBES = (5040, 10080)


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


class _Open(int):
    """A size that is not known yet: counts as a number, shows as None."""

    def __repr__(self) -> str:
        return "None"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("None", spec)


def is_open(shape: OpenShape) -> bool:
    """Whether a size is not known."""
    return None in shape


def probes(shapes: Sequence[OpenShape]) -> list[list[Shape]]:
    """The shapes as they are if all sizes are known; else twice, with two different sizes for the open ones."""
    if not any(is_open(shape) for shape in shapes):
        return [[tuple(size for size in shape if size is not None) for shape in shapes]]
    return [[tuple(_Open(n) if size is None else size for size in shape) for shape in shapes] for n in _PROBES]


def common_shapes(results: Sequence[Sequence[Shape]]) -> list[OpenShape]:
    """Shapes from those that probes gave: sizes that differ are open."""
    if len(results) == 1:
        return list(results[0])
    return [
        tuple(size if size == other else None for size, other in zip(*pair, strict=True))
        for pair in zip(*results, strict=True)
    ]

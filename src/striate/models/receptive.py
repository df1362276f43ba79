"""Receptive fields: which part of the image one output of a layer sees (Araujo et al. 2019)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from striate.graph import Graph, Node
from striate.graph.operations import (
    AdaptivePool,
    Contract,
    ConvTranspose,
    Embedding,
    Input,
    Normalize,
    Permute,
    Reshape,
    Resize,
)
from striate.graph.operations.base import Windowed
from striate.graph.shapes import effective_kernel


@dataclass(frozen=True)
class Field:
    """What one output sees, for each spatial dimension.

    size: pixels of the image (padding counts as image); at most so many, where an image was enlarged.
    stride: pixels between the fields of two neighbours, a fraction of one where an image was enlarged.
    """

    size: tuple[int, ...]
    stride: tuple[Fraction, ...]


@dataclass(frozen=True)
class _Axis:
    """The field along one axis of a node."""

    size: Fraction
    stride: Fraction

    def after(self, taps: int, step: Fraction) -> _Axis:
        """Of an operation whose outputs see `taps` inputs in a row and lie `step` inputs apart."""
        return _Axis(self.size + (taps - 1) * self.stride, self.stride * step)


_Axes = tuple[_Axis | None, ...]  # None: the channels, once an operation has shown where they are


def receptive_fields(graph: Graph) -> dict[Node, Field | None]:
    """The field of every node: size + (k - 1) stride and stride * s after a window of extent k and stride s.

    None stands for the whole image: where the spatial dimensions have been flattened, summed or normalised over.
    """
    found: dict[Node, _Axes | None] = {}
    for node in graph.nodes:
        found[node] = _axes(node, [found[earlier] for earlier in node.inputs])
    return {node: None if axes is None else _field(axes) for node, axes in found.items()}


def _field(axes: _Axes) -> Field | None:
    spatial = [axis for axis in (axes if None in axes else axes[:-1]) if axis is not None]
    if not spatial:
        return None
    return Field(tuple(math.ceil(axis.size) for axis in spatial), tuple(axis.stride for axis in spatial))


def _axes(node: Node, before: Sequence[_Axes | None]) -> _Axes | None:
    operation = node.operation
    if isinstance(operation, Input):
        return (_Axis(Fraction(1), Fraction(1)),) * len(operation.shape)
    known = [axes for axes in before if axes is not None]
    if len(known) < len(before) or not known:
        return None
    if isinstance(operation, Embedding) and isinstance(node.inputs[0].operation, Input):
        return (*known[0], None)  # what was a channel of the input is a position now
    if isinstance(operation, Reshape) and operation.shape != node.inputs[0].shape:
        return None
    last = len(node.shape) - 1
    if isinstance(operation, Normalize) and any(node.shape[axis] > 1 for axis in operation.axes if axis < last):
        return None
    if isinstance(operation, Contract) or any(len(axes) != len(node.shape) for axes in known):
        return None
    widest = tuple(_union(node, known, axis) for axis in range(len(node.shape)))
    if isinstance(operation, Permute):
        return tuple(widest[axis] for axis in operation.order)
    if isinstance(operation, Windowed | Resize | AdaptivePool):
        sizes = node.inputs[0].shape
        return (*(axis and axis.after(*_taps(operation, sizes[i], i)) for i, axis in enumerate(widest[:-1])), None)
    return widest


def _union(node: Node, known: Sequence[_Axes], axis: int) -> _Axis | None:
    """What is seen through any of the inputs; neighbours are as far apart as in one that is not repeated."""
    along = [axes[axis] for axes in known]
    whole = [found for found, source in zip(along, node.inputs, strict=True) if source.shape[axis] == node.shape[axis]]
    fields = [found for found in along if found is not None]
    if len(fields) < len(along):
        return None
    stride = next(found.stride for found in (whole or along) if found is not None)
    return _Axis(max(found.size for found in fields), stride)


def _taps(operation: Windowed | Resize | AdaptivePool, size: int, axis: int) -> tuple[int, Fraction]:
    """Inputs in a row that an output sees, and their distance from one output to the next."""
    if isinstance(operation, Resize):
        count = operation.sizes[axis]
        return 1 + (operation.method == "linear" and size != count), Fraction(size, count)
    if isinstance(operation, AdaptivePool):
        count = operation.sizes[axis]
        return max(-(-(i + 1) * size // count) - i * size // count for i in range(count)), Fraction(size, count)
    extent = effective_kernel(operation.window[axis], operation.dilation[axis])
    stride = operation.strides[axis]
    if isinstance(operation, ConvTranspose):
        return -(-extent // stride), Fraction(1, stride)
    return extent, Fraction(stride)

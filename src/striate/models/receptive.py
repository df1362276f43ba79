"""Receptive fields: which part of the image one output of a layer sees (Araujo et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from striate.graph import Graph, Node
from striate.graph.operations import Conv, Input, Pool, Reshape
from striate.graph.shapes import effective_kernel


@dataclass(frozen=True)
class Field:
    """What one output sees, for each spatial dimension.

    size: pixels of the image (padding counts as image). stride: pixels between the fields of two neighbours.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]


def receptive_fields(graph: Graph) -> dict[Node, Field | None]:
    """The field of every node: size + (k - 1) stride and stride * s after a window of extent k and stride s.

    None stands for the whole image: where the spatial dimensions have been flattened.
    """
    fields: dict[Node, Field | None] = {}
    for node in graph.nodes:
        fields[node] = _field(node, [fields[earlier] for earlier in node.inputs])
    return fields


def _field(node: Node, before: list[Field | None]) -> Field | None:
    operation = node.operation
    if isinstance(operation, Input):
        ones = (1,) * (len(operation.shape) - 1)
        return Field(ones, ones) if ones else None
    known = [field for field in before if field is not None]
    if len(known) < len(before) or not known:
        return None
    if isinstance(operation, Reshape) and operation.shape != node.inputs[0].shape:
        return None
    widest = Field(tuple(map(max, *(f.size for f in known))) if len(known) > 1 else known[0].size, known[0].stride)
    if isinstance(operation, (Conv, Pool)):
        extents = [effective_kernel(k, d) for k, d in zip(operation.window, operation.dilation, strict=True)]
        size = tuple(r + (k - 1) * j for r, k, j in zip(widest.size, extents, widest.stride, strict=True))
        return Field(size, tuple(j * s for j, s in zip(widest.stride, operation.strides, strict=True)))
    return widest

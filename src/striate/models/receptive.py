"""Receptive fields: which part of the image one output of a layer sees (Araujo et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from striate.graph import Graph, Node
from striate.graph.operations import Contract, Conv, Embedding, Input, Normalize, Pool, Reshape
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

    None stands for the whole image: where the spatial dimensions have been flattened, summed or normalised over.
    """
    fields: dict[Node, Field | None] = {}
    for node in graph.nodes:
        fields[node] = _field(node, [fields[earlier] for earlier in node.inputs])
    return fields


def _field(node: Node, before: list[Field | None]) -> Field | None:
    operation = node.operation
    if isinstance(operation, Input):
        return _single(len(operation.shape) - 1)
    if isinstance(operation, Embedding) and isinstance(node.inputs[0].operation, Input):
        return _single(len(node.shape) - 1)  # what was a channel of the input is a position now
    known, rank = [field for field in before if field is not None], len(node.shape) - 1
    if len(known) < len(before) or not known:
        return None
    if isinstance(operation, Reshape) and operation.shape != node.inputs[0].shape:
        return None
    if isinstance(operation, Normalize) and any(node.shape[axis] > 1 for axis in operation.axes if axis < rank):
        return None
    if isinstance(operation, Contract) or any(len(field.size) != rank for field in known):
        return None
    widest = _union(node, known)
    if isinstance(operation, (Conv, Pool)):
        extents = [effective_kernel(k, d) for k, d in zip(operation.window, operation.dilation, strict=True)]
        size = tuple(r + (k - 1) * j for r, k, j in zip(widest.size, extents, widest.stride, strict=True))
        return Field(size, tuple(j * s for j, s in zip(widest.stride, operation.strides, strict=True)))
    return widest


def _single(rank: int) -> Field | None:
    """One pixel; without spatial dimensions the whole image."""
    return Field((1,) * rank, (1,) * rank) if rank > 0 else None


def _union(node: Node, fields: list[Field]) -> Field:
    """What is seen through any of the inputs; neighbours are as far apart as in one that is not repeated."""
    sizes = [max(field.size[axis] for field in fields) for axis in range(len(node.shape) - 1)]
    strides = []
    for axis in range(len(sizes)):
        whole = [f for f, source in zip(fields, node.inputs, strict=True) if source.shape[axis] == node.shape[axis]]
        strides.append((whole or fields)[0].stride[axis])
    return Field(tuple(sizes), tuple(strides))

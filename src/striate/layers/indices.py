"""Whole numbers as input: where a network looks rows up by them, they are checked before any work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.arrays import AnyArray
from striate.errors import DataError
from striate.graph import Graph, Node
from striate.graph.operations import Embedding, Input, Pad, Reshape, Select

_MOVING = (Reshape, Pad, Select)  # leave numbers as they are


def source_of(node: Node) -> Node | None:
    """The input whose numbers a node holds, in whatever order; None if they were computed."""
    while isinstance(node.operation, _MOVING):
        node = node.inputs[0]
    return node if isinstance(node.operation, Input) else None


def check_indices(graph: Graph, images: Sequence[AnyArray]) -> None:
    """Raise DataError where images for a graph hold something else than the numbers of a table's rows.

    Args:
        graph: with its inputs in the order of `images`.
        images: one array for each input, examples first.
    """
    inputs = graph.inputs
    for node in graph.nodes:
        if isinstance(node.operation, Embedding):
            source = source_of(node.inputs[0])
            if source is not None:
                _check(images[inputs.index(source)], node.operation.rows, node.name)


def _check(array: AnyArray, rows: int, layer: str) -> None:
    if array.dtype.kind in "ub" and array.size and int(array.max()) < rows:
        return
    numbers: NDArray[Any] = array
    wrong = (numbers < 0) | (numbers >= rows)
    if array.dtype.kind == "f":
        wrong |= numbers != np.floor(numbers)
    if wrong.any():
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), array.shape))
        value = float(numbers[place])
        shown = int(value) if value.is_integer() else value
        raise DataError(
            f"{layer}: got {shown} at index {place}, expected whole numbers from 0 to {rows - 1}, as its "
            f"input_dim is {rows}; give it a larger input_dim, or map unknown words to a number of their own"
        )

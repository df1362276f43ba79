"""What engines make sure of before they compute: that arrays, nodes and orders belong to the compiled graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.engines.interface import Examples, Images
from striate.engines.warped import WarpedImages
from striate.graph import Array, Graph, LossFunction, Node, UpdateRule


def check_measures(losses: Sequence[object]) -> None:
    """The program was compiled with losses."""
    if not losses:
        raise ValueError("the program was compiled without a loss; it cannot evaluate")


def check_trains(losses: Sequence[object], rule: UpdateRule | None) -> None:
    """The program was compiled with losses and an update rule."""
    if rule is None or not losses:
        raise ValueError("the program was compiled without a loss or an update rule; it cannot train")


def checked_order(order: NDArray[np.int64], steps: int, batch_size: int, count: int) -> NDArray[np.int64]:
    """The part of an order of `count` examples that some steps take."""
    if steps > -(-len(order) // batch_size):
        raise ValueError(f"{len(order)} examples in batches of {batch_size} do not make {steps} steps")
    taken = np.ascontiguousarray(order[: steps * batch_size], np.int64)
    if len(taken) and not 0 <= int(taken.min()) <= int(taken.max()) < count:
        raise ValueError(f"order goes beyond the {count} examples")
    return taken


def check_nodes(graph: Graph, nodes: Sequence[Node]) -> None:
    """Engines know nodes by their index, so they must be this graph's."""
    for node in nodes:
        if node.index >= len(graph.nodes) or graph.nodes[node.index] is not node:
            raise ValueError(f"{node.name}: is no node of the graph that this program was compiled from")


def check_images(graph: Graph, images: Sequence[Images]) -> None:
    """An array for each input, of its shape, of a type and layout that engines read in place."""
    if len(images) != len(graph.inputs):
        raise ValueError(f"got {len(images)} arrays of images, expected {len(graph.inputs)}")
    for array, node in zip(images, graph.inputs, strict=True):
        read = array.dtype in (np.uint8, np.float32, np.float64)
        if not isinstance(array, WarpedImages) and not (read and array.flags.c_contiguous):
            raise ValueError(f"{node.name}: expected C-contiguous uint8, float32 or float64, got {array.dtype}")
        if array.shape != (len(images[0]), *node.shape):
            raise ValueError(f"{node.name}: got images of shape {array.shape}, expected (n, *{node.shape})")


def check_examples(graph: Graph, losses: Sequence[LossFunction | None], examples: Examples) -> None:
    """Images, targets of the types and shapes that the losses take, and weights."""
    check_images(graph, examples.images)
    for target, node, loss in zip(examples.targets, graph.outputs, losses, strict=True):
        if loss is None:
            if len(target) != len(examples):
                raise ValueError(f"{node.name}: got targets of {len(target)} examples, expected {len(examples)}")
            continue
        sparse = loss.kind == "sparse_categorical_crossentropy"
        shape = (len(examples), *(node.shape[:-1] if sparse else node.shape))
        dtype = np.int32 if sparse else np.float32
        if target.dtype != dtype or target.shape != shape or not target.flags.c_contiguous:
            raise ValueError(
                f"{node.name}: targets must be C-contiguous {np.dtype(dtype)} of shape {shape}, "
                f"got {target.dtype} of shape {target.shape}"
            )
    weights = examples.weights
    if weights is None:
        return
    shapes = (len(examples),), (len(examples), len(graph.outputs))
    if weights.dtype != np.float32 or weights.shape not in shapes or not weights.flags.c_contiguous:
        raise ValueError(f"weights: expected float32 {shapes[0]} or {shapes[1]}, got {weights.dtype} {weights.shape}")


def checked_cotangent(cotangent: Array, of: Node, count: int) -> Array:
    """The cotangent of a node's values for `count` images, float32 and contiguous."""
    array = np.ascontiguousarray(cotangent, np.float32)
    if array.shape != (count, *of.shape):
        raise ValueError(f"cotangent: got shape {array.shape}, expected {(count, *of.shape)}, that of {of.name}")
    return array

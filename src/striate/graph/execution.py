"""Lets what stands above the waist run a graph without knowing an engine: engines register here, layers ask here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from striate.graph.graph import Graph
from striate.graph.parameters import Array

Executor = Callable[[Graph, Sequence[NDArray[np.generic]], bool, int, int], list[Array]]
_executor: Executor | None = None


def register_executor(executor: Executor) -> None:
    """Called once, by the package that holds the engines."""
    global _executor
    _executor = executor


def execute(
    graph: Graph, images: Sequence[NDArray[np.generic]], training: bool = False, step: int = 0, seed: int = 0
) -> list[Array]:
    """Outputs of a graph for some images, in inference mode unless `training`; another step or seed, other numbers."""
    if _executor is None:
        raise RuntimeError("no engine is registered; import striate rather than striate.graph alone")
    return _executor(graph, images, training, step, seed)

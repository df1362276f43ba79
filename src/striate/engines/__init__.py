"""The engines: each executes the operations of `striate.graph`. `get` chooses one by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from striate.engines.interface import AnyArray, Engine, Examples, Program, StepResults
from striate.errors import StriateError
from striate.graph import Array, Graph
from striate.graph.execution import register_executor

__all__ = ["Engine", "Examples", "Program", "StepResults", "get"]


def _make_native() -> Engine:
    from striate.engines.native import NativeEngine

    return NativeEngine()


def _make_torch() -> Engine:
    from striate.engines.torch import TorchEngine

    return TorchEngine()


_MAKERS: dict[str, Callable[[], Engine]] = {"native": _make_native, "torch": _make_torch}
_engines: dict[str, Engine] = {}


def get(name: str | None = None) -> Engine:
    """The engine of that name ("native" or "torch"), made once; None: $STRIATE_ENGINE, else the native one."""
    name = name or os.environ.get("STRIATE_ENGINE") or "native"
    if name not in _MAKERS:
        raise StriateError(f"engine: got {name!r}, expected one of {', '.join(map(repr, _MAKERS))}")
    if name not in _engines:
        _engines[name] = _MAKERS[name]()
    return _engines[name]


def _execute(graph: Graph, images: Sequence[AnyArray], training: bool) -> list[Array]:
    return get().compile(graph).read(images, graph.outputs, training=training)


register_executor(_execute)

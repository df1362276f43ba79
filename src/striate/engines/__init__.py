"""The engines: each executes the operations of `striate.graph`. `get` chooses one by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from striate.engines.interface import AnyArray, Engine, Examples, Images, Program, StepResults
from striate.errors import StriateError
from striate.graph import Array, Graph
from striate.graph.execution import register_executor

__all__ = ["Engine", "EngineLike", "Examples", "Images", "Program", "StepResults", "get"]

EngineLike = str | Engine | None
"""How `get`, and what takes an engine above it, is told which."""


def _make_native(device: str | None, precision: str | None) -> Engine:
    if device not in (None, "cpu") or precision not in (None, "float32"):
        asked = f"device={device!r}" if device not in (None, "cpu") else f"precision={precision!r}"
        raise StriateError(f'engine: the native engine runs on the processor, in float32; {asked} needs "torch"')
    from striate.engines.native import NativeEngine

    return NativeEngine()


def _make_torch(device: str | None, precision: str | None) -> Engine:
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise StriateError(
            'engine: "torch" needs PyTorch, which is not installed: pip install "striate[torch]"'
        ) from None
    from striate.engines.torch import TorchEngine
    from striate.engines.torch.devices import preferred

    return TorchEngine(preferred() if device is None else device, precision or "float32")


_MAKERS: dict[str, Callable[[str | None, str | None], Engine]] = {"native": _make_native, "torch": _make_torch}
_engines: dict[tuple[str, str | None, str | None], Engine] = {}


def get(engine: EngineLike = None, *, device: str | None = None, precision: str | None = None) -> Engine:
    """The engine of a name, made once for each device and precision.

    Args:
        engine: "native", "torch", or with a device "torch:cpu", "torch:cuda", "torch:cuda:1", "torch:mps"; None:
            $STRIATE_ENGINE, else "native". An engine is returned as it is.
        device: the part of the name after the first colon. None: for torch the first CUDA device if there is one,
            else the processor.
        precision: "float32" (the default); for torch also "bfloat16" and "float16": products of convolutions and dense
            layers in that type, weights and sums in float32.

    Raises:
        StriateError: a name that is not known, a device that is not there, or PyTorch missing.
    """
    if isinstance(engine, Engine):
        if device is not None or precision is not None:
            raise StriateError(f"engine: got {engine!r}, whose device and precision are settled; give a name with them")
        return engine
    chosen = engine or os.environ.get("STRIATE_ENGINE") or "native"
    name, _, place = chosen.partition(":") if isinstance(chosen, str) else ("", "", "")
    if name not in _MAKERS or (place and device not in (None, place)):
        also = f" and device={device!r}" if name in _MAKERS else ""
        known = ", ".join(map(repr, _MAKERS))
        raise StriateError(f'engine: got {chosen!r}{also}, expected {known}, or with a device as in "torch:cuda:1"')
    key = (name, place or device, precision)
    if key not in _engines:
        _engines[key] = _MAKERS[name](*key[1:])
    return _engines[key]


def _execute(graph: Graph, images: Sequence[AnyArray], training: bool, step: int, seed: int) -> list[Array]:
    return get().compile(graph, seed=seed).read(images, graph.outputs, training=training, step=step)


register_executor(_execute)

"""The engine itself: a device, a precision, and programs for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from striate.engines.interface import AnyArray, Engine
from striate.engines.torch.devices import resolve
from striate.engines.torch.precision import Precision
from striate.engines.torch.program import TorchProgram
from striate.graph import Graph, LossFunction, UpdateRule


class TorchEngine(Engine):
    """Executes graphs with PyTorch.

    Args:
        device: "cpu", "cuda", "cuda:1", "mps".
        precision: "float32"; "bfloat16" or "float16": products of convolutions and dense layers in that type, weights
            and sums in float32; "float64" serves tests, which then see the other engine's rounding only. Arrays that
            come and go, and weights between calls, are float32 in any case.
        data_limit: bytes of training data that may be kept on the device for the time of a `fit`; what is larger is
            moved piece by piece. None: half of what is free there when `fit` begins.

    Raises:
        StriateError: a device that is not there, or another precision.
    """

    name = "torch"

    def __init__(self, device: str = "cpu", precision: str = "float32", data_limit: int | None = None) -> None:
        self.device = resolve(device)
        self.precision = Precision(precision, self.device)
        self.data_limit = data_limit

    def __repr__(self) -> str:
        return f"TorchEngine({str(self.device)!r}, {self.precision.name!r})"

    def __str__(self) -> str:
        return f"torch, {self.device}, {self.precision.name}"

    def compile(
        self,
        graph: Graph,
        *,
        losses: Sequence[LossFunction | None] = (),
        loss_weights: Sequence[float] | None = None,
        rule: UpdateRule | None = None,
        seed: int = 0,
    ) -> TorchProgram:
        """See `Engine.compile`. Parameters that are not trainable now are not trained later."""
        graph.require_numbers()
        if losses and len(losses) != len(graph.outputs):
            raise ValueError(f"got {len(losses)} losses for {len(graph.outputs)} outputs; give one for each")
        shares = [1.0] * len(losses) if loss_weights is None else [float(weight) for weight in loss_weights]
        weighted = list(zip(losses, shares, strict=True))
        return TorchProgram(graph, weighted, rule, seed, self.device, self.precision, self.data_limit)

    def first_not_finite(self, array: AnyArray) -> int | None:
        """See `Engine.first_not_finite`."""
        if not np.issubdtype(array.dtype, np.inexact):
            return None
        chunk = max(1, 2**20 // max(1, array[:1].size))  # about a million numbers at a time
        for start in range(0, len(array), chunk):
            finite = np.isfinite(array[start : start + chunk])
            if not finite.all():
                return start + int(np.argmin(finite.reshape(len(finite), -1).all(axis=1)))
        return None

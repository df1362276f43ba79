"""In which types numbers are: weights and sums always in full, products in half precision if asked for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from striate.errors import StriateError

PRECISIONS = ("float32", "bfloat16", "float16", "float64")
GROWTH_STEPS = 2000  # without an overflow, before a larger scale is tried


class Precision:
    """One of PRECISIONS on a device.

    Attributes:
        dtype: of weights, losses and sums.
    """

    def __init__(self, name: str, device: torch.device) -> None:
        if name not in PRECISIONS:
            raise StriateError(f"precision: got {name!r}, expected one of {', '.join(map(repr, PRECISIONS))}")
        self.name = name
        self.dtype = torch.float64 if name == "float64" else torch.float32
        self._device = device
        self._half = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(name)

    def forward(self) -> AbstractContextManager[object]:
        """What a forward pass runs in: PyTorch's autocast in half precision."""
        return nullcontext() if self._half is None else torch.autocast(self._device.type, self._half)

    def exact(self) -> AbstractContextManager[object]:
        """What forward and backward run in: float32 means float32 on graphics cards, too, and not TensorFloat-32."""
        return (
            torch.backends.cudnn.flags(enabled=True, allow_tf32=False) if self._device.type == "cuda" else nullcontext()
        )

    def scale(self) -> LossScale | None:
        """A new scale for losses whose gradients are float16; None where there is no need of one."""
        return LossScale() if self.name == "float16" else None


class LossScale:
    """The factor of the loss that keeps small float16 gradients from becoming 0 (Micikevicius et al. 2018).

    Gradients that overflow halve it, and the step is taken again; after GROWTH_STEPS good steps it is doubled.
    """

    def __init__(self, factor: float = 2.0**16) -> None:
        self.factor = factor
        self._good = 0

    def lower(self) -> bool:
        """After an overflow; False when 1 is reached, which means that the gradients themselves are not finite."""
        self._good = 0
        if self.factor <= 1.0:
            return False
        self.factor /= 2.0
        return True

    def took(self, steps: int) -> None:
        """After steps without an overflow."""
        self._good += steps
        if self._good >= GROWTH_STEPS:
            self.factor, self._good = min(2.0 * self.factor, 2.0**24), 0


def largest(gradients: Sequence[Tensor]) -> Tensor:
    """The largest absolute value, NaN if there is one: finite exactly when all of the gradients are."""
    return torch.stack([gradient.abs().max() for gradient in gradients if gradient.numel()]).max()


def widened(x: Tensor) -> Tensor:
    """In float32 where it is half: for sums and exponentials, which lose too much there."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x

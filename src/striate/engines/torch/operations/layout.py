"""Borders, and the orders of memory that PyTorch wants."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.graph.shapes import Padding

CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def pad(x: Tensor, padding: Padding, value: float = 0.0) -> Tensor:
    """x (n, *spatial, channels) with a border; PyTorch wants the sizes from the last axis to the first."""
    if not any(before or after for before, after in padding):
        return x
    sizes = [size for pair in reversed(padding) for size in pair]
    return F.pad(x, [0, 0, *sizes], value=value)


def channels_first(x: Tensor, padding: Padding, value: float = 0.0) -> Tensor:
    """x (n, *spatial, channels) with a border, as (n, channels, *spatial).

    Its memory stays channels last, which processors and CUDA compute fastest on, where strides say so without doubt.
    """
    moved = pad(x, padding, value).movedim(-1, 1)
    if moved.ndim in CHANNELS_LAST and min(moved.shape[1:]) > 1 and x.device.type != "mps":
        return moved.contiguous(memory_format=CHANNELS_LAST[moved.ndim])
    return in_row_order(moved)


def in_row_order(x: Tensor) -> Tensor:
    """A copy with plain strides.

    PyTorch guesses a memory layout from strides; where dimensions of size 1 leave them ambiguous, its convolutions
    (2.13, CPU) raise "grad_weight must be contiguous" or compute something else.
    """
    return x.clone(memory_format=torch.contiguous_format)

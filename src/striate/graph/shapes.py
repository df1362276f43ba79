"""Arithmetic of shapes: how many windows fit, how much "same" padding adds. Shapes are per image, channels last."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from striate.errors import ShapeError

Shape = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]  # (before, after) for each spatial dimension


def effective_kernel(kernel: int, dilation: int) -> int:
    """Extent of a dilated kernel: (k - 1) d + 1."""
    return (kernel - 1) * dilation + 1


def window_count(size: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int]) -> int:
    """Number of window positions: floor((n + p - k_eff) / s) + 1; zero or negative when none fits."""
    return (size + sum(padding) - effective_kernel(kernel, dilation)) // stride + 1


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """TensorFlow's "same": ceil(n / s) outputs, an odd total puts the larger half after."""
    total = max((-(-size // stride) - 1) * stride + effective_kernel(kernel, dilation) - size, 0)
    return total // 2, total - total // 2


def resolve_padding(
    mode: str, sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Padding:
    """Turn "valid" or "same" into explicit (before, after) pairs for the given spatial sizes."""
    if mode == "valid":
        return tuple((0, 0) for _ in sizes)
    if mode == "same":
        return tuple(same_padding(n, k, s, d) for n, k, s, d in zip(sizes, kernel, strides, dilation, strict=True))
    raise ShapeError(f'padding: got {mode!r}, expected "valid" or "same"')


def element_count(shape: Sequence[int]) -> int:
    """Product of the dimensions."""
    count = 1
    for size in shape:
        count *= size
    return count


def describe(sizes: Sequence[int | Fraction]) -> str:
    """5x5 for (5, 5): how errors and tables show spatial sizes; a stride may be a fraction, 1/2."""
    return "x".join(str(size) for size in sizes)

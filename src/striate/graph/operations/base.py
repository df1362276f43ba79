"""What all operations share, the images, and windows that move over the spatial dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from striate.errors import ShapeError
from striate.graph.shapes import Padding, Shape, describe, effective_kernel, window_count


@dataclass(frozen=True)
class Operation:
    """Base of all operations."""

    arity: ClassVar[int | None] = 1  # number of inputs; None means one or more

    def output_shape(self, *inputs: Shape) -> Shape:
        """Shape of the result; raises ShapeError when the inputs do not fit."""
        return inputs[0]

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        """Names and shapes of the parameters, in the order engines expect them."""
        return {}

    def in_inference(self, *inputs: Shape) -> Operation:
        """What it does outside training, as an operation that does so in training, too."""
        return self

    def multiply_adds(self, *inputs: Shape) -> int:
        """Multiply-adds of the forward pass for one image; elementwise work is not counted."""
        return 0


@dataclass(frozen=True)
class Input(Operation):
    """The images themselves."""

    shape: Shape
    arity: ClassVar[int | None] = 0

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.shape


def check_spatial(rank: int, shape: Shape) -> None:
    """Raise ShapeError unless a shape has `rank` spatial dimensions, and channels."""
    if len(shape) != rank + 1:
        raise ShapeError(
            f"expected {rank} spatial dimensions and channels (rank {rank + 1} without the batch), "
            f"got shape {shape} (rank {len(shape)})"
        )


@dataclass(frozen=True)
class Windowed(Operation):
    """What convolution and pooling share: a window that moves over the spatial dimensions."""

    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]

    def _windows(self, shape: Shape) -> Shape:
        """Spatial output sizes, or ShapeError when the rank is wrong or the window does not fit."""
        check_spatial(len(self.window), shape)
        counts = tuple(
            window_count(n, k, s, d, p)
            for n, k, s, d, p in zip(shape, self.window, self.strides, self.dilation, self.padding, strict=False)
        )
        if min(counts) < 1:
            raise ShapeError(self._does_not_fit(shape[:-1]))
        return counts

    def _does_not_fit(self, sizes: Shape) -> str:
        extent = tuple(effective_kernel(k, d) for k, d in zip(self.window, self.dilation, strict=True))
        padded = any(before or after for before, after in self.padding)
        where = "its padding" if padded else "padding"
        dilated = f" (dilated: {describe(extent)})" if extent != self.window else ""
        return (
            f"a {describe(self.window)} kernel{dilated} does not fit a {describe(sizes)} input "
            f"{'even with ' + where if padded else 'without ' + where}; "
            f'use padding="same" or a kernel of at most {describe(sizes)}'
        )


def check_axes(axes: tuple[int, ...], shape: Shape) -> None:
    """Axes of an image in ascending order, counted from 0 without the batch."""
    if list(axes) != sorted(set(axes)) or not all(0 <= axis < len(shape) for axis in axes):
        raise ShapeError(f"got axes {axes} for an input of shape {shape}")

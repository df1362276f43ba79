"""Numbers in other places."""

from __future__ import annotations

from dataclasses import dataclass

from striate.errors import ShapeError
from striate.graph.operations.base import Operation
from striate.graph.shapes import Padding, Shape, element_count


@dataclass(frozen=True)
class Pad(Operation):
    """Zeros before and after each spatial dimension."""

    padding: Padding

    def output_shape(self, *inputs: Shape) -> Shape:
        rank = len(self.padding)
        if len(inputs[0]) != rank + 1:
            raise ShapeError(f"expected {rank} spatial dimensions and channels, got shape {inputs[0]}")
        sizes = (n + before + after for n, (before, after) in zip(inputs[0], self.padding, strict=False))
        return (*sizes, inputs[0][-1])


@dataclass(frozen=True)
class Reshape(Operation):
    """The same elements, in row order, in another shape."""

    shape: Shape

    def output_shape(self, *inputs: Shape) -> Shape:
        if element_count(self.shape) != element_count(inputs[0]):
            raise ShapeError(
                f"cannot reshape {inputs[0]} ({element_count(inputs[0])} elements) "
                f"to {self.shape} ({element_count(self.shape)} elements)"
            )
        return self.shape


@dataclass(frozen=True)
class Select(Operation):
    """Chosen channels in a chosen order, each as often as wanted: y[p, i] = x[p, channels[i]]."""

    channels: tuple[int, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = inputs[0]
        if not self.channels or not 0 <= min(self.channels) <= max(self.channels) < (shape or (0,))[-1]:
            raise ShapeError(f"cannot select the channels {self.channels} of an input of shape {shape}")
        return (*shape[:-1], len(self.channels))

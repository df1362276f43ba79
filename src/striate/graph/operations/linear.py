"""Sums of products with weights: convolutions and dense layers."""

from __future__ import annotations

from dataclasses import dataclass

from striate.errors import ShapeError
from striate.graph.operations.base import Operation, Windowed, check_spatial
from striate.graph.shapes import Shape, describe, effective_kernel, element_count


@dataclass(frozen=True)
class Conv(Windowed):
    """Cross-correlation with a kernel of shape (*window, channels / groups, filters), zeros beyond the border.

    y[p, f] = bias[f] + sum over taps t and channels c of the group: x[p * stride + t * dilation - before, c] k[t, c, f]

    depthwise: as many groups as channels, and the kernel's shape is Keras's (*window, channels, filters / channels):
    the same numbers in the same order as (*window, 1, filters).
    """

    filters: int
    groups: int = 1
    bias: bool = True
    depthwise: bool = False

    def output_shape(self, *inputs: Shape) -> Shape:
        counts = self._windows(inputs[0])
        channels = inputs[0][-1]
        if channels % self.groups or self.filters % self.groups:
            raise ShapeError(
                f"groups={self.groups} must divide both the input channels ({channels}) "
                f"and the filters ({self.filters})"
            )
        if self.depthwise and channels != self.groups:
            raise ShapeError(f"a depthwise convolution of {channels} channels has {channels} groups, got {self.groups}")
        return (*counts, self.filters)

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        channels = inputs[0][-1]
        last = (channels, self.filters // channels) if self.depthwise else (channels // self.groups, self.filters)
        kernel = (*self.window, *last)
        return {"kernel": kernel, "bias": (self.filters,)} if self.bias else {"kernel": kernel}

    def multiply_adds(self, *inputs: Shape) -> int:
        positions = element_count(self._windows(inputs[0]))
        return positions * element_count(self.window) * (inputs[0][-1] // self.groups) * self.filters


@dataclass(frozen=True)
class ConvTranspose(Windowed):
    """The transpose of a convolution, from outputs to inputs, with a kernel of shape (*window, filters, channels).

    y[q, f] = bias[f] + sum over taps t and positions p with p * stride + t * dilation - before = q: x[p, c] k[t, f, c]

    padding: how much of the full extent (n - 1) stride + dilation (k - 1) + 1 is cut off before (0 or more) and after,
    where a negative number adds positions that no tap reaches. (Zeiler et al. 2010)
    """

    filters: int
    bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        check_spatial(len(self.window), inputs[0])
        sizes = tuple(
            (n - 1) * stride + effective_kernel(k, dilation) - before - after
            for n, k, stride, dilation, (before, after) in zip(
                inputs[0], self.window, self.strides, self.dilation, self.padding, strict=False
            )
        )
        if min(sizes) < 1:
            raise ShapeError(
                f"of the {describe(inputs[0][:-1])} input nothing is left (the output would be {describe(sizes)}); "
                'use padding="valid" or a larger output_padding'
            )
        return (*sizes, self.filters)

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        kernel = (*self.window, self.filters, inputs[0][-1])
        return {"kernel": kernel, "bias": (self.filters,)} if self.bias else {"kernel": kernel}

    def multiply_adds(self, *inputs: Shape) -> int:
        return element_count(inputs[0]) * element_count(self.window) * self.filters


@dataclass(frozen=True)
class Dense(Operation):
    """y = x W + b over the last axis; W has shape (channels, units)."""

    units: int
    bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        if not inputs[0]:
            raise ShapeError("expected at least one dimension beside the batch, got none")
        return (*inputs[0][:-1], self.units)

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        kernel = (inputs[0][-1], self.units)
        return {"kernel": kernel, "bias": (self.units,)} if self.bias else {"kernel": kernel}

    def multiply_adds(self, *inputs: Shape) -> int:
        return element_count(inputs[0]) * self.units


@dataclass(frozen=True)
class Embedding(Operation):
    """Each number of the input stands for a row of a table: y[..., :] = table[x[...], :] (Bengio et al. 2003).

    Numbers reach an engine as float32, which holds whole ones up to 2^24 exactly; what comes between two is rounded
    down. A number that is no row's (below 0, from `rows` on) gives zeros and no gradient: layers refuse it before.
    """

    rows: int
    width: int

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*inputs[0], self.width)

    def parameter_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        return {"embeddings": (self.rows, self.width)}

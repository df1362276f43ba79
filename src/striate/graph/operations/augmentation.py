"""Random changes of images, drawn for each image of a batch, in training only; random numbers as in `noise`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from striate.errors import ShapeError
from striate.graph.operations.base import Operation
from striate.graph.operations.noise import OnlyInTraining
from striate.graph.shapes import Shape

Range = tuple[float, float]  # uniformly drawn from the first to the second
FillMode = Literal["constant", "nearest", "wrap", "reflect"]


@dataclass(frozen=True)
class OfImages(Operation):
    """What takes images of two spatial dimensions."""

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(inputs[0]) != 3:
            raise ShapeError(
                f"expected images of height, width and channels (rank 3 without the batch), "
                f"got shape {inputs[0]} (rank {len(inputs[0])})"
            )
        return inputs[0]


@dataclass(frozen=True)
class RandomWarp(OfImages, OnlyInTraining):
    """Each image seen through a random affine map of positions p = (row, column).

    y[p] = x[c + R Z F (p - c) - s], where c is the middle of the image, (height - 1, width - 1) / 2;
    R = ((cos, sin), (-sin, cos)) of the angle `rotation`, in turns; Z = diag(height_zoom, width_zoom), which shows more
    above 1; s = (height_shift height, width_shift width); F, with probability 1/2, changes the sign of rows and
    columns as `flip_rows` and `flip_columns` say.

    width_zoom: None for the number drawn for the height.
    fill_mode: what lies beyond the image: `fill_value`, the nearest pixel, the opposite side, or the mirror image (the
        border's pixel twice).
    nearest: the nearest pixel's value (of two, the even) instead of bilinear interpolation.
    """

    rotation: Range = (0.0, 0.0)
    height_zoom: Range = (1.0, 1.0)
    width_zoom: Range | None = None
    height_shift: Range = (0.0, 0.0)
    width_shift: Range = (0.0, 0.0)
    flip_rows: bool = False
    flip_columns: bool = False
    fill_mode: FillMode = "reflect"
    fill_value: float = 0.0
    nearest: bool = False
    stream: int = 0


@dataclass(frozen=True)
class RandomCrop(OfImages):
    """A window of each image of `size` (height, width).

    In training, where the image is larger both ways, the window lies anywhere. Otherwise it is the largest window in
    the middle with the proportions of `size`, resized bilinearly: pixel p is the window's at
    (p + 1/2) window / size - 1/2.

    fixed: always the window in the middle.
    """

    size: tuple[int, int]
    stream: int = 0
    fixed: bool = False

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*self.size, super().output_shape(*inputs)[-1])

    def in_inference(self, *inputs: Shape) -> Operation:
        return replace(self, fixed=True)


@dataclass(frozen=True)
class RandomAdjust(OfImages, OnlyInTraining):
    """y = clip(f (x - mean) + mean + d, value_range), with the factor f from `contrast` and d from `brightness`.

    The mean is that of each channel of an image.
    """

    contrast: Range = (1.0, 1.0)
    brightness: Range = (0.0, 0.0)
    value_range: Range = (0.0, 255.0)
    stream: int = 0

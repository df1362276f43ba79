"""Random changes of images; random numbers as in `noise`, one row of them for each image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from striate.engines.torch.operations.execution import Pass, forward
from striate.engines.torch.operations.noise import uniform
from striate.graph.operations import RandomAdjust, RandomCrop, RandomWarp
from striate.graph.operations.augmentation import FillMode, Range


@forward.register
def _warp(operation: RandomWarp, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    x = inputs[0]
    if not mode.training:
        return x
    height, width = x.shape[1:3]
    rows, columns = warped_positions(operation, x, mode)
    return sample(x, rows, columns, (height, width), operation.fill_mode, operation.fill_value, operation.nearest)


def warped_positions(operation: RandomWarp, x: Tensor, mode: Pass) -> tuple[Tensor, Tensor]:
    """Row and column of the input, (n, height, width), that each output position sees."""
    height, width = x.shape[1:3]
    u = _uniform(operation.stream, x, 6, mode)
    angle = 2.0 * torch.pi * _from(operation.rotation, u[0])
    zoom_y = _from(operation.height_zoom, u[1])
    zoom_x = zoom_y if operation.width_zoom is None else _from(operation.width_zoom, u[2])
    sign = torch.where(u[5] < 0.5, -1.0, 1.0)
    row, column = _grid(height, width, x)
    below = (row - (height - 1) / 2) * (zoom_y * sign if operation.flip_rows else zoom_y)
    right = (column - (width - 1) / 2) * (zoom_x * sign if operation.flip_columns else zoom_x)
    rows = (height - 1) / 2 + angle.cos() * below + angle.sin() * right
    columns = (width - 1) / 2 - angle.sin() * below + angle.cos() * right
    shifts = _from(operation.height_shift, u[3]) * height, _from(operation.width_shift, u[4]) * width
    return rows - shifts[0], columns - shifts[1]


@forward.register
def _crop(operation: RandomCrop, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    x = inputs[0]
    (height, width), (wanted, across) = x.shape[1:3], operation.size
    row, column = _grid(wanted, across, x)
    if mode.training and not operation.fixed and height > wanted and width > across:
        u = _uniform(operation.stream, x, 2, mode)
        top, left = (u[0] * (height - wanted + 1)).floor(), (u[1] * (width - across + 1)).floor()
        return sample(x, row + top, column + left, (height, width), "nearest", 0.0, True)
    inner = min(max(width * wanted // across, 1), height), min(max(height * across // wanted, 1), width)
    above, before = (height - inner[0]) // 2, (width - inner[1]) // 2
    window = x[:, above : above + inner[0], before : before + inner[1]]
    rows, columns = (row + 0.5) * inner[0] / wanted - 0.5, (column + 0.5) * inner[1] / across - 0.5
    return sample(window, rows.expand(len(x), -1, -1), columns.expand(len(x), -1, -1), inner, "nearest", 0.0, False)


@forward.register
def _adjust(operation: RandomAdjust, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    x = inputs[0]
    if not mode.training:
        return x
    u = _uniform(operation.stream, x, 2, mode)[..., None]
    contrast, brightness = _from(operation.contrast, u[0]), _from(operation.brightness, u[1])
    mean = x.mean(dim=(1, 2), keepdim=True)
    return (contrast * (x - mean) + mean + brightness).clamp(*operation.value_range)


def sample(
    x: Tensor, rows: Tensor, columns: Tensor, sizes: tuple[int, int], fill: FillMode, value: float, nearest: bool
) -> Tensor:
    """Values of x (n, height, width, channels) at positions (n, *output sizes) between its pixels."""
    if nearest:
        taps = [(rows.round(), columns.round(), torch.ones_like(rows))]
    else:
        top, left = rows.floor(), columns.floor()
        down, right = rows - top, columns - left
        taps = [
            (top, left, (1 - down) * (1 - right)),
            (top, left + 1, (1 - down) * right),
            (top + 1, left, down * (1 - right)),
            (top + 1, left + 1, down * right),
        ]
    image = torch.arange(len(x), device=x.device)[:, None, None]
    total = torch.zeros((), dtype=x.dtype, device=x.device)
    for row, column, weight in taps:
        pixels = x[image, _inside(fill, row, sizes[0]), _inside(fill, column, sizes[1])]
        if fill == "constant":
            valid = (row >= 0) & (row < sizes[0]) & (column >= 0) & (column < sizes[1])
            pixels = torch.where(valid[..., None], pixels, value)
        total = total + weight[..., None] * pixels
    return total


def _inside(fill: FillMode, index: Tensor, size: int) -> Tensor:
    whole = index.long()
    if fill == "wrap":
        return whole % size
    if fill == "reflect":
        whole = whole % (2 * size)
        return torch.where(whole < size, whole, 2 * size - 1 - whole)
    return whole.clamp(0, size - 1)


def _uniform(stream: int, x: Tensor, count: int, mode: Pass) -> Tensor:
    """`count` numbers from 0 to 1 for each image, (count, n, 1, 1)."""
    return uniform(stream, mode, (len(x), count), x.device).T.to(x)[..., None, None]


def _from(bounds: Range, u: Tensor) -> Tensor:
    return bounds[0] + (bounds[1] - bounds[0]) * u


def _grid(height: int, width: int, x: Tensor) -> tuple[Tensor, Tensor]:
    rows, columns = torch.arange(height).to(x), torch.arange(width).to(x)
    return rows[:, None].expand(height, width), columns[None, :].expand(height, width)

"""Random changes of images of which nothing is left to chance.

The same naively, in NumPy and float64, pixel by pixel; and where rounding may decide what the right result is."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.graph.operations import RandomAdjust, RandomCrop, RandomWarp

Exact = NDArray[np.float64]


def only(bounds: tuple[float, float]) -> float:
    assert bounds[0] == bounds[1], "random numbers belong to the engines"
    return bounds[0]


def warp(operation: RandomWarp, x: Exact) -> Exact:
    """Every output pixel on its own."""
    y = np.empty_like(x)
    for place, position in zip(np.ndindex(*x.shape[1:3]), positions(operation, x.shape[1:]), strict=True):
        y[(slice(None), *place)] = pixel(x, position, operation.fill_mode, operation.fill_value, operation.nearest)
    return y


def positions(operation: RandomWarp, shape: Sequence[int]) -> Exact:
    """(height * width, 2): where one angle, zoom and shift lead."""
    flips = operation.flip_rows or operation.flip_columns
    assert not flips, "random numbers belong to the engines"
    angle, tall = 2 * math.pi * only(operation.rotation), only(operation.height_zoom)
    wide = tall if operation.width_zoom is None else only(operation.width_zoom)
    sizes = np.array(shape[:2])
    middle, shift = (sizes - 1) / 2, sizes * (only(operation.height_shift), only(operation.width_shift))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    scale = turn @ np.diag([tall, wide])
    return np.array([middle + scale @ (place - middle) - shift for place in np.ndindex(*shape[:2])])


def pixel(x: Exact, position: NDArray[np.float64], fill: str, value: float, nearest: bool) -> Exact:
    """Values (n, channels) at a position between pixels."""
    row, column = np.round(position) if nearest else np.floor(position)
    down, right = (0.0, 0.0) if nearest else position - (row, column)
    total = np.zeros((len(x), x.shape[-1]))
    for i, j in itertools.product((0, 1), (0, 1)):
        weight = (down if i else 1 - down) * (right if j else 1 - right)
        total += weight * beyond(x, int(row) + i, int(column) + j, fill, value)
    return total


def beyond(x: Exact, row: int, column: int, fill: str, value: float) -> Exact:
    """Values (n, channels) at a whole position, which may lie outside: numpy.pad knows what is there."""
    height, width = x.shape[1:3]
    reach = 4 * max(height, width)
    border = [(0, 0), (reach, reach), (reach, reach), (0, 0)]
    mode = {"constant": "constant", "nearest": "edge", "wrap": "wrap", "reflect": "symmetric"}[fill]
    options = {"constant_values": value} if fill == "constant" else {}
    return np.pad(x, border, mode, **options)[:, row + reach, column + reach]  # type: ignore[call-overload, no-any-return]


def crop(operation: RandomCrop, x: Exact, training: bool) -> Exact:
    (height, width), (wanted, across) = x.shape[1:3], operation.size
    assert not training or height <= wanted or width <= across, "random numbers belong to the engines"
    tall = min(max(width * wanted // across, 1), height)
    wide = min(max(height * across // wanted, 1), width)
    top, left = (height - tall) // 2, (width - wide) // 2
    window = x[:, top : top + tall, left : left + wide]
    y = np.empty((len(x), wanted, across, x.shape[-1]))
    for i, j in np.ndindex(wanted, across):
        position = np.array([(i + 0.5) * tall / wanted - 0.5, (j + 0.5) * wide / across - 0.5])
        y[:, i, j] = pixel(window, position, "nearest", 0.0, False)
    return y


def adjust(operation: RandomAdjust, x: Exact) -> Exact:
    mean = x.mean(axis=(1, 2), keepdims=True)
    y = only(operation.contrast) * (x - mean) + mean + only(operation.brightness)
    return np.clip(y, *operation.value_range)


def near_a_tie(operation: RandomWarp, shape: Sequence[int], margin: float = 1e-3) -> bool:
    """Whether rounding may decide which pixel a warp takes as the nearest."""
    found = positions(operation, shape)
    return operation.nearest and bool((np.abs(found - np.floor(found) - 0.5) < margin).any())


def near_a_clip(operation: RandomAdjust, x: NDArray[np.float32], margin: float = 2e-5) -> bool:
    """Whether rounding may decide what is cut off."""
    values = adjust(dataclasses.replace(operation, value_range=(-np.inf, np.inf)), x.astype(np.float64))
    return any(np.abs(values - end).min() < margin for end in operation.value_range)

"""Blocks of photographs through affine maps, on the native engine's threads, whatever engine trains."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from striate.engines.interface import AnyArray
from striate.errors import DataError, ShapeError
from striate.graph import Array

FillMode = Literal["constant", "nearest", "wrap", "reflect"]
"""What lies beyond an image, in the order of the native enumeration."""

FILL_MODES: tuple[str, ...] = get_args(FillMode)
MOST_NUMBERS = (1 << 30) - 1  # in one image, with a row and a column more: positions are 32-bit numbers


def warp_images(
    images: AnyArray,
    order: NDArray[np.int64],
    matrices: NDArray[np.float64] | None = None,
    *,
    shifts: Array | None = None,
    brightness: Array | None = None,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
    scale: float = 1.0,
) -> Array:
    """Look at images through affine maps: output k at (y, x) is image order[k] at (m0 y + m1 x + m2, m3 y + m4 x + m5).

    Values between positions and beyond the border are those of scipy.ndimage.affine_transform. Then each image is made
    brighter or darker and multiplied: y = scale * brighten(clip(x + shift, smallest x, largest x)).

    Args:
        images: (n, height, width, channels), uint8 or float32, C order.
        order: for each output the index of its image, 0 to n - 1.
        matrices: (len(order), 6), finite; None: no map.
        shifts: for each output what is added; NaN for nothing; None: to none.
        brightness: for each output a factor as Pillow's ImageEnhance.Brightness takes it, NaN for none; None: to none.
        fill_mode: what lies beyond the border: "constant" (cval), "nearest", "wrap" (whose first and last position are
            one) or "reflect" (b a|a b c|c b).
        cval: for "constant".
        interpolation_order: 0, the nearest position's value, or 1, between four positions.
        scale: a factor.

    Returns:
        float32 (len(order), height, width, channels).

    Raises:
        ShapeError: arrays that do not fit each other.
        DataError: an index without an image, a matrix that is not finite.
    """
    from striate.engines import get
    from striate.engines.native import NativeEngine

    if images.ndim != 4 or images.dtype not in (np.uint8, np.float32) or not images.flags.c_contiguous:
        came = f"{images.dtype} {images.shape}"
        raise ShapeError(f"images: got {came}, expected uint8 or float32 (n, height, width, channels)")
    n, height, width, channels = images.shape
    if min(images.shape[1:]) < 1 or (height + 1) * (width + 1) * channels > MOST_NUMBERS:
        raise ShapeError(f"images: of shape {images.shape[1:]}; expected from one to {MOST_NUMBERS:,} numbers")
    order = np.ascontiguousarray(order, np.int64)
    count = len(order)
    result = np.empty((count, height, width, channels), np.float32)
    if not count:
        return result
    if order.min() < 0 or order.max() >= n:
        raise DataError(f"order: got indices {order.min()} to {order.max()}, expected 0 to {n - 1}")
    for name, array, shape in (
        ("matrices", matrices, (count, 6)), ("shifts", shifts, (count,)), ("brightness", brightness, (count,)),
    ):  # fmt: skip
        if array is not None and array.shape != shape:
            raise ShapeError(f"{name}: got shape {array.shape}, expected {shape}")
    if matrices is not None and not np.isfinite(matrices).all():
        raise DataError("matrices: got a value that is not finite")
    engine = get("native")
    assert isinstance(engine, NativeEngine)
    engine.warp_images(
        images=images, order=order,
        matrices=None if matrices is None else np.ascontiguousarray(matrices, np.float64),
        shifts=None if shifts is None else np.ascontiguousarray(shifts, np.float32),
        brightness=None if brightness is None else np.ascontiguousarray(brightness, np.float32),
        fill=FILL_MODES.index(fill_mode), fill_value=cval, nearest=interpolation_order == 0, scale=scale, output=result,
    )  # fmt: skip
    return result

"""Single images turned, moved, sheared, zoomed and mirrored, under the names of `keras.preprocessing.image`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate import random
from striate.checks import number
from striate.engines.image_warp import FILL_MODES, WarpedImages, warp_images
from striate.errors import ShapeError, StriateError
from striate.images.parameters import pair
from striate.images.transforms import Transforms


def apply_affine_transform(
    x: Any, theta: float = 0, tx: float = 0, ty: float = 0, shear: float = 0, zx: float = 1, zy: float = 1,
    row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0, fill_mode: str = "nearest", cval: float = 0.0,
    order: int = 1,
) -> NDArray[Any]:
    """Rotate, shift, shear and zoom an image about its middle: see `ImageDataGenerator.apply_transform`.

    Args:
        x: of three dimensions.
        theta, shear: degrees.
        tx, ty: columns and rows.
        zx, zy: what part of the width and height is seen.
        row_axis, col_axis, channel_axis: which axis is which.
        fill_mode, cval, order: as ImageDataGenerator's fill_mode, cval and interpolation_order.

    Returns:
        An array of the same shape and type.

    Raises:
        StriateError: an array or argument that does not fit.
    """
    name = "apply_affine_transform"
    x = np.asarray(x)
    axes = (row_axis, col_axis, channel_axis)
    if x.ndim != 3 or sorted(axes) != [0, 1, 2]:
        raise ShapeError(f"{name}: got shape {x.shape} and axes {axes}, expected three dimensions and axes 0, 1 and 2")
    if fill_mode not in FILL_MODES:
        raise StriateError(f"{name}: got fill_mode={fill_mode!r}, expected {' or '.join(map(repr, FILL_MODES))}")
    if order not in (0, 1):
        raise StriateError(f"{name}: got order={order!r}, expected 0 or 1")
    numbers = {"theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy}
    checked: dict[str, Any] = {key: number(name, key, value, -np.inf) for key, value in numbers.items()}
    transform = Transforms(1, **checked)
    image = x.transpose(axes)
    matrices = transform.matrices(*image.shape[:2])
    if matrices is None:
        return np.asarray(x)
    source = image if image.dtype in (np.uint8, np.float32) else image.astype(np.float32)
    warped = WarpedImages(
        np.ascontiguousarray(source[np.newaxis]), np.zeros(1, np.int64), matrices, fill_mode=fill_mode,
        cval=number(name, "cval", cval, -np.inf), interpolation_order=order,
    )
    made = warp_images(warped)[0]
    return np.ascontiguousarray(in_type_of(x, made).transpose(np.argsort(axes)))


def in_type_of(x: NDArray[Any], made: NDArray[np.float32]) -> NDArray[Any]:
    """Results in the type of what they were made from; for whole numbers rounded."""
    if x.dtype.kind in "ui":
        limits = np.iinfo(x.dtype)
        made = np.clip(np.floor(made + 0.5), limits.min, limits.max)
    return made.astype(x.dtype, copy=False)


def random_rotation(
    x: Any, rg: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0, fill_mode: str = "nearest",
    cval: float = 0.0, interpolation_order: int = 1,
) -> NDArray[Any]:
    """Turn an image by -rg to rg degrees."""
    theta = _uniform("random_rotation", "rg", rg)
    return apply_affine_transform(
        x, theta=theta, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis, fill_mode=fill_mode, cval=cval,
        order=interpolation_order,
    )


def random_shift(
    x: Any, wrg: float, hrg: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
    fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1,
) -> NDArray[Any]:
    """Move an image by up to the parts wrg of its width and hrg of its height."""
    x = np.asarray(x)
    if x.ndim != 3:
        raise ShapeError(f"random_shift: got an array of shape {x.shape}, expected three dimensions (one image)")
    tx = _uniform("random_shift", "wrg", wrg) * x.shape[col_axis]
    ty = _uniform("random_shift", "hrg", hrg) * x.shape[row_axis]
    return apply_affine_transform(
        x, tx=tx, ty=ty, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis, fill_mode=fill_mode,
        cval=cval, order=interpolation_order,
    )


def random_shear(
    x: Any, intensity: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0, fill_mode: str = "nearest",
    cval: float = 0.0, interpolation_order: int = 1,
) -> NDArray[Any]:
    """Shear an image by -intensity to intensity degrees."""
    shear = _uniform("random_shear", "intensity", intensity)
    return apply_affine_transform(
        x, shear=shear, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis, fill_mode=fill_mode, cval=cval,
        order=interpolation_order,
    )


def random_zoom(
    x: Any, zoom_range: Any, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0, fill_mode: str = "nearest",
    cval: float = 0.0, interpolation_order: int = 1,
) -> NDArray[Any]:
    """Zoom by factors between the two of zoom_range, drawn for width and height; below 1 things become larger."""
    low, high = pair("zoom_range", zoom_range, "a pair of numbers above 0", "random_zoom")
    if min(low, high) <= 0:
        raise StriateError(f"random_zoom: got zoom_range={zoom_range!r}, expected a pair of numbers above 0")
    zx, zy = random.next_generator().uniform(low, high, 2) if (low, high) != (1, 1) else (1.0, 1.0)
    return apply_affine_transform(
        x, zx=float(zx), zy=float(zy), row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis,
        fill_mode=fill_mode, cval=cval, order=interpolation_order,
    )


def flip_axis(x: Any, axis: int) -> NDArray[Any]:
    """The array with one axis the other way round."""
    return np.flip(np.asarray(x), axis)


def _uniform(name: str, argument: str, limit: Any) -> float:
    limit = number(name, argument, limit)
    return float(random.next_generator().uniform(-limit, limit))

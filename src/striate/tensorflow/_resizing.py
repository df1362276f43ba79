"""Images in other sizes (tf.image.resize and its kin). Pixel i of m lies at (i + 1/2) n / m of n pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import ShapeError, StriateError
from striate.layers.symbolic import is_symbolic
from striate.lookup import nearest
from striate.tensorflow._arguments import tensor
from striate.tensorflow._creation import sizes
from striate.tensors import Tensor, wrapped

Weights = NDArray[np.float32]


class ResizeMethod:
    """Names of methods."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"
    BICUBIC = "bicubic"
    AREA = "area"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    GAUSSIAN = "gaussian"
    MITCHELLCUBIC = "mitchellcubic"


def resize(
    images: Any, size: Any, method: str = "bilinear", preserve_aspect_ratio: bool = False, antialias: bool = False,
    name: str | None = None,
) -> Any:
    """Images in another size.

    Args:
        images: (rows, columns, channels) or (n, rows, columns, channels); a symbolic tensor gets a Resizing layer.
        size: (rows, columns).
        method: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian" or "mitchellcubic".
        preserve_aspect_ratio: the largest size within `size` that has the image's proportions.
        antialias: when images are made smaller, each pixel is a mean over all that it stands for.
        name: of the operation, for the reader.

    Returns:
        float32; the type of the images for "nearest".
    """
    wanted = sizes(size)
    if len(wanted) != 2 or min(wanted) < 1:
        raise ShapeError(f"resize: got size={wanted}, expected (rows, columns) of at least 1")
    if is_symbolic(images):
        return _layer(images, wanted, method, preserve_aspect_ratio or antialias)
    values = pictures(images, "resize")
    rows, columns = values.shape[-3:-1]
    if preserve_aspect_ratio:
        scale = min(wanted[0] / rows, wanted[1] / columns)
        wanted = (max(round(rows * scale), 1), max(round(columns * scale), 1))
    if method == "nearest":
        if wanted == (rows, columns):
            return values
        return wrapped(values[..., _nearest(rows, wanted[0]), :, :][..., _nearest(columns, wanted[1]), :])
    if method not in ("area", *_KERNELS):
        raise StriateError(f"resize: unknown method {method!r}; {nearest(str(method), ['nearest', 'area', *_KERNELS])}")
    floats = values.astype(np.float32)
    if wanted == (rows, columns):
        return wrapped(floats)
    down, across = (weights(n, m, method, antialias) for n, m in zip((rows, columns), wanted, strict=True))
    vertical = np.einsum("mr,...rwc->...mwc", down, floats, optimize=True)
    return wrapped(np.ascontiguousarray(np.einsum("mw,...rwc->...rmc", across, vertical, optimize=True)))


def _layer(images: Any, size: tuple[int, ...], method: str, more: bool) -> Any:
    from striate import layers

    if method not in ("bilinear", "nearest") or more:
        raise StriateError(f'resize: got method={method!r} for {images}; in a network only plain "bilinear", "nearest"')
    return layers.Resizing(size[0], size[1], interpolation=method)(images)


def _nearest(count: int, wanted: int) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.minimum((np.arange(wanted) + 0.5) * count // wanted, count - 1).astype(np.int64)
    return found


def weights(count: int, wanted: int, method: str, antialias: bool) -> Weights:
    """How much each of `count` pixels contributes to each of `wanted`: (wanted, count), rows adding up to 1."""
    scale = count / wanted
    if method == "area":
        ends = np.arange(wanted + 1) * scale
        places = np.arange(count)
        shared = np.minimum(ends[1:, np.newaxis], places + 1) - np.maximum(ends[:-1, np.newaxis], places)
        table = np.maximum(shared, 0)
    else:
        centres = (np.arange(wanted) + 0.5) * scale
        distance = (np.arange(count) + 0.5) - centres[:, np.newaxis]
        if method == "bilinear" and not antialias:  # beyond the border: the border alone
            distance = np.arange(count) + 0.5 - np.clip(centres, 0.5, count - 0.5)[:, np.newaxis]
        table = _KERNELS[method](np.abs(distance / (max(scale, 1) if antialias else 1)))
    result: Weights = (table / table.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


def _triangle(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(1 - x, 0)


def _cubic(a: float, b: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Mitchell and Netravali's family with parameters B = b and C = -a (1988)."""
    c = -a

    def kernel(x: NDArray[np.float64]) -> NDArray[np.float64]:
        near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b
        far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c
        found: NDArray[np.float64] = np.where(x < 1, near, np.where(x < 2, far, 0)) / 6
        return found

    return kernel


def _lanczos(radius: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


def _gaussian(x: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.where(x < 1.5, np.exp(-2 * x**2), 0)  # a deviation of half a pixel
    return found


_KERNELS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "bilinear": _triangle,
    "bicubic": _cubic(-0.5, 0),
    "mitchellcubic": _cubic(-1 / 3, 1 / 3),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "gaussian": _gaussian,
}


def pictures(images: Any, function: str) -> Tensor:
    """One image or several, as a tensor.

    Raises:
        ShapeError: another number of axes, or no pixels.
    """
    values = tensor(images, function)
    if values.ndim not in (3, 4) or 0 in values.shape:
        raise ShapeError(f"{function}: got shape {values.shape}, expected (rows, columns, channels) or several")
    return values


def resize_with_pad(
    image: Any, target_height: int, target_width: int, method: str = "bilinear", antialias: bool = False
) -> Tensor:
    """The largest size within the target that has the image's proportions, with zeros around."""
    values = pictures(image, "resize_with_pad")
    rows, columns = values.shape[-3:-1]
    ratio = max(rows / target_height, columns / target_width)
    resized = resize(values, (max(int(rows / ratio), 1), max(int(columns / ratio), 1)), method, False, antialias)
    top, left = int((target_height - rows / ratio) / 2), int((target_width - columns / ratio) / 2)
    return pad_to_bounding_box(resized, top, left, target_height, target_width)


def pad_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Tensor:
    """With zeros around: `offset_height` rows above, `offset_width` columns to the left, the rest on the other side."""
    values = pictures(image, "pad_to_bounding_box")
    below = target_height - offset_height - values.shape[-3]
    right = target_width - offset_width - values.shape[-2]
    widths = [(0, 0)] * (values.ndim - 3) + [(offset_height, below), (offset_width, right), (0, 0)]
    if min(min(pair) for pair in widths) < 0:
        raise ShapeError(
            f"pad_to_bounding_box: an image of {values.shape[-3]}x{values.shape[-2]} at ({offset_height}, "
            f"{offset_width}) does not fit {target_height}x{target_width}"
        )
    return wrapped(np.pad(values, widths))


def crop_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Tensor:
    """The part of target_height x target_width that begins at a place."""
    values = pictures(image, "crop_to_bounding_box")
    rows, columns = offset_height + target_height, offset_width + target_width
    if min(offset_height, offset_width) < 0 or min(target_height, target_width) < 1 or (
        rows > values.shape[-3] or columns > values.shape[-2]
    ):
        raise ShapeError(
            f"crop_to_bounding_box: {target_height}x{target_width} at ({offset_height}, {offset_width}) is not within "
            f"an image of {values.shape[-3]}x{values.shape[-2]}"
        )
    return wrapped(values[..., offset_height:rows, offset_width:columns, :])


def resize_with_crop_or_pad(image: Any, target_height: int, target_width: int) -> Tensor:
    """The middle of the image, or the image in the middle of zeros, separately along both axes."""
    values = pictures(image, "resize_with_crop_or_pad")
    rows, columns = values.shape[-3:-1]
    height, width = min(rows, target_height), min(columns, target_width)
    cropped = crop_to_bounding_box(
        values, max(rows - target_height, 0) // 2, max(columns - target_width, 0) // 2, height, width
    )
    top, left = max(target_height - rows, 0) // 2, max(target_width - columns, 0) // 2
    return pad_to_bounding_box(cropped, top, left, target_height, target_width)

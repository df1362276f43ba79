"""Images that are others seen through affine maps, as a value: what is made when an engine reads them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from striate.errors import DataError, ShapeError
from striate.graph import Array
from striate.graph.operations.augmentation import FillMode

FILL_MODES: tuple[str, ...] = get_args(FillMode)  # in the order of the native enumeration
MOST_NUMBERS = (1 << 30) - 1  # in one image, with a row and a column more: positions are 32-bit numbers


@dataclass(frozen=True)
class WarpedImages:
    """Images through affine maps: image k at (y, x) is images[order[k]] at (m0 y + m1 x + m2, m3 y + m4 x + m5).

    Values between positions and beyond the border are those of scipy.ndimage.affine_transform. Then each image is made
    brighter or darker and multiplied: y = scale * brighten(clip(x + shift, smallest x, largest x)).

    Engines take it for an array of float32 images (n, height, width, channels), and `image_warp` makes one of it.

    Args:
        images: (n, height, width, channels), uint8 or finite float32, C order.
        order: for each image the index of the one it is made from.
        matrices: (len(order), 6), finite; None: no map.
        shifts: for each image what is added; NaN for nothing; None: to none.
        brightness: for each image a factor as Pillow's ImageEnhance.Brightness takes it, NaN for none; None: to none.
        fill_mode: what lies beyond the border: "constant" (cval), "nearest", "wrap" (whose first and last position are
            one) or "reflect" (b a|a b c|c b).
        cval: for "constant".
        interpolation_order: 0, the nearest position's value, or 1, between four positions.
        scale: a factor.

    Raises:
        ShapeError: arrays that do not fit each other.
        DataError: an index without an image, a matrix that is not finite.
    """

    images: NDArray[Any]
    order: NDArray[np.int64]
    matrices: NDArray[np.float64] | None = None
    shifts: Array | None = None
    brightness: Array | None = None
    fill_mode: str = "nearest"
    cval: float = 0.0
    interpolation_order: int = 1
    scale: float = 1.0

    def __post_init__(self) -> None:
        images, order = self.images, np.ascontiguousarray(self.order, np.int64)
        if images.ndim != 4 or images.dtype not in (np.uint8, np.float32) or not images.flags.c_contiguous:
            came = f"{images.dtype} {images.shape}"
            raise ShapeError(f"images: got {came}, expected uint8 or float32 (n, height, width, channels)")
        _, height, width, channels = images.shape
        if min(images.shape[1:]) < 1 or (height + 1) * (width + 1) * channels > MOST_NUMBERS:
            raise ShapeError(f"images: of shape {images.shape[1:]}; expected from one to {MOST_NUMBERS:,} numbers")
        if len(order) and (order.min() < 0 or order.max() >= len(images)):
            raise DataError(f"order: got indices {order.min()} to {order.max()}, expected 0 to {len(images) - 1}")
        object.__setattr__(self, "order", order)
        self._set_checked("matrices", np.float64, (len(order), 6))
        self._set_checked("shifts", np.float32, (len(order),))
        self._set_checked("brightness", np.float32, (len(order),))
        if self.matrices is not None and not np.isfinite(self.matrices).all():
            raise DataError("matrices: got a value that is not finite")

    def _set_checked(self, name: str, dtype: Any, shape: tuple[int, ...]) -> None:
        array = getattr(self, name)
        if array is None:
            return
        if array.shape != shape:
            raise ShapeError(f"{name}: got shape {array.shape}, expected {shape}")
        object.__setattr__(self, name, np.ascontiguousarray(array, dtype))

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.order), *self.images.shape[1:])

    @property
    def ndim(self) -> int:
        return 4

    @property
    def dtype(self) -> np.dtype[np.float32]:
        return np.dtype(np.float32)

    @property
    def nbytes(self) -> int:
        """What it holds itself."""
        own = (self.order, self.matrices, self.shifts, self.brightness)
        return sum(array.nbytes for array in own if array is not None)

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, rows: Any) -> WarpedImages:
        """Some of them: a slice or an array of indices."""
        parts: dict[str, Any] = {
            name: None if (array := getattr(self, name)) is None else array[rows]
            for name in ("order", "matrices", "shifts", "brightness")
        }
        return replace(self, **parts)

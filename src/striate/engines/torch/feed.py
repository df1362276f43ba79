"""Examples on their way to a device: kept there if they fit, else moved a piece of many batches at a time.

Nothing here waits for the device: a batch of what is kept is chosen by index there, and pieces go through pinned memory
while the device works on those before.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.engines.image_warp import as_array
from striate.engines.interface import AnyArray, Images
from striate.engines.torch.devices import room

PIECE_BYTES = 64 << 20  # moved at once


class Feed:
    """Arrays in batches on one device.

    Args:
        device: where to.
        limit: bytes that may be kept there; None: half of what is free.
    """

    def __init__(self, device: torch.device, limit: int | None = None) -> None:
        self._device = device
        self._limit = limit
        self._kept: dict[tuple[int, tuple[int, ...], str], tuple[AnyArray, Tensor]] = {}
        self.keeping = False

    def forget(self) -> None:
        """Drop what is kept."""
        self._kept.clear()

    def batches(
        self, given: Sequence[Images], batch_size: int, order: NDArray[np.int64] | None = None
    ) -> Iterator[list[Tensor]]:
        """A tensor of each array for consecutive batches of `order`, or of all examples as they come.

        Types stay, but that float64 becomes float32, as every engine sees it.
        """
        arrays = [as_array(one) for one in given]
        whole = None if order is None else self._whole(arrays)
        if order is not None and whole is not None:
            chosen = torch.from_numpy(order).to(self._device)
            for at in range(0, len(order), batch_size):
                yield [_single(tensor.index_select(0, chosen[at : at + batch_size])) for tensor in whole]
            return
        count = len(arrays[0]) if order is None else len(order)
        of_one = max(sum(array.nbytes // max(len(array), 1) for array in arrays), 1)
        piece = max(PIECE_BYTES // of_one // batch_size, 1) * batch_size
        for start in range(0, count, piece):
            rows = slice(start, start + piece) if order is None else order[start : start + piece]
            moved = [self._move(array[rows], pinned=self._device.type == "cuda") for array in arrays]
            for at in range(0, len(moved[0]), batch_size):
                yield [_single(tensor[at : at + batch_size]) for tensor in moved]

    def _whole(self, arrays: Sequence[AnyArray]) -> list[Tensor] | None:
        """All of the arrays on the device, or None where they may not or cannot stay there."""
        if self._limit is None and self._device.type == "cpu":
            return [_tensor(array) for array in arrays]  # NumPy's own memory
        if not self.keeping:
            return None
        keys = [(array.__array_interface__["data"][0], array.shape, array.dtype.str) for array in arrays]
        missing = {key: array for key, array in zip(keys, arrays, strict=True) if key not in self._kept}
        limit = room(self._device) if self._limit is None and missing else self._limit or 0
        if sum(array.nbytes for array in missing.values()) > limit:
            return None
        for key, array in missing.items():
            self._kept[key] = (array, self._move(array))  # the array itself, so that its address stays its own
        return [self._kept[key][1] for key in keys]

    def _move(self, array: AnyArray, pinned: bool = False) -> Tensor:
        """A tensor on the device; through pinned memory it is on its way there while the program goes on."""
        if array.dtype == np.float64:
            array = array.astype(np.float32)  # half to move, and not every device has float64
        tensor = _tensor(array)
        return tensor.pin_memory().to(self._device, non_blocking=True) if pinned else tensor.to(self._device)


def _tensor(array: AnyArray) -> Tensor:
    """A tensor on an array's own memory. It is only read, so it may be on memory that must not be written."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


def _single(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype == torch.float64 else tensor

"""Layers that move numbers without changing them: Flatten, Reshape, ZeroPadding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from striate.errors import ShapeError, StriateError
from striate.graph import Shape, operations
from striate.graph.shapes import Padding, element_count
from striate.layers import arguments
from striate.layers.base import Layer, Step


class Flatten(Layer):
    """All numbers of an image in one row.

    Args:
        data_format: "channels_last".
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("data_format",)

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = arguments.channels_last(self.name, data_format)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("flatten", operations.Reshape((element_count(shape),)))]


class Reshape(Layer):
    """The same numbers, in the same order, in another shape.

    Args:
        target_shape: the shape without the batch; one size may be -1, for as much as is left.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("target_shape",)

    def __init__(self, target_shape: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        known = arguments.image_shape(self.name, "target_shape", tuple(1 if size == -1 else size for size in shape))
        self.target_shape = tuple(-1 if size == -1 else n for size, n in zip(shape, known, strict=True))
        if self.target_shape.count(-1) > 1:
            raise StriateError(f"{self.name}: got target_shape={self.target_shape}, expected at most one -1")

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        total, known = element_count(shape), element_count([size for size in self.target_shape if size != -1])
        if total % known:
            raise ShapeError(
                f"{self.name}: cannot reshape {shape} ({total} elements) to {self.target_shape}; "
                f"{total} is not a multiple of {known}"
            )
        return [Step("reshape", operations.Reshape(tuple(total // known if n == -1 else n for n in self.target_shape)))]


class ZeroPadding(Layer):
    """Zeros before and after each spatial dimension: what the three layers have in common.

    With k - 1 zeros on every side before it, a convolution with a kernel of size k is the one called "full": every
    position where kernel and image overlap at all, n + k - 1 of them along each dimension.

    Args:
        padding: one number for all sides, one for each dimension, or a pair (before, after) for each dimension.
        data_format: "channels_last".
        **options: `name`, `trainable`, `input_shape`.
    """

    rank: ClassVar[int]
    _arguments = ("padding", "data_format")

    def __init__(self, padding: int | Sequence[Any] = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = arguments.channels_last(self.name, data_format)
        self._pairs = self._read(padding)
        self.padding: Any = self._pairs

    def _read(self, padding: int | Sequence[Any]) -> Padding:
        entries = (padding,) * self.rank if isinstance(padding, int) else padding
        if isinstance(entries, str) or not isinstance(entries, Sequence) or len(entries) != self.rank:
            raise StriateError(
                f"{self.name}: got padding={padding!r}, expected a whole number, {self.rank} of them, "
                f"or {self.rank} pairs (before, after)"
            )
        pairs = [arguments.sizes(self.name, "padding", entry, 2, minimum=0) for entry in entries]
        return tuple((before, after) for before, after in pairs)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        arguments.check_rank(self.name, shape, self.rank)
        return [Step("pad", operations.Pad(self._pairs))]


class ZeroPadding1D(ZeroPadding):
    """Zeros before and after a sequence; `padding` is a number or a pair (before, after)."""

    rank = 1

    def _read(self, padding: int | Sequence[Any]) -> Padding:
        before, after = arguments.sizes(self.name, "padding", padding, 2, minimum=0)
        return ((before, after),)

    def __init__(self, padding: int | Sequence[int] = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(padding, data_format, **options)
        self.padding = self._pairs[0]  # as Keras keeps it


class ZeroPadding2D(ZeroPadding):
    """Zeros around an image; arguments as in `ZeroPadding`."""

    rank = 2


class ZeroPadding3D(ZeroPadding):
    """Zeros around a volume; arguments as in `ZeroPadding`."""

    rank = 3

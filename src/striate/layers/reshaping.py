"""Layers that move numbers or leave them: Identity, Flatten, Reshape, Permute, RepeatVector, ZeroPadding, Cropping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from striate.errors import ShapeError, StriateError
from striate.graph import Shape, operations
from striate.graph.shapes import Padding, element_count
from striate.layers import arguments
from striate.layers.base import Layer, Step


class Identity(Layer):
    """The input as it is: a place for a layer, or a name for a value.

    Args:
        **options: `name`, `trainable`, `input_shape`.
    """

    def steps(self, shape: Shape) -> list[Step]:
        """Nothing."""
        return []


class Flatten(Layer):
    """All numbers of an image in one row.

    Args:
        data_format: "channels_last" or "channels_first".
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("data_format",)

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = arguments.data_format(self.name, data_format)

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


class Permute(Layer):
    """The axes in another order.

    Args:
        dims: for each axis of the output the input's, counted from 1: (2, 1) exchanges two axes.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("dims",)

    def __init__(self, dims: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        found = tuple(dims) if isinstance(dims, Sequence) and not isinstance(dims, str) else ()
        if not found or set(found) != set(range(1, len(found) + 1)):
            expected = "the numbers of all axes, from 1, in any order"
            raise StriateError(f"{self.name}: got dims={dims!r}, expected {expected}")
        self.dims = tuple(int(axis) for axis in found)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("permute", operations.Permute(tuple(axis - 1 for axis in self.dims)))]


class RepeatVector(Layer):
    """A row of numbers n times: (features,) becomes (n, features).

    Args:
        n: how often, at least 1.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("n",)

    def __init__(self, n: int, **options: Any) -> None:
        super().__init__(**options)
        self.n = arguments.whole(self.name, "n", n)

    def steps(self, shape: Shape) -> list[Step]:
        """A sequence of one step, enlarged to n."""
        if len(shape) != 1:
            raise ShapeError(f"{self.name}: expected one row of numbers, got shape {shape}; use Flatten first")
        return [Step("row", operations.Reshape((1, *shape))), Step("repeat", operations.Resize((self.n,)))]


class Border(Layer, common=True):
    """What ZeroPadding and Cropping have in common: two sizes, before and after, for each spatial dimension."""

    rank: ClassVar[int]
    _argument: ClassVar[str]

    def _keep(self, value: int | Sequence[Any]) -> None:
        """Read and keep the argument, in one dimension as Keras keeps it: the pair itself."""
        self._pairs = self._read(value)
        setattr(self, self._argument, self._pairs[0] if self.rank == 1 else self._pairs)

    def _read(self, value: int | Sequence[Any]) -> Padding:
        if self.rank == 1:
            before, after = arguments.sizes(self.name, self._argument, value, 2, minimum=0)
            return ((before, after),)
        entries = (value,) * self.rank if isinstance(value, int) else value
        if isinstance(entries, str) or not isinstance(entries, Sequence) or len(entries) != self.rank:
            raise StriateError(
                f"{self.name}: got {self._argument}={value!r}, expected a whole number, {self.rank} of them, "
                f"or {self.rank} pairs (before, after)"
            )
        pairs = [arguments.sizes(self.name, self._argument, entry, 2, minimum=0) for entry in entries]
        return tuple((before, after) for before, after in pairs)


class ZeroPadding(Border, common=True):
    """Zeros before and after each spatial dimension: what the three layers have in common.

    With k - 1 zeros on every side before it, a convolution with a kernel of size k is the one called "full": every
    position where kernel and image overlap at all, n + k - 1 of them along each dimension.

    Args:
        padding: one number for all sides, one for each dimension, or a pair (before, after) for each dimension.
        data_format: "channels_last" or "channels_first".
        **options: `name`, `trainable`, `input_shape`.
    """

    padding: Any
    _argument = "padding"
    _arguments = ("padding", "data_format")

    def __init__(self, padding: int | Sequence[Any] = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = arguments.data_format(self.name, data_format)
        self._keep(padding)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        arguments.check_rank(self.name, shape, self.rank)
        return [Step("pad", operations.Pad(self._pairs))]


class ZeroPadding1D(ZeroPadding):
    """Zeros before and after a sequence; `padding` is a number or a pair (before, after)."""

    rank = 1


class ZeroPadding2D(ZeroPadding):
    """Zeros around an image; arguments as in `ZeroPadding`."""

    rank = 2


class ZeroPadding3D(ZeroPadding):
    """Zeros around a volume; arguments as in `ZeroPadding`."""

    rank = 3


class Cropping(Border, common=True):
    """Takes away what is at the ends of each spatial dimension: what Cropping2D and Cropping3D have in common.

    Args:
        cropping: one number for all sides, one for each dimension, or a pair (before, after) for each dimension.
        data_format: "channels_last" or "channels_first".
        **options: `name`, `trainable`, `input_shape`.
    """

    cropping: Any
    _argument = "cropping"
    _arguments: ClassVar[tuple[str, ...]] = ("cropping", "data_format")

    def __init__(
        self, cropping: int | Sequence[Any], data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.data_format = arguments.data_format(self.name, data_format)
        self._keep(cropping)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        arguments.check_rank(self.name, shape, self.rank)
        return [Step("crop", operations.Pad(tuple((-before, -after) for before, after in self._pairs)))]


class Cropping1D(Cropping):
    """Takes away steps at the ends of a sequence.

    Args:
        cropping: a number or a pair (before, after).
        **options: `name`, `trainable`, `input_shape`.
    """

    rank = 1
    _arguments = ("cropping",)

    def __init__(self, cropping: int | Sequence[int] = (1, 1), **options: Any) -> None:
        super().__init__(cropping, **options)


class Cropping2D(Cropping):
    """Takes away rows and columns at the borders of an image; arguments as in `Cropping`."""

    rank = 2

    def __init__(
        self, cropping: int | Sequence[Any] = ((0, 0), (0, 0)), data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(cropping, data_format, **options)


class Cropping3D(Cropping):
    """Takes away the borders of a volume; arguments as in `Cropping`."""

    rank = 3

    def __init__(
        self, cropping: int | Sequence[Any] = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(cropping, data_format, **options)

"""What is known of tensors before there are any: shapes with open sizes, and types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from striate.checks import as_whole
from striate.errors import ShapeError


class TensorShape(tuple[Any, ...]):
    """A shape; sizes that are not known are None. It is a tuple, with TensorFlow's names beside."""

    def __new__(cls, dims: Iterable[int | None] | int | None = ()) -> TensorShape:
        sizes = tuple(dims) if isinstance(dims, Iterable) else (dims,)
        for size in sizes:
            number = as_whole(size)
            if size is not None and (number is None or number < 0):
                raise ShapeError(f"TensorShape: got a size of {size!r}, expected whole numbers of 0 or more, or None")
        return super().__new__(cls, (None if size is None else int(size) for size in sizes))

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self)

    @property
    def ndims(self) -> int:
        """The number of axes."""
        return len(self)

    @property
    def dims(self) -> list[int | None]:
        """The sizes."""
        return list(self)

    def as_list(self) -> list[int | None]:
        """The sizes."""
        return list(self)

    def is_fully_defined(self) -> bool:
        """Whether no size is open."""
        return None not in self

    def num_elements(self) -> int | None:
        """The product of the sizes; None if one is open."""
        return int(np.prod(self, dtype=np.int64)) if self.is_fully_defined() else None

    def is_compatible_with(self, other: Iterable[int | None]) -> bool:
        """Whether the sizes that both know are the same."""
        sizes = tuple(other)
        if len(sizes) != len(self):
            return False
        return all(a is None or b is None or a == b for a, b in zip(self, sizes, strict=True))

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return TensorShape(found) if isinstance(key, slice) else found

    def __repr__(self) -> str:
        return f"TensorShape({list(self)})"

    def __str__(self) -> str:
        return str(tuple(self))


class TensorSpec:
    """Shape and type of tensors to come.

    Args:
        shape: sizes, None for open ones; None: any shape.
        dtype: what NumPy or `striate.tensorflow` calls the type.
        name: for the reader.
    """

    def __init__(
        self, shape: Iterable[int | None] | None, dtype: DTypeLike = np.float32, name: str | None = None
    ) -> None:
        self.shape = None if shape is None else TensorShape(shape)
        self.dtype = np.dtype(dtype)
        self.name = name

    @classmethod
    def of(cls, array: NDArray[Any]) -> TensorSpec:
        """The specification that a tensor has itself."""
        return cls(array.shape, array.dtype)

    def fits(self, shape: Iterable[int | None]) -> bool:
        """Whether a tensor of some shape is as specified."""
        return self.shape is None or self.shape.is_compatible_with(shape)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor or another specification fits."""
        return self.dtype == np.dtype(other.dtype) and (other.shape is None or self.fits(other.shape))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        kind = "string" if self.dtype.kind == "O" else self.dtype.name
        shape = "<unknown>" if self.shape is None else tuple(self.shape)
        return f"TensorSpec(shape={shape}, dtype=tf.{kind}, name={self.name!r})"

"""Types of numbers under TensorFlow's names (tf.dtypes). Each stands for a type of NumPy and goes wherever one goes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from striate.errors import StriateError
from striate.lookup import nearest
from striate.tensors import Tensor, as_tensor, wrapped

__all__ = [
    "DType", "as_dtype", "bool", "cast", "complex64", "complex128", "double", "float16", "float32", "float64", "half",
    "int8", "int16", "int32", "int64", "saturate_cast", "string", "uint8", "uint16", "uint32", "uint64",
]  # fmt: skip


class DType:
    """A type of numbers.

    Attributes:
        name: as TensorFlow calls it.
        dtype: the type of NumPy.
    """

    def __init__(self, name: str, dtype: DTypeLike) -> None:
        self.name = name
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    @property
    def as_numpy_dtype(self) -> type[Any]:
        """The scalar type of NumPy."""
        return self.dtype.type

    @property
    def base_dtype(self) -> DType:
        """The type itself."""
        return self

    @property
    def is_floating(self) -> Any:
        """Whether the numbers have fractions."""
        return self.dtype.kind == "f"

    @property
    def is_integer(self) -> Any:
        """Whether the numbers are whole."""
        return self.dtype.kind in "iu"

    @property
    def is_bool(self) -> Any:
        """Whether there is only True and False."""
        return self.dtype.kind == "b"

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return self.dtype.itemsize

    @property
    def min(self) -> Any:
        """The least number."""
        return self._limits().min

    @property
    def max(self) -> Any:
        """The largest number."""
        return self._limits().max

    def _limits(self) -> Any:
        return np.finfo(self.dtype) if self.is_floating else np.iinfo(self.dtype)

    def __eq__(self, other: object) -> Any:
        try:
            return other is not None and self.dtype == np.dtype(other)  # type: ignore[call-overload]
        except TypeError:
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"


float16, float32, float64 = DType("float16", "float16"), DType("float32", "float32"), DType("float64", "float64")
int8, int16 = DType("int8", "int8"), DType("int16", "int16")
int32, int64 = DType("int32", "int32"), DType("int64", "int64")
uint8, uint16, uint32 = DType("uint8", "uint8"), DType("uint16", "uint16"), DType("uint32", "uint32")
uint64 = DType("uint64", "uint64")
complex64, complex128 = DType("complex64", "complex64"), DType("complex128", "complex128")
bool = DType("bool", "bool")
string = DType("string", object)
half, double = float16, float64
_ALL = (
    float16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128, bool,
    string,
)  # fmt: skip


def as_dtype(type_value: Any) -> DType:
    """The type of a name, of a type of NumPy, or itself.

    Raises:
        StriateError: none of these types.
    """
    if isinstance(type_value, DType):
        return type_value
    if type_value is str:
        return string
    for known in _ALL:
        if known.name == type_value:
            return known
    name = str(getattr(type_value, "name", type_value))
    if "bfloat16" in name:
        raise StriateError("dtype: NumPy has no bfloat16; use float16 or float32")
    try:
        found = np.dtype(type_value)
    except TypeError:
        raise StriateError(f"dtype: unknown type {name!r}; {nearest(name, [known.name for known in _ALL])}") from None
    for known in _ALL:
        if known.dtype == found:
            return known
    raise StriateError(f"dtype: got {found}, expected one of {', '.join(known.name for known in _ALL)}")


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """The same numbers in another type; fractions are cut off for whole numbers, too large ones wrap around.

    A symbolic tensor stays as it is: networks compute in float32.
    """
    from striate.losses.asked import Asked, moved

    if isinstance(x, Asked):
        return moved(x)
    from striate.layers.symbolic import is_symbolic

    wanted = as_dtype(dtype)
    if is_symbolic(x):
        if wanted != float32:
            raise StriateError(f"cast: got dtype={wanted!r} for {x}, but networks compute in float32")
        return x
    values = as_tensor(x, name="cast")
    if (values.dtype.kind == "O") != (wanted.dtype.kind == "O"):
        raise StriateError(f"cast: text and numbers are not cast to each other, got {values.dtype} to {wanted!r}")
    with np.errstate(invalid="ignore", over="ignore"):
        return values.astype(wanted.dtype, copy=False)


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """As `cast`; too large and too small numbers become the largest and the least of the type."""
    wanted, values = as_dtype(dtype), as_tensor(value, name="saturate_cast")
    return wrapped(np.clip(values, wanted.min, wanted.max).astype(wanted.dtype))

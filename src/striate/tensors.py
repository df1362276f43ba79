"""Tensors: NumPy arrays with the few things that TensorFlow's have beyond them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from striate.errors import DataError, ShapeError

P = ParamSpec("P")
T = TypeVar("T")


class Tensor(np.ndarray[Any, np.dtype[Any]]):
    """An array of numbers as layers, models, losses and data sets hand it out.

    It is a NumPy array, so every function of NumPy takes it and `print` shows it as one. Beyond an array it has
    `numpy()`; a single element is a tensor of no axes, so that `t[0].numpy()` works, too; and `t += 1` makes a new
    tensor as TensorFlow does, so that a function given a view of somebody's data cannot change it by accident.
    """

    def numpy(self) -> Any:
        """The numbers as a plain array, or for no axes as one number; a copy where the tensor must not be written."""
        plain = self.view(np.ndarray)
        if not self.ndim:
            return plain[()]
        return plain if plain.flags.writeable else plain.copy()

    def get_shape(self) -> tuple[int, ...]:
        """The shape."""
        shape: tuple[int, ...] = self.shape
        return shape

    def set_shape(self, shape: Iterable[int | None]) -> None:
        """Say which shape is expected; None for sizes that may be any.

        Raises:
            ShapeError: it is another.
        """
        sizes = tuple(shape)
        fits = len(sizes) == self.ndim
        if not fits or any(want not in (None, size) for want, size in zip(sizes, self.shape, strict=True)):
            raise ShapeError(f"set_shape: got {sizes} for a tensor of shape {self.shape}")

    def __eq__(self, other: object) -> Any:
        return super().__eq__(as_tensor(other) if self.dtype.kind == "O" else other)  # text is bytes, "a" is b"a"

    def __ne__(self, other: object) -> Any:
        return super().__ne__(as_tensor(other) if self.dtype.kind == "O" else other)

    def __truediv__(self, other: Any) -> Any:
        """Short whole numbers give float32, as in TensorFlow, where NumPy would take twice the memory."""
        short = self.dtype.kind in "iu" and self.dtype.itemsize < 4
        if short and (isinstance(other, (int, float)) or np.asarray(other).dtype.itemsize < 4):
            return np.true_divide(self.astype(np.float32), np.asarray(other, np.float32))
        return super().__truediv__(other)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return found if isinstance(found, Tensor) else wrapped(found)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __hash__(self) -> int:  # type: ignore[override]
        if self.ndim:
            raise TypeError(f"unhashable: a tensor of shape {self.shape}; use its numpy().tobytes() as a key")
        return hash(self.item())

    def __round__(self, digits: int | None = None) -> Any:
        return np.round(self, digits or 0)

    def _new(self, other: Any) -> Any:
        return NotImplemented  # Python then computes `self = self + other`

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ifloordiv__ = __imod__ = __ipow__ = __imatmul__ = _new
    __iand__ = __ior__ = __ixor__ = __ilshift__ = __irshift__ = _new


class State(Tensor):
    """A tensor whose numbers can be replaced. What is computed with it is a plain tensor.

    Attributes:
        name: for the reader.
    """

    name: str = "state"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        given = [value.view(Tensor) if isinstance(value, State) else value for value in inputs]
        return getattr(ufunc, method)(*given, **options)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return found.view(Tensor) if isinstance(found, State) else found

    def assign(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> State:
        """Replace the numbers.

        Raises:
            ShapeError: another shape.
        """
        new = as_tensor(value, self.dtype, "assign")
        if new.shape != self.shape:
            raise ShapeError(f"{self.name}: assign got a value of shape {new.shape}, expected {self.shape}")
        self.view(np.ndarray)[...] = new
        return self

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> State:
        """Add to the numbers."""
        return self.assign(self.value() + as_tensor(delta, self.dtype, "assign_add"))

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> State:
        """Subtract from the numbers."""
        return self.assign(self.value() - as_tensor(delta, self.dtype, "assign_sub"))

    def value(self) -> Tensor:
        """The numbers as they are now."""
        return wrapped(self.view(np.ndarray).copy())

    def read_value(self) -> Tensor:
        """The numbers as they are now."""
        return self.value()

    def numpy(self) -> Any:
        """The numbers as they are now, as a plain array or number."""
        return self.value().numpy()


def wrapped(array: Any) -> Tensor:
    """An array, a number of NumPy or text as a tensor, on the same memory."""
    return np.asarray(array, dtype=object if isinstance(array, bytes) else None).view(Tensor)


def handing_out(function: Callable[P, T]) -> Callable[P, T]:
    """A function whose array or number is a tensor, so that programs can ask it for `numpy()`."""

    @wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> T:
        result: Any = wrapped(function(*arguments, **options))
        return cast(T, result)

    return call


def as_tensor(value: Any, dtype: DTypeLike | None = None, name: str = "tensor") -> Tensor:
    """What TensorFlow makes of a value: Python's numbers become int32 and float32, arrays keep their type, text bytes.

    Args:
        value: an array, a number, text, or nested lists of these.
        dtype: another type.
        name: of the argument, for errors.

    Raises:
        DataError: what is no array, or numbers that the type does not hold.
    """
    if dtype is not None:
        dtype = np.dtype(dtype)
    if isinstance(value, np.ndarray) or hasattr(value, "dtype"):
        array = np.asarray(value)
        if dtype is not None and array.dtype != dtype:
            array = array.astype(dtype)
    else:
        array = _converted(value, dtype, name)
    if array.dtype.kind in "US":
        array = _texts(array)
    elif array.dtype.kind == "O" and not all(isinstance(item, bytes) for item in array.flat):
        array = _objects(array, name)
    return array.view(Tensor)


def _converted(value: Any, dtype: DTypeLike | None, name: str) -> NDArray[Any]:
    """What is no array yet. Whole numbers beyond int32 become int64."""
    try:
        text = isinstance(_first(value), (str, bytes))
        array = np.array(value, dtype=object) if text else np.asarray(value)
        if dtype is not None:
            array = array if text and np.dtype(dtype) == object else array.astype(dtype)
        elif array.dtype == np.float64 and not _holds(value, np.float64):
            array = array.astype(np.float32)
        elif array.dtype == np.int64 and not _holds(value, np.int64) and _fits_int32(array):
            array = array.astype(np.int32)
        return array
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(f"{name}: cannot be made into a tensor: {error}") from None


def _holds(value: Any, kind: type[np.generic]) -> bool:
    """Whether nested lists begin with something of NumPy's of a type, which is kept then."""
    return getattr(_first(value), "dtype", None) is not None and bool(_first(value).dtype == np.dtype(kind))


def _first(value: Any) -> Any:
    """The first thing in nested lists."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value


def _fits_int32(array: NDArray[Any]) -> bool:
    limits = np.iinfo(np.int32)
    return array.size == 0 or bool(array.min() >= limits.min and array.max() <= limits.max)


def _texts(array: NDArray[Any]) -> NDArray[Any]:
    """Text as bytes in an array of objects: NumPy's own type for bytes would lose zeros at their end."""
    texts = np.empty(array.shape, dtype=object)
    for place, item in np.ndenumerate(array):
        texts[place] = item.encode() if isinstance(item, str) else bytes(item)
    return texts


def _objects(array: NDArray[Any], name: str) -> NDArray[Any]:
    """An array of objects that are text; anything else is an error."""
    for item in array.flat:
        if not isinstance(item, (str, bytes)):
            came = "values of different shapes" if isinstance(item, (list, tuple, np.ndarray)) else type(item).__name__
            raise DataError(f"{name}: got {came}, expected numbers or text")
    return _texts(array)

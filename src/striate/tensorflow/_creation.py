"""Tensors out of values, and variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from striate.errors import ShapeError
from striate.layers.symbolic import is_symbolic
from striate.tensorflow._arguments import tensor
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import State, Tensor, as_tensor, wrapped


def _dtype(dtype: Any) -> np.dtype[Any] | None:
    return None if dtype is None else as_dtype(dtype).dtype


def sizes(shape: Any) -> tuple[int, ...]:
    """A shape given as a number, a list or a tensor."""
    return tuple(int(size) for size in np.asarray(shape).reshape(-1))


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Tensor:
    """A tensor of numbers or text. Python's numbers are int32 and float32; `shape`: what it is brought to.

    Raises:
        ShapeError: a shape with another number of elements, unless the value is a single one.
    """
    made = np.array(tensor(value, "constant", _dtype(dtype)))
    if shape is not None:
        wanted = sizes(shape)
        if made.size == 1:
            made = np.full(wanted, made.reshape(-1)[0], made.dtype)
        elif made.size != int(np.prod(wanted)):
            raise ShapeError(f"constant: got shape={wanted} for {made.size} elements")
        made = made.reshape(wanted)
    return wrapped(made)


def convert_to_tensor(
    value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None, preferred_dtype: Any = None
) -> Tensor:
    """A value as a tensor. Arrays keep their type and are not copied; of Python's numbers see `constant`."""
    return tensor(value, "convert_to_tensor", _dtype(dtype))


class Variable(State):
    """A tensor whose numbers can be replaced. What is computed with it is a plain tensor.

    Args:
        initial_value: its numbers, or a function that returns them. They are copied.
        trainable, validate_shape, caching_device, import_scope, constraint, synchronization, aggregation,
            experimental_enable_variable_lifting: without effect, as training is done by models.
        name: for the reader.
        dtype: another type than the numbers have.
        shape: theirs.
    """

    trainable: bool

    def __new__(
        cls, initial_value: Any = None, trainable: bool = True, validate_shape: bool = True,
        caching_device: Any = None, name: str | None = None, variable_def: None = None, dtype: Any = None,
        import_scope: Any = None, constraint: Any = None, synchronization: Any = None, aggregation: Any = None,
        shape: Any = None, experimental_enable_variable_lifting: bool = True,
    ) -> Variable:
        """Copies the numbers."""
        value = initial_value() if isinstance(initial_value, Callable) else initial_value  # type: ignore[arg-type]
        made = np.array(constant(value, dtype)).view(cls)
        made.name, made.trainable = f"{name or 'Variable'}:0", bool(trainable)
        return made


def zeros(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """All 0."""
    return wrapped(np.zeros(sizes(shape), as_dtype(dtype).dtype))


def ones(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """All 1."""
    return wrapped(np.ones(sizes(shape), as_dtype(dtype).dtype))


def zeros_like(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """All 0, in the shape of another tensor, and its type if none is given."""
    if is_symbolic(input):
        return 0.0 * input
    return wrapped(np.zeros_like(tensor(input, "zeros_like"), _dtype(dtype)))


def ones_like(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """All 1, in the shape of another tensor, and its type if none is given."""
    if is_symbolic(input):
        return 0.0 * input + 1.0
    return wrapped(np.ones_like(tensor(input, "ones_like"), _dtype(dtype)))


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """All one value."""
    made = as_tensor(value, name="fill")
    return wrapped(np.full(sizes(dims), made, made.dtype))


def eye(
    num_rows: int, num_columns: int | None = None, batch_shape: Any = None, dtype: Any = "float32",
    name: str | None = None,
) -> Tensor:
    """1 on the diagonal, else 0; `batch_shape`: so many of these."""
    one = np.eye(int(num_rows), None if num_columns is None else int(num_columns), dtype=as_dtype(dtype).dtype)
    return wrapped(np.tile(one, (*sizes([] if batch_shape is None else batch_shape), 1, 1)))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Tensor:
    """Numbers from start (0 if only one is given) to below limit, in steps of delta."""
    first, last = (0, start) if limit is None else (start, limit)
    given = [tensor(value, "range") for value in (first, last, delta)]
    kind = _dtype(dtype) or np.result_type(*given)
    return wrapped(np.arange(*[value.item() for value in given], dtype=kind))


def linspace(start: Any, stop: Any, num: int, name: str | None = None, axis: int = 0) -> Tensor:
    """`num` numbers at equal distances, from start to stop, both included."""
    first, last = tensor(start, "linspace"), tensor(stop, "linspace")
    kind = first.dtype if first.dtype.kind == "f" else np.dtype(np.float64)
    return wrapped(np.linspace(first, last, int(num), axis=axis, dtype=kind))


def one_hot(
    indices: Any, depth: int, on_value: Any = None, off_value: Any = None, axis: int | None = None, dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """on_value (1) at each number's place among `depth` along a new axis (the last), else off_value (0).

    Numbers outside 0 to depth - 1 have none.
    """
    numbers = tensor(indices, "one_hot")
    kind = _dtype(dtype)
    if kind is None:
        given = next((value for value in (on_value, off_value) if value is not None), np.float32(1))
        kind = as_tensor(given).dtype
    on, off = (np.asarray(value).astype(kind) for value in (
        1 if on_value is None else on_value, 0 if off_value is None else off_value
    ))  # fmt: skip
    hot = np.expand_dims(numbers, -1) == np.arange(int(depth), dtype=numbers.dtype)
    result = np.where(hot, on, off)
    return wrapped(result if axis in (None, -1) else np.moveaxis(result, -1, axis))


def identity(input: Any, name: str | None = None) -> Any:
    """A copy of a tensor; a symbolic one itself."""
    return input if is_symbolic(input) else wrapped(np.array(tensor(input, "identity")))

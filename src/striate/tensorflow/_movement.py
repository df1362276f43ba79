"""Functions that move numbers: shapes, axes, parts, several tensors as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.errors import ShapeError, StriateError
from striate.layers.symbolic import is_symbolic
from striate.losses.asked import Asked, moved
from striate.tensorflow._arguments import axes_of, axis_of, tensor
from striate.tensorflow._creation import sizes
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, as_tensor, wrapped


def shape(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """The shape, as a tensor."""
    return wrapped(np.array(tensor(input, "shape").shape, as_dtype(out_type).dtype))


def size(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """The number of elements."""
    return wrapped(np.array(tensor(input, "size").size, as_dtype(out_type).dtype))


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes."""
    return wrapped(np.array(tensor(input, "rank").ndim, np.int32))


def is_tensor(x: Any) -> bool:
    """Whether it is a tensor of numbers or a symbolic one, rather than an array or a list."""
    return isinstance(x, Tensor) or (is_symbolic(x) and not isinstance(x, (list, tuple, dict)))


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """The same numbers in another shape; one size may be -1. Of a symbolic tensor the batch stays: (-1, ...)."""
    if isinstance(tensor, Asked):
        return moved(tensor)
    wanted = sizes(shape)
    if is_symbolic(tensor):
        from striate import layers
        from striate.layers import together

        if wanted == (-1,):
            return together.in_a_row(tensor, "reshape")
        if wanted[:1] != (-1,) or -1 in wanted[1:]:
            raise StriateError(f"reshape: got shape={wanted} for {tensor}; the batch stays first: (-1, ...)")
        return layers.Reshape(wanted[1:])(tensor)
    values = as_tensor(tensor, name="reshape")
    try:
        return values.reshape(wanted)
    except ValueError:
        raise ShapeError(f"reshape: a tensor of shape {values.shape} does not fit shape={wanted}") from None


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Any:
    """The axes in another order, turned round if none is given. Of a symbolic tensor the batch stays first."""
    if is_symbolic(a):
        from striate import layers

        axes = tuple(range(a.ndim))[::-1] if perm is None else sizes(perm)
        if axes[:1] != (0,):
            raise StriateError(f"transpose: got perm={axes} for {a}; the batch stays first: (0, ...)")
        return layers.Permute(axes[1:])(a)
    values = tensor(a, "transpose")
    order = None if perm is None else sizes(perm)
    if order is not None and sorted(order) != list(range(values.ndim)):
        raise ShapeError(f"transpose: got perm={order} for a tensor of {values.ndim} axes")
    return wrapped(np.transpose(values.conj() if conjugate else values, order))


def expand_dims(input: Any, axis: int, name: str | None = None) -> Any:
    """With a new axis of size one."""
    if is_symbolic(input):
        from striate import layers

        place = axis_of("expand_dims", axis, input.ndim + 1)
        if place == 0:
            raise StriateError(f"expand_dims: got axis={axis} for {input}; the batch stays first")
        return layers.Reshape((*input.shape[1:place], 1, *input.shape[place:]))(input)
    values = tensor(input, "expand_dims")
    return wrapped(np.expand_dims(values, axis_of("expand_dims", axis, values.ndim + 1)))


def squeeze(input: Any, axis: Any = None, name: str | None = None, **older: Any) -> Any:
    """Without axes of size one: those given, or all.

    Raises:
        ShapeError: an axis of another size.
    """
    if isinstance(input, Asked):
        return moved(input)
    values = input if is_symbolic(input) else tensor(input, "squeeze")
    axis = older.pop("squeeze_dims", axis)
    if older:
        raise TypeError(f"squeeze() got an unexpected keyword argument {next(iter(older))!r}")
    over = axes_of("squeeze", axis, values.ndim) or None
    if over is not None and any(values.shape[each] != 1 for each in over):
        raise ShapeError(f"squeeze: got axis={axis!r} for a tensor of shape {values.shape}, expected axes of size one")
    if is_symbolic(input):
        from striate import layers

        gone = over or [each for each in range(1, input.ndim) if input.shape[each] == 1]
        return layers.Reshape([n for each, n in enumerate(input.shape) if each and each not in gone])(input)
    return wrapped(np.squeeze(values, over))


def concat(values: Any, axis: int, name: str = "concat") -> Any:
    """Tensors one behind the other along an axis."""
    if is_symbolic(values):
        from striate import layers

        return layers.Concatenate(axis=axis)(list(values))
    arrays = [tensor(value, "concat") for value in (values if isinstance(values, (list, tuple)) else list(values))]
    try:
        return wrapped(np.concatenate(arrays, axis=int(axis)))
    except ValueError:
        raise ShapeError(f"concat: shapes {[a.shape for a in arrays]} do not fit along axis={axis}") from None


def stack(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Tensors of one shape side by side along a new axis."""
    if is_symbolic(values):
        place = axis_of("stack", axis, values[0].ndim + 1)
        return concat([expand_dims(value, place) for value in values], place)
    arrays = [tensor(value, "stack") for value in values]
    try:
        return wrapped(np.stack(arrays, axis=int(axis)))
    except ValueError:
        raise ShapeError(f"stack: got shapes {[a.shape for a in arrays]} and axis={axis}, expected one shape") from None


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Tensor]:
    """The parts along an axis, as a list."""
    values = tensor(value, "unstack")
    moved = np.moveaxis(values, axis_of("unstack", axis, values.ndim), 0)
    if num is not None and num != len(moved):
        raise ShapeError(f"unstack: got num={num}, but there are {len(moved)} along axis={axis}")
    return [wrapped(part) for part in moved]


def split(
    value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None, name: str = "split"
) -> list[Tensor]:
    """Parts along an axis: so many of one size, or of the sizes given, of which one may be -1."""
    values = tensor(value, "split")
    along = axis_of("split", axis, values.ndim)
    length = values.shape[along]
    if np.ndim(num_or_size_splits) == 0:
        count = int(num_or_size_splits)
        if count < 1 or length % count:
            raise ShapeError(f"split: {length} along axis={axis} are not {count} equal parts")
        ends = [length // count * i for i in range(1, count)]
    else:
        parts = list(sizes(num_or_size_splits))
        rest = length - sum(part for part in parts if part != -1)
        parts = [rest if part == -1 else part for part in parts]
        if sum(parts) != length or min(parts, default=0) < 0:
            raise ShapeError(f"split: the sizes {list(num_or_size_splits)} do not add up to {length} along axis={axis}")
        ends = [sum(parts[:i]) for i in range(1, len(parts))]
    return [wrapped(part) for part in np.split(values, ends, axis=along)]


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """Repeated so many times along each axis."""
    values, times = tensor(input, "tile"), sizes(multiples)
    if len(times) != values.ndim:
        raise ShapeError(f"tile: got multiples={times} for a tensor of {values.ndim} axes; give one for each")
    return wrapped(np.tile(values, times))


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Each element (or part along an axis) so many times."""
    return wrapped(np.repeat(tensor(input, "repeat"), np.asarray(repeats), axis=axis))


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None) -> Any:
    """With values around: `paddings` (axes, 2) says how many before and after; mode CONSTANT, REFLECT or SYMMETRIC."""
    widths = [tuple(int(each) for each in pair) for pair in np.asarray(paddings).tolist()]
    modes = {"CONSTANT": "constant", "REFLECT": "reflect", "SYMMETRIC": "symmetric"}
    if mode.upper() not in modes:
        raise StriateError(f"pad: got mode={mode!r}, expected {', '.join(modes)}")
    if is_symbolic(tensor):
        return _padded(tensor, widths, mode.upper(), constant_values)
    values = as_tensor(tensor, name="pad")
    if len(widths) != values.ndim:
        raise ShapeError(f"pad: got {len(widths)} pairs for a tensor of {values.ndim} axes")
    options = {"constant_values": constant_values} if mode.upper() == "CONSTANT" else {}
    return wrapped(np.pad(values, widths, mode=modes[mode.upper()], **options))  # type: ignore[call-overload]


def _padded(x: Any, widths: Sequence[tuple[int, ...]], mode: str, value: Any) -> Any:
    from striate import layers

    inner = tuple(widths[1:-1])
    if mode != "CONSTANT" or value != 0 or widths[0] != (0, 0) or widths[-1] != (0, 0) or not 1 <= len(inner) <= 3:
        raise StriateError(f"pad: in a network only zeros around the positions of images, got paddings={list(widths)}")
    return getattr(layers, f"ZeroPadding{len(inner)}D")(inner[0] if len(inner) == 1 else inner)(x)


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """Turned round along axes."""
    values = as_tensor(tensor, name="reverse")
    return wrapped(np.flip(values, axes_of("reverse", axis, values.ndim)))


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """Moved along axes; what falls off at the end comes back at the beginning."""
    shifts = np.asarray(shift).tolist()
    return wrapped(np.roll(tensor(input, "roll"), shifts, np.asarray(axis).tolist()))


def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: int | None = None, batch_dims: int = 0,
    name: str | None = None,
) -> Tensor:
    """The parts at some places along an axis (the first).

    Raises:
        StriateError: a place that is not there.
    """
    values, places = tensor(params, "gather"), tensor(indices, "gather")
    if batch_dims:
        raise StriateError(f"gather: got batch_dims={batch_dims}, expected 0; use np.take_along_axis")
    along = axis_of("gather", 0 if axis is None else axis, values.ndim)
    if places.size and (places.min() < 0 or places.max() >= values.shape[along]):
        raise StriateError(
            f"gather: got places from {places.min()} to {places.max()}, but there are {values.shape[along]}"
        )
    return wrapped(np.take(values, places.astype(np.int64), axis=along))


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Tensor:
    """The parts at some places, each given by its number along every one of the first axes."""
    values, places = tensor(params, "gather_nd"), tensor(indices, "gather_nd")
    if batch_dims:
        raise StriateError(f"gather_nd: got batch_dims={batch_dims}, expected 0")
    return wrapped(values[tuple(np.moveaxis(places, -1, 0))])


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str = "boolean_mask") -> Tensor:
    """The parts where a mask is true."""
    values, chosen = as_tensor(tensor, name="boolean_mask"), np.asarray(mask)
    first = 0 if axis is None else axis_of("boolean_mask", axis, values.ndim)
    if chosen.dtype != np.bool_ or chosen.shape != values.shape[first : first + chosen.ndim]:
        raise ShapeError(f"boolean_mask: a mask of shape {chosen.shape} does not fit a tensor of shape {values.shape}")
    return wrapped(values[(slice(None),) * first + (chosen,)])


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Sizes of one repeated until the shape is another."""
    values = tensor(input, "broadcast_to")
    try:
        return wrapped(np.array(np.broadcast_to(values, sizes(shape))))
    except ValueError:
        raise ShapeError(f"broadcast_to: a tensor of shape {values.shape} does not fit shape={sizes(shape)}") from None


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """The part that begins at a place for each axis; a size of -1 goes to the end."""
    values = tensor(input_, "slice")
    parts = [
        slice(start, None if count == -1 else start + count)
        for start, count in zip(sizes(begin), sizes(size), strict=True)
    ]
    return wrapped(values[tuple(parts)])


def matmul(
    a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, **older: Any
) -> Any:
    """The product of matrices over the last two axes; inside a network of a tensor and a layer's own weight."""
    for key in older:
        if key not in ("name", "adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse", "output_type"):
            raise TypeError(f"matmul() got an unexpected keyword argument {key!r}")
    if older.get("output_type") is not None:
        raise StriateError("matmul: got output_type, which is not available; cast the result with tf.cast")
    if is_symbolic(a) and not is_symbolic(b) and not (transpose_a or transpose_b or older.get("adjoint_b")):
        return a @ b
    left, right = tensor(a, "matmul"), tensor(b, "matmul")
    if min(left.ndim, right.ndim) < 2:
        raise ShapeError(f"matmul: got shapes {left.shape} and {right.shape}, expected at least two axes in both")
    left = left.swapaxes(-1, -2) if transpose_a or older.get("adjoint_a") else left
    right = right.swapaxes(-1, -2) if transpose_b or older.get("adjoint_b") else right
    try:
        return wrapped(np.matmul(left, right))
    except ValueError:
        raise ShapeError(f"matmul: matrices of shapes {left.shape} and {right.shape} do not fit") from None


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """The sum of products over pairs of axes: the last `axes` of a and first of b, or lists of both."""
    single = isinstance(axes, (int, np.integer))
    pairs: Any = axes if single else [np.asarray(each).reshape(-1).tolist() for each in axes]
    return wrapped(np.tensordot(tensor(a, "tensordot"), tensor(b, "tensordot"), pairs))


def einsum(equation: str, *inputs: Any, optimize: str = "greedy", name: str | None = None) -> Tensor:
    """The sum of products that an equation such as "ij,jk->ik" says."""
    return wrapped(np.einsum(equation, *(tensor(each, "einsum") for each in inputs)))


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The length of vectors (or of all numbers): "euclidean" or a power."""
    values = as_tensor(tensor, name="norm")
    over = axes_of("norm", axis, values.ndim)
    power = 2.0 if ord in ("euclidean", "fro") else float(ord)
    sums = np.max(np.abs(values), axis=over, keepdims=keepdims) if power == np.inf else (
        np.sum(np.abs(values) ** power, axis=over, keepdims=keepdims) ** (1 / power)
    )  # fmt: skip
    return wrapped(np.asarray(sums).astype(values.dtype))

"""`keras.ops` of Keras 3: functions of arrays, and of a network's symbolic tensors where a layer does the same.

Names, arguments and defaults are Keras's; what computes are NumPy and the functions of `striate.tensorflow`. Numbers of
Python's count as float32, and so do results of whole numbers that are none. Inside a network (in `Lambda`, in a layer's
`call`, between symbolic tensors) those are layers that are in `tf`, too: arithmetic, roots, powers, exponentials and
logarithms, the activations, sums and means over axes, `concatenate`, `reshape`, `transpose`, `pad` and so on.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from striate import activations
from striate import tensorflow as tf
from striate.errors import StriateError
from striate.keras import backend
from striate.layers.symbolic import is_symbolic
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import tensor
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, as_tensor, wrapped

Function = Callable[..., Any]
_KINDS = {"f": np.float32, "i": np.int32}


def _of_numpy(name: str, whole: bool = False, names: tuple[str, ...] = ()) -> Function:
    """NumPy's function of the name, on tensors.

    whole: the result is a place or a count, in int32.
    names: Keras's of the first arguments.
    """
    function = getattr(np, name)

    def apply(*arguments: Any, **options: Any) -> Any:
        given = [*arguments, *(options.pop(key) for key in names[len(arguments) :] if key in options)]
        arrays = [_plain(value, name) for value in given]
        return _handed_out(function(*arrays, **options), arrays, whole)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"As `numpy.{name}`, of a tensor."
    return apply


def _plain(value: Any, function: str) -> Any:
    """A tensor as an array of numbers; what is none, such as an axis or None, as it is."""
    if is_symbolic(value):
        return tensor(value, function)  # says what is the matter
    if isinstance(value, (list, tuple)) and builtins.any(isinstance(each, np.ndarray) for each in value):
        return [_plain(each, function) for each in value]
    return value if value is None or isinstance(value, (str, bool, int)) else np.asarray(as_tensor(value))


def _handed_out(result: Any, given: list[Any], whole: bool) -> Any:
    if isinstance(result, (list, tuple)):
        return [_handed_out(each, given, whole) for each in result]
    array = np.asarray(result)
    doubled = builtins.any(getattr(value, "dtype", None) in (np.float64, np.int64) for value in given)
    if array.dtype in (np.float64, np.int64) and (whole or not doubled):
        array = array.astype(_KINDS[array.dtype.kind])
    return wrapped(array)


_X, _PAIR = ("x",), ("x1", "x2")
arccos, arcsin, arctan, arccosh, arcsinh, arctanh, sinh, cosh = (
    _of_numpy(name, names=_X)
    for name in ("arccos", "arcsin", "arctan", "arccosh", "arcsinh", "arctanh", "sinh", "cosh")
)
all, any, prod, median, average, nanmean, nansum = (
    _of_numpy(name, names=_X)
    for name in ("all", "any", "prod", "median", "average", "nanmean", "nansum")
)
argmax, argmin, argsort, count_nonzero, nonzero, searchsorted, digitize, bincount = (
    _of_numpy(name, whole=True, names=_X)
    for name in (
        "argmax", "argmin", "argsort", "count_nonzero", "nonzero", "searchsorted", "digitize", "bincount"
    )
)  # fmt: skip
cumsum, cumprod, diff, flip, roll, sort, tile, repeat, ravel, rot90, trace, tril, triu, diag, diagonal = (
    _of_numpy(name, names=_X)
    for name in (
        "cumsum", "cumprod", "diff", "flip", "roll", "sort", "tile", "repeat", "ravel", "rot90", "trace", "tril",
        "triu", "diag", "diagonal",
    )
)  # fmt: skip
moveaxis, swapaxes, broadcast_to, copy, nan_to_num, quantile, take, take_along_axis = (
    _of_numpy(name, names=_X)
    for name in (
        "moveaxis", "swapaxes", "broadcast_to", "copy", "nan_to_num", "quantile", "take",
        "take_along_axis",
    )
)  # fmt: skip
isclose, outer, cross, inner, floor_divide, mod, arctan2, tensordot = (
    _of_numpy(name, names=_PAIR)
    for name in (
        "isclose", "outer", "cross", "inner", "floor_divide", "mod", "arctan2", "tensordot"
    )
)  # fmt: skip
meshgrid, einsum, hstack, vstack, linspace, logspace = (
    _of_numpy(name) for name in ("meshgrid", "einsum", "hstack", "vstack", "linspace", "logspace")
)
(
    abs, add, cos, divide, equal, exp, expm1, floor, greater, greater_equal, less, less_equal, log, log1p,
    logical_and, logical_not, logical_or, logical_xor, maximum, minimum, multiply, negative, not_equal,
    reciprocal, round, rsqrt, sign, sin, sqrt, square, subtract, tan, erf, ceil,
) = (
    tf.math.abs, tf.math.add, tf.math.cos, tf.math.divide, tf.math.equal, tf.math.exp, tf.math.expm1,
    tf.math.floor, tf.math.greater, tf.math.greater_equal, tf.math.less, tf.math.less_equal, tf.math.log,
    tf.math.log1p, tf.math.logical_and, tf.math.logical_not, tf.math.logical_or, tf.math.logical_xor,
    tf.math.maximum, tf.math.minimum, tf.math.multiply, tf.math.negative, tf.math.not_equal, tf.math.reciprocal,
    tf.math.round, tf.math.rsqrt, tf.math.sign, tf.math.sin, tf.math.sqrt, tf.math.square, tf.math.subtract,
    tf.math.tan, tf.math.erf, tf.math.ceil,
)  # fmt: skip
reshape, stack, cond, while_loop = tf.reshape, tf.stack, tf.cond, tf.while_loop
absolute, true_divide = abs, divide
isfinite, isinf, isnan = tf.math.is_finite, tf.math.is_inf, tf.math.is_nan
transpose, squeeze = tf.transpose, tf.squeeze
power, concatenate, logsumexp = tf.pow, backend.concatenate, backend.logsumexp
identity, tanh, top_k, unstack = tf.eye, tf.nn.tanh, tf.math.top_k, tf.unstack
relu, relu6, elu, selu, silu, swish, celu, glu, leaky_relu = (
    activations.relu, activations.relu6, activations.elu, activations.selu, activations.silu,
    activations.silu, activations.celu, activations.glu, activations.leaky_relu,
)  # fmt: skip
softmax, log_softmax, softplus, softsign, sigmoid, log_sigmoid, hard_sigmoid, hard_silu, hard_swish, hard_tanh = (
    activations.softmax, activations.log_softmax, activations.softplus, activations.softsign, activations.sigmoid,
    activations.log_sigmoid, activations.hard_sigmoid, activations.hard_silu, activations.hard_silu,
    activations.hard_tanh,
)  # fmt: skip
__getattr__ = absent(__name__)


def gelu(x: Any, approximate: bool = True) -> Any:
    """x P(X <= x) with X normal; `approximate`: by tanh."""
    if approximate and is_symbolic(x):
        return 0.5 * x * (1 + tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * power(x, 3))))
    return activations.gelu(x, approximate=approximate)


# Tensors


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """A tensor of numbers; symbolic ones stay as they are."""
    return x if is_symbolic(x) else tf.convert_to_tensor(x, dtype)


array = convert_to_tensor


def convert_to_numpy(x: Any) -> Any:
    """The numbers of a tensor, a weight or a variable as a plain array."""
    return np.asarray(tensor(x, "convert_to_numpy"))


def cast(x: Any, dtype: Any) -> Any:
    """The same numbers in another type; inside a network everything is float32."""
    if is_symbolic(x):
        if as_dtype(dtype) != tf.float32:
            raise StriateError(f"cast: got dtype={dtype!r} for {x}; inside a network everything is float32")
        return x
    return tf.cast(x, dtype)


def stop_gradient(variable: Any) -> Any:
    """The numbers; of symbolic tensors it is refused, as gradients belong to the engine."""
    return wrapped(np.array(tensor(variable, "stop_gradient")))


def shape(x: Any) -> tuple[int | None, ...]:
    """The shape as a tuple; None for open sizes of symbolic tensors."""
    return backend.int_shape(x)


def ndim(x: Any) -> int:
    """The number of axes."""
    return backend.ndim(x)


def size(x: Any) -> Any:
    """The number of elements."""
    return wrapped(np.int32(tensor(x, "size").size))


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Zeros, in float32 if no type is given."""
    return tf.zeros(shape, dtype or "float32")


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Ones, in float32 if no type is given."""
    return tf.ones(shape, dtype or "float32")


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """One number everywhere, in float32 if no type is given."""
    return wrapped(np.full(tuple(np.atleast_1d(shape)), fill_value, as_dtype(dtype or "float32").dtype))


empty = zeros


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of another tensor."""
    return tf.zeros_like(x, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of another tensor."""
    return tf.ones_like(x, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """One number everywhere, in the shape of another tensor."""
    values = tensor(x, "full_like")
    return wrapped(np.full_like(values, fill_value, dtype=values.dtype if dtype is None else as_dtype(dtype).dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """1 on a diagonal, else 0."""
    return wrapped(np.eye(N, M, k, as_dtype(dtype or "float32").dtype))


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Tensor:
    """Numbers from start (0 if only one is given) to below stop; whole ones in int32."""
    values = np.arange(start, stop, step) if stop is not None else np.arange(0, start, step)
    return wrapped(values.astype(_KINDS[values.dtype.kind] if dtype is None else as_dtype(dtype).dtype))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """1 at each number's place along a new axis, else 0."""
    return tf.one_hot(x, num_classes, axis=axis, dtype=dtype or "float32")


def multi_hot(inputs: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """1 at the places of all numbers along the last axis, else 0."""
    return wrapped(np.asarray(one_hot(inputs, num_classes, dtype=dtype)).max(axis=-2))


# Sums over axes and places along them


def _over_axes(name: str, symbolic: Function) -> Function:
    """NumPy's function of the name, or of symbolic tensors another."""
    of_numpy = _of_numpy(name)

    def apply(x: Any, axis: Any = None, keepdims: bool = False, **options: Any) -> Any:
        if is_symbolic(x):
            return symbolic(x, axis, keepdims)
        return of_numpy(x, axis=axis, keepdims=keepdims, **options)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"As `numpy.{name}`, over axes."
    return apply


sum, mean, max = (
    _over_axes("sum", tf.reduce_sum), _over_axes("mean", tf.reduce_mean), _over_axes("max", tf.reduce_max)
)  # fmt: skip
min, std, var = (
    _over_axes("min", tf.reduce_min), _over_axes("std", tf.math.reduce_std),
    _over_axes("var", tf.math.reduce_variance),
)  # fmt: skip
amax, amin = max, min


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance over axes."""
    return tf.nn.moments(x, axes, keepdims=keepdims)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The length of vectors, the root of the sum of squares unless `ord` says otherwise."""
    values = np.asarray(tensor(x, "norm"))
    return _handed_out(np.linalg.norm(values, ord, axis, keepdims), [values], False)


def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Whether the target class of each row is among the k largest predictions."""
    return tf.nn.in_top_k(targets, predictions, k)


# Shapes


def expand_dims(x: Any, axis: Any) -> Any:
    """With a new axis of size one."""
    return tf.expand_dims(x, axis)


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """With a border: as many on either side of each axis as pad_width says, or one pair for all."""
    widths = np.broadcast_to(np.asarray(pad_width, dtype=np.int64), (ndim(x), 2))
    return tf.pad(x, widths.tolist(), mode.upper(), constant_values or 0)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Parts along an axis: so many alike, or those between places."""
    parts = np.split(np.asarray(tensor(x, "split")), indices_or_sections, axis)
    return [wrapped(part) for part in parts]


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """min(max(x, x_min), x_max)."""
    return backend.clip(x, x_min, x_max)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where the condition is true, else x2."""
    return tf.where(condition, x1, x2)


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """The part that begins at some place and has some shape."""
    return tf.slice(inputs, start_indices, shape)


def matmul(x1: Any, x2: Any) -> Any:
    """The product of matrices; inside a network of a tensor and a layer's own weight."""
    if is_symbolic(x1) and not is_symbolic(x2):
        return x1 @ x2
    first, second = np.asarray(tensor(x1, "matmul")), np.asarray(tensor(x2, "matmul"))
    return _handed_out(np.matmul(first, second), [first, second], False)


def dot(x1: Any, x2: Any) -> Any:
    """As `numpy.dot`; inside a network as `matmul`."""
    if is_symbolic(x1) and not is_symbolic(x2):
        return x1 @ x2
    first, second = np.asarray(tensor(x1, "dot")), np.asarray(tensor(x2, "dot"))
    return _handed_out(np.dot(first, second), [first, second], False)


def normalize(x: Any, axis: int = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """x over the length of its vectors along an axis."""
    if is_symbolic(x) and order == 2:
        return tf.nn.l2_normalize(x, axis)
    values = np.asarray(tensor(x, "normalize"))
    lengths = np.linalg.norm(values, order, axis, keepdims=True)
    return _handed_out(values / np.maximum(lengths, epsilon or backend.epsilon()), [values], False)


# Losses of each example, with Keras's order of arguments


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-t log(o) - (1 - t) log(1 - o), for each element."""
    return backend.binary_crossentropy(target, output, from_logits)


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target log(output)) along an axis, for each example."""
    return backend.categorical_crossentropy(target, output, from_logits, axis)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(output[target]) along the last axis, for each example."""
    return backend.sparse_categorical_crossentropy(target, output, from_logits, axis)


# Code


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """A function of each part along the first axis, put together again."""
    return tf.map_fn(f, xs)


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """As `map`."""
    return tf.map_fn(function, elements)


def fori_loop(lower: int, upper: int, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """body_fun(i, value) for each i from lower to below upper, beginning with init_val."""
    value = init_val
    for i in range(lower, upper):
        value = body_fun(i, value)
    return value


__all__ = sorted(
    name for name, value in globals().items()
    if callable(value) and not name.startswith("_") and name not in (
        "Any", "Callable", "Function", "StriateError", "Tensor", "absent", "as_dtype", "as_tensor", "is_symbolic",
        "tensor", "wrapped",
    )
)  # fmt: skip

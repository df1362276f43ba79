"""`keras.backend` of Keras 1 and 2: settings, and functions of arrays for metrics and for looking at results.

The functions are those of `striate.tensorflow` under this module's names and defaults. What is about graphs and
sessions (`gradients`, `placeholder`, `get_session`) has no counterpart, but for `function`.
"""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from striate import activations, losses, settings
from striate import tensorflow as tf
from striate.errors import StriateError
from striate.graph import Parameter
from striate.keras._graphs import function, learning_phase, set_learning_phase
from striate.layers import naming, together
from striate.layers.symbolic import is_symbolic
from striate.losses.asked import Asked, Known, known, moved
from striate.losses.symbolic import binary_of_each
from striate.optimizers.former import Rate
from striate.settings import image_data_format, set_image_data_format
from striate.tensorflow import (
    Variable,
    abs,
    cos,
    equal,
    exp,
    eye,
    gather,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    maximum,
    minimum,
    not_equal,
    ones,
    ones_like,
    pow,
    reshape,
    reverse,
    round,
    shape,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    stack,
    tile,
    zeros,
    zeros_like,
)
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import tensor
from striate.tensorflow.nn import elu, in_top_k, l2_normalize, softmax, softplus, softsign, tanh
from striate.tensorflow.random import normal as _normal
from striate.tensorflow.random import truncated_normal as _truncated_normal
from striate.tensorflow.random import uniform as _uniform
from striate.tensors import Tensor, as_tensor, wrapped

__all__ = [
    "Variable", "abs", "all", "any", "arange", "argmax", "argmin", "backend", "batch_dot", "batch_flatten",
    "batch_get_value", "batch_set_value", "binary_crossentropy", "cast", "cast_to_floatx", "categorical_crossentropy",
    "clear_session", "clip", "concatenate", "constant", "cos", "count_params", "cumprod", "cumsum",
    "disable_traceback_filtering", "dot", "dropout", "dtype", "elu", "enable_traceback_filtering", "epsilon", "equal",
    "eval", "exp", "expand_dims", "eye", "flatten", "floatx", "function", "gather", "get_uid", "get_value", "greater",
    "greater_equal", "hard_sigmoid", "image_data_format", "image_dim_ordering", "in_top_k", "int_shape",
    "is_keras_tensor", "is_sparse", "is_tensor", "is_traceback_filtering_enabled", "l2_normalize", "learning_phase",
    "less", "less_equal", "log", "logsumexp", "manual_variable_initialization", "max", "maximum", "mean", "min",
    "minimum", "ndim", "not_equal", "one_hot", "ones", "ones_like", "permute_dimensions", "pow", "prod",
    "random_normal", "random_uniform", "relu", "repeat_elements", "reset_uids", "reshape", "reverse", "round",
    "set_epsilon", "set_floatx", "set_image_data_format", "set_image_dim_ordering", "set_learning_phase", "set_value",
    "shape", "sigmoid", "sign", "sin", "softmax", "softplus", "softsign", "sparse_categorical_crossentropy", "sqrt",
    "square", "squeeze", "stack", "std", "sum", "switch", "tanh", "tile", "to_dense", "transpose", "truncated_normal",
    "var", "variable", "zeros", "zeros_like",
]  # fmt: skip

__getattr__ = absent(__name__)
_uids: Counter[str] = Counter()


# Settings


def backend() -> str:
    """"tensorflow": whose names and channel order are used. What computes is Striate's engine."""
    return "tensorflow"


def epsilon() -> float:
    """What keeps divisions and logarithms from zero: 1e-7."""
    return settings.EPSILON


def set_epsilon(value: float) -> None:
    """Takes 1e-7 alone.

    Raises:
        StriateError: another number.
    """
    if value != settings.EPSILON:
        raise StriateError(
            f"set_epsilon: got {value!r}, expected {settings.EPSILON}, which losses and metrics use; optimizers and "
            "normalisation layers take an epsilon of their own"
        )


def floatx() -> str:
    """"float32": in what networks compute."""
    return "float32"


def set_floatx(value: Any) -> None:
    """Takes "float32" alone.

    Raises:
        StriateError: another type.
    """
    if tf.as_dtype(value) != tf.float32:
        raise StriateError(
            f'set_floatx: got {value!r}, expected "float32", in which everything is computed; for half precision on '
            "GPUs see docs/engines.md"
        )


def cast_to_floatx(x: Any) -> Tensor:
    """In float32."""
    return as_tensor(x, np.float32, "cast_to_floatx")


def image_dim_ordering() -> str:
    """"tf" for channels last, "th" for channels first, as Keras 1 called them."""
    return "tf" if image_data_format() == "channels_last" else "th"


def set_image_dim_ordering(dim_ordering: str) -> None:
    """As `set_image_data_format`, for "tf" or "th".

    Raises:
        StriateError: something else.
    """
    formats = {"tf": "channels_last", "th": "channels_first"}
    if dim_ordering not in formats:
        raise StriateError(f'set_image_dim_ordering: got {dim_ordering!r}, expected "tf" or "th"')
    set_image_data_format(formats[dim_ordering])


def clear_session(free_memory: bool = True) -> None:
    """Start automatic names of layers, and numbers of `get_uid`, anew. Models are freed when nothing refers to them."""
    naming.clear_session(free_memory)
    _uids.clear()


def get_uid(prefix: str = "") -> int:
    """1, 2, 3, ... for each prefix."""
    _uids[prefix] += 1
    return _uids[prefix]


def reset_uids() -> None:
    """Begin with 1 again."""
    _uids.clear()


def enable_traceback_filtering() -> None:
    """Without effect: a program's errors always come without Striate's own frames under `striate run`."""


def disable_traceback_filtering() -> None:
    """As `enable_traceback_filtering`."""


def is_traceback_filtering_enabled() -> bool:
    """True."""
    return True


def manual_variable_initialization(value: bool) -> None:
    """Without effect: weights have their numbers as soon as they exist."""


# Tensors and their values


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Variable:
    """An array whose numbers can be replaced, in float32 if no type is given."""
    if constraint is not None:
        raise StriateError("variable: got constraint, which nothing would follow here; leave it out")
    return Variable(value, name=name, dtype=dtype or "float32")


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Tensor:
    """A tensor, in float32 if no type is given."""
    return tf.constant(value, dtype or "float32", shape)


def int_shape(x: Any) -> tuple[int | None, ...]:
    """The shape as a tuple; None for open sizes of symbolic tensors."""
    return tuple(x.shape) if is_symbolic(x) or hasattr(x, "shape") else as_tensor(x).shape


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(int_shape(x))


def dtype(x: Any) -> str:
    """The name of the type."""
    return tf.as_dtype(x.dtype).name


def eval(x: Any) -> Any:
    """The numbers as a plain array or number."""
    return get_value(x)


def get_value(x: Any) -> Any:
    """The numbers of a weight, a variable or a tensor, as a plain array or number."""
    if isinstance(x, Parameter):
        return x.numpy()
    return x if isinstance(x, (int, float)) else tensor(x, "get_value").numpy()


def batch_get_value(tensors: Sequence[Any]) -> list[Any]:
    """`get_value` of each."""
    return [get_value(each) for each in tensors]


def set_value(x: Any, value: Any) -> None:
    """Replace the numbers of a weight or a variable, or an optimizer's learning rate (`optimizer.lr`).

    Raises:
        StriateError: something else, or a value of another shape.
    """
    if isinstance(x, Rate) and np.ndim(value) == 0:
        x.assign(float(value))
        return
    if not isinstance(x, (Parameter, Variable)):
        raise StriateError(
            f"set_value: got a {type(x).__name__}, expected a weight or a variable; for the learning rate write "
            "optimizer.learning_rate = value"
        )
    if np.shape(value) != tuple(x.shape):
        raise StriateError(f"set_value: got a value of shape {np.shape(value)}, expected {tuple(x.shape)}")
    x.assign(value)


def batch_set_value(tuples: Sequence[tuple[Any, Any]]) -> None:
    """`set_value` of each pair (weight, value)."""
    for each, value in tuples:
        set_value(each, value)


def count_params(x: Any) -> int:
    """The number of elements."""
    if None in int_shape(x):
        raise StriateError(f"count_params: {x} has open sizes")
    return int(np.prod([size for size in int_shape(x) if size is not None]))


def is_keras_tensor(x: Any) -> bool:
    """Whether it is a symbolic tensor."""
    return is_symbolic(x) and not isinstance(x, (list, tuple, dict))


def is_tensor(x: Any) -> bool:
    """Whether it is a tensor of numbers or a symbolic one."""
    return tf.is_tensor(x)


def is_sparse(tensor: Any) -> bool:
    """False: all tensors are dense."""
    return False


def to_dense(tensor: Any) -> Any:
    """The tensor itself: all are dense."""
    return tensor


# Sums over axes, with Keras's order of arguments


def _floats(x: Any, function: str) -> Tensor:
    values = tensor(x, function)
    return wrapped(values.astype(np.float32)) if values.dtype.kind == "b" else values


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean; of truth values the share of True."""
    if isinstance(x, Known):
        return x
    return tf.reduce_mean(x if is_symbolic(x) else _floats(x, "mean"), axis, keepdims)


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum."""
    return tf.reduce_sum(x if is_symbolic(x) else tensor(x, "sum"), axis, keepdims)


def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The product."""
    values: Tensor = tf.reduce_prod(x, axis, keepdims)
    return values


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest."""
    return tf.reduce_max(x, axis, keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The least."""
    return tf.reduce_min(x, axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The standard deviation."""
    return tf.math.reduce_std(x if is_symbolic(x) else _floats(x, "std"), axis, keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean."""
    return tf.math.reduce_variance(x if is_symbolic(x) else _floats(x, "var"), axis, keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether any is not zero."""
    return wrapped(tf.reduce_any(tensor(x, "any") != 0, axis, keepdims))


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all are not zero."""
    return wrapped(tf.reduce_all(tensor(x, "all") != 0, axis, keepdims))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x)))."""
    values: Tensor = tf.reduce_logsumexp(x, axis, keepdims)
    return values


def argmax(x: Any, axis: int = -1) -> Tensor:
    """The place of the largest along an axis."""
    return tf.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Tensor:
    """The place of the least along an axis."""
    return tf.argmin(x, axis)


def cumsum(x: Any, axis: int = 0) -> Tensor:
    """Sums of all up to each place."""
    return tf.cumsum(x, axis)


def cumprod(x: Any, axis: int = 0) -> Tensor:
    """Products of all up to each place."""
    return tf.math.cumprod(x, axis)


# Shapes


def cast(x: Any, dtype: Any) -> Any:
    """The same numbers in another type."""
    return tf.cast(x, dtype)


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """min(max(x, min_value), max_value)."""
    low, high = (-np.inf if min_value is None else min_value), (np.inf if max_value is None else max_value)
    return tf.clip_by_value(x, low, high)


def dot(x: Any, y: Any) -> Any:
    """The product of matrices; of more axes the last of x with the last but one of y."""
    if is_symbolic(x) and not is_symbolic(y):
        return x @ y
    return wrapped(np.dot(tensor(x, "dot"), tensor(y, "dot")))


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The sum of products along an axis of x and of y, for each image: `layers.Dot`; at least (n, 1).

    axes: the axis, or one for x and one for y; None: x's last and y's last but one.
    """
    from striate import layers

    if axes is None:
        axes = (ndim(x) - 1, builtins.max(ndim(y) - 2, 1))
    made = layers.Dot(axes)([x, y])
    return expand_dims(made, 1) if ndim(made) == 1 else made


def transpose(x: Any) -> Any:
    """The axes turned round."""
    return tf.transpose(x)


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """The axes in another order."""
    return tf.transpose(x, pattern)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """With a new axis of size one."""
    return tf.expand_dims(x, axis)


def squeeze(x: Any, axis: int) -> Any:
    """Without an axis of size one."""
    return tf.squeeze(x, axis)


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """One behind the other along an axis."""
    return tf.concat(tensors, axis)


def repeat_elements(x: Any, rep: int, axis: int) -> Tensor:
    """Each part along an axis `rep` times."""
    return tf.repeat(x, rep, axis)


def flatten(x: Any) -> Any:
    """All along one axis; of a symbolic tensor in losses alone."""
    if isinstance(x, Asked):
        return moved(x)
    if is_symbolic(x):
        return together.in_a_row(x, "flatten")
    return wrapped(tensor(x, "flatten").reshape(-1))


def batch_flatten(x: Any) -> Any:
    """All but the first axis along one."""
    if is_symbolic(x):
        from striate import layers

        return layers.Flatten()(x)
    values = tensor(x, "batch_flatten")
    return wrapped(values.reshape(len(values), -1))


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Tensor:
    """Numbers from start (0 if only one is given) to below stop."""
    return tf.range(start, stop, step, dtype)


def one_hot(indices: Any, num_classes: int) -> Tensor:
    """1 at each number's place along a new last axis, else 0."""
    return tf.one_hot(indices, num_classes)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """What is chosen by a condition, for each element, or as a whole by one truth value."""
    values = [each() if callable(each) else each for each in (then_expression, else_expression)]
    return tf.where(condition, *values)


# Activations and losses


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """max(x, 0); options as in `striate.activations.relu`, alpha for negative_slope."""
    if is_symbolic(x):
        from striate import layers

        return layers.ReLU(max_value, alpha, threshold)(x)
    return activations.relu(tensor(x, "relu"), alpha, max_value, threshold)


def hard_sigmoid(x: Any) -> Any:
    """x / 6 + 1/2, bounded by 0 and 1."""
    if is_symbolic(x):
        from striate import layers

        return layers.Activation("hard_sigmoid")(x)
    return activations.hard_sigmoid(tensor(x, "hard_sigmoid"))


def dropout(x: Any, level: float, noise_shape: Any = None, seed: int | None = None) -> Any:
    """Each number is 0 with probability `level`, else 1 / (1 - level) times as large."""
    return tf.nn.dropout(x, level, noise_shape, seed)


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target log(output)) along an axis, for each example; the output is first divided by its sum."""
    if isinstance(output, Asked):
        return known("categorical_crossentropy", target, output, from_logits=from_logits)
    if is_symbolic(output):
        return losses.categorical_crossentropy(target, output, from_logits=from_logits)
    if from_logits:
        return tf.nn.softmax_cross_entropy_with_logits(target, output, axis)
    said = tensor(output, "categorical_crossentropy")
    share = np.clip(said / said.sum(axis=axis, keepdims=True), epsilon(), 1 - epsilon())
    return wrapped(-np.sum(tensor(target, "categorical_crossentropy") * np.log(share), axis=axis))


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(output[target]) along the last axis, for each example."""
    if isinstance(output, Asked):
        return known("sparse_categorical_crossentropy", target, output, from_logits=from_logits)
    said = tensor(output, "sparse_categorical_crossentropy")
    if axis not in (-1, said.ndim - 1):
        raise StriateError(f"sparse_categorical_crossentropy: got axis={axis}, expected -1: classes are the last axis")
    classes = tensor(target, "sparse_categorical_crossentropy")
    classes = classes[..., 0] if classes.ndim == said.ndim and classes.shape[-1] == 1 else classes
    scores = said if from_logits else np.log(np.clip(said, epsilon(), 1 - epsilon()))
    return tf.nn.sparse_softmax_cross_entropy_with_logits(classes, scores)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-t log(o) - (1 - t) log(1 - o), for each element."""
    if isinstance(output, Asked):
        return known("binary_crossentropy", target, output, from_logits=from_logits)
    if is_symbolic(output):
        logits = tf.nn.softplus(output) - target * output if from_logits else None
        return binary_of_each(target, output) if logits is None else logits
    if from_logits:
        return tf.nn.sigmoid_cross_entropy_with_logits(target, output)
    truth = tensor(target, "binary_crossentropy")
    said = np.clip(tensor(output, "binary_crossentropy"), epsilon(), 1 - epsilon())
    return wrapped(-(truth * np.log(said) + (1 - truth) * np.log(1 - said)))


# Random numbers


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Tensor:
    """Normally distributed."""
    return _normal(shape, mean, stddev, dtype or "float32", seed)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Tensor:
    """Equally distributed from minval to below maxval."""
    return _uniform(shape, minval, maxval, dtype or "float32", seed)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Tensor:
    """Normally distributed; what lies two standard deviations off and more is drawn again."""
    return _truncated_normal(shape, mean, stddev, dtype or "float32", seed)

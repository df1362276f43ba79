"""Functions about functions, and what TensorFlow wraps around code: all code runs as plain Python."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from striate.data.structure import element, mapped, stacked
from striate.errors import ShapeError, StriateError
from striate.tensorflow._arguments import tensor
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, as_tensor, wrapped


def function(
    func: Callable[..., Any] | None = None, input_signature: Any = None, autograph: bool = True,
    jit_compile: bool | None = None, reduce_retracing: bool = False, experimental_implements: Any = None,
    experimental_autograph_options: Any = None, experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None, experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """The function as it is: `@tf.function`, with arguments or without, changes nothing."""
    return (lambda given: given) if func is None else func


def py_function(
    func: Callable[..., Any] | None = None, inp: Any = None, Tout: Any = None, name: str | None = None
) -> Any:
    """What a function returns for tensors, in the types `Tout`: one, or a list of them."""
    if func is None or inp is None or Tout is None:
        raise StriateError("py_function: expected func, inp and Tout")
    return _typed(func(*[as_tensor(value) for value in inp]), Tout)


def numpy_function(
    func: Callable[..., Any] | None = None, inp: Any = None, Tout: Any = None, stateful: bool = True,
    name: str | None = None,
) -> Any:
    """As `py_function`; the function gets plain arrays."""
    if func is None or inp is None or Tout is None:
        raise StriateError("numpy_function: expected func, inp and Tout")
    return _typed(func(*[as_tensor(value).numpy() for value in inp]), Tout)


def _typed(result: Any, types: Any) -> Any:
    if not isinstance(types, (list, tuple)):
        return as_tensor(result, as_dtype(types).dtype)
    values = result if isinstance(result, (list, tuple)) else [result]
    if len(values) != len(types):
        raise StriateError(f"py_function: the function returned {len(values)} values, expected {len(types)} as in Tout")
    return [as_tensor(value, as_dtype(kind).dtype) for value, kind in zip(values, types, strict=True)]


def map_fn(
    fn: Callable[[Any], Any], elems: Any, dtype: Any = None, parallel_iterations: int | None = None,
    back_prop: bool = True, swap_memory: bool = False, infer_shape: bool = True, name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """A function of each part along the first axis, put together again."""
    given = element(tuple(elems) if isinstance(elems, list) else elems, "map_fn")
    count = len(given[0]) if isinstance(given, tuple) else len(given)
    parts = [mapped(lambda array, i=i: array[i], given) for i in range(count)]
    if not parts:
        raise ShapeError("map_fn: got no elements")
    result = stacked([element(fn(part), "map_fn") for part in parts], "map_fn")
    kind = fn_output_signature if fn_output_signature is not None else dtype
    if kind is None or isinstance(kind, (tuple, list, dict)):
        return result
    return as_tensor(result, as_dtype(getattr(kind, "dtype", kind)).dtype)


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None) -> Any:
    """true_fn() if the condition holds, else false_fn()."""
    chosen = true_fn if bool(tensor(pred, "cond")) else false_fn
    return chosen()


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, shape_invariants: Any = None,
    parallel_iterations: int = 10, back_prop: bool = True, swap_memory: bool = False,
    maximum_iterations: Any = None, name: str | None = None,
) -> Any:
    """body of the variables as long as the condition holds of them, at most `maximum_iterations` times."""
    values = tuple(loop_vars)
    most = math.inf if maximum_iterations is None else int(maximum_iterations)
    turns = 0
    while turns < most and bool(cond(*values)):
        made = body(*values)
        values = tuple(made) if isinstance(made, (list, tuple)) else (made,)
        turns += 1
    return values


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """The tensor, if its shape fits.

    Raises:
        ShapeError: it does not.
    """
    values = tensor(x, "ensure_shape")
    values.set_shape(shape)
    return values


def print_(*inputs: Any, **options: Any) -> None:
    """Print on standard error, as TensorFlow does; `output_stream`, `sep`, `end`, and `summarize`, without effect."""
    stream = options.pop("output_stream", sys.stderr)
    for known in ("summarize", "name"):
        options.pop(known, None)
    shown = [value.decode() if isinstance(value, bytes) else value for value in map(_plain, inputs)]
    print(*shown, file=stream, **options)


def _plain(value: Any) -> Any:
    return value.numpy() if isinstance(value, Tensor) else value


@contextmanager
def device(device_name: Any) -> Iterator[None]:
    """A block as it is: where something runs is the engine's matter."""
    yield


@contextmanager
def name_scope(name: str, *arguments: Any) -> Iterator[str]:
    """A block as it is; gives the name."""
    yield name


@contextmanager
def init_scope() -> Iterator[None]:
    """A block as it is."""
    yield


def executing_eagerly() -> bool:
    """True: everything is computed at once."""
    return True


def enable_eager_execution(config: Any = None, device_policy: Any = None, execution_mode: Any = None) -> None:
    """Without effect: everything is computed at once."""


def enable_v2_behavior() -> None:
    """Without effect."""


def disable_eager_execution() -> None:
    """Without effect on networks of Keras; sessions and placeholders, for which it is called, are not there."""


def disable_v2_behavior() -> None:
    """As `disable_eager_execution`."""


def reset_default_graph() -> None:
    """As `keras.backend.clear_session`: automatic names begin anew. There is no graph to forget."""
    from striate.layers.base import reset_names

    reset_names()


def get_logger() -> logging.Logger:
    """Python's logger "tensorflow"."""
    return logging.getLogger("tensorflow")


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The numbers as a plain array."""
    return as_tensor(tensor).numpy()


def timestamp(name: str | None = None) -> Tensor:
    """Seconds since 1970."""
    import time

    return wrapped(np.float64(time.time()))

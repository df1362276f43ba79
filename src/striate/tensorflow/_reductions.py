"""Functions that sum up axes, run along them, or order what lies along them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np

from striate.errors import ShapeError, StriateError
from striate.layers.symbolic import is_symbolic
from striate.losses.asked import Known
from striate.tensorflow._arguments import axes_of, axis_of, former, tensor
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, wrapped

Function = Callable[..., Any]
_POOLING = {"mean": "GlobalAveragePooling", "max": "GlobalMaxPooling"}
TopK = namedtuple("TopK", ["values", "indices"])
Moments = namedtuple("Moments", ["mean", "variance"])
Unique = namedtuple("Unique", ["y", "idx"])


def _reduction(name: str, function: Function, formula: str, symbolic: str = "") -> Function:
    """A function over axes; `symbolic`: what it is called for symbolic tensors."""

    def apply(
        input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None, **older: Any
    ) -> Any:
        axis, keepdims = former(apply.__name__, axis, keepdims, older)
        if isinstance(input_tensor, Known) and symbolic == "mean":
            return input_tensor
        if symbolic and is_symbolic(input_tensor):
            return _reduced(symbolic, input_tensor, axis, keepdims)
        values = tensor(input_tensor, apply.__name__)
        result = function(values, axis=axes_of(apply.__name__, axis, values.ndim), keepdims=keepdims)
        return wrapped(result)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"{formula} over axes, over all for axis None. keepdims: they stay, with size one."
    return apply


def _reduced(kind: str, x: Any, axis: Any, keepdims: bool) -> Any:
    """The same of a symbolic tensor; over all positions of images it is the pooling layer that everybody knows."""
    from striate import layers
    from striate.layers import operators

    positions = tuple(range(1, x.ndim - 1))
    if kind in _POOLING and axis is not None and positions and axes_of(kind, axis, x.ndim) == positions:
        return getattr(layers, f"{_POOLING[kind]}{len(positions)}D")(keepdims=keepdims)(x)
    return operators.reduced(kind, x, axis, keepdims)


def _same_type(function: Function) -> Function:
    """NumPy widens sums of whole numbers; TensorFlow does not."""
    return lambda x, **options: np.asarray(function(x, **options)).astype(x.dtype, copy=False)


def _logsumexp(x: Tensor, axis: Any, keepdims: bool) -> Any:
    largest = np.max(x, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0)
    result = np.log(np.sum(np.exp(x - largest), axis=axis, keepdims=True)) + largest
    return result if keepdims else np.squeeze(result, axis=axis)


reduce_sum = _reduction("reduce_sum", _same_type(np.sum), "The sum", "sum")
reduce_mean = _reduction("reduce_mean", _same_type(np.mean), "The mean", "mean")
reduce_max = _reduction("reduce_max", np.max, "The largest", "max")
reduce_min = _reduction("reduce_min", np.min, "The least", "min")
reduce_prod = _reduction("reduce_prod", _same_type(np.prod), "The product")
reduce_any = _reduction("reduce_any", np.any, "Whether any is true,")
reduce_all = _reduction("reduce_all", np.all, "Whether all are true,")
reduce_std = _reduction("reduce_std", np.std, "The standard deviation", "std")
reduce_variance = _reduction("reduce_variance", np.var, "The mean squared distance from the mean", "variance")
reduce_logsumexp = _reduction("reduce_logsumexp", _logsumexp, "log(sum(exp(x)))")


def count_nonzero(
    input: Any, axis: Any = None, keepdims: bool = False, dtype: Any = "int64", name: str | None = None
) -> Tensor:
    """How many are not zero, over axes."""
    values = tensor(input, "count_nonzero")
    counts = np.count_nonzero(values, axis=axes_of("count_nonzero", axis, values.ndim), keepdims=keepdims)
    return wrapped(np.asarray(counts).astype(as_dtype(dtype).dtype))


def argmax(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None, **older: Any) -> Tensor:
    """The place of the largest along an axis, the first for None; of equal ones the first."""
    return _place("argmax", np.argmax, input, axis, output_type, older)


def argmin(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None, **older: Any) -> Tensor:
    """The place of the least along an axis, the first for None; of equal ones the first."""
    return _place("argmin", np.argmin, input, axis, output_type, older)


def _place(name: str, function: Function, value: Any, axis: Any, dtype: Any, older: dict[str, Any]) -> Tensor:
    axis, _ = former(name, axis, False, older)
    values = tensor(value, name)
    along = axis_of(name, 0 if axis is None else axis, values.ndim)
    return wrapped(np.asarray(function(values.view(np.ndarray), axis=along)).astype(as_dtype(dtype).dtype))


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """Sums of all up to each place; `exclusive`: without the place itself; `reverse`: from the end."""
    return _cumulative("cumsum", np.cumsum, x, axis, exclusive, reverse)


def cumprod(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """Products of all up to each place; options as for `cumsum`."""
    return _cumulative("cumprod", np.cumprod, x, axis, exclusive, reverse)


def _cumulative(name: str, function: Function, x: Any, axis: int, exclusive: bool, reverse: bool) -> Tensor:
    values = tensor(x, name)
    along = axis_of(name, axis, values.ndim)
    ordered: Any = np.flip(values, along) if reverse else values
    if exclusive:
        first = np.full_like(np.take(ordered, [0], axis=along), 0 if name == "cumsum" else 1)
        ordered = np.concatenate([first, np.delete(ordered, -1, axis=along)], axis=along)
    sums = function(ordered, axis=along, dtype=values.dtype)
    return wrapped(np.flip(sums, along) if reverse else sums)


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """In order along an axis; "DESCENDING": the largest first."""
    array = tensor(values, "sort")
    along = axis_of("sort", axis, array.ndim)
    ordered = np.sort(array, axis=along)
    return wrapped(np.flip(ordered, along) if _descending("sort", direction) else ordered)


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Tensor:
    """The places, in the order of what stands there; equal ones keep their order."""
    array = tensor(values, "argsort")
    along = axis_of("argsort", axis, array.ndim)
    if _descending("argsort", direction):
        places = np.flip(array.shape[along] - 1 - np.argsort(np.flip(array, along), axis=along, kind="stable"), along)
    else:
        places = np.argsort(array, axis=along, kind="stable")
    return wrapped(places.astype(np.int32))


def _descending(name: str, direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise StriateError(f'{name}: got direction={direction!r}, expected "ASCENDING" or "DESCENDING"')
    return direction == "DESCENDING"


def top_k(input: Any, k: int = 1, sorted: bool = True, index_type: Any = "int32", name: str | None = None) -> TopK:
    """The k largest along the last axis, the largest first, and their places: (values, indices)."""
    values = tensor(input, "top_k")
    if not values.ndim or not 0 <= k <= values.shape[-1]:
        raise ShapeError(f"top_k: got k={k} for a tensor of shape {values.shape}")
    places = argsort(values, direction="DESCENDING")[..., :k]
    found = np.take_along_axis(values, places.astype(np.int64), axis=-1)
    return TopK(wrapped(found), wrapped(places.astype(as_dtype(index_type).dtype)))


def in_top_k(targets: Any, predictions: Any, k: int, name: str | None = None) -> Tensor:
    """Whether the target class of each row is among the k largest predictions, ties counted as in."""
    classes, scores = tensor(targets, "in_top_k"), tensor(predictions, "in_top_k")
    own = np.take_along_axis(scores, classes.reshape(-1, 1).astype(np.int64), axis=1)
    return wrapped((scores > own).sum(axis=1) < k)


def unique(x: Any, out_idx: Any = "int32", name: str | None = None) -> Unique:
    """Each number once, in the order of their first appearance, and for each element which it is: (y, idx)."""
    values = tensor(x, "unique")
    if values.ndim != 1:
        raise ShapeError(f"unique: got a tensor of shape {values.shape}, expected one axis")
    _, first, index = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return Unique(wrapped(values[first[order]]), wrapped(rank[index.reshape(-1)].astype(as_dtype(out_idx).dtype)))


def bincount(arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None, dtype: Any = "int32",
             name: str | None = None) -> Tensor:  # fmt: skip
    """How often each whole number from 0 on comes, or the sum of their weights."""
    numbers = tensor(arr, "bincount").reshape(-1)
    given = None if weights is None else tensor(weights, "bincount").reshape(-1)
    counts = np.bincount(numbers, given, int(minlength or 0))[: None if maxlength is None else int(maxlength)]
    return wrapped(counts.astype(as_dtype(dtype).dtype if given is None else given.dtype))


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None) -> Moments:
    """Mean and variance over axes."""
    values = tensor(x, "moments")
    over = axes_of("moments", axes, values.ndim)
    mean = np.mean(values, axis=over, keepdims=keepdims)
    return Moments(wrapped(mean), wrapped(np.var(values, axis=over, keepdims=keepdims)))


def confusion_matrix(
    labels: Any, predictions: Any, num_classes: Any = None, weights: Any = None, dtype: Any = "int32",
    name: str | None = None,
) -> Tensor:
    """How often class i was taken for class j: rows are labels, columns predictions.

    Raises:
        ShapeError: not as many labels as predictions. StriateError: a class outside num_classes.
    """
    truth, said = (tensor(each, "confusion_matrix").reshape(-1).astype(np.int64) for each in (labels, predictions))
    if len(truth) != len(said):
        raise ShapeError(f"confusion_matrix: got {len(truth)} labels and {len(said)} predictions")
    largest = int(max(truth.max(initial=-1), said.max(initial=-1)))
    classes = largest + 1 if num_classes is None else int(num_classes)
    if largest >= classes or min(truth.min(initial=0), said.min(initial=0)) < 0:
        raise StriateError(f"confusion_matrix: got classes outside 0 to {classes - 1}; give a larger num_classes")
    table = np.zeros((classes, classes), as_dtype(dtype).dtype)
    np.add.at(table, (truth, said), 1 if weights is None else tensor(weights, "confusion_matrix").reshape(-1))
    return wrapped(table)

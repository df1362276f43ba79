"""What `fit`, `evaluate` and `predict` are given: checked before any work, converted only where engines need it.

Images that are uint8, float32 or float64 and contiguous are used as they are; validation splits are views.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.engines import Examples
from striate.errors import DataError, ShapeError, StriateError
from striate.graph import Array, Shape
from striate.training.targets import prepare_targets

AnyArray = NDArray[np.generic]
FirstNotFinite = Callable[[AnyArray], "int | None"]

KEPT = (np.dtype(np.uint8), np.dtype(np.float32), np.dtype(np.float64))


def prepare_images(
    x: Any, shapes: Sequence[Shape] | None, first_not_finite: FirstNotFinite, name: str = "x"
) -> list[AnyArray]:
    """One array for each input of the network, as engines take them.

    Args:
        x: an array (n, *shape), or what NumPy makes one of; for several inputs a list of them.
        shapes: the shape of an image for each input; None while the network does not know it yet.
        first_not_finite: the engine's search for NaN and infinity.
        name: of the argument, for errors.

    Raises:
        DataError: empty, not numeric, or NaN or infinity inside.
        ShapeError: another rank or size than the network's input.
    """
    prepared = [_converted(array) for array in view_images(x, shapes, None, name)]
    for array, label in zip(prepared, _labels(name, len(prepared)), strict=True):
        check_finite(array, label, first_not_finite)
    return prepared


def view_images(
    x: Any, shapes: Sequence[Shape] | None, first_not_finite: FirstNotFinite | None, name: str = "x"
) -> list[AnyArray]:
    """As `prepare_images`, without converting: views of what was given, so that it can be converted piece by piece.

    With `first_not_finite`, arrays that engines read as they are are searched for NaN and infinity, too.
    """
    count = 1 if shapes is None else len(shapes)
    arrays = []
    for i, (value, label) in enumerate(zip(_separate(x, count, name), _labels(name, count), strict=True)):
        array = numeric_array(value, label)
        if shapes is not None:
            array = _fit_shape(array, shapes[i], label)
        elif array.ndim < 2:
            raise ShapeError(f"{label}: got an array of shape {array.shape}, expected the images along the first axis")
        arrays.append(array)
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        raise ShapeError(f"{name}: the arrays hold {sorted(lengths)} images; all need as many")
    if lengths == {0}:
        raise DataError(f"{name}: got an array of shape {arrays[0].shape}, expected at least one image")
    for array, label in zip(arrays, _labels(name, count), strict=True):
        if first_not_finite is not None and not is_converted(array):
            check_finite(array, label, first_not_finite)
    return arrays


def _labels(name: str, count: int) -> list[str]:
    """x, or x[0], x[1], ...: how errors call each array."""
    return [name] if count == 1 else [f"{name}[{i}]" for i in range(count)]


def prepare_examples(
    images: list[AnyArray], targets: Sequence[Any], sample_weight: Any, class_weight: Mapping[int, float] | None,
    first_not_finite: FirstNotFinite, prefix: str = "",
) -> Examples:
    """Images with their (prepared) targets and weights.

    Raises:
        ShapeError, DataError: weights that do not fit.
        StriateError: both kinds of weights at once.
    """
    count = len(images[0])
    if sample_weight is not None and class_weight is not None:
        raise StriateError("got sample_weight and class_weight; use one of them, or multiply them yourself")
    weights: Array | None = None
    if sample_weight is not None:
        weights = _sample_weights(sample_weight, count, first_not_finite, f"{prefix}sample_weight")
    elif class_weight is not None:
        weights = _class_weights(class_weight, targets[0])
    return Examples(images, list(targets), weights)


def labelled(
    x: Any, y: Any, sample_weight: Any, class_weight: Mapping[int, float] | None, shapes: Sequence[Shape],
    outputs: Sequence[Any], first_not_finite: FirstNotFinite, prefix: str = "",
) -> Examples:
    """Everything together: images, targets for `outputs` (see `prepare_targets`) and weights, checked and converted."""
    images = prepare_images(x, shapes, first_not_finite, f"{prefix}x")
    if y is None:
        raise DataError(f"{prefix}y: got None, expected the labels of the {len(images[0])} images in {prefix}x")
    given = _separate(y, len(outputs), f"{prefix}y")
    targets = []
    for value, output, label in zip(given, outputs, _labels(f"{prefix}y", len(outputs)), strict=True):
        array = numeric_array(value, label)
        if len(array) != len(images[0]):
            raise ShapeError(
                f"{label}: got {len(array):,} labels for {len(images[0]):,} images in {prefix}x; there must be as many"
            )
        targets.append(prepare_targets(array, output, label, first_not_finite))
    return prepare_examples(images, targets, sample_weight, class_weight, first_not_finite, prefix)


def split_examples(examples: Examples, fraction: float) -> tuple[Examples, Examples]:
    """The first and the last part of the data, before any shuffling, as views.

    Raises:
        StriateError: not a fraction, or one that leaves a part empty.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float, np.number)) or not 0 < fraction < 1:
        raise StriateError(f"validation_split: got {fraction!r}, expected a number from 0 to below 1")
    count = len(examples)
    at = math.floor(count * (1 - fraction))
    if at in (0, count):
        raise StriateError(
            f"validation_split={fraction} of {count} images leaves {at} for training and {count - at} for validation; "
            "give more data or another fraction"
        )
    return part(examples, 0, at), part(examples, at, count)


def part(examples: Examples, start: int, stop: int) -> Examples:
    """Some consecutive examples, as views."""
    weights = None if examples.weights is None else examples.weights[start:stop]
    return Examples([a[start:stop] for a in examples.images], [a[start:stop] for a in examples.targets], weights)


def numeric_array(value: Any, name: str) -> AnyArray:
    """What NumPy makes of a value, if that is an array of numbers.

    Raises:
        DataError: something else; the message says what.
    """
    if value is None or hasattr(value, "__next__") or isinstance(value, (str, bytes, Mapping)):
        raise DataError(f"{name}: got {_kind(value)}, expected an array of numbers")
    try:
        array: AnyArray = np.asarray(value)
    except (ValueError, TypeError) as error:  # lists of different lengths
        raise DataError(f"{name}: cannot be made into an array: {error}") from None
    if array.dtype.kind not in "buif":
        hint = "; are the elements of different shapes?" if array.dtype.kind == "O" and array.size else ""
        raise DataError(f"{name}: got {_kind(value)} of dtype {array.dtype}, expected numbers{hint}")
    if array.ndim == 0:
        raise DataError(f"{name}: got the single number {array}, expected an array with the examples first")
    return array


def is_converted(array: AnyArray) -> bool:
    """Whether engines need a copy of the array, in another type or order."""
    return (array.dtype not in KEPT and array.dtype != np.bool_) or not array.flags.c_contiguous


def check_finite(array: AnyArray, name: str, first_not_finite: FirstNotFinite) -> None:
    """Raise DataError when there is NaN or infinity in the array, with the place of the first."""
    if array.dtype.kind != "f":
        return
    index = first_not_finite(array)
    if index is not None:
        example = np.asarray(array[index])
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(example))[0])
        raise DataError(
            f"{name}: {example[place]} at index {(index, *place)}; remove such examples or replace the value, "
            "for instance with np.nan_to_num"
        )


def _separate(value: Any, count: int, name: str) -> list[Any]:
    """One value for each input or output; a list or tuple of one array counts as that array."""
    listed = isinstance(value, (list, tuple))
    if count == 1:
        return list(value) if listed and len(value) == 1 and getattr(value[0], "ndim", 0) > 0 else [value]
    if not listed or len(value) != count:
        got = f"{len(value)} arrays" if listed else _kind(value)
        raise DataError(f"{name}: got {got}, expected a list of {count} arrays")
    return list(value)


def _fit_shape(array: AnyArray, shape: Shape, name: str) -> AnyArray:
    """Add or drop a channel axis of one where that makes the shapes agree, as Keras does; else complain."""
    if array.ndim == len(shape) and shape[-1:] == (1,) and array.shape[1:] == shape[:-1]:
        return array[..., np.newaxis]
    if array.ndim == len(shape) + 2 and array.shape[-1] == 1 and array.shape[1:-1] == shape:
        return array[..., 0]
    if array.shape[1:] == shape:
        return array
    hint = ""
    if array.shape == shape:
        hint = f"; for a single image give {name}[np.newaxis]"
    elif array.ndim == len(shape) and len(shape) > 1:
        hint = "; the channel axis seems to be missing"
    elif array.ndim == len(shape) + 1 and (*array.shape[2:], array.shape[1]) == shape:
        hint = f"; the channels come last here: use np.moveaxis({name}, 1, -1)"
    raise ShapeError(f"{name}: got images of shape {array.shape[1:]}, expected {shape} (array {(None, *shape)}){hint}")


def _converted(array: AnyArray) -> AnyArray:
    """The array in a type and order that engines read; the same memory where it already is."""
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if array.dtype not in KEPT:
        array = array.astype(np.float32)
    return np.ascontiguousarray(array)


def _sample_weights(value: Any, count: int, first_not_finite: FirstNotFinite, name: str) -> Array:
    weights = numeric_array(value, name)
    if weights.shape not in ((count,), (count, 1)):
        raise ShapeError(f"{name}: got shape {weights.shape}, expected a weight for each of the images: ({count},)")
    result: Array = np.ascontiguousarray(weights.reshape(-1), dtype=np.float32)
    check_finite(result, name, first_not_finite)
    return result


def _class_weights(class_weight: Mapping[int, float], targets: NDArray[Any]) -> Array:
    """The weight of each example's class; classes that are not mentioned weigh 1."""
    if not isinstance(class_weight, Mapping):
        raise DataError(f"class_weight: got {_kind(class_weight)}, expected a dictionary from class number to weight")
    for key, value in class_weight.items():
        number = isinstance(value, (int, float, np.number)) and math.isfinite(value)
        if not isinstance(key, (int, np.integer)) or key < 0 or not number:
            raise DataError(f"class_weight: got {key!r}: {value!r}, expected a class number and a finite weight")
    if targets.ndim > 1:
        classes = targets[..., 0].round() if targets.shape[-1] == 1 else targets.argmax(axis=-1)
    else:
        classes = targets.round() if targets.dtype.kind == "f" else targets
    if classes.ndim != 1:
        raise DataError("class_weight: works for one label for each image, not for labels at each position")
    table = np.ones(max([*class_weight, int(classes.max()), 0]) + 1, dtype=np.float32)
    for key, value in class_weight.items():
        table[key] = value
    weights: Array = table[classes.astype(np.int64)]
    return weights


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if hasattr(value, "__next__"):
        return "a generator"
    name = type(value).__name__
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else f"a value of type {name}"

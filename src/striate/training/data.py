"""What `fit`, `evaluate` and `predict` are given: checked before any work, converted only where engines need it.

Images that are uint8, float32 or float64 and contiguous are used as they are; validation splits are views.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.arrays import (
    LARGEST,
    AnyArray,
    FirstNotFinite,
    check_finite,
    converted,
    is_converted,
    kind,
    numeric_array,
    to_float32,
)  # fmt: skip
from striate.checks import as_whole
from striate.engines import Examples, Images
from striate.engines.image_warp import as_array
from striate.engines.warped import WarpedImages
from striate.errors import DataError, ShapeError, StriateError
from striate.graph import Array
from striate.layers.input import fits
from striate.layers.shapes import OpenShape
from striate.training import by_output
from striate.training.targets import Output, prepare_targets

FOR_A_SINGLE_IMAGE = "for a single image give"
PIECE_BYTES = 16 << 20  # converted at once while searching for NaN


def prepare_images(
    x: Any, shapes: Sequence[OpenShape] | None, first_not_finite: FirstNotFinite, name: str = "x"
) -> list[Images]:
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
    warped = _warped(x, shapes)
    if warped:
        return warped
    prepared = [converted(array) for array in view_images(_without_warped(x), shapes, None, name)]
    for array, label in zip(prepared, _labels(name, len(prepared)), strict=True):
        check_finite(array, label, first_not_finite)
    return [*prepared]


def view_images(
    x: Any, shapes: Sequence[OpenShape] | None, first_not_finite: FirstNotFinite | None, name: str = "x"
) -> list[AnyArray]:
    """As `prepare_images`, without converting: views of what was given, so that it can be converted piece by piece.

    With `first_not_finite`, they are searched for NaN and infinity, too.
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
        if first_not_finite is not None:
            _check_view(array, label, first_not_finite)
    return arrays


def images_to_prepare(x: Any, shapes: Sequence[OpenShape] | None, name: str) -> list[Images]:
    """As `view_images`; what engines make as they read it stays that."""
    return _warped(x, shapes) or [*view_images(_without_warped(x), shapes, None, name)]


def _warped(x: Any, shapes: Sequence[OpenShape] | None) -> list[Images]:
    """Images that are to be made when they are read, if x is such, and they fit the network's only input."""
    given = x[0] if isinstance(x, list) and len(x) == 1 else x
    known = isinstance(given, WarpedImages)
    return [given] if known and (shapes is None or (len(shapes) == 1 and fits(given.shape[1:], shapes[0]))) else []


def _without_warped(x: Any) -> Any:
    """Images that do not fit as they are, as an array: an axis may be missing, or an error will say what is wrong."""
    return as_array(x) if isinstance(x, WarpedImages) else x


def _check_view(array: AnyArray, name: str, first_not_finite: FirstNotFinite) -> None:
    """As `check_finite`; an array that engines need a copy of is copied piece by piece, in constant memory."""
    if array.dtype.kind != "f" or not is_converted(array):
        check_finite(array, name, first_not_finite)
        return
    step = max(PIECE_BYTES * len(array) // max(array.nbytes, 1), 1)
    for start in range(0, len(array), step):
        check_finite(converted(array[start : start + step]), name, first_not_finite, start)


def _labels(name: str, count: int) -> list[str]:
    """x, or x[0], x[1], ...: how errors call each array."""
    return [name] if count == 1 else [f"{name}[{i}]" for i in range(count)]


def prepare_examples(
    images: Sequence[Images], targets: Sequence[Any], sample_weight: Any, class_weight: Mapping[int, float] | None,
    outputs: Sequence[Output], first_not_finite: FirstNotFinite, prefix: str = "",
) -> Examples:
    """Images with their (prepared) targets and weights.

    Raises:
        ShapeError, DataError: weights that do not fit.
        StriateError: both kinds of weights at once, or class weights of several outputs.
    """
    count, names, label = len(images[0]), [output.name for output in outputs], f"{prefix}sample_weight"
    if sample_weight is not None and class_weight is not None:
        raise StriateError("got sample_weight and class_weight; use one of them, or multiply them yourself")
    weights: Array | None = None
    each = by_output.sample_weights_of(sample_weight, names, label)
    if each is not None:
        weights = np.ones((count, len(each)), np.float32)
        for k, given in enumerate(each):
            if given is not None:
                weights[:, k] = _sample_weights(given, count, first_not_finite, f"{label} of {names[k]}")
        weights = weights if len(each) > 1 else weights[:, 0]
    elif sample_weight is not None:
        weights = _sample_weights(sample_weight, count, first_not_finite, label)
    elif class_weight is not None:
        if len(outputs) > 1:
            raise StriateError(
                f"class_weight: is for a single output, and the network has {names}; give sample_weight, an array for "
                "each output in a list or a dictionary"
            )
        weights = _class_weights(class_weight, targets[0], max(outputs[0].shape[-1], 2))  # one output says yes or no
    return Examples(images, list(targets), weights)


def labelled(
    x: Any, y: Any, sample_weight: Any, class_weight: Mapping[int, float] | None, shapes: Sequence[OpenShape],
    outputs: Sequence[Output], first_not_finite: FirstNotFinite, prefix: str = "",
) -> Examples:
    """Everything together: images, targets for `outputs` (see `prepare_targets`) and weights, checked and converted."""
    images = prepare_images(x, shapes, first_not_finite, f"{prefix}x")
    if y is None:
        raise DataError(f"{prefix}y: got None, expected the labels of the {len(images[0])} images in {prefix}x")
    given = _separate(y, len(outputs), f"{prefix}y")
    targets = []
    for value, output, label in zip(given, outputs, _labels(f"{prefix}y", len(outputs)), strict=True):
        if value is None and output.loss is None:
            targets.append(np.empty((len(images[0]), 0), np.float32))
            continue
        array = numeric_array(value, label)
        if len(array) != len(images[0]):
            raise ShapeError(
                f"{label}: got {len(array):,} labels for {len(images[0]):,} images in {prefix}x; there must be as many"
            )
        targets.append(prepare_targets(array, output, label, first_not_finite))
    return prepare_examples(images, targets, sample_weight, class_weight, outputs, first_not_finite, prefix)


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


def _separate(value: Any, count: int, name: str) -> list[Any]:
    """One value for each input or output; a list or tuple of one array counts as that array."""
    listed = isinstance(value, (list, tuple))
    if count == 1:
        return list(value) if listed and len(value) == 1 and getattr(value[0], "ndim", 0) > 0 else [value]
    if not listed or len(value) != count:
        got = f"{len(value)} arrays" if listed else kind(value)
        raise DataError(f"{name}: got {got}, expected a list of {count} arrays")
    return list(value)


def _fit_shape(array: AnyArray, shape: OpenShape, name: str) -> AnyArray:
    """Add or drop a channel axis of one where that makes the shapes agree, as Keras does; else complain."""
    if array.ndim == len(shape) and shape[-1:] == (1,) and fits(array.shape[1:], shape[:-1]):
        return array[..., np.newaxis]
    if array.ndim == len(shape) + 2 and array.shape[-1] == 1 and fits(array.shape[1:-1], shape):
        return array[..., 0]
    if fits(array.shape[1:], shape):
        return array
    hint = ""
    if fits(array.shape, shape):
        hint = f"; {FOR_A_SINGLE_IMAGE} {name}[np.newaxis]"
    elif array.ndim == len(shape) and len(shape) > 1:
        hint = "; the channel axis seems to be missing"
    elif array.ndim == len(shape) + 1 and (*array.shape[2:], array.shape[1]) == shape:
        hint = f"; the channels come last here: use np.moveaxis({name}, 1, -1)"
    raise ShapeError(f"{name}: got images of shape {array.shape[1:]}, expected {shape} (array {(None, *shape)}){hint}")


def _sample_weights(value: Any, count: int, first_not_finite: FirstNotFinite, name: str) -> Array:
    weights = numeric_array(value, name)
    if weights.shape not in ((count,), (count, 1)):
        hint = "; weights of each position are not available" if weights.ndim > 1 and len(weights) == count else ""
        raise ShapeError(
            f"{name}: got shape {weights.shape}, expected a weight for each of the images: ({count},){hint}"
        )
    result: Array = np.ascontiguousarray(to_float32(weights.reshape(-1)))
    check_finite(result, name, first_not_finite)
    return result


def _class_weights(class_weight: Mapping[int, float], targets: NDArray[Any], classes: int) -> Array:
    """The weight of each example's class; classes that are not mentioned weigh 1."""
    if not isinstance(class_weight, Mapping):
        raise DataError(f"class_weight: got {kind(class_weight)}, expected a dictionary from class number to weight")
    for key, value in class_weight.items():
        if not isinstance(value, (int, float, np.number)) or not abs(value) <= LARGEST:
            raise DataError(f"class_weight: got {key!r}: {value!r}, expected a class number and a finite weight")
        number = as_whole(key)
        if number is None or not 0 <= number < classes:
            raise DataError(
                f"class_weight: got {key!r}: {value!r}, expected a class number from 0 to {classes - 1}: the output "
                f"has {classes} classes"
            )
    if targets.ndim > 1:
        labels = targets[..., 0].round() if targets.shape[-1] == 1 else targets.argmax(axis=-1)
    else:
        labels = targets.round() if targets.dtype.kind == "f" else targets
    if labels.ndim != 1:
        raise DataError("class_weight: works for one label for each image, not for labels at each position")
    weights = np.ones(len(labels), dtype=np.float32)
    for key, value in class_weight.items():
        weights[labels == key] = value
    return weights

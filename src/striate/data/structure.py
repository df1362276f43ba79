"""Elements of a data set: arrays in tuples and dictionaries, nested at will."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from striate.errors import DataError, ShapeError
from striate.tensors import Tensor, as_tensor

Element = Any  # a tensor, or tuples and dictionaries of elements


def leaves(structure: Any) -> list[Any]:
    """What the tuples and dictionaries hold, in order."""
    if isinstance(structure, Mapping):
        return [leaf for value in structure.values() for leaf in leaves(value)]
    if isinstance(structure, tuple):
        return [leaf for value in structure for leaf in leaves(value)]
    return [structure]


def mapped(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """The same structure with `function` of each leaf, and of the leaves of others at the same place."""
    if isinstance(structure, Mapping):
        return {key: mapped(function, value, *(o[key] for o in others)) for key, value in structure.items()}
    if isinstance(structure, tuple):
        values = [mapped(function, *value) for value in zip(structure, *others, strict=True)]
        return type(structure)(*values) if hasattr(structure, "_fields") else tuple(values)
    return function(structure, *others)


def form(structure: Any) -> Any:
    """What two elements must have in common to be put together: the structure without its leaves."""
    return mapped(lambda leaf: None, structure)


def element(value: Any, name: str, lists: bool = False) -> Element:
    """What a user's function, generator or program gave, as tensors.

    Args:
        value: arrays, numbers, text; tuples and dictionaries of them.
        name: of the method, for errors.
        lists: whether a list is a tensor; else it is as good as a tuple.

    Raises:
        DataError: anything else.
    """
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Mapping):
        return {key: element(item, name, lists) for key, item in value.items()}
    if isinstance(value, tuple) or (isinstance(value, list) and not lists):
        items = [element(item, name, lists) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if value is None:
        raise DataError(f"{name}: got None, expected arrays or numbers; does the function return something?")
    return as_tensor(value, name=name)


def stacked(elements: Sequence[Element], name: str) -> Element:
    """Elements as one, along a new first axis.

    Raises:
        DataError: they are of different structures.
        ShapeError: they are of different shapes.
    """
    try:
        return mapped(lambda *tensors: _stacked(tensors, name), elements[0], *elements[1:])
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, DataError | ShapeError):
            raise
        raise DataError(f"{name}: the elements are of different structures, so they cannot be put together") from None


def _stacked(tensors: Iterable[Tensor], name: str) -> Tensor:
    arrays = list(tensors)
    shapes = dict.fromkeys(array.shape for array in arrays)
    if len(shapes) > 1:
        first, second = list(shapes)[:2]
        raise ShapeError(
            f"{name}: elements of the shapes {first} and {second} cannot be put into one batch; bring them to one size "
            "first, for instance with tf.image.resize in map, or use padded_batch"
        )
    result = np.empty((len(arrays), *arrays[0].shape), arrays[0].dtype)
    for i, array in enumerate(arrays):
        result[i] = array
    return result.view(Tensor)

"""Checks of what programs give to the methods of `Dataset`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from striate.data.specification import TensorSpec
from striate.errors import DataError


def function(method: str, value: Any) -> Callable[..., Any]:
    """Something that can be called."""
    if not callable(value):
        raise DataError(f"{method}: got a {type(value).__name__}, expected a function")
    checked: Callable[..., Any] = value
    return checked


def signature(types: Any, shapes: Any, given: Any) -> Any:
    """TensorSpecs in the structure of an element, from either form in which programs say it; None if they do not."""
    if given is not None:
        if types is not None or shapes is not None:
            raise DataError("from_generator: got output_signature beside output_types or output_shapes; give one form")
        return _checked(given)
    if types is None:
        if shapes is not None:
            raise DataError("from_generator: got output_shapes without output_types; give output_signature")
        return None
    return _specs(types, shapes)


def matching_files(pattern: Any) -> list[str]:
    """The files of a pattern or several, sorted.

    Raises:
        DataError: none.
    """
    from glob import glob

    patterns = [pattern] if isinstance(pattern, (str, bytes, os.PathLike)) else list(pattern)
    paths = sorted({path for one in patterns for path in glob(os.fsdecode(one)) if os.path.isfile(path)})
    if not paths:
        raise DataError(f"list_files: no file is called {' or '.join(os.fsdecode(one) for one in patterns)}")
    return paths


def _checked(given: Any) -> Any:
    if isinstance(given, TensorSpec):
        return given
    if isinstance(given, Mapping):
        return {key: _checked(value) for key, value in given.items()}
    if isinstance(given, (tuple, list)):
        return tuple(_checked(value) for value in given)
    raise DataError(f"from_generator: got {given!r} in output_signature, expected TensorSpec(shape, dtype)")


def _specs(types: Any, shapes: Any) -> Any:
    if isinstance(types, Mapping):
        return {key: _specs(value, None if shapes is None else shapes[key]) for key, value in types.items()}
    if isinstance(types, (tuple, list)):
        each = [None] * len(types) if shapes is None else list(shapes)
        if len(each) != len(types):
            raise DataError(f"from_generator: got {len(types)} output_types and {len(each)} output_shapes")
        return tuple(_specs(kind, shape) for kind, shape in zip(types, each, strict=True))
    return TensorSpec(shapes, types)

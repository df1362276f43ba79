"""JSON from files that nobody vouches for: bounded depth and numbers, no NaN, one error for everything else."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from striate.errors import ModelFileError

_MAXIMAL_DEPTH = 200


def parse_object(data: bytes, name: str) -> dict[str, Any]:
    """The JSON object in `data`; `name` is what errors call it.

    Raises:
        ModelFileError: not UTF-8, not JSON, not an object, nested deeper than 200, numbers that are not finite or need
            more than 64 bits.
    """
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise ModelFileError(f"{name}: is nested too deeply") from None
    except ValueError as error:  # bad UTF-8, bad JSON, integers of thousands of digits
        raise ModelFileError(f"{name}: is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ModelFileError(f"{name}: expected a JSON object, got {type(value).__name__}")
    _check(value, name)
    return value


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _check(value: object, name: str) -> None:
    """Walk level by level, without recursion, so depth costs nothing."""
    level: list[object] = [value]
    for _ in range(_MAXIMAL_DEPTH):
        children: list[object] = []
        for item in level:
            if isinstance(item, dict):
                children.extend(item.values())
            elif isinstance(item, list):
                children.extend(item)
            elif isinstance(item, float) and not math.isfinite(item):
                raise ModelFileError(f"{name}: holds a number too large for a float")
            elif isinstance(item, int) and not -(2**63) <= item < 2**63:
                raise ModelFileError(f"{name}: holds an integer of more than 64 bits")
        if not children:
            return
        level = children
    raise ModelFileError(f"{name}: is nested more than {_MAXIMAL_DEPTH} deep")

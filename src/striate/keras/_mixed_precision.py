"""`keras.mixed_precision`: the one policy is float32; of others a warning says so, as results are those of float32."""

from __future__ import annotations

from typing import Any

from striate.errors import StriateError
from striate.warning import warn

__all__ = ["global_policy", "set_dtype_policy", "set_global_policy", "set_policy"]

_KNOWN = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64")


def set_global_policy(policy: Any) -> None:
    """Takes "float32"; of other types a warning says that everything is computed in float32.

    Raises:
        StriateError: no type of numbers.
    """
    if policy in _KNOWN:
        warn(
            f"mixed_precision: got {policy!r}; everything is computed in float32. For half precision on GPUs see "
            "compile(engine=...)"
        )
    elif policy != "float32":
        raise StriateError(f'set_global_policy: got {policy!r}, expected "float32", {", ".join(map(repr, _KNOWN))}')


set_policy = set_dtype_policy = set_global_policy  # its names at other times


def global_policy() -> str:
    """The type of all computation: "float32"."""
    return "float32"

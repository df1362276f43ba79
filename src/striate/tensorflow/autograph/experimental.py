"""What of a function TensorFlow should leave as it is (tf.autograph.experimental)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.tensorflow._absent import absent

__all__ = ["do_not_convert", "set_loop_options"]

__getattr__ = absent(__name__)


def do_not_convert(func: Callable[..., Any] | None = None) -> Any:
    """The function as it is."""
    return (lambda function: function) if func is None else func


def set_loop_options(**options: Any) -> None:
    """Without effect: loops are Python's."""

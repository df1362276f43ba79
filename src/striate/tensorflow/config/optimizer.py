"""TensorFlow's compilers (tf.config.optimizer): without effect, as networks are always compiled."""

from __future__ import annotations

from typing import Any

from striate.tensorflow._absent import absent

__all__ = ["get_jit", "set_experimental_options", "set_jit"]

__getattr__ = absent(__name__)


def set_jit(enabled: Any) -> None:
    """Without effect."""


def get_jit() -> str:
    """"": TensorFlow's compiler is not there."""
    return ""


def set_experimental_options(options: Any) -> None:
    """Without effect."""

"""The names of both eras (tf.compat): v1 and v2 are this namespace, which has the names of both."""

from __future__ import annotations

from striate import tensorflow as v1
from striate import tensorflow as v2
from striate.tensorflow._absent import absent

__all__ = ["as_bytes", "as_str", "as_str_any", "as_text", "v1", "v2"]

__path__: list[str] = []  # so that `import tensorflow.compat.v1 as tf` finds a package
__getattr__ = absent(__name__)


def as_bytes(bytes_or_text: str | bytes, encoding: str = "utf-8") -> bytes:
    """Text as bytes."""
    return bytes_or_text.encode(encoding) if isinstance(bytes_or_text, str) else bytes_or_text


def as_text(bytes_or_text: str | bytes, encoding: str = "utf-8") -> str:
    """Bytes as text."""
    return bytes_or_text.decode(encoding) if isinstance(bytes_or_text, bytes) else bytes_or_text


as_str = as_text


def as_str_any(value: object, encoding: str = "utf-8") -> str:
    """Anything as text."""
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)

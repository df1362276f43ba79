"""Messages (tf.logging, tf.compat.v1.logging): Python's logger "tensorflow"."""

from __future__ import annotations

import logging as _logging
from typing import Any

from striate.tensorflow._absent import absent

__all__ = [
    "DEBUG", "ERROR", "FATAL", "INFO", "WARN", "debug", "error", "fatal", "get_verbosity", "info", "set_verbosity",
    "warn", "warning",
]  # fmt: skip

__getattr__ = absent(__name__)
DEBUG, INFO, WARN, ERROR, FATAL = 10, 20, 30, 40, 50


def get_logger() -> _logging.Logger:
    """Python's logger "tensorflow"."""
    return _logging.getLogger("tensorflow")


def set_verbosity(v: Any) -> None:
    """From which level on messages are shown."""
    get_logger().setLevel(v)


def get_verbosity() -> int:
    """From which level on messages are shown."""
    return get_logger().getEffectiveLevel()


def debug(msg: str, *args: Any, **kwargs: Any) -> None:
    """A message of level DEBUG."""
    get_logger().debug(msg, *args, **kwargs)


def info(msg: str, *args: Any, **kwargs: Any) -> None:
    """A message of level INFO."""
    get_logger().info(msg, *args, **kwargs)


def warning(msg: str, *args: Any, **kwargs: Any) -> None:
    """A message of level WARN."""
    get_logger().warning(msg, *args, **kwargs)


def error(msg: str, *args: Any, **kwargs: Any) -> None:
    """A message of level ERROR."""
    get_logger().error(msg, *args, **kwargs)


def fatal(msg: str, *args: Any, **kwargs: Any) -> None:
    """A message of level FATAL."""
    get_logger().fatal(msg, *args, **kwargs)


warn = warning

"""TensorFlow's translation of Python (tf.autograph): functions run as they are, so there is none."""

from __future__ import annotations

from striate.tensorflow._absent import absent
from striate.tensorflow.autograph import experimental

__all__ = ["experimental", "set_verbosity", "trace"]

__getattr__ = absent(__name__)


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Without effect: nothing is translated, so nothing is reported."""


def trace(*args: object) -> None:
    """Print the arguments."""
    print(*args)

"""The error about a name of TensorFlow that is not here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn


def absent(module: str) -> Callable[[str], Any]:
    """A module's `__getattr__`: AttributeError, with what there is in place of a name of TensorFlow.

    module: its `__name__`.
    """

    def __getattr__(name: str) -> NoReturn:
        from striate.programs import absent as names

        raise names.absent(sys.modules[module], name)

    return __getattr__

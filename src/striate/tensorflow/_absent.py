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
        place = sys.modules[module]
        raise AttributeError(f"module {module!r} has no attribute {name!r}{_hint(name)}", name=name, obj=place)

    def _hint(name: str) -> str:
        if name.startswith("_"):
            return ""
        from striate.programs.absent import reason

        why = reason(f"{module[len('striate.') :]}.{name}")
        return "" if why is None else f"; instead: {why}"

    return __getattr__

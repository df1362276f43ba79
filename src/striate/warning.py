"""Warnings that name the line of the user's program they are about."""

from __future__ import annotations

import sys
import warnings


def warn(message: str) -> None:
    """Warn at the innermost line that is not Striate's own."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "striate":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)

"""Layers of Keras that hold Python code. They exist to say why they cannot be had, and what to use."""

from __future__ import annotations

from typing import Any, NoReturn

from striate.errors import StriateError


class Lambda:
    """Not available: raises StriateError with the reason.

    A Python function has no gradient that the engine knows, would be called between its kernels, and could not be
    saved without saving code.
    """

    def __new__(cls, *arguments: Any, **options: Any) -> NoReturn:
        """Raises StriateError."""
        raise StriateError(
            "Lambda: a layer of Python code is not available, because the engine could neither differentiate nor save "
            "it; use a layer that does the same: Rescaling(scale, offset), Activation(name), Reshape, Permute, "
            "Resizing, Normalization, UnitNormalization, Add, Multiply, Concatenate, ..."
        )

"""Keras's layers of Python code: what can be had of them, and for the rest why it cannot and what to use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

from striate.errors import UnavailableError
from striate.layers.naming import automatic_name
from striate.layers.normalization import Rescaling


class Lambda:
    """`Lambda(lambda x: x / 127.5 - 1)` is the layer `Rescaling(1 / 127.5, -1)`; what else a function does is refused.

    A Python function has no gradient that the engine knows, would be called between its kernels, and could not be
    saved without saving code. So it is called once, here, with a stand-in for the images that takes numbers to be
    added, subtracted, multiplied by and divided by, and becomes the layer that does the same.
    """

    def __new__(  # type: ignore[misc]  # the layer that it stands for
        cls, function: Callable[..., Any], output_shape: Any = None, mask: Any = None,
        arguments: Mapping[str, Any] | None = None, **options: Any,
    ) -> Rescaling:
        """Make the layer.

        Args:
            function: of the images.
            output_shape, mask: without effect: the shape stays as it is.
            arguments: further arguments of the function.
            **options: `name`, `trainable`, `input_shape`.

        Raises:
            UnavailableError: a function that does anything else.
        """
        try:
            made = function(_Affine(1.0, 0.0), **(arguments or {}))
        except NameError:  # a mistake in the function itself
            raise
        except Exception as error:  # whatever a function may do with images that are none
            raise _refused() from error
        if not isinstance(made, _Affine):
            raise _refused()
        options["name"] = options.get("name") or automatic_name("Lambda")
        return Rescaling(made.scale, made.offset, **options)


class _Affine:
    """scale x + offset, of a stand-in x for images, and what operators with numbers make of it."""

    __array_ufunc__ = None  # so that NumPy's numbers leave operators to these

    def __init__(self, scale: float, offset: float) -> None:
        self.scale, self.offset = scale, offset

    def __add__(self, other: Any) -> _Affine:
        return _Affine(self.scale, self.offset + _number(other))

    __radd__ = __add__

    def __mul__(self, other: Any) -> _Affine:
        return _Affine(self.scale * _number(other), self.offset * _number(other))

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> _Affine:
        return self + -_number(other)

    def __rsub__(self, other: Any) -> _Affine:
        return _Affine(-self.scale, _number(other) - self.offset)

    def __neg__(self) -> _Affine:
        return _Affine(-self.scale, -self.offset)

    def __truediv__(self, other: Any) -> _Affine:
        return _Affine(self.scale / _number(other), self.offset / _number(other))

    def _refuse(self, *arguments: Any, **options: Any) -> NoReturn:
        raise TypeError("only a factor and an offset are known of the images")

    __array__ = __bool__ = __eq__ = __ne__ = __iter__ = _refuse  # else NumPy's mean of it would be it itself


def _number(value: Any) -> float:
    """A number of Python's or of NumPy's.

    Raises:
        TypeError: anything else, such as several numbers.
    """
    single = isinstance(value, (int, float, np.number)) or (isinstance(value, np.ndarray) and value.ndim == 0)
    if not single or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _refused() -> UnavailableError:
    return UnavailableError(
        "keras.layers.Lambda of such code",
        "Lambda: a layer of Python code is not available, because the engine could neither differentiate nor save it "
        "(a factor and an offset, as in x / 127.5 - 1, are)",
        "use a layer that does the same: Rescaling(scale, offset), Activation(name), Reshape, Permute, Resizing, "
        "Normalization, UnitNormalization, Add, Multiply, Concatenate, ...; in Model(inputs, outputs), operators on "
        "its tensors (a - b, x[..., 0]) are layers, too.",
    )

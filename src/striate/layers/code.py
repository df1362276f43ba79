"""Keras's layer of Python code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

from striate.errors import StriateError
from striate.layers.naming import automatic_name
from striate.layers.normalization import Rescaling
from striate.layers.tracing import Traced


class Lambda(Traced, common=True):
    """y = function(x), as the layers do that the function's operators and functions stand for.

    A Python function has no gradient that the engine knows, and would be called between its kernels. So it is called
    once, on symbolic tensors, and the layer does what it asked for. A factor and an offset, as in
    `Lambda(lambda x: x / 127.5 - 1)`, make the layer `Rescaling(1 / 127.5, -1)`, which can be saved; any other Lambda
    cannot, but for its network's weights.

    Args:
        function: of the images, or of a list for a layer called on a list.
        output_shape, mask: without effect: the shape follows from the operations.
        arguments: further arguments of the function.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        UnavailableError: a function that asks for numbers, or for what no layer does; when the layer is built.
    """

    def __new__(cls, function: Any, output_shape: Any = None, mask: Any = None, arguments: Any = None,
                **options: Any) -> Any:  # fmt: skip
        """The layer `Rescaling` where that is all."""
        made = _affine(function, arguments or {})
        if made is None:
            return super().__new__(cls)
        options["name"] = options.get("name") or automatic_name("Lambda")
        return Rescaling(made.scale, made.offset, **options)

    def __init__(
        self, function: Callable[..., Any], output_shape: Any = None, mask: Any = None,
        arguments: Mapping[str, Any] | None = None, **options: Any,
    ) -> None:
        if not callable(function):
            raise StriateError(f"Lambda: got {function!r}, expected a function")
        super().__init__(function, "keras.layers.Lambda", arguments, **options)


def _affine(function: Any, arguments: Mapping[str, Any]) -> _Affine | None:
    """The factor and the offset that a function is, if it is that."""
    try:
        made = function(_Affine(1.0, 0.0), **arguments)
    except Exception:  # whatever a function may do with images that are none: it is looked at again when it is built
        return None
    return made if isinstance(made, _Affine) else None


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

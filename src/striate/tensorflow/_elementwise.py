"""Functions of each number, and of two numbers at the same place; sizes of one are repeated."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import erf as _erf
from math import lgamma as _lgamma
from typing import Any

import numpy as np

from striate.errors import StriateError
from striate.layers.symbolic import is_symbolic
from striate.tensorflow._arguments import both, tensor
from striate.tensors import Tensor, as_tensor, wrapped

Function = Callable[..., Any]


def _unary(name: str, function: Function, formula: str, symbolic: Function | None = None) -> Function:
    """A function of one tensor; `symbolic`: the same of a symbolic one."""

    def apply(x: Any, name: str | None = None) -> Any:
        if symbolic is not None and is_symbolic(x):
            return symbolic(x)
        return wrapped(function(tensor(x, apply.__name__)))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"{formula}, for each x."
    return apply


def _binary(name: str, function: Function, formula: str, symbolic: Function | None = None) -> Function:
    """A function of two tensors; `symbolic`: the same where one is symbolic."""

    def apply(x: Any, y: Any, name: str | None = None) -> Any:
        if symbolic is not None and is_symbolic([x, y]):
            return symbolic(x, y)
        return wrapped(function(*both(x, y, apply.__name__)))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"{formula}, for each x and y; sizes of one are repeated."
    return apply


def _activated(name: str) -> Function:
    """What an activation layer makes of a symbolic tensor."""

    def apply(x: Any) -> Any:
        from striate import layers

        return layers.Activation(name)(x)

    return apply


def _layer(name: str) -> Function:
    """What a layer of `striate.layers.elementwise` makes of a symbolic tensor."""

    def apply(x: Any) -> Any:
        from striate.layers import elementwise

        return getattr(elementwise, name)()(x)

    return apply


def _extreme(layer: str, sign: int) -> Function:
    """max(x, y) for sign 1, min(x, y) for -1; beside a number c: c + relu(x - c), c - relu(c - x)."""

    def apply(x: Any, y: Any) -> Any:
        from striate import layers

        if is_symbolic(x) and is_symbolic(y):
            return getattr(layers, layer)()([x, y])
        values, bound = (x, y) if is_symbolic(x) else (y, x)
        return layers.ReLU()((values - bound) * sign) * sign + bound

    return apply


def _compared(kind: str, first: int, second: int, negated: bool = False) -> Function:
    """A comparison of symbolic tensors, as 0 and 1: `choosing.kind` of the two in some order, or its opposite."""

    def apply(*pair: Any) -> Any:
        from striate.layers import choosing

        holds = getattr(choosing, kind)(pair[first], pair[second])
        return choosing.opposite(holds) if negated else holds

    return apply


def _sigmoid(x: Tensor) -> Any:
    return 1 / (1 + np.exp(-x))


def _quotient(x: Tensor, y: Tensor) -> Any:
    """Python's division; as in TensorFlow short whole numbers give float32 and long ones float64."""
    if x.dtype.kind in "iu" and x.dtype.itemsize < 4 and y.dtype.kind in "iu" and y.dtype.itemsize < 4:
        return np.true_divide(x.astype(np.float32), y.astype(np.float32))
    return np.true_divide(x, y)


def _or_zero(x: Tensor, y: Tensor) -> Any:
    return np.divide(x, y, out=np.zeros(np.broadcast_shapes(x.shape, y.shape), np.result_type(x, y)), where=y != 0)


def _by_number(function: Callable[[float], float]) -> Function:
    """Of Python's `math`, which NumPy lacks."""
    each = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(each(x)).astype(x.dtype)


abs = _unary("abs", np.abs, "|x|", operator.abs)
square = _unary("square", np.square, "x^2", lambda x: x * x)
sqrt = _unary("sqrt", np.sqrt, "the square root of x", _layer("Sqrt"))
rsqrt = _unary("rsqrt", lambda x: 1 / np.sqrt(x), "1 / sqrt(x)", lambda x: reciprocal(sqrt(x)))
exp = _unary("exp", np.exp, "e^x", _activated("exponential"))
expm1 = _unary("expm1", np.expm1, "e^x - 1", lambda x: exp(x) - 1)
log = _unary("log", np.log, "the natural logarithm of x", _layer("Log"))
log1p = _unary("log1p", np.log1p, "log(1 + x)", lambda x: log(1 + x))
sin = _unary("sin", np.sin, "sin(x)")
cos = _unary("cos", np.cos, "cos(x)")
tan = _unary("tan", np.tan, "tan(x)")
asin = _unary("asin", np.arcsin, "the angle whose sine is x")
acos = _unary("acos", np.arccos, "the angle whose cosine is x")
atan = _unary("atan", np.arctan, "the angle whose tangent is x")
sinh = _unary("sinh", np.sinh, "(e^x - e^-x) / 2")
cosh = _unary("cosh", np.cosh, "(e^x + e^-x) / 2")
tanh = _unary("tanh", np.tanh, "(e^x - e^-x) / (e^x + e^-x)", _activated("tanh"))
sigmoid = _unary("sigmoid", _sigmoid, "1 / (1 + e^-x)", _activated("sigmoid"))
erf = _unary("erf", _by_number(_erf), "2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x")
lgamma = _unary("lgamma", _by_number(_lgamma), "log |gamma(x)|")
softplus = _unary("softplus", lambda x: np.logaddexp(x, np.zeros((), x.dtype)), "log(1 + e^x)", _activated("softplus"))
negative = _unary("negative", np.negative, "-x", operator.neg)
reciprocal: Function = _unary("reciprocal", lambda x: 1 / x, "1 / x", _layer("Reciprocal"))
sign = _unary("sign", np.sign, "-1, 0 or 1, as the sign of x")
floor = _unary("floor", np.floor, "the largest whole number up to x")
ceil = _unary("ceil", np.ceil, "the least whole number from x on")
round = _unary("round", np.round, "the nearest whole number, of two the even one")
rint = _unary("rint", np.rint, "the nearest whole number, of two the even one")
is_nan = _unary("is_nan", np.isnan, "whether x is NaN")
is_inf = _unary("is_inf", np.isinf, "whether x is infinite")
is_finite = _unary("is_finite", np.isfinite, "whether x is neither NaN nor infinite")
logical_not = _unary("logical_not", np.logical_not, "not x")
conj = _unary("conj", np.conj, "the conjugate of x")
real = _unary("real", np.real, "the real part of x")
imag = _unary("imag", np.imag, "the imaginary part of x")

add = _binary("add", np.add, "x + y", operator.add)
subtract = _binary("subtract", np.subtract, "x - y", operator.sub)
multiply = _binary("multiply", np.multiply, "x y", operator.mul)
maximum = _binary("maximum", np.maximum, "the larger of x and y", _extreme("Maximum", 1))
minimum = _binary("minimum", np.minimum, "the smaller of x and y", _extreme("Minimum", -1))
divide = _binary("divide", _quotient, "x / y", operator.truediv)
truediv = _binary("truediv", _quotient, "x / y", operator.truediv)
divide_no_nan = _binary("divide_no_nan", _or_zero, "x / y, or 0 where y is 0")
multiply_no_nan = _binary(
    "multiply_no_nan", lambda x, y: np.where(y == 0, x.dtype.type(0), x * y), "x y, or 0 where y is 0"
)
floordiv = _binary("floordiv", np.floor_divide, "the largest whole number up to x / y")
mod = _binary("mod", np.mod, "what is left of x divided by y, with the sign of y")
pow = _binary("pow", np.power, "x^y", operator.pow)
squared_difference = _binary(
    "squared_difference", lambda x, y: np.square(x - y), "(x - y)^2", lambda x, y: square(x - y)
)
atan2 = _binary("atan2", np.arctan2, "the angle of the point (y, x); the first argument is its height")
equal = _binary("equal", np.equal, "whether x = y", _compared("differs", 0, 1, negated=True))
not_equal = _binary("not_equal", np.not_equal, "whether x and y differ", _compared("differs", 0, 1))
less = _binary("less", np.less, "whether x < y", _compared("above", 1, 0))
less_equal = _binary("less_equal", np.less_equal, "whether x <= y", _compared("above", 0, 1, negated=True))
greater = _binary("greater", np.greater, "whether x > y", _compared("above", 0, 1))
greater_equal = _binary("greater_equal", np.greater_equal, "whether x >= y", _compared("above", 1, 0, negated=True))
logical_and = _binary("logical_and", np.logical_and, "x and y")
logical_or = _binary("logical_or", np.logical_or, "x or y")
logical_xor = _binary("logical_xor", np.logical_xor, "x or y, not both")


def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of several tensors of one shape."""
    if is_symbolic(inputs):
        from striate import layers

        return layers.Add()(inputs)
    arrays = [tensor(each, "add_n") for each in inputs]
    if len({array.shape for array in arrays}) != 1:
        raise StriateError(f"add_n: got shapes {[array.shape for array in arrays]}, expected one or more of one shape")
    return wrapped(np.sum(arrays, axis=0, dtype=arrays[0].dtype))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """min(max(t, clip_value_min), clip_value_max)."""
    if is_symbolic(t):
        bounded = t if np.isneginf(clip_value_min) else maximum(t, clip_value_min)
        return bounded if np.isposinf(clip_value_max) else minimum(bounded, clip_value_max)
    values = tensor(t, "clip_by_value")
    low, high = (as_tensor(bound, values.dtype) for bound in (clip_value_min, clip_value_max))
    return wrapped(np.clip(values, low, high))


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """x where the condition is true, else y; with the condition alone the places (n, axes) where it is true."""
    if is_symbolic(condition) and x is not None and y is not None:
        from striate.layers import choosing

        return choosing.chosen(condition, x, y)
    chosen = tensor(condition, "where").astype(np.bool_)
    if x is None and y is None:
        return wrapped(np.argwhere(chosen))
    if x is None or y is None:
        raise StriateError("where: got one of x and y; give both or neither")
    return wrapped(np.where(chosen, *both(x, y, "where")))

"""Keras's activation functions: each names operations of the graph, and applies them when called on an array."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike

from striate.errors import ShapeError, StriateError
from striate.graph import Array, Graph, operations
from striate.graph.execution import execute
from striate.graph.operations import Affine, Operation
from striate.lookup import class_and_config, find
from striate.tensors import wrapped

ActivationFunction = Callable[..., Array]
F = TypeVar("F", bound=Callable[..., Any])
Link = tuple[Operation, tuple[int, ...] | None]  # and what it takes: -1 the link before, -2 the one before that, ...


def _of_both(function: F) -> F:
    """Makes a function of arrays one of a network's symbolic tensors, too: there it is a layer."""

    @wraps(function)
    def apply(x: Any, *arguments: Any, **options: Any) -> Any:
        if hasattr(x, "activated"):
            return x.activated(apply, *arguments, **options)
        return function(x, *arguments, **options)

    return cast(F, apply)


@_of_both
def linear(x: ArrayLike) -> Array:
    """x."""
    return wrapped(np.asarray(x, dtype=np.float32))


@_of_both
def relu(
    x: ArrayLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    """max(x, 0); in general max_value above it, x from the threshold on, negative_slope (x - threshold) below."""
    return _apply(x, operations.Activation("relu", negative_slope, max_value, threshold))


@_of_both
def relu6(x: ArrayLike) -> Array:
    """min(max(x, 0), 6) (Krizhevsky 2010)."""
    return _apply(x, *_OPERATIONS[relu6])


@_of_both
def leaky_relu(x: ArrayLike, negative_slope: float = 0.2) -> Array:
    """x above zero, negative_slope x below (Maas et al. 2013)."""
    return _apply(x, operations.Activation("leaky_relu", negative_slope))


@_of_both
def elu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """x above zero, alpha (exp(x) - 1) below (Clevert et al. 2016)."""
    return _apply(x, operations.Activation("elu", alpha))


@_of_both
def celu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """x above zero, alpha (exp(x / alpha) - 1) below (Barron 2017)."""
    return _apply(x, Affine(1 / alpha), operations.Activation("elu", 1.0), Affine(alpha))


@_of_both
def selu(x: ArrayLike) -> Array:
    """1.0507 elu(x, alpha=1.6733): keeps mean 0 and variance 1 (Klambauer et al. 2017)."""
    return _apply(x, *_OPERATIONS[selu])


@_of_both
def squareplus(x: ArrayLike, b: float = 4) -> Array:
    """(x + sqrt(x^2 + b)) / 2, with b of 0 or more (Barron 2021)."""
    return _apply(x, operations.Activation("squareplus", _at_least_zero("squareplus", b)))


@_of_both
def threshold(x: ArrayLike, threshold: float, default_value: float) -> Array:
    """x above the threshold, default_value elsewhere. No layer's activation by name, since it needs its numbers."""
    return _apply(x, operations.Activation("threshold", float(default_value), threshold=float(threshold)))


@_of_both
def hard_shrink(x: ArrayLike, threshold: float = 0.5) -> Array:
    """x where |x| is above the threshold, 0 elsewhere."""
    return _apply(x, operations.Activation("hard_shrink", threshold=_at_least_zero("hard_shrink", threshold)))


@_of_both
def soft_shrink(x: ArrayLike, threshold: float = 0.5) -> Array:
    """x moved towards 0 by the threshold, and 0 where |x| is below it."""
    return _apply(x, operations.Activation("soft_shrink", threshold=_at_least_zero("soft_shrink", threshold)))


@_of_both
def tanh_shrink(x: ArrayLike) -> Array:
    """x - tanh(x)."""
    return _apply(x, *_OPERATIONS[tanh_shrink])


@_of_both
def sparse_plus(x: ArrayLike) -> Array:
    """0 up to -1, (x + 1)^2 / 4 up to 1, x beyond."""
    return _apply(x, *_OPERATIONS[sparse_plus])


@_of_both
def sigmoid(x: ArrayLike) -> Array:
    """1 / (1 + exp(-x))."""
    return _apply(x, *_OPERATIONS[sigmoid])


@_of_both
def hard_sigmoid(x: ArrayLike) -> Array:
    """x / 6 + 1/2, bounded by 0 and 1."""
    return _apply(x, *_OPERATIONS[hard_sigmoid])


@_of_both
def sparse_sigmoid(x: ArrayLike) -> Array:
    """(x + 1) / 2, bounded by 0 and 1 (Blondel et al. 2019)."""
    return _apply(x, *_OPERATIONS[sparse_sigmoid])


@_of_both
def log_sigmoid(x: ArrayLike) -> Array:
    """log(1 / (1 + exp(-x)))."""
    return _apply(x, *_OPERATIONS[log_sigmoid])


@_of_both
def tanh(x: ArrayLike) -> Array:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return _apply(x, *_OPERATIONS[tanh])


@_of_both
def scaled_tanh(x: ArrayLike) -> Array:
    """1.7159 tanh(2 x / 3), which leaves 1 and -1 where they are (LeCun et al. 1998)."""
    return _apply(x, *_OPERATIONS[scaled_tanh])


@_of_both
def hard_tanh(x: ArrayLike) -> Array:
    """x, bounded by -1 and 1."""
    return _apply(x, *_OPERATIONS[hard_tanh])


@_of_both
def softplus(x: ArrayLike) -> Array:
    """log(1 + exp(x))."""
    return _apply(x, *_OPERATIONS[softplus])


@_of_both
def softsign(x: ArrayLike) -> Array:
    """x / (1 + |x|)."""
    return _apply(x, *_OPERATIONS[softsign])


@_of_both
def silu(x: ArrayLike) -> Array:
    """x sigmoid(x), also called swish (Ramachandran et al. 2017)."""
    return _apply(x, *_OPERATIONS[silu])


@_of_both
def hard_silu(x: ArrayLike) -> Array:
    """x hard_sigmoid(x), also called hard_swish (Howard et al. 2019)."""
    return _apply(x, *_OPERATIONS[hard_silu])


@_of_both
def mish(x: ArrayLike) -> Array:
    """x tanh(softplus(x)) (Misra 2019)."""
    return _apply(x, *_OPERATIONS[mish])


@_of_both
def gelu(x: ArrayLike, approximate: bool = False) -> Array:
    """x P(X <= x) with X normal; `approximate`: by tanh (Hendrycks and Gimpel 2016)."""
    return _apply(x, operations.Activation("gelu_tanh" if approximate else "gelu"))


@_of_both
def exponential(x: ArrayLike) -> Array:
    """exp(x)."""
    return _apply(x, *_OPERATIONS[exponential])


@_of_both
def softmax(x: ArrayLike, axis: int = -1) -> Array:
    """exp(x) / sum(exp(x)) over an axis."""
    return _apply_along(x, axis, softmax)


@_of_both
def log_softmax(x: ArrayLike, axis: int = -1) -> Array:
    """x - log(sum(exp(x))) over an axis."""
    return _apply_along(x, axis, log_softmax)


@_of_both
def sparsemax(x: ArrayLike, axis: int = -1) -> Array:
    """The nearest point with sum 1 and nothing below 0, over an axis (Martins and Astudillo 2016).

    Keras 3.15's sums over only a part of what counts.
    """
    return _apply_along(x, axis, sparsemax)


@_of_both
def glu(x: ArrayLike, axis: int = -1) -> Array:
    """a sigmoid(b), a and b the halves of x along an axis (Dauphin et al. 2017)."""
    return _apply_along(x, axis, glu)


_OPERATIONS: dict[ActivationFunction, tuple[Operation, ...]] = {
    linear: (),
    relu: (operations.Activation("relu"),),
    relu6: (operations.Activation("relu", max_value=6.0),),
    leaky_relu: (operations.Activation("leaky_relu", 0.2),),
    elu: (operations.Activation("elu", 1.0),),
    celu: (operations.Activation("elu", 1.0),),
    selu: (operations.Activation("selu"),),
    sigmoid: (operations.Activation("sigmoid"),),
    hard_sigmoid: (operations.Activation("hard_sigmoid"),),
    sparse_sigmoid: (Affine(0.5, 0.5), operations.Activation("relu", max_value=1.0)),
    log_sigmoid: (Affine(-1.0), operations.Activation("softplus"), Affine(-1.0)),
    tanh: (operations.Activation("tanh"),),
    scaled_tanh: (Affine(2 / 3), operations.Activation("tanh"), Affine(1.7159)),
    hard_tanh: (Affine(1.0, 1.0), operations.Activation("relu", max_value=2.0), Affine(1.0, -1.0)),
    softplus: (operations.Activation("softplus"),),
    softsign: (operations.Activation("softsign"),),
    silu: (operations.Activation("silu"),),
    mish: (operations.Activation("mish"),),
    gelu: (operations.Activation("gelu"),),
    hard_silu: (operations.Activation("hard_silu"),),
    squareplus: (operations.Activation("squareplus", 4.0),),
    sparse_plus: (operations.Activation("sparse_plus"),),
    hard_shrink: (operations.Activation("hard_shrink", threshold=0.5),),
    soft_shrink: (operations.Activation("soft_shrink", threshold=0.5),),
    tanh_shrink: (operations.Activation("tanh_shrink"),),
    exponential: (operations.Activation("exponential"),),
    softmax: (operations.Softmax(),),
    log_softmax: (operations.Activation("log_softmax"),),
    sparsemax: (operations.Activation("sparsemax"),),
}
swish, hard_swish = silu, hard_silu
_FUNCTIONS: dict[str, ActivationFunction] = {function.__name__: function for function in (*_OPERATIONS, glu)} | {
    "swish": silu,
    "hard_swish": hard_silu,
}
_FOREIGN: dict[Callable[..., Any], ActivationFunction] = {}  # functions of other namespaces, such as tf.nn.relu


def get(identifier: str | Mapping[str, Any] | ActivationFunction | None) -> ActivationFunction:
    """The function of a name ("relu"), of a serialized form, or itself; `linear` for None.

    Raises:
        StriateError: an unknown name, or a function that is none of this module's.
    """
    if identifier is None:
        return linear
    if isinstance(identifier, Mapping):
        found = identifier.get("config") if identifier.get("class_name") == "function" else class_and_config(identifier)
        identifier = found if isinstance(found, str) else found[0] if found else str(dict(identifier))
    if isinstance(identifier, str):
        return find("activation", identifier, _FUNCTIONS)
    identifier = _meant(identifier)
    _check(identifier)
    return identifier


def register(function: Callable[..., Any], meant: ActivationFunction) -> None:
    """From now on a function with other arguments is taken for one of this module's, wherever activations go."""
    _FOREIGN[function] = meant


def serialize(activation: ActivationFunction) -> str:
    """The name under which Keras writes an activation."""
    activation = _meant(activation)
    _check(activation)
    return activation.__name__


def deserialize(form: str | Mapping[str, Any]) -> ActivationFunction:
    """The function of a name or serialized form."""
    return get(form)


def links_of(activation: ActivationFunction, channels: int) -> tuple[Link, ...]:
    """The operations that an activation function stands for, with its default options, on inputs of some channels.

    Raises:
        StriateError: it is none of this module's functions, so no engine could run it.
        ShapeError: channels that it cannot halve.
    """
    _check(activation)
    if activation is glu:
        return _gate(channels)
    return tuple((operation, None) for operation in _OPERATIONS[activation])


def _gate(channels: int) -> tuple[Link, ...]:
    """The sigmoid of the second half of the channels, times the first."""
    half, odd = divmod(channels, 2)
    if odd:
        raise ShapeError(f"glu: got {channels} channels, expected an even number: one half is the gate of the other")
    return (
        (operations.Select.among("glu", range(half, channels)), None),
        (operations.Activation("sigmoid"), None),
        (operations.Select.among("glu", range(half)), (-3,)),
        (operations.Combine("multiply"), (-1, -2)),
    )


def _at_least_zero(function: str, number: float) -> float:
    if not (isinstance(number, (int, float, np.number)) and 0 <= number < np.inf):
        raise StriateError(f"{function}: got {number!r}, expected a number of at least 0")
    return float(number)


def _meant(function: ActivationFunction) -> ActivationFunction:
    """The function of this module that a registered one stands for; any other itself."""
    with suppress(TypeError):  # what cannot be hashed
        return _FOREIGN.get(function, function)
    return function


def is_known(activation: object) -> bool:
    """Whether it is one of this module's functions, or registered for one."""
    with suppress(TypeError):  # what cannot be hashed
        return activation in _FUNCTIONS.values() or activation in _FOREIGN
    return False


def _check(activation: object) -> None:
    if not is_known(activation):
        raise StriateError(
            f"activation: got {activation!r}, which no engine can run; use one of {', '.join(sorted(_FUNCTIONS))}"
        )


def _apply(x: ArrayLike, *chain: Operation) -> Array:
    """Run operations over an array as if it were one image."""
    return _apply_links(np.asarray(x, dtype=np.float32), [(operation, None) for operation in chain])


def _apply_links(values: Array, links: Sequence[Link]) -> Array:
    graph = Graph()
    nodes = [graph.add(operations.Input(values.shape), name="input")]
    for operation, takes in links:
        taken = [nodes[place] for place in takes or (-1,)]
        nodes.append(graph.add(operation, *taken, name=type(operation).__name__.lower()))
    graph.outputs = nodes[-1:]
    output: Array = execute(graph, [np.ascontiguousarray(values).reshape(1, *values.shape)])[0]
    return wrapped(output.reshape(nodes[-1].shape))


def _apply_along(x: ArrayLike, axis: int, function: ActivationFunction) -> Array:
    """Run a function that works over the last axis over another."""
    values = np.asarray(x, dtype=np.float32)
    if not -values.ndim <= axis < values.ndim:
        raise StriateError(f"{function.__name__}: got axis={axis} for an array of shape {values.shape}")
    moved = np.moveaxis(values, axis, -1)
    result = _apply_links(moved, links_of(function, moved.shape[-1]))
    return wrapped(np.ascontiguousarray(np.moveaxis(result, -1, axis), dtype=np.float32))

"""Keras's activation functions: each names operations of the graph, and applies them when called on an array."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.errors import StriateError
from striate.graph import Array, Graph, operations
from striate.graph.execution import execute
from striate.graph.operations import Affine, Operation
from striate.lookup import class_and_config, find
from striate.tensors import wrapped

ActivationFunction = Callable[..., Array]


def linear(x: ArrayLike) -> Array:
    """x."""
    return wrapped(np.asarray(x, dtype=np.float32))


def relu(
    x: ArrayLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    """max(x, 0); in general max_value above it, x from the threshold on, negative_slope (x - threshold) below."""
    return _apply(x, operations.Activation("relu", negative_slope, max_value, threshold))


def relu6(x: ArrayLike) -> Array:
    """min(max(x, 0), 6) (Krizhevsky 2010)."""
    return _apply(x, *_OPERATIONS[relu6])


def leaky_relu(x: ArrayLike, negative_slope: float = 0.2) -> Array:
    """x above zero, negative_slope x below (Maas et al. 2013)."""
    return _apply(x, operations.Activation("leaky_relu", negative_slope))


def elu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """x above zero, alpha (exp(x) - 1) below (Clevert et al. 2016)."""
    return _apply(x, operations.Activation("elu", alpha))


def celu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """x above zero, alpha (exp(x / alpha) - 1) below (Barron 2017)."""
    return _apply(x, Affine(1 / alpha), operations.Activation("elu", 1.0), Affine(alpha))


def selu(x: ArrayLike) -> Array:
    """1.0507 elu(x, alpha=1.6733): keeps mean 0 and variance 1 (Klambauer et al. 2017)."""
    return _apply(x, *_OPERATIONS[selu])


def sigmoid(x: ArrayLike) -> Array:
    """1 / (1 + exp(-x))."""
    return _apply(x, *_OPERATIONS[sigmoid])


def hard_sigmoid(x: ArrayLike) -> Array:
    """x / 6 + 1/2, bounded by 0 and 1."""
    return _apply(x, *_OPERATIONS[hard_sigmoid])


def sparse_sigmoid(x: ArrayLike) -> Array:
    """(x + 1) / 2, bounded by 0 and 1 (Blondel et al. 2019)."""
    return _apply(x, *_OPERATIONS[sparse_sigmoid])


def log_sigmoid(x: ArrayLike) -> Array:
    """log(1 / (1 + exp(-x)))."""
    return _apply(x, *_OPERATIONS[log_sigmoid])


def tanh(x: ArrayLike) -> Array:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return _apply(x, *_OPERATIONS[tanh])


def scaled_tanh(x: ArrayLike) -> Array:
    """1.7159 tanh(2 x / 3), which leaves 1 and -1 where they are (LeCun et al. 1998)."""
    return _apply(x, *_OPERATIONS[scaled_tanh])


def hard_tanh(x: ArrayLike) -> Array:
    """x, bounded by -1 and 1."""
    return _apply(x, *_OPERATIONS[hard_tanh])


def softplus(x: ArrayLike) -> Array:
    """log(1 + exp(x))."""
    return _apply(x, *_OPERATIONS[softplus])


def softsign(x: ArrayLike) -> Array:
    """x / (1 + |x|)."""
    return _apply(x, *_OPERATIONS[softsign])


def silu(x: ArrayLike) -> Array:
    """x sigmoid(x), also called swish (Ramachandran et al. 2017)."""
    return _apply(x, *_OPERATIONS[silu])


def mish(x: ArrayLike) -> Array:
    """x tanh(softplus(x)) (Misra 2019)."""
    return _apply(x, *_OPERATIONS[mish])


def gelu(x: ArrayLike, approximate: bool = False) -> Array:
    """x P(X <= x) with X normal; `approximate`: by tanh (Hendrycks and Gimpel 2016)."""
    return _apply(x, operations.Activation("gelu_tanh" if approximate else "gelu"))


def exponential(x: ArrayLike) -> Array:
    """exp(x)."""
    return _apply(x, *_OPERATIONS[exponential])


def softmax(x: ArrayLike, axis: int = -1) -> Array:
    """exp(x) / sum(exp(x)) over an axis."""
    return _apply_along(x, axis, operations.Softmax())


def log_softmax(x: ArrayLike, axis: int = -1) -> Array:
    """x - log(sum(exp(x))) over an axis."""
    return _apply_along(x, axis, operations.Activation("log_softmax"))


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
    exponential: (operations.Activation("exponential"),),
    softmax: (operations.Softmax(),),
    log_softmax: (operations.Activation("log_softmax"),),
}
swish = silu
_FUNCTIONS: dict[str, ActivationFunction] = {function.__name__: function for function in _OPERATIONS} | {"swish": silu}


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
    operations_of(identifier)
    return identifier


def serialize(activation: ActivationFunction) -> str:
    """The name under which Keras writes an activation."""
    operations_of(activation)
    return activation.__name__


def deserialize(form: str | Mapping[str, Any]) -> ActivationFunction:
    """The function of a name or serialized form."""
    return get(form)


def operations_of(activation: ActivationFunction) -> tuple[Operation, ...]:
    """The operations, one after the other, that an activation function stands for with its default options.

    Raises:
        StriateError: it is none of this module's functions, so no engine could run it.
    """
    try:
        return _OPERATIONS[activation]
    except (KeyError, TypeError):
        raise StriateError(
            f"activation: got {activation!r}, which no engine can run; use one of {', '.join(sorted(_FUNCTIONS))}"
        ) from None


def _apply(x: ArrayLike, *chain: Operation) -> Array:
    """Run operations over an array as if it were one image."""
    values = np.asarray(x, dtype=np.float32)
    graph = Graph()
    node = graph.add(operations.Input(values.shape), name="input")
    for operation in chain:
        node = graph.add(operation, node, name=type(operation).__name__.lower())
    graph.outputs = [node]
    output: Array = execute(graph, [np.ascontiguousarray(values).reshape(1, *values.shape)])[0]
    return wrapped(output.reshape(values.shape))


def _apply_along(x: ArrayLike, axis: int, operation: Operation) -> Array:
    """Run an operation that works over the last axis over another."""
    values = np.asarray(x, dtype=np.float32)
    if not -values.ndim <= axis < values.ndim:
        raise StriateError(f"softmax: got axis={axis} for an array of shape {values.shape}")
    result = _apply(np.moveaxis(values, axis, -1), operation)
    return wrapped(np.ascontiguousarray(np.moveaxis(result, -1, axis), dtype=np.float32))

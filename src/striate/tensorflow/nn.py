"""Networks' functions (tf.nn): activations, windows, normalisation, losses, on arrays.

The activations are those of `striate.activations` under TensorFlow's arguments: layers take them
(`Dense(10, activation=tf.nn.softmax)`) and save them under Keras's names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from striate import activations
from striate.errors import StriateError
from striate.layers.symbolic import is_symbolic
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import axes_of, tensor
from striate.tensorflow._elementwise import tanh as _tanh
from striate.tensorflow._losses import (
    log_poisson_loss,
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)
from striate.tensorflow._reductions import in_top_k, moments, top_k
from striate.tensorflow._windows import (
    avg_pool,
    avg_pool2d,
    conv1d,
    conv2d,
    conv3d,
    convolution,
    depthwise_conv2d,
    local_response_normalization,
    max_pool,
    max_pool2d,
)
from striate.tensors import Tensor, wrapped

__all__ = [
    "avg_pool", "avg_pool2d", "batch_normalization", "bias_add", "conv1d", "conv2d", "conv3d", "convolution",
    "depthwise_conv2d", "dropout", "elu", "gelu", "in_top_k", "l2_loss", "l2_normalize", "leaky_relu",
    "local_response_normalization", "log_poisson_loss", "log_softmax", "lrn", "max_pool", "max_pool2d", "moments",
    "relu", "relu6", "selu", "sigmoid", "sigmoid_cross_entropy_with_logits", "silu", "softmax",
    "softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_v2", "softplus", "softsign",
    "sparse_softmax_cross_entropy_with_logits", "swish", "tanh", "top_k", "weighted_cross_entropy_with_logits",
    "zero_fraction",
]  # fmt: skip

__getattr__ = absent(__name__)
F = TypeVar("F", bound=Callable[..., Any])


def _activation(of: activations.ActivationFunction) -> Callable[[F], F]:
    """Makes layers take a function as the activation it is."""

    def register(function: F) -> F:
        activations.register(function, of)
        return function

    return register


def _applied(of: activations.ActivationFunction, x: Any, **options: Any) -> Any:
    """An activation of arrays, or as a layer of symbolic tensors."""
    if not is_symbolic(x):
        values = tensor(x, of.__name__)
        result = of(values, **options)
        return result if values.dtype.kind != "f" else wrapped(result.astype(values.dtype, copy=False))
    from striate import layers

    if of is activations.leaky_relu:
        return layers.LeakyReLU(**options)(x)
    if of in (activations.softmax, activations.log_softmax) and options.pop("axis") not in (-1, x.ndim - 1):
        raise StriateError(f"{of.__name__}: in a network only over the last axis; use layers.Softmax(axis)")
    if any(options.values()):
        raise StriateError(f"{of.__name__}: got {options} for {x}; in a network only without options")
    return layers.Activation(of)(x)


@_activation(activations.relu)
def relu(features: Any, name: str | None = None) -> Any:
    """max(x, 0)."""
    return _applied(activations.relu, features)


@_activation(activations.relu6)
def relu6(features: Any, name: str | None = None) -> Any:
    """min(max(x, 0), 6)."""
    return _applied(activations.relu6, features)


@_activation(activations.elu)
def elu(features: Any, name: str | None = None) -> Any:
    """x above zero, exp(x) - 1 below."""
    return _applied(activations.elu, features)


@_activation(activations.selu)
def selu(features: Any, name: str | None = None) -> Any:
    """1.0507 x above zero, 1.0507 1.6733 (exp(x) - 1) below."""
    return _applied(activations.selu, features)


@_activation(activations.leaky_relu)
def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Any:
    """x above zero, alpha x below."""
    return _applied(activations.leaky_relu, features, negative_slope=alpha)


@_activation(activations.sigmoid)
def sigmoid(x: Any, name: str | None = None) -> Any:
    """1 / (1 + exp(-x))."""
    return _applied(activations.sigmoid, x)


@_activation(activations.tanh)
def tanh(x: Any, name: str | None = None) -> Any:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return _applied(activations.tanh, x) if is_symbolic(x) else _tanh(x)


@_activation(activations.softplus)
def softplus(features: Any, name: str | None = None) -> Any:
    """log(1 + exp(x))."""
    return _applied(activations.softplus, features)


@_activation(activations.softsign)
def softsign(features: Any, name: str | None = None) -> Any:
    """x / (1 + |x|)."""
    return _applied(activations.softsign, features)


@_activation(activations.silu)
def silu(features: Any, beta: float = 1.0, name: str | None = None) -> Any:
    """x sigmoid(beta x), also called swish."""
    if beta == 1.0:
        return _applied(activations.silu, features)
    values = tensor(features, "silu")
    return values * activations.sigmoid(beta * values)


@_activation(activations.gelu)
def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Any:
    """x P(X <= x) with X normal; `approximate`: by tanh."""
    return _applied(activations.gelu, features, approximate=approximate)


@_activation(activations.softmax)
def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """exp(x) / sum(exp(x)) over an axis, the last if none is given."""
    return _applied(activations.softmax, logits, axis=-1 if axis is None else axis)


@_activation(activations.log_softmax)
def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """x - log(sum(exp(x))) over an axis, the last if none is given."""
    return _applied(activations.log_softmax, logits, axis=-1 if axis is None else axis)


swish = silu
lrn = local_response_normalization
softmax_cross_entropy_with_logits_v2 = softmax_cross_entropy_with_logits


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """x + bias, one number for each channel, the last axis (data_format "NC...": the second)."""
    values, numbers = tensor(value, "bias_add"), tensor(bias, "bias_add")
    if data_format is not None and data_format.startswith("NC"):
        return wrapped(values + numbers.reshape(-1, *[1] * (values.ndim - 2)))
    return wrapped(values + numbers)


def dropout(
    x: Any, rate: float | None = None, noise_shape: Any = None, seed: int | None = None, name: str | None = None,
    keep_prob: float | None = None,
) -> Any:
    """Each number is 0 with probability `rate`, else 1 / (1 - rate) times as large.

    Args:
        x: an array, or a symbolic tensor, on which it is a Dropout layer.
        rate: from 0 to below 1.
        noise_shape: where a size is one, all along that axis are kept or dropped together.
        seed: makes the numbers repeatable.
        name: of the operation, for the reader.
        keep_prob: 1 - rate, as in TensorFlow 1.
    """
    share = 1 - keep_prob if rate is None and keep_prob is not None else rate
    if not isinstance(share, (int, float)) or not 0 <= share < 1:
        raise StriateError(f"dropout: got rate={share!r}, expected a number from 0 to below 1")
    if is_symbolic(x):
        from striate import layers

        return layers.Dropout(share, noise_shape=noise_shape, seed=seed)(x)
    from striate.tensorflow._streams import stream

    values = tensor(x, "dropout")
    shape = values.shape if noise_shape is None else tuple(int(size) for size in np.asarray(noise_shape))
    kept = stream(seed).random(shape) >= share
    return wrapped((values * kept / (1 - share)).astype(values.dtype))


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float, name: str | None = None
) -> Tensor:
    """scale (x - mean) / sqrt(variance + variance_epsilon) + offset; offset and scale may be None."""
    values = tensor(x, "batch_normalization")
    deviation = np.sqrt(tensor(variance, "variance") + values.dtype.type(variance_epsilon))
    result: Any = (values - tensor(mean, "mean")) / deviation
    result = result if scale is None else result * tensor(scale, "scale")
    return wrapped(result) if offset is None else wrapped(result + tensor(offset, "offset"))


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """sum(x^2) / 2."""
    values = tensor(t, "l2_loss")
    return wrapped((np.sum(np.square(values)) / 2).astype(values.dtype))


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None) -> Any:
    """x / sqrt(max(sum(x^2), epsilon)) over axes, all for None; on a symbolic tensor a UnitNormalization layer."""
    axis = dim if axis is None else axis
    if is_symbolic(x):
        from striate import layers

        return layers.UnitNormalization(axis=-1 if axis is None else axis)(x)
    values = tensor(x, "l2_normalize")
    sums = np.sum(np.square(values), axis=axes_of("l2_normalize", axis, values.ndim), keepdims=True)
    return wrapped(values / np.sqrt(np.maximum(sums, values.dtype.type(epsilon))))


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The share of zeros."""
    return wrapped(np.float32(np.mean(tensor(value, "zero_fraction") == 0)))

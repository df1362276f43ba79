"""Every operation and loss of the waist once more, naively, in NumPy and float64: what the engines are measured by.

Loops and formulas as in the operations' docstrings; nothing is shared with an engine. Forward only: gradients are
taken by finite differences.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from striate import losses
from striate.graph import Graph, LossFunction, Parameter
from striate.graph.operations import (
    Activation,
    AdaptivePool,
    Add,
    Affine,
    AlphaDropout,
    BatchNorm,
    Combine,
    Concat,
    Contract,
    Conv,
    ConvTranspose,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LocalResponseNorm,
    Normalize,
    Operation,
    OverBatch,
    Pad,
    Penalty,
    Permute,
    Pool,
    PReLU,
    RandomAdjust,
    RandomCrop,
    RandomWarp,
    Reshape,
    Resize,
    Scale,
    Softmax,
    Standardize,
)

from . import augmentation

Exact = NDArray[np.float64]


def run(
    graph: Graph,
    images: Sequence[NDArray[np.generic]],
    training: bool = False,
    replaced: Mapping[int, Exact] | None = None,
    parameters: Mapping[Parameter, Exact] | None = None,
) -> list[Exact]:
    """Values of all nodes; `replaced` sets values of nodes (by index), `parameters` values of parameters."""
    values: list[Exact] = []
    sources = iter(images)
    for node in graph.nodes:
        given = {
            name: np.asarray((parameters or {}).get(p, p.value), dtype=np.float64)
            for name, p in node.parameters.items()
        }
        inputs = [values[source.index] for source in node.inputs]
        value = forward(node.operation, inputs, given, training) if inputs else np.asarray(next(sources), np.float64)
        values.append((replaced or {}).get(node.index, value))
    return values


def forward(operation: Operation, inputs: Sequence[Exact], parameters: Mapping[str, Exact], training: bool) -> Exact:
    """Output (n, *shape) of one operation."""
    x = inputs[0]
    match operation:
        case Conv():
            return conv(operation, x, parameters["kernel"], parameters.get("bias"))
        case ConvTranspose():
            return conv_transpose(operation, x, parameters["kernel"], parameters.get("bias"))
        case Dense():
            return np.einsum("...c,cu->...u", x, parameters["kernel"]) + parameters.get("bias", 0.0)
        case Pool():
            return pool(operation, x)
        case BatchNorm():
            return batch_norm(operation, x, parameters, training)
        case Activation():
            return activation(operation, x)
        case Softmax():
            return np.exp(log_softmax(x))
        case Dropout() | AlphaDropout():
            assert not training or operation.rate == 0.0, "random numbers belong to the engines"
            return x.copy()
        case GaussianNoise():
            assert not training or operation.stddev == 0.0, "random numbers belong to the engines"
            return x.copy()
        case RandomWarp():
            return augmentation.warp(operation, x) if training else x.copy()
        case RandomCrop():
            return augmentation.crop(operation, x, training and not operation.fixed)
        case RandomAdjust():
            return augmentation.adjust(operation, x) if training else x.copy()
        case Affine():
            return operation.scale * x + operation.offset
        case Pad():
            ends = zip(x.shape[1:], operation.padding, strict=False)
            cut = [slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in ends]
            return padded(x[(slice(None), *cut)], np.maximum(operation.padding, 0).tolist(), operation.value)
        case Permute():
            return np.transpose(x, (0, *(axis + 1 for axis in operation.order)))
        case Resize():
            return resize(operation, x)
        case AdaptivePool():
            return adaptive_pool(operation, x)
        case Reshape():
            return x.reshape(len(x), *operation.shape)
        case Add():
            return functools.reduce(np.add, aligned(inputs))
        case Combine():
            return COMBINATIONS[operation.kind](*aligned(inputs))
        case OverBatch():
            total = x.sum(axis=0, keepdims=True) if operation.kind == "sum" else x.mean(axis=0, keepdims=True)
            return np.broadcast_to(total, x.shape)
        case Contract():
            return contract(operation, x, inputs[1])
        case Normalize():
            return normalize(operation, x)
        case LocalResponseNorm():
            return local_response(operation, x)
        case Standardize():
            mean, variance = (placed(parameters[name], operation.axes, x) for name in ("mean", "variance"))
            deviation = np.maximum(np.sqrt(variance), operation.epsilon)
            return x * deviation + mean if operation.invert else (x - mean) / deviation
        case Scale():
            gamma = placed(parameters["gamma"], operation.axes, x) if operation.scale else 1.0
            return gamma * x + (placed(parameters["beta"], operation.axes, x) if operation.center else 0.0)
        case PReLU():
            return np.where(x > 0, x, parameters["alpha"] * x)
        case Embedding():
            return embedding(x, parameters["embeddings"])
        case Concat():
            return np.concatenate(inputs, axis=-1)
        case Penalty():
            return x.copy()
    raise NotImplementedError(type(operation).__name__)


def padded(x: Exact, padding: Sequence[tuple[int, int]], value: float = 0.0) -> Exact:
    return np.pad(x, [(0, 0), *padding, (0, 0)], constant_values=value)


def windows(operation: Conv | Pool, x: Exact, value: float) -> tuple[Exact, tuple[int, ...]]:
    """Every window of every image, (positions, n, taps, channels), and the number of positions in each dimension."""
    border = padded(x, operation.padding, value)
    sizes = zip(border.shape[1:-1], operation.window, operation.strides, operation.dilation, strict=True)
    counts = tuple(len(range(0, n - (k - 1) * d, stride)) for n, k, stride, d in sizes)
    found = []
    for position in itertools.product(*map(range, counts)):
        taps = []
        for tap in itertools.product(*map(range, operation.window)):
            steps = zip(position, operation.strides, tap, operation.dilation, strict=True)
            at = tuple(p * stride + t * dilation for p, stride, t, dilation in steps)
            taps.append(border[(slice(None), *at)])
        found.append(np.stack(taps, axis=1))
    return np.stack(found), counts


def conv(operation: Conv, x: Exact, kernel: Exact, bias: Exact | None) -> Exact:
    patches, counts = windows(operation, x, 0.0)
    inside, outside = x.shape[-1] // operation.groups, operation.filters // operation.groups
    flat = kernel.reshape(-1, inside, operation.filters)
    parts = []
    for group in range(operation.groups):
        channels = patches[..., group * inside : (group + 1) * inside]
        filters = flat[..., group * outside : (group + 1) * outside]
        parts.append(np.einsum("pntc,tcf->npf", channels, filters))
    y = np.concatenate(parts, axis=-1).reshape(len(x), *counts, operation.filters)
    return y if bias is None else y + bias


def conv_transpose(operation: ConvTranspose, x: Exact, kernel: Exact, bias: Exact | None) -> Exact:
    """Every input adds its number times the kernel to the output; what lies outside is lost."""
    y = np.zeros((len(x), *operation.output_shape(x.shape[1:])))
    for position in np.ndindex(*x.shape[1:-1]):
        for tap in np.ndindex(*operation.window):
            steps = zip(position, operation.strides, tap, operation.dilation, operation.padding, strict=True)
            at = tuple(p * stride + t * dilation - before for p, stride, t, dilation, (before, _) in steps)
            if all(0 <= a < size for a, size in zip(at, y.shape[1:-1], strict=True)):
                y[(slice(None), *at)] += x[(slice(None), *position)] @ kernel[tap].T
    return y if bias is None else y + bias


def pool(operation: Pool, x: Exact) -> Exact:
    if operation.kind == "max":
        patches, counts = windows(operation, x, -np.inf)
        y = patches.max(axis=2)
    else:
        patches, counts = windows(operation, x, 0.0)
        present, _ = windows(operation, np.ones_like(x), 0.0)
        y = patches.sum(axis=2) / present.sum(axis=2)
    return np.moveaxis(y, 0, 1).reshape(len(x), *counts, x.shape[-1])


COMBINATIONS = {"subtract": np.subtract, "multiply": np.multiply, "maximum": np.maximum, "minimum": np.minimum}


def aligned(inputs: Sequence[Exact]) -> list[Exact]:
    """The batch first, then sizes of one where an input has fewer axes than another."""
    rank = max(x.ndim for x in inputs)
    return [np.expand_dims(x, tuple(range(1, 1 + rank - x.ndim))) for x in inputs]


def contract(operation: Contract, a: Exact, b: Exact) -> Exact:
    return np.stack([np.tensordot(left, right, operation.axes) for left, right in zip(a, b, strict=True)])


def placed(parameter: Exact, axes: Sequence[int], x: Exact) -> Exact:
    """A parameter that belongs to some axes of an image, for all of x."""
    return np.expand_dims(parameter, tuple(axis for axis in range(x.ndim - 1) if axis not in axes))


def normalize(operation: Normalize, x: Exact) -> Exact:
    over = tuple(axis + 1 for axis in operation.axes)
    if operation.kind == "deviation":
        return (x - x.mean(over, keepdims=True)) / np.sqrt(x.var(over, keepdims=True) + operation.epsilon)
    squares = (x * x).sum(over, keepdims=True)
    if operation.kind == "root_mean_square":
        return x / np.sqrt(squares / math.prod(x.shape[axis] for axis in over) + operation.epsilon)
    return x / np.maximum(np.sqrt(squares), operation.epsilon)


def local_response(operation: LocalResponseNorm, x: Exact) -> Exact:
    y = np.empty_like(x)
    for channel in range(x.shape[-1]):
        near = x[..., max(channel - operation.radius, 0) : channel + operation.radius + 1]
        scale = operation.bias + operation.alpha * (near * near).sum(axis=-1)
        y[..., channel] = x[..., channel] / scale**operation.beta
    return y


def embedding(x: Exact, table: Exact) -> Exact:
    y = np.zeros((*x.shape, table.shape[1]))
    for place in np.ndindex(x.shape):
        if 0 <= x[place] < len(table):
            y[place] = table[int(x[place])]
    return y


def keys(d: float) -> float:
    """Keys 1981, equation 15."""
    inner, outer = 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return inner if d < 1 else outer if d < 2 else 0


RESIZING: dict[str, Callable[[float], float]] = {
    "linear": lambda d: max(0.0, 1 - d),
    "cubic": keys,
    "lanczos3": lambda d: float(np.sinc(d) * np.sinc(d / 3)) if d < 3 else 0,
    "lanczos5": lambda d: float(np.sinc(d) * np.sinc(d / 5)) if d < 5 else 0,
}


def resize(operation: Resize, x: Exact) -> Exact:
    """One dimension after the other."""
    for axis, m in enumerate(operation.sizes, 1):
        n, parts = x.shape[axis], []
        for i in range(m):
            centre = (i + 0.5) * n / m
            if operation.method == "nearest":
                parts.append(np.take(x, (2 * i + 1) * n // (2 * m), axis))
            else:
                stretch = max(n / m, 1) if operation.antialias else 1
                weights = [RESIZING[operation.method](abs(centre - j - 0.5) / stretch) for j in range(n)]
                parts.append(sum(w * np.take(x, j, axis) for j, w in enumerate(weights)) / sum(weights))
        x = np.stack(parts, axis)
    return x


def adaptive_pool(operation: AdaptivePool, x: Exact) -> Exact:
    y = np.zeros((len(x), *operation.sizes, x.shape[-1]))
    for position in np.ndindex(*operation.sizes):
        parts = zip(position, x.shape[1:], operation.sizes, strict=False)
        window = x[(slice(None), *(slice(i * n // m, -(-(i + 1) * n // m)) for i, n, m in parts))]
        axes = tuple(range(1, x.ndim - 1))
        y[(slice(None), *position)] = window.max(axes) if operation.kind == "max" else window.mean(axes)
    return y


def batch_statistics(x: Exact) -> tuple[Exact, Exact]:
    """Mean and biased variance of every channel."""
    columns = x.reshape(-1, x.shape[-1])
    mean = columns.mean(axis=0)
    return mean, ((columns - mean) ** 2).mean(axis=0)


def batch_norm(operation: BatchNorm, x: Exact, parameters: Mapping[str, Exact], training: bool) -> Exact:
    mean, variance = parameters["moving_mean"], parameters["moving_variance"]
    if training and not operation.frozen:
        mean, variance = batch_statistics(x)
    normal = (x - mean) / np.sqrt(variance + operation.epsilon)
    return parameters.get("gamma", 1.0) * normal + parameters.get("beta", 0.0)


def activation(operation: Activation, x: Exact) -> Exact:
    alpha = operation.alpha
    match operation.function:
        case "relu":
            top = np.inf if operation.max_value is None else operation.max_value
            threshold = operation.threshold
            return np.where(x > threshold, np.minimum(x, top), alpha * (x - threshold))
        case "leaky_relu":
            return np.where(x > 0, x, alpha * x)
        case "elu":
            return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
        case "selu":  # Klambauer et al. 2017
            alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
            return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
        case "sigmoid":
            return sigmoid(x)
        case "tanh":
            return np.tanh(x)
        case "softplus":
            return np.logaddexp(x, 0)
        case "softsign":
            return x / (1 + np.abs(x))
        case "silu":
            return x * sigmoid(x)
        case "exponential":
            return np.exp(x)
        case "hard_sigmoid":
            return np.clip(x / 6 + 0.5, 0, 1)
        case "gelu":
            return x * 0.5 * (1 + np.vectorize(math.erf, otypes=[np.float64])(x / math.sqrt(2)))
        case "gelu_tanh":
            return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        case "mish":
            return x * np.tanh(np.logaddexp(x, 0))
        case "hard_silu":
            return x * np.clip(x / 6 + 0.5, 0, 1)
        case "hard_shrink":
            return np.where(np.abs(x) > operation.threshold, x, 0)
        case "soft_shrink":
            return np.sign(x) * np.maximum(np.abs(x) - operation.threshold, 0)
        case "tanh_shrink":
            return x - np.tanh(x)
        case "squareplus":
            return 0.5 * (x + np.sqrt(x * x + alpha))
        case "sparse_plus":
            return np.where(x >= 1, x, 0.25 * np.maximum(x + 1, 0) ** 2)
        case "threshold":
            return np.where(x > operation.threshold, x, alpha)
        case "sqrt":
            return np.sqrt(x)
        case "log":
            return np.log(x)
        case "reciprocal":
            return 1 / x
        case "step":
            return np.where(x > 0, 1.0, 0.0)
        case "log_softmax":
            return log_softmax(x)
        case "sparsemax":
            return sparsemax(x)
    raise NotImplementedError(operation.function)


def sigmoid(x: Exact) -> Exact:
    return 0.5 * (1 + np.tanh(0.5 * x))


def sparsemax(x: Exact) -> Exact:
    """The nearest point on the simplex, by bisection of the level that is taken off."""
    low, high = x.max(-1, keepdims=True) - 1, x.max(-1, keepdims=True)
    for _ in range(60):
        middle = (low + high) / 2
        above = np.maximum(x - middle, 0).sum(-1, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.maximum(x - high, 0)


def log_softmax(x: Exact) -> Exact:
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


OTHER_LOSSES: dict[str, Callable[[LossFunction], losses.Loss]] = {  # their NumPy forms are tested against Keras
    "mean_absolute_error": lambda f: losses.MeanAbsoluteError(),
    "mean_absolute_percentage_error": lambda f: losses.MeanAbsolutePercentageError(),
    "mean_squared_logarithmic_error": lambda f: losses.MeanSquaredLogarithmicError(),
    "huber": lambda f: losses.Huber(f.delta),
    "log_cosh": lambda f: losses.LogCosh(),
    "poisson": lambda f: losses.Poisson(),
    "hinge": lambda f: losses.Hinge(),
    "squared_hinge": lambda f: losses.SquaredHinge(),
    "categorical_hinge": lambda f: losses.CategoricalHinge(),
    "kl_divergence": lambda f: losses.KLDivergence(),
    "cosine_similarity": lambda f: losses.CosineSimilarity(),
    "categorical_focal_crossentropy": lambda f: losses.CategoricalFocalCrossentropy(
        f.alpha, f.gamma, f.from_logits, f.label_smoothing
    ),
    "binary_focal_crossentropy": lambda f: losses.BinaryFocalCrossentropy(
        f.apply_class_balancing, f.alpha, f.gamma, f.from_logits, f.label_smoothing
    ),
}


def loss(function: LossFunction, output: Exact, targets: NDArray[np.generic], weights: Exact | None = None) -> float:
    """sum_i w_i l_i / n, with Keras's clipping of probabilities at 1e-7."""
    smoothing = function.label_smoothing
    if function.kind in OTHER_LOSSES:
        values = OTHER_LOSSES[function.kind](function).call(targets, output)
    elif function.kind == "value":
        values = output
    elif function.kind == "mean_squared_error":
        values = (output - targets) ** 2
    elif function.kind == "binary_crossentropy":
        t = targets * (1 - smoothing) + smoothing / 2
        p = sigmoid(output) if function.from_logits else output
        p = np.clip(p, 1e-7, 1 - 1e-7)
        values = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    else:
        classes = output.shape[-1]
        t = np.eye(classes)[targets] if function.kind.startswith("sparse") else targets
        t = t * (1 - smoothing) + smoothing / classes
        p = np.exp(log_softmax(output)) if function.from_logits else output / output.sum(axis=-1, keepdims=True)
        values = -(t * np.log(np.clip(p, 1e-7, 1 - 1e-7))).sum(axis=-1)
    each = values.reshape(len(output), -1).mean(axis=1)
    return float((each if weights is None else each * weights).sum() / len(output))


def penalty(x: Exact, l1: float, l2: float) -> float:
    return float(l1 * np.abs(x).sum() + l2 * (x * x).sum())


def not_orthogonal(vectors: Exact, factor: float) -> float:
    """factor times the mean over all pairs of |cosine|."""
    pairs = list(itertools.combinations(vectors, 2))
    return factor * sum(abs(a @ b) / math.sqrt((a @ a) * (b @ b)) for a, b in pairs) / len(pairs)


def total_loss(
    graph: Graph,
    images: Sequence[NDArray[np.generic]],
    losses: Sequence[LossFunction | None],
    targets: Sequence[NDArray[np.generic]],
    weights: Exact | None = None,
    *,
    training: bool = True,
    shares: Sequence[float] | None = None,
    parameters: Mapping[Parameter, Exact] | None = None,
) -> float:
    """What a step minimises: losses, activity penalties, and the penalties of trainable parameters."""
    values = run(graph, images, training, parameters=parameters)
    total = 0.0
    for k, (node, function) in enumerate(zip(graph.outputs, losses, strict=True)):
        own = weights if weights is None or weights.ndim == 1 else weights[:, k]
        if function is not None:
            total += (shares or [1.0] * len(losses))[k] * loss(function, values[node.index], targets[k], own)
    for node in graph.nodes:
        if isinstance(node.operation, Penalty):
            total += penalty(values[node.index], node.operation.l1, node.operation.l2) / len(images[0])
    for p in graph.parameters():
        if p.trainable:
            w = np.asarray((parameters or {}).get(p, p.value), np.float64)
            total += penalty(w, p.l1, p.l2)
            if p.orthogonality is not None:
                total += not_orthogonal(w if p.orthogonality.rows else w.T, p.orthogonality.factor)
    return total

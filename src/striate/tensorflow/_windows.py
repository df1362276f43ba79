"""Windows that move over images: convolutions and pooling with kernels of the caller's, on the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from striate.errors import ShapeError, StriateError
from striate.graph import Graph, Parameter, operations
from striate.graph.execution import execute
from striate.graph.operations import Operation
from striate.graph.shapes import Padding, resolve_padding
from striate.layers.symbolic import is_symbolic
from striate.tensorflow._arguments import tensor
from striate.tensors import Tensor, as_tensor, wrapped

LAST = {1: ("NWC",), 2: ("NHWC",), 3: ("NDHWC",)}


def run(function: str, images: Any, operation: Operation, **parameters: Any) -> Tensor:
    """An operation of the engine on images (n, ..., channels), with parameters by name."""
    values = np.ascontiguousarray(tensor(images, function, np.float32)).view(np.ndarray)
    graph = Graph()
    source = graph.add(operations.Input(values.shape[1:]), name="input")
    held = {key: Parameter(key, np.asarray(value, np.float32)) for key, value in parameters.items()}
    graph.outputs = [graph.add(operation, source, name=function, parameters=held)]
    return wrapped(execute(graph, [values])[0])


def conv1d(
    input: Any, filters: Any, stride: Any = 1, padding: str = "VALID", data_format: str | None = None,
    dilations: Any = None, name: str | None = None,
) -> Tensor:
    """The cross-correlation of sequences (n, steps, channels) with filters (k, channels, filters)."""
    return _convolution("conv1d", 1, input, filters, stride, padding, data_format, dilations)


def conv2d(
    input: Any, filters: Any = None, strides: Any = None, padding: Any = "VALID", data_format: str | None = None,
    dilations: Any = None, name: str | None = None, **older: Any,
) -> Tensor:
    """The cross-correlation of images (n, rows, columns, channels) with filters (rows, columns, channels, filters).

    Args:
        input: the images.
        filters: the kernel; under the name `filter`, too, as in TensorFlow 1.
        strides: one number, two, or four with 1 at both ends.
        padding: "VALID" or "SAME", or a pair (before, after) for each axis.
        data_format: "NHWC".
        dilations: as strides.
        name: of the operation, for the reader.
    """
    filters = older.pop("filter", filters)
    if older:
        raise TypeError(f"conv2d() got an unexpected keyword argument {next(iter(older))!r}")
    return _convolution("conv2d", 2, input, filters, 1 if strides is None else strides, padding, data_format, dilations)


def conv3d(
    input: Any, filters: Any, strides: Any, padding: str, data_format: str = "NDHWC", dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The cross-correlation of volumes (n, a, b, c, channels) with filters (a, b, c, channels, filters)."""
    return _convolution("conv3d", 3, input, filters, strides, padding, data_format, dilations)


def convolution(
    input: Any, filters: Any, strides: Any = None, padding: str = "VALID", data_format: str | None = None,
    dilations: Any = None, name: str | None = None,
) -> Tensor:
    """The cross-correlation over as many axes as the filters have."""
    rank = as_tensor(filters).ndim - 2
    if rank not in LAST:
        raise ShapeError(f"convolution: got filters of {rank + 2} axes, expected 3, 4 or 5")
    return _convolution(
        "convolution", rank, input, filters, 1 if strides is None else strides, padding, data_format, dilations
    )


def _convolution(
    name: str, rank: int, images: Any, filters: Any, strides: Any, padding: Any, data_format: Any, dilations: Any
) -> Tensor:
    values, kernel = _images(name, rank, images, data_format), tensor(filters, name, np.float32)
    if kernel.ndim != rank + 2:
        raise ShapeError(f"{name}: got filters of shape {kernel.shape}, expected {rank + 2} axes: (window, in, out)")
    moves, gaps = moved(name, "strides", strides, rank), moved(name, "dilations", dilations, rank)
    window, channels = kernel.shape[:rank], kernel.shape[rank]
    if values.shape[-1] % channels:
        raise ShapeError(f"{name}: got images of {values.shape[-1]} channels, but filters for {channels}")
    pads = _pads(name, padding, values.shape[1:-1], window, moves, gaps)
    groups = values.shape[-1] // channels
    operation = operations.Conv(window, moves, pads, gaps, kernel.shape[-1], groups, bias=False)
    return run(name, values, operation, kernel=kernel)


def depthwise_conv2d(
    input: Any, filter: Any, strides: Any, padding: Any, data_format: str | None = None, dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Each channel with filters of its own: filter (rows, columns, channels, multiplier)."""
    values, kernel = _images("depthwise_conv2d", 2, input, data_format), tensor(filter, "depthwise_conv2d", np.float32)
    if kernel.ndim != 4 or kernel.shape[2] != values.shape[-1]:
        raise ShapeError(f"depthwise_conv2d: got a filter of shape {kernel.shape} for images of shape {values.shape}")
    moves = moved("depthwise_conv2d", "strides", strides, 2)
    gaps = moved("depthwise_conv2d", "dilations", dilations, 2)
    pads = _pads("depthwise_conv2d", padding, values.shape[1:-1], kernel.shape[:2], moves, gaps)
    channels = kernel.shape[2]
    operation = operations.Conv(
        kernel.shape[:2], moves, pads, gaps, channels * kernel.shape[3], channels, bias=False, depthwise=True
    )
    return run("depthwise_conv2d", values, operation, kernel=kernel)


def max_pool2d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", name: str | None = None
) -> Any:
    """The largest in each window; `ksize` and `strides` are one number, two, or four with 1 at both ends."""
    return _pool("max_pool2d", "max", input, ksize, strides, padding, data_format)


def avg_pool2d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", name: str | None = None
) -> Any:
    """The mean of each window; arguments as for `max_pool2d`."""
    return _pool("avg_pool2d", "average", input, ksize, strides, padding, data_format)


def max_pool(
    input: Any = None, ksize: Any = None, strides: Any = None, padding: str = "VALID", data_format: str | None = None,
    name: str | None = None, value: Any = None,
) -> Any:
    """As `max_pool2d`; `value` is what TensorFlow 1 calls the images."""
    return _pool("max_pool", "max", value if input is None else input, ksize, strides, padding, data_format)


def avg_pool(
    input: Any = None, ksize: Any = None, strides: Any = None, padding: str = "VALID", data_format: str | None = None,
    name: str | None = None, value: Any = None,
) -> Any:
    """As `avg_pool2d`; `value` is what TensorFlow 1 calls the images."""
    return _pool("avg_pool", "average", value if input is None else input, ksize, strides, padding, data_format)


def _pool(
    name: str, kind: Literal["max", "average"], images: Any, ksize: Any, strides: Any, padding: Any, data_format: Any
) -> Any:
    if np.size(ksize) == 4 and np.ravel(ksize)[3] != 1 and not is_symbolic(images):
        return _pool_channels(name, kind, images, ksize, strides, padding)
    window, moves = moved(name, "ksize", ksize, 2), moved(name, "strides", strides, 2)
    if is_symbolic(images):
        from striate import layers

        layer = layers.MaxPooling2D if kind == "max" else layers.AveragePooling2D
        return layer(window, moves, str(padding).lower())(images)
    values = _images(name, 2, images, data_format)
    pads = _pads(name, padding, values.shape[1:-1], window, moves, (1, 1))
    return run(name, values, operations.Pool(window, moves, pads, (1, 1), kind))


def _pool_channels(
    name: str, kind: Literal["max", "average"], images: Any, ksize: Any, strides: Any, padding: Any
) -> Any:
    """Windows over channels, too: they are a third axis of positions then."""
    values = _images(name, 2, images, None)[..., np.newaxis]
    window, moves = moved(name, "ksize", [*ksize, 1], 3), moved(name, "strides", [*strides, 1], 3)
    pads = _pads(name, padding, values.shape[1:-1], window, moves, (1, 1, 1))
    return run(name, values, operations.Pool(window, moves, pads, (1, 1, 1), kind))[..., 0]


def local_response_normalization(
    input: Any, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5, name: str | None = None
) -> Any:
    """x_c / (bias + alpha sum of x_j^2 over the channels j from c - depth_radius to c + depth_radius)^beta."""
    if is_symbolic(input):
        from striate import layers

        return layers.LocalResponseNormalization(depth_radius, bias, alpha, beta)(input)
    operation = operations.LocalResponseNorm(int(depth_radius), float(bias), float(alpha), float(beta))
    return run("local_response_normalization", input, operation)


def moved(name: str, argument: str, value: Any, rank: int) -> tuple[int, ...]:
    """A number for each axis of positions, from one number, as many, or with the batch's and the channels' 1 around."""
    given = [1] if value is None else np.asarray(value).reshape(-1).tolist()
    if len(given) == rank + 2:
        if given[0] != 1 or given[-1] != 1:
            raise StriateError(f"{name}: got {argument}={value!r}, expected 1 for the batch and for the channels")
        given = given[1:-1]
    found = tuple(given * rank if len(given) == 1 else given)
    if len(found) != rank or not all(isinstance(each, int) and each >= 1 for each in found):
        raise StriateError(f"{name}: got {argument}={value!r}, expected one whole number or {rank} of at least 1")
    return found


def _images(name: str, rank: int, images: Any, data_format: Any) -> Tensor:
    if data_format is not None and data_format not in LAST[rank]:
        raise StriateError(f'{name}: got data_format={data_format!r}; the channels come last here: "{LAST[rank][0]}"')
    values = tensor(images, name, np.float32)
    if values.ndim != rank + 2:
        raise ShapeError(f"{name}: got a tensor of shape {values.shape}, expected {rank + 2} axes: (n, ..., channels)")
    return values


def _pads(
    name: str, padding: Any, sizes: Sequence[int], window: Sequence[int], strides: Sequence[int],
    dilations: Sequence[int],
) -> Padding:
    if isinstance(padding, str):
        if padding.lower() not in ("valid", "same"):
            raise StriateError(f'{name}: got padding={padding!r}, expected "VALID" or "SAME"')
        return resolve_padding(padding.lower(), sizes, window, strides, dilations)
    pairs = [tuple(int(each) for each in pair) for pair in padding]
    if len(pairs) != len(sizes) + 2 or pairs[0] != (0, 0) or pairs[-1] != (0, 0):
        raise StriateError(f'{name}: got padding={padding!r}, expected "VALID", "SAME" or a pair for each axis')
    return tuple((before, after) for before, after in pairs[1:-1])

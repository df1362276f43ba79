"""Kernels of older files, brought into the order in which today's layers keep them.

Keras 1 stored two-dimensional kernels as (rows, columns, channels, filters) with TensorFlow's ordering of dimensions
and as (filters, channels, rows, columns) with Theano's, and a file does not say with which; Conv1D had a fourth axis of
length one. Keras on Theano, 1 and 2, flips kernels as the mathematical convolution does; everything else correlates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from striate.formats.hdf5 import AnyArray
from striate.graph import Parameter, Shape

_CONVOLUTIONS = {"Conv1D": 1, "Conv2D": 2, "Conv3D": 3}
_TRANSPOSED = {"Conv2DTranspose": 2}


def leaves(model: Any) -> Iterator[Any]:
    """All layers of a model, those of the models within it in their places."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from leaves(layer)
        else:
            yield layer


class OldKernels:
    """What becomes of the arrays of one file.

    Args:
        model: what they are for.
        stored: each parameter with the shape that the file has for it.
        version: of the Keras that wrote the file.
        backend: that it ran on; None where the file does not say.

    Attributes:
        channels_first: whether the kernels are in Theano's order.
    """

    def __init__(
        self, model: Any, stored: Sequence[tuple[Parameter, Shape]], version: int, backend: str | None
    ) -> None:
        ranks = _CONVOLUTIONS | _TRANSPOSED
        self._layers = {id(layer.kernel): layer for layer in leaves(model) if type(layer).__name__ in ranks}
        self._version = version
        self._flips = backend == "theano"
        self.channels_first = version == 1 and self._is_channels_first(stored)
        self._flattened = _dense_behind_flatten(model) if self.channels_first else {}

    def __call__(self, parameter: Parameter, array: AnyArray) -> AnyArray:
        """An array of the file in the order of the parameter."""
        if id(parameter) in self._flattened:
            channels, *sizes = self._flattened[id(parameter)]
            turned = np.moveaxis(array.reshape(channels, *sizes, -1), 0, -2)
            return np.ascontiguousarray(turned.reshape(array.shape))
        if id(parameter) not in self._layers:
            return array
        kind = type(self._layers[id(parameter)]).__name__
        if self._version == 1:
            array = _turned(array, kind, self.channels_first, parameter.shape)
        if self._flips:
            array = np.flip(array, tuple(range((_CONVOLUTIONS | _TRANSPOSED)[kind])))
        return array

    def shape(self, parameter: Parameter, stored: Shape) -> Shape:
        """The shape that an array of the file will have."""
        if id(parameter) not in self._layers:
            return stored
        return self(parameter, np.broadcast_to(np.float32(0), stored)).shape  # takes no memory

    def _is_channels_first(self, stored: Sequence[tuple[Parameter, Shape]]) -> bool:
        """Whether some kernel fits in Theano's order and in no other."""
        for parameter, shape in stored:
            if id(parameter) in self._layers:
                kind = type(self._layers[id(parameter)]).__name__
                dummy = np.broadcast_to(np.float32(0), shape)
                ours, theirs = (_turned(dummy, kind, first, parameter.shape).shape for first in (False, True))
                if ours != parameter.shape == theirs:
                    return True
        return False


def _turned(kernel: Any, kind: str, channels_first: bool, wanted: Shape) -> Any:
    """A kernel of Keras 1 in today's order; as it is when it has another number of axes than Keras 1 gave it."""
    if kind == "Conv1D":  # (steps, 1, in, out) or, older, (out, in, steps, 1)
        if kernel.ndim != 4:
            return kernel
        newer = kernel[:, 0]
        return newer if newer.shape == wanted else kernel.transpose(2, 3, 1, 0)[:, 0]
    if kernel.ndim != (_CONVOLUTIONS | _TRANSPOSED)[kind] + 2:
        return kernel
    spatial = tuple(range(2, kernel.ndim)) if channels_first else tuple(range(kernel.ndim - 2))
    if kind in _TRANSPOSED:  # (rows, columns, in, out) or (out, in, rows, columns) there; (rows, columns, out, in) here
        return kernel.transpose(*spatial, *((0, 1) if channels_first else (kernel.ndim - 1, kernel.ndim - 2)))
    return kernel.transpose(*spatial, 1, 0) if channels_first else kernel


def _dense_behind_flatten(model: Any) -> dict[int, Shape]:
    """Dense kernels fed with flattened images: their ids, with the images' shapes, channels first.

    Theano's order flattens channel by channel, today's position by position.
    """
    found: dict[int, Shape] = {}
    flattened: Shape | None = None
    for layer in leaves(model):
        kind = type(layer).__name__
        if kind in _CONVOLUTIONS | _TRANSPOSED and layer.data_format == "channels_first":
            return {}
        if kind == "Flatten":
            *sizes, channels = layer.input_shape[1:]
            flattened = (channels, *sizes)
        elif kind == "Dense" and flattened is not None:
            if layer.kernel.shape[0] == math.prod(flattened):
                found[id(layer.kernel)] = flattened
            flattened = None
        elif layer.weights:
            flattened = None
    return found

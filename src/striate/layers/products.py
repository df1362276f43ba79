"""Weights of the user's own inside a network: `matmul(x, w) + b` in a layer's `call` is the layer Dense on them."""

from __future__ import annotations

from typing import Any

from striate.errors import ShapeError, UnavailableError
from striate.graph import Parameter
from striate.layers.dense import Dense
from striate.layers.symbolic import SymbolicTensor


class Product(Dense, common=True):
    """x @ kernel, or x @ kernel + bias, with parameters that are there already.

    Args:
        kernel: (channels, units).
        bias: (units,), or None.
    """

    def __init__(self, kernel: Parameter, bias: Parameter | None = None) -> None:
        super().__init__(kernel.shape[1], use_bias=bias is not None)
        made = {"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias}
        if len({parameter.trainable for parameter in made.values()}) > 1:
            raise _beside(f"{kernel.name} is trained and {made['bias'].name} is not, or the other way round")
        self._trainable = kernel.trainable
        self._parameters = made
        self.kernel, self.bias = kernel, bias
        self._built_shapes = ((kernel.shape[0],),)

    def as_dense(self) -> Dense:
        """The same as a layer that files hold, with the same parameters."""
        layer = Dense(self.units, use_bias=self.use_bias, name=self.name, trainable=self._trainable)
        layer._parameters, layer._built_shapes = self._parameters, self._built_shapes
        layer.kernel, layer.bias = self.kernel, self.bias
        return layer


def product(x: SymbolicTensor, kernel: Any) -> Any:
    """x @ kernel for a weight that `add_weight` gave.

    Raises:
        UnavailableError: something else than such a weight.
        ShapeError: one that does not fit.
    """
    if not isinstance(kernel, Parameter):
        raise _beside(f"matmul: got {x} and {kernel!r:.60}")
    if kernel.ndim != 2 or x.shape[-1] != kernel.shape[0]:
        raise ShapeError(f"matmul: got a tensor of shape {x.shape} and a weight of shape {kernel.shape}")
    return Product(kernel)(x)


def with_bias(x: SymbolicTensor, bias: Parameter) -> Any:
    """x + bias, for x a product.

    Raises:
        UnavailableError: it is none.
    """
    layer = x.call.layer
    if not isinstance(layer, Product) or layer.use_bias or bias.shape != (layer.units,):
        raise _beside(f"{x} + {bias.name}: is no matmul(x, w) + b")
    return Product(layer.kernel, bias)(x.call.inputs[0])


def _beside(message: str) -> UnavailableError:
    return UnavailableError(
        "weights of your own beside matmul(x, w) + b", message,
        "layers that have such weights: Dense, Conv2D, DepthwiseConv2D, BatchNormalization, PReLU, Embedding.",
    )  # fmt: skip

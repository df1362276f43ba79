"""The layer that stands for the images themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.errors import ShapeError, StriateError
from striate.graph import Graph, Node, Shape, operations
from striate.layers import arguments
from striate.layers.base import Layer, Step


class InputLayer(Layer):
    """The images: their shape, without the batch.

    Args:
        shape: such as (28, 28, 1). Every size must be known.
        batch_size: kept for the configuration; batches may have any size.
        dtype: the type of the arrays to come, such as "uint8"; computation is in float32.
        sparse, ragged, optional: must be None or False.
        batch_shape: in place of `shape`, with the batch in front: (None, 28, 28, 1).
        input_tensor: must be None.
        name: the layer's name.
        **options: `input_shape` or `batch_input_shape`, older names of `shape` and `batch_shape`.

    Raises:
        StriateError: no shape, two shapes, or a shape with unknown sizes.
    """

    def __init__(
        self,
        shape: Sequence[int] | int | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        input_tensor: None = None,
        optional: bool = False,
        name: str | None = None,
        **options: Any,
    ) -> None:
        shape = options.pop("input_shape", shape)
        batch_shape = options.pop("batch_input_shape", batch_shape)
        super().__init__(name=name, **options)
        extras = {"sparse": sparse, "ragged": ragged, "input_tensor": input_tensor, "optional": optional}
        for argument, value in extras.items():
            arguments.nothing(self.name, argument, value, "leave it out")
        if (shape is None) == (batch_shape is None):
            raise StriateError(f"{self.name}: expected either shape or batch_shape, such as shape=(28, 28, 1)")
        if batch_shape is not None:
            shape, batch_size = tuple(batch_shape)[1:], next(iter(batch_shape), None)
        self.shape = self.declared_input_shape = arguments.image_shape(self.name, "shape", shape)
        self.batch_size = None if batch_size is None else arguments.whole(self.name, "batch_size", batch_size)
        self.dtype = _numeric(self.name, dtype)
        self._built_shape = self.shape

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """The shape with the batch in front, None if it may have any size."""
        return (self.batch_size, *self.shape)

    def steps(self, shape: Shape) -> list[Step]:
        """Nothing but a check of the shape."""
        if shape != self.shape:
            raise ShapeError(f"{self.name}: expected images of shape {self.shape}, got {shape}")
        return []

    def lower(self, graph: Graph, *inputs: Node) -> Node:
        """Add the input itself to a graph; an input that is there already is only checked."""
        if inputs:
            return super().lower(graph, *inputs)
        return graph.add(operations.Input(self.shape), name=self.name)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, in the form in which Keras writes it."""
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "sparse": False, "name": self.name}


def Input(
    shape: Sequence[int] | int | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: None = None,
    optional: bool = False,
) -> InputLayer:
    """The start of a model: images of some shape; arguments as in `InputLayer`."""
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name)


def _numeric(layer: str, dtype: Any) -> str:
    """Name of a type of numbers that arrays may come in."""
    wrong = f'{layer}: got dtype={dtype!r}, expected a type of numbers such as "float32" or "uint8"'
    try:
        found = np.dtype("float32" if dtype is None else dtype)
    except TypeError:
        raise StriateError(wrong) from None
    if found.kind not in "fiub":
        raise StriateError(wrong)
    return str(found)

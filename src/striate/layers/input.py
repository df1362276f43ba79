"""The start of a network: the layer that stands for the images themselves, and its symbolic tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.errors import ShapeError, StriateError
from striate.graph import Graph, Node, Shape, operations
from striate.layers import arguments
from striate.layers.base import Layer, Step
from striate.layers.shapes import OpenShape, is_open
from striate.layers.symbolic import Call, SymbolicTensor


class InputLayer(Layer):
    """The images: their shape, without the batch.

    Args:
        shape: such as (28, 28, 1). A size of None is open: the network takes images of any size there.
        batch_size: kept for the configuration; batches may have any size.
        dtype: the type of the arrays to come, such as "uint8"; computation is in float32.
        sparse, ragged, optional: must be None or False.
        batch_shape: in place of `shape`, with the batch in front: (None, 28, 28, 1).
        input_tensor: must be None.
        name: the layer's name.
        **options: `input_shape` or `batch_input_shape`, older names of `shape` and `batch_shape`.

    Raises:
        StriateError: no shape, two shapes, or one that is none.
    """

    def __init__(
        self,
        shape: Sequence[int | None] | int | None = None,
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
        self.shape: OpenShape = arguments.open_shape(self.name, "shape", shape)
        self.declared_input_shape = self.shape
        self.batch_size = None if batch_size is None else arguments.whole(self.name, "batch_size", batch_size)
        self.dtype = _numeric(self.name, dtype)
        self._built_shapes = (self.shape,)
        call = Call(self, (), (), [], 0)
        call.outputs.append(SymbolicTensor(self.shape, call, dtype=self.dtype))
        self.calls.append(call)

    @property
    def batch_shape(self) -> OpenShape:
        """The shape with the batch in front, None if it may have any size."""
        return (self.batch_size, *self.shape)

    @property
    def input(self) -> SymbolicTensor:
        """The same as `output`."""
        return self.calls[0].outputs[0]

    def steps(self, shape: Shape) -> list[Step]:
        """Nothing but a check of the shape."""
        if not fits(shape, self.shape):
            raise ShapeError(f"{self.name}: expected images of shape {self.shape}, got {shape}")
        return []

    def lower_all(
        self, graph: Graph, inputs: Sequence[Node], name: str | None = None, training: bool | None = None
    ) -> list[Node]:
        """Add the input itself to a graph; an input that is there already is only checked."""
        if inputs:
            return super().lower_all(graph, inputs, name, training)
        if is_open(self.shape):
            raise ShapeError(f"{self.name}: has the shape {self.batch_shape} with open sizes; give images for them")
        return [graph.add(operations.Input(tuple(size or 0 for size in self.shape)), name=name or self.name)]

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, in the form in which Keras writes it."""
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "sparse": False, "name": self.name}


def Input(
    shape: Sequence[int | None] | int | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: None = None,
    optional: bool = False,
) -> SymbolicTensor:
    """The start of a network: a symbolic tensor for images of some shape; arguments as in `InputLayer`."""
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output  # type: ignore[no-any-return]


def fits(shape: OpenShape, expected: OpenShape) -> bool:
    """Whether images of a shape are what an input expects; on either side some sizes may be open."""
    pairs = zip(shape, expected, strict=False)
    return len(shape) == len(expected) and all(got is None or want in (None, got) for got, want in pairs)


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

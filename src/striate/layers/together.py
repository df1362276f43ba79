"""Symbolic tensors that stand for a whole batch, as losses of the user's own have them.

A network computes each image by itself, but a loss may measure a batch: `1 - 2 * K.sum(t * y) / (K.sum(t) + K.sum(y))`.
So while a loss is traced, sums and means may go over the batch, too: over all axes together, to one number. And
`K.flatten` puts all numbers of a batch in a row, of which nothing is wanted but what each becomes, their sum and mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

import numpy as np

from striate.errors import ShapeError, StriateError, UnavailableError
from striate.graph import operations
from striate.layers.base import Layer, Step
from striate.layers.shapes import OpenShape
from striate.layers.symbolic import SymbolicTensor

_in_losses: ContextVar[bool] = ContextVar("in_losses", default=False)
_OF_EACH_NUMBER = (operations.Activation, operations.Affine, operations.Add, operations.Combine)
_OF_CHANNELS = ("log_softmax", "sparsemax")


class Together(SymbolicTensor):
    """One number for the whole batch, where the shape of an image is (); else all numbers of the batch in a row."""

    @property
    def shape(self) -> OpenShape:
        """() or (None,)."""
        return (None,) if self.image_shape else ()


class OverBatch(Layer, common=True):
    """y_i = the sum or the average of x_j over all images j of the batch.

    Args:
        kind: "sum" or "average".
        **options: `name`.
    """

    def __init__(self, kind: Literal["sum", "average"], **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def steps(self, *shapes: Any) -> list[Step]:
        """One operation."""
        return [Step(self.kind, operations.OverBatch(self.kind))]


@contextmanager
def tracing_losses() -> Iterator[None]:
    """Inside, sums and means may go over the batch."""
    before = _in_losses.set(True)
    try:
        yield
    finally:
        _in_losses.reset(before)


def in_a_row(x: SymbolicTensor, function: str) -> Any:
    """All numbers of a batch along one axis.

    Raises:
        UnavailableError: outside of losses.
    """
    if isinstance(x, Together):
        return x
    if not _in_losses.get():
        raise UnavailableError(
            f"{function} of a whole batch inside a network", f"{x}: each image stays by itself",
            "keras.layers.Flatten(), or keras.backend.batch_flatten.",
        )  # fmt: skip
    from striate.layers.reshaping import Flatten

    return _marked(Flatten()(x))


def reduced(kind: str, x: SymbolicTensor, axis: Any, keepdims: bool) -> Any:
    """The "sum" or "mean" over axes that the batch is among; None where it is not, or no loss is traced.

    Raises:
        UnavailableError: something else than a sum or a mean, or over the batch but not over all axes.
    """
    if not _in_losses.get():
        return None
    given = range(x.ndim) if axis is None else [int(each) for each in np.reshape(axis, -1)]
    axes = {each + x.ndim if each < 0 else each for each in given}
    if isinstance(x, Together) and not x.image_shape and not axes and kind in ("sum", "mean", "max", "min"):
        return x
    if 0 not in axes:
        return None
    if axes != set(range(x.ndim)) or kind not in ("sum", "mean"):
        raise UnavailableError(
            f'"{kind}" over a batch, in a loss', f"{x}: got axis={axis}",
            "sums and means over all axes (no axis), or over those behind the batch's, such as axis=-1.",
        )  # fmt: skip
    from striate.layers.elementwise import Mean, Sum

    inside = tuple(range(1, len(x.image_shape) + 1))
    layer = Sum if kind == "sum" else Mean
    within = layer(inside)(x) if inside else x
    return _marked(OverBatch("sum" if kind == "sum" else "average")(within))


def stays(layer: Layer, inputs: Sequence[SymbolicTensor], shapes: Sequence[OpenShape]) -> bool:
    """Whether what a layer makes of tensors is of the whole batch, as some of them are.

    Raises:
        StriateError: numbers in a row beside those of single images, or a layer that looks at their order.
    """
    if isinstance(layer, OverBatch) or (type(layer).__name__ in ("Sum", "Mean") and len(inputs) == 1):
        return False  # in `reduced`, which marks its result
    rows = [tensor for tensor in inputs if isinstance(tensor, Together) and tensor.image_shape]
    if not rows:
        return all(isinstance(tensor, Together) for tensor in inputs)
    sizes = [tuple(size or 0 for size in tensor.image_shape) for tensor in inputs]
    own = [step.operation for step in layer.all_steps(*sizes)]
    each = all(isinstance(one, _OF_EACH_NUMBER) and getattr(one, "function", "") not in _OF_CHANNELS for one in own)
    if len({tensor.image_shape for tensor in rows}) > 1:
        given = " and ".join(str(tensor.image_shape[0]) for tensor in rows)
        raise ShapeError(f"{layer.name}: got {given} numbers of each image in a row, expected as many")
    if not each or any(shape != rows[0].image_shape for shape in shapes) or len(rows) != sum(map(bool, sizes)):
        raise StriateError(f"{layer.name}: numbers of a batch in a row take functions of each number, sums and means")
    return all(isinstance(tensor, Together) for tensor in inputs)


def _marked(tensor: SymbolicTensor) -> Together:
    """The same output of its call, as one of the whole batch."""
    made = Together(tensor.image_shape, tensor.call, tensor.index, tensor.dtype)
    tensor.call.outputs[tensor.index] = made
    return made


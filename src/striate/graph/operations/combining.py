"""Operations with several inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from striate.errors import ShapeError
from striate.graph.operations.base import Operation
from striate.graph.shapes import Shape


@dataclass(frozen=True)
class Add(Operation):
    """Elementwise sum of inputs of one shape."""

    arity: ClassVar[int | None] = None

    def output_shape(self, *inputs: Shape) -> Shape:
        for shape in inputs[1:]:
            if shape != inputs[0]:
                raise ShapeError(f"cannot add {shape} to {inputs[0]}; all inputs need one shape")
        return inputs[0]


@dataclass(frozen=True)
class Concat(Operation):
    """The inputs side by side along the channels."""

    arity: ClassVar[int | None] = None

    def output_shape(self, *inputs: Shape) -> Shape:
        for shape in inputs[1:]:
            if shape[:-1] != inputs[0][:-1]:
                raise ShapeError(f"cannot concatenate {shape} with {inputs[0]}; all but the channels must be equal")
        return (*inputs[0][:-1], sum(shape[-1] for shape in inputs))

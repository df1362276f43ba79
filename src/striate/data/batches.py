"""Batches: several elements as one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from striate.data.specification import TensorSpec
from striate.data.stages import Run, Stage
from striate.data.structure import Element, mapped, stacked
from striate.errors import ShapeError
from striate.tensors import Tensor


class Batch(Stage):
    """So many elements as one, along a new first axis; the last batch may be smaller, or is left out.

    Rows of arrays in memory are gathered a batch at a time.
    """

    name = "batch"

    def __init__(self, parent: Stage, size: int, drop_remainder: bool) -> None:
        super().__init__(parent)
        self.parent, self.size, self.drop_remainder = parent, size, drop_remainder

    def elements(self, run: Run) -> Iterator[Element]:
        table = self.parent.table
        if table is not None:
            for positions in self._groups(self.parent.positions(run)):
                yield table.rows(positions)
        else:
            for elements in self._groups(self.parent.elements(run)):
                yield self.put_together(elements)

    def put_together(self, elements: list[Element]) -> Element:
        """One batch."""
        return stacked(elements, self.name)

    def _groups(self, items: Iterator[Any]) -> Iterator[list[Any]]:
        while group := list(islice(items, self.size)):
            if len(group) == self.size or not self.drop_remainder:
                yield group

    def count(self) -> int:
        count = self.parent.count()
        return count if count < 0 else count // self.size if self.drop_remainder else -(-count // self.size)

    def spec(self) -> Any:
        size = self.size if self.drop_remainder else None
        return mapped(lambda spec: _batched(spec, size), self.parent.spec())


def _batched(spec: TensorSpec, size: int | None) -> TensorSpec:
    return TensorSpec(None if spec.shape is None else (size, *spec.shape), spec.dtype)


class PaddedBatch(Batch):
    """Batches of elements of different sizes: each is filled up, at the end of its axes.

    shapes: in the structure of an element, the shape for all: None or -1 for the largest of the batch. None: all so.
    values: in the structure of an element, what to fill up with. None: 0 or "".
    """

    name = "padded_batch"

    def __init__(self, parent: Stage, size: int, shapes: Any, values: Any, drop_remainder: bool) -> None:
        super().__init__(parent, size, drop_remainder)
        self.shapes, self.values = shapes, values

    def elements(self, run: Run) -> Iterator[Element]:
        return map(self.put_together, self._groups(self.parent.elements(run)))

    def put_together(self, elements: list[Element]) -> Element:
        structure = elements[0]
        values = self.values if isinstance(self.values, (tuple, dict)) else mapped(lambda leaf: self.values, structure)
        forms = _by_leaf(self.shapes, structure)
        return mapped(lambda form, value, *arrays: self._padded(form.shape, value, arrays), forms, values, *elements)

    def _padded(self, wanted: Any, value: Any, arrays: tuple[Tensor, ...]) -> Tensor:
        sizes = [max(lengths) for lengths in zip(*(array.shape for array in arrays), strict=True)]
        if wanted is not None:
            if len(wanted) != len(sizes):
                raise ShapeError(f"{self.name}: got padded_shapes={wanted} for elements of shape {arrays[0].shape}")
            sizes = [size if want in (None, -1) else want for size, want in zip(sizes, wanted, strict=True)]
        dtype = arrays[0].dtype
        result = np.full((len(arrays), *sizes), (b"" if dtype.kind == "O" else 0) if value is None else value, dtype)
        for i, array in enumerate(arrays):
            if any(n > size for n, size in zip(array.shape, sizes, strict=True)):
                raise ShapeError(f"{self.name}: an element of shape {array.shape} does not fit padded_shapes={wanted}")
            filled: tuple[Any, ...] = (i, *(slice(n) for n in array.shape))
            result[filled] = array[()]
        return result.view(Tensor)

    def spec(self) -> Any:
        forms = _by_leaf(self.shapes, self.parent.spec())
        size = self.size if self.drop_remainder else None
        return mapped(lambda form, spec: _batched(_open(form.shape, spec), size), forms, self.parent.spec())


class _Form:
    """A wanted shape as a leaf: it is a tuple itself."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


def _by_leaf(shapes: Any, structure: Any) -> Any:
    """The wanted shape for each leaf of a structure."""
    if isinstance(structure, dict):
        return {key: _by_leaf(None if shapes is None else shapes[key], part) for key, part in structure.items()}
    if isinstance(structure, tuple):
        each = [None] * len(structure) if shapes is None else shapes
        return tuple(_by_leaf(shape, part) for shape, part in zip(each, structure, strict=True))
    return _Form(shapes)


def _open(wanted: Any, spec: TensorSpec) -> TensorSpec:
    if wanted is None:
        wanted = [None] * len(spec.shape or ())
    return TensorSpec([None if size == -1 else size for size in wanted], spec.dtype)

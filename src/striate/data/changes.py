"""Stages that change elements one by one, leave some out, or make several of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count as counting
from itertools import islice
from typing import Any

import numpy as np

from striate.data.specification import TensorSpec
from striate.data.stages import INFINITE, UNKNOWN, Run, Stage
from striate.data.structure import Element, element, leaves, mapped
from striate.errors import DataError, ShapeError
from striate.random import sequence_of
from striate.tensors import Tensor


class Map(Stage):
    """A function of each element."""

    name = "map"
    random = True  # the function may be

    def __init__(self, parent: Stage, function: Callable[..., Any]) -> None:
        super().__init__(parent)
        self.parent, self.function = parent, function

    def elements(self, run: Run) -> Iterator[Element]:
        stream = run.stream()
        for number, value in enumerate(self.parent.elements(run)):
            with sequence_of(run.seed, stream, number):  # the same numbers for an element, whenever it is made
                result = called(self.function, value)
            yield element(result, self.name)

    def count(self) -> int:
        return self.parent.count()

    def spec(self) -> Any:
        """Of the first element; its first size is open where the batch before the function has an open size."""
        batch = {spec.shape[0] for spec in leaves(self.parent.spec()) if spec.shape}
        first = self.parent.first()
        sizes = {len(array) for array in leaves(first) if array.ndim} if None in batch else set()
        result = element(called(self.function, first), self.name)
        return mapped(lambda array: _opened(TensorSpec.of(array), sizes), result)


def _opened(spec: TensorSpec, sizes: set[int]) -> TensorSpec:
    if not spec.shape or spec.shape[0] not in sizes:
        return spec
    return TensorSpec((None, *spec.shape[1:]), spec.dtype)


def called(function: Callable[..., Any], value: Element) -> Any:
    """A user's function of an element; the parts of a tuple are its arguments."""
    return function(*value) if isinstance(value, tuple) else function(value)


class Filter(Stage):
    """The elements of which a function is true."""

    name = "filter"
    random = True

    def __init__(self, parent: Stage, predicate: Callable[..., Any], end: bool = False) -> None:
        """end: whether nothing comes after the first element of which it is false."""
        super().__init__(parent)
        self.parent, self.predicate, self.end = parent, predicate, end

    def elements(self, run: Run) -> Iterator[Element]:
        for value in self.parent.elements(run):
            kept = called(self.predicate, value)
            if np.ndim(kept) or np.asarray(kept).dtype != np.bool_:
                raise DataError(f"{self.name}: the function returned {kept!r}, expected True or False")
            if kept:
                yield value
            elif self.end:
                return

    def count(self) -> int:
        return UNKNOWN

    def spec(self) -> Any:
        return self.parent.spec()


class Enumerate(Stage):
    """Each element with its number: (number, element)."""

    name = "enumerate"

    def __init__(self, parent: Stage, start: int) -> None:
        super().__init__(parent)
        self.parent, self.start = parent, start

    def elements(self, run: Run) -> Iterator[Element]:
        numbers = (np.asarray(number, np.int64).view(Tensor) for number in counting(self.start))
        return zip(numbers, self.parent.elements(run), strict=False)

    def count(self) -> int:
        return self.parent.count()

    def spec(self) -> Any:
        return (TensorSpec((), np.int64), self.parent.spec())


class Unbatch(Stage):
    """The rows of each element."""

    name = "unbatch"

    def __init__(self, parent: Stage) -> None:
        super().__init__(parent)
        self.parent = parent

    def elements(self, run: Run) -> Iterator[Element]:
        for value in self.parent.elements(run):
            sizes = {array.shape[:1] for array in leaves(value)}
            if len(sizes) != 1 or () in sizes:
                shapes = [array.shape for array in leaves(value)]
                raise ShapeError(f"{self.name}: got arrays of the shapes {shapes}, expected as many rows in all")
            for i in range(len(leaves(value)[0])):
                yield mapped(lambda array, i=i: array[i], value)

    def count(self) -> int:
        return 0 if self.parent.count() == 0 else UNKNOWN

    def spec(self) -> Any:
        return mapped(lambda spec: TensorSpec(spec.shape[1:], spec.dtype), self.parent.spec())


class FlatMap(Stage):
    """All elements of the data set that a function makes of each element.

    cycle: so many of these data sets are read in turn, `block` elements of each.
    """

    random = True

    def __init__(
        self, parent: Stage, function: Callable[..., Any], name: str = "flat_map", cycle: int = 1, block: int = 1
    ) -> None:
        super().__init__(parent)
        self.parent, self.function, self.name, self.cycle, self.block = parent, function, name, cycle, block

    def elements(self, run: Run) -> Iterator[Element]:
        inner = (self._stage_of(value).elements(run) for value in self.parent.elements(run))
        open_now: list[Iterator[Element] | None] = list(islice(inner, self.cycle))
        while any(iterator is not None for iterator in open_now):
            for i, iterator in enumerate(open_now):
                if iterator is None:
                    continue
                given = 0
                for value in islice(iterator, self.block):
                    given += 1
                    yield value
                if given < self.block:
                    open_now[i] = next(inner, None)

    def _stage_of(self, value: Element) -> Stage:
        made = called(self.function, value)
        stage = getattr(made, "_stage", None)
        if not isinstance(stage, Stage):
            raise DataError(f"{self.name}: the function returned a {type(made).__name__}, expected a Dataset")
        return stage

    def count(self) -> int:
        return self.parent.count() if self.parent.count() == 0 else UNKNOWN


class Zip(Stage):
    """Elements of several data sets side by side, until one of them ends.

    structure: tuples and dictionaries of stages.
    """

    name = "zip"

    def __init__(self, structure: Any) -> None:
        super().__init__(*leaves(structure))
        self.structure = structure

    def elements(self, run: Run) -> Iterator[Element]:
        for values in zip(*(parent.elements(run) for parent in self.parents), strict=False):
            coming = iter(values)
            yield mapped(lambda stage, coming=coming: next(coming), self.structure)

    def count(self) -> int:
        counts = [parent.count() for parent in self.parents]
        if UNKNOWN in counts:
            return UNKNOWN
        return min((count for count in counts if count != INFINITE), default=INFINITE)

    def spec(self) -> Any:
        return mapped(lambda stage: stage.spec(), self.structure)


class Concatenate(Stage):
    """The elements of one data set, then those of another."""

    name = "concatenate"

    def elements(self, run: Run) -> Iterator[Element]:
        for parent in self.parents:
            yield from parent.elements(run)

    def count(self) -> int:
        counts = [parent.count() for parent in self.parents]
        for special in (INFINITE, UNKNOWN):
            if special in counts:
                return special
        return sum(counts)

    def spec(self) -> Any:
        first, *others = [parent.spec() for parent in self.parents]
        for other in others:
            first = mapped(_common, first, other)
        return first


def _common(a: TensorSpec, b: TensorSpec) -> TensorSpec:
    """Open where two specifications differ."""
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return TensorSpec(None, a.dtype)
    return TensorSpec([n if n == m else None for n, m in zip(a.shape, b.shape, strict=True)], a.dtype)

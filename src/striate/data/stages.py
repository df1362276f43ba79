"""The stages of a pipeline: each goes through the one before and hands elements on, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.data.specification import TensorSpec
from striate.data.structure import Element, leaves, mapped
from striate.errors import DataError
from striate.random import generator
from striate.tensors import Tensor

if TYPE_CHECKING:
    from numpy.random import Generator

INFINITE = -1
UNKNOWN = -2


class Run:
    """One going-through of a pipeline. Its random numbers follow from a seed and from the order in which they begin.

    peek: nothing but the kind of the first element is asked for: nothing is shuffled, kept or counted.
    """

    def __init__(self, seed: int, peek: bool = False) -> None:
        self.seed = seed
        self.peek = peek
        self._streams = 0

    def stream(self) -> int:
        """Which of the stages that draw random numbers one that begins is."""
        self._streams += 1
        return self._streams

    def generator(self) -> Generator:
        """New random numbers, for a stage that begins."""
        return generator(self.seed, self.stream())


class Stage:
    """Base of all stages.

    name: of the method of `Dataset` that made it.
    parents: the stages that it reads.
    """

    name: str
    random = False  # whether the stage itself draws random numbers

    def __init__(self, *parents: Stage) -> None:
        self.parents = parents

    def elements(self, run: Run) -> Iterator[Element]:
        """All elements, in order, from the first on."""
        raise NotImplementedError(f"{type(self).__name__} has no elements")

    def count(self) -> int:
        """How many elements there are; INFINITE or UNKNOWN."""
        raise NotImplementedError(f"{type(self).__name__} has no count")

    def spec(self) -> Any:
        """Shapes and types of an element: TensorSpecs in its structure. Here: those of the first."""
        return mapped(TensorSpec.of, self.first())

    def first(self) -> Element:
        """The first element, or one like it.

        Raises:
            DataError: there is none.
        """
        for value in self.elements(Run(0, peek=True)):
            return value
        raise DataError("element_spec: the data set is empty, so its elements have no shape or type")

    @property
    def draws(self) -> bool:
        """Whether this stage or one before it draws random numbers."""
        return self.random or any(parent.draws for parent in self.parents)

    @property
    def table(self) -> Table | None:
        """Where the elements are rows of arrays in memory, in some order: these arrays. `positions` is the order."""
        return None

    def positions(self, run: Run) -> Iterator[int]:
        """Which rows of the table the elements are."""
        raise NotImplementedError(f"{type(self).__name__} has no table")

    def __repr__(self) -> str:
        return self.name


class Table:
    """Arrays that have the same number of rows, in a structure. They are handed out as views that cannot be written.

    Args:
        arrays: tensors in tuples and dictionaries.
    """

    def __init__(self, arrays: Element) -> None:
        self.arrays = mapped(_unwritable, arrays)
        self.count = len(leaves(self.arrays)[0])

    def row(self, position: int) -> Element:
        """One element."""
        return mapped(lambda array: array[position], self.arrays)

    def rows(self, positions: list[int]) -> Element:
        """Several elements as one: a view where they lie one behind the other, else a copy."""
        first, last = positions[0], positions[-1] + 1
        if positions == list(range(first, last)):
            return mapped(lambda array: array[first:last], self.arrays)
        index = np.array(positions)
        return mapped(lambda array: array.take(index, axis=0), self.arrays)


def _unwritable(array: Tensor) -> Tensor:
    view: Tensor = array.view()
    view.flags.writeable = False
    return view

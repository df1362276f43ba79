"""Windows over a data set: each is a data set of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from striate.data.stages import Run, Stage
from striate.data.structure import Element, mapped
from striate.errors import DataError


class Window(Stage):
    """Data sets of `size` elements, `stride` apart, that begin `shift` apart.

    Where elements are tuples or dictionaries, a window is one of data sets. With `drop` windows that the end cuts
    short are left out.
    """

    name = "window"

    def __init__(self, parent: Stage, size: int, shift: int, stride: int, drop: bool) -> None:
        super().__init__(parent)
        self.parent, self.size, self.shift, self.stride, self.drop = parent, size, shift, stride, drop

    @property
    def _reach(self) -> int:
        """How many elements a window lies over."""
        return (self.size - 1) * self.stride + 1

    def elements(self, run: Run) -> Iterator[Element]:
        rest = self.parent.elements(run)
        held: list[Element] = list(islice(rest, self._reach))
        while held:
            members = held[: self._reach : self.stride]
            if len(members) < self.size and self.drop:
                return
            yield _data_sets(members)
            missing = self.shift - len(held)
            if missing > 0 and len(list(islice(rest, missing))) < missing:
                return
            held = held[self.shift :]
            held += islice(rest, self._reach - len(held))

    def count(self) -> int:
        count = self.parent.count()
        if count < 0:
            return count
        return max((count - self._reach) // self.shift + 1, 0) if self.drop else -(-count // self.shift)

    def spec(self) -> Any:
        raise DataError("element_spec: windows are data sets; make tensors of them with flat_map(lambda w: w.batch(n))")


class Members(Stage):
    """The elements of a window."""

    name = "window"

    def __init__(self, members: Sequence[Element]) -> None:
        super().__init__()
        self.members = members

    def elements(self, run: Run) -> Iterator[Element]:
        return iter(self.members)

    def count(self) -> int:
        return len(self.members)


def _data_sets(members: Sequence[Element]) -> Any:
    from striate.data.dataset import Dataset

    return mapped(lambda *parts: Dataset(Members(parts)), *members)

"""Stages that leave elements as they are: which come, how often and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from striate.data.stages import INFINITE, UNKNOWN, Run, Stage, Table
from striate.data.structure import Element
from striate.random import generator, next_seed

if TYPE_CHECKING:
    from numpy.random import Generator

T = TypeVar("T")
Begin = Callable[[], Iterator[T]]  # goes through the stage before, from the first element on

DRAWN = 1024  # random numbers drawn at once


class Selection(Stage):
    """Base of these stages. A subclass says in `select` what it does, to elements and to rows of a table alike."""

    def __init__(self, parent: Stage) -> None:
        super().__init__(parent)
        self.parent = parent

    def select(self, run: Run, begin: Begin[T]) -> Iterator[T]:
        """The elements that come, of those of the stage before."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it selects")

    def elements(self, run: Run) -> Iterator[Element]:
        if self.table is not None:
            return map(self.table.row, self.positions(run))
        return self.select(run, lambda: self.parent.elements(run))

    def positions(self, run: Run) -> Iterator[int]:
        return self.select(run, lambda: self.parent.positions(run))

    @property
    def table(self) -> Table | None:
        return self.parent.table

    def count(self) -> int:
        return self.parent.count()

    def spec(self) -> Any:
        return self.parent.spec()


class Take(Selection):
    """The first elements; all for -1."""

    name = "take"

    def __init__(self, parent: Stage, wanted: int) -> None:
        super().__init__(parent)
        self.wanted = wanted

    def select(self, run: Run, begin: Begin[T]) -> Iterator[T]:
        return begin() if self.wanted == INFINITE else islice(begin(), self.wanted)

    def count(self) -> int:
        count = super().count()
        if INFINITE in (self.wanted, count):
            return max(self.wanted, count) if count != UNKNOWN else UNKNOWN
        return UNKNOWN if count == UNKNOWN else min(count, self.wanted)


class Skip(Selection):
    """All but the first elements; none for -1."""

    name = "skip"

    def __init__(self, parent: Stage, unwanted: int) -> None:
        super().__init__(parent)
        self.unwanted = unwanted

    def select(self, run: Run, begin: Begin[T]) -> Iterator[T]:
        return iter(()) if self.unwanted == -1 else islice(begin(), self.unwanted, None)

    def count(self) -> int:
        count = super().count()
        if self.unwanted == -1:
            return 0
        return count if count < 0 else max(count - self.unwanted, 0)


class Repeat(Selection):
    """Everything several times; without an end for -1."""

    name = "repeat"

    def __init__(self, parent: Stage, times: int) -> None:
        super().__init__(parent)
        self.times = times

    def select(self, run: Run, begin: Begin[T]) -> Iterator[T]:
        done = 0
        while done != self.times:
            empty = True
            for item in begin():
                empty = False
                yield item
            if empty:  # it will stay so, and never end
                return
            done += 1

    def count(self) -> int:
        count = super().count()
        if 0 in (count, self.times):
            return 0
        if INFINITE in (count, self.times):
            return INFINITE
        return UNKNOWN if count == UNKNOWN else count * self.times


class Shard(Selection):
    """Every so-manieth element."""

    name = "shard"

    def __init__(self, parent: Stage, shards: int, index: int) -> None:
        super().__init__(parent)
        self.shards, self.index = shards, index

    def select(self, run: Run, begin: Begin[T]) -> Iterator[T]:
        return islice(begin(), self.index, None, self.shards)

    def count(self) -> int:
        count = super().count()
        return count if count < 0 else len(range(self.index, count, self.shards))


class Shuffle(Selection):
    """A random order: of the elements that a buffer holds one goes out, and the next one that comes takes its place.

    With a buffer for all elements each order is equally likely.
    """

    name = "shuffle"
    random = True

    def __init__(self, parent: Stage, buffer: int | None, seed: int | None, again: bool) -> None:
        """buffer: None: for all elements. again: whether the order is another one each time."""
        super().__init__(parent)
        self._buffer, self._seed, self._again = buffer, seed, again
        self._passes = 0

    def select(self, run: Run, begin: Begin[T]) -> Iterator[T]:
        if run.peek:
            yield from begin()
            return
        random = self._generator(run)
        coming = begin()
        held = list(islice(coming, self._buffer))
        places = _places(random, len(held))
        for item in coming:
            place = next(places)
            out, held[place] = held[place], item
            yield out
        for place in random.permutation(len(held)).tolist():
            yield held[place]

    def _generator(self, run: Run) -> Generator:
        if self._seed is None:
            if self._again:
                return run.generator()
            self._seed = next_seed()
        self._passes += 1
        return generator(self._seed, self._passes if self._again else 0)


def _places(random: Generator, count: int) -> Iterator[int]:
    """Numbers from 0 to below count, without an end."""
    while True:
        yield from random.integers(count, size=DRAWN).tolist()


class Cache(Selection):
    """The elements as they came the first time that all were gone through."""

    name = "cache"

    def __init__(self, parent: Stage) -> None:
        super().__init__(parent)
        self._kept: list[Any] | None = None

    def select(self, run: Run, begin: Begin[T]) -> Iterator[T]:
        if self._kept is not None:
            yield from self._kept
            return
        kept = []
        for item in begin():
            kept.append(item)
            yield item
        if not run.peek:
            self._kept = kept

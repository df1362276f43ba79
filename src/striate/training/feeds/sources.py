"""What users give batches with: generators, Sequences, Datasets, iterators of images; each as passes of batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from striate import random
from striate.errors import DataError


@dataclass(frozen=True)
class Piece:
    """One or more batches as they came.

    batch_size: images in a batch; None: all of it is one batch.
    """

    x: Any
    y: Any = None
    weights: Any = None
    batch_size: int | None = None

    @property
    def batches(self) -> int:
        """How many."""
        return 1 if self.batch_size is None else max(-(-len(_first(self.x)) // self.batch_size), 1)

    def split(self) -> list[Piece]:
        """Each batch alone."""
        if self.batch_size is None:
            return [self]
        cuts = [slice(k * self.batch_size, (k + 1) * self.batch_size) for k in range(self.batches)]
        return [Piece(*(_cut(value, cut) for value in (self.x, self.y, self.weights))) for cut in cuts]


def _first(value: Any) -> Any:
    """The array, or the first of several."""
    return _first(value[0]) if isinstance(value, (list, tuple)) else value


def _cut(value: Any, cut: slice) -> Any:
    """A part of an array, or of each of several."""
    if isinstance(value, (list, tuple)):
        return [_cut(entry, cut) for entry in value]
    return None if value is None else value[cut]


END = object()  # what a pass ends with


class Source(ABC):
    """Batches in passes.

    Attributes:
        kind: what errors call it.
        length: batches in a pass; None: not known.
        endless: whether it is known that a pass has no end.
        restarts: whether another pass can begin.
        ends_for_good: whether it is known that there is one pass only.
        repeats: whether an epoch with more steps than a pass goes on with the next pass.
        advice: what to do where single images come for batches.
        listener: what has the methods `on_epoch_begin` and `on_epoch_end`, if anything has.
    """

    kind: str
    length: int | None = None
    endless: bool = False
    restarts: bool = True
    ends_for_good: bool = False
    repeats: bool = False
    listener: Any = None
    advice: str = ""

    @abstractmethod
    def begin(self, seed: int, iterations: int, shuffle: bool) -> None:
        """Begin a pass."""

    @abstractmethod
    def pull(self, limit: int) -> Any:
        """The next batch as it comes, or a Piece of no more than `limit` batches; END at the end of the pass."""

    def epoch_begins(self) -> None:
        """Called before the first batch of each epoch."""
        self._tell("on_epoch_begin")

    def epoch_ends(self) -> None:
        """Called after the last batch of each epoch."""
        self._tell("on_epoch_end")

    def _tell(self, hook: str) -> None:
        function = getattr(self.listener, hook, None)
        if callable(function):
            function()


class IteratorSource(Source):
    """A generator or another iterator: one pass, once. Those of a class in Python may go on after their end."""

    restarts = False

    def __init__(self, iterator: Iterator[Any]) -> None:
        from striate.training.feeds.endless import is_endless

        self.kind = "the generator" if hasattr(iterator, "gi_code") else f"the {type(iterator).__name__}"
        self.endless = is_endless(iterator)
        self.ends_for_good = not isinstance(getattr(type(iterator), "__next__", None), FunctionType)
        self._iterator = iterator

    def begin(self, seed: int, iterations: int, shuffle: bool) -> None:
        pass

    def pull(self, limit: int) -> Any:
        return next(self._iterator, END)


class IterableSource(Source):
    """A Dataset, a DataLoader or anything else that gives a new iterator for each pass."""

    def __init__(self, iterable: Any) -> None:
        self.kind = f"the {type(iterable).__name__}"
        self._iterable = iterable
        self._iterator: Iterator[Any] = iter(())
        self._measure()

    def _measure(self) -> None:
        if callable(getattr(self._iterable, "cardinality", None)):
            self.advice = f"; {self.kind} gives single images; put .batch(32) after it"
            count = int(self._iterable.cardinality())
            self.length, self.endless = (count if count >= 0 else None), count == -1
        elif hasattr(self._iterable, "__len__"):
            self.length = len(self._iterable)

    def begin(self, seed: int, iterations: int, shuffle: bool) -> None:
        from striate.training.feeds.endless import is_endless

        self._measure()
        self._iterator = iter(self._iterable)
        self.endless = self.endless or is_endless(self._iterator)

    def pull(self, limit: int) -> Any:
        return next(self._iterator, END)


class SequenceSource(Source):
    """A Sequence or PyDataset: batches by their number, in an order that `shuffle` changes with every pass."""

    def __init__(self, sequence: Any) -> None:
        self.kind = f"the {type(sequence).__name__}"
        self._sequence = self.listener = sequence
        self._numbers: Iterator[int] = iter(())
        self._measure()

    def _measure(self) -> None:
        given = self._sequence
        count = given.num_batches if hasattr(given, "num_batches") else len(given)
        self.length, self.endless = (None if count is None else int(count)), count is None
        if self.length == 0:
            raise DataError(f"{self.kind} has no batches: its length is 0")

    def begin(self, seed: int, iterations: int, shuffle: bool) -> None:
        self._measure()
        if self.length is None:
            from itertools import count

            self._numbers = count()
        elif shuffle:
            self._numbers = iter(random.generator(seed, iterations).permutation(self.length).tolist())
        else:
            self._numbers = iter(range(self.length))

    def pull(self, limit: int) -> Any:
        number = next(self._numbers, None)
        return END if number is None else self._sequence[number]


class BlockSource(Source):
    """Something that makes many batches in one go: `take(batches)` gives images, targets or None, weights or None.

    It never goes beyond the end of a pass; the call after the last one begins a new pass.
    """

    def __init__(self, given: Any) -> None:
        self.kind = f"the {type(given).__name__}"
        self.length = len(given)
        self._given = given
        self._left = 0
        if self.length == 0:
            raise DataError(f"{self.kind} has no batches: its length is 0")

    def begin(self, seed: int, iterations: int, shuffle: bool) -> None:
        if callable(getattr(self._given, "reset", None)):
            self._given.reset()
        self.length = self._left = len(self._given)

    def pull(self, limit: int) -> Any:
        if self._left == 0:
            return END
        x, y, weights = self._given.take(min(limit, self._left))
        piece = Piece(x, y, weights, int(self._given.batch_size))
        self._left -= piece.batches
        return piece


@dataclass(frozen=True)
class Repeating:
    """A stream of which `fit_generator` takes as many batches for an epoch as it was told, pass after pass."""

    stream: Any


_ARRAYS = (str, bytes, bytearray, memoryview, list, tuple, range, set, frozenset, deque, array)  # or errors


def is_stream(value: Any) -> bool:
    """Whether a value gives batches rather than being an array, or a list, tuple or dictionary of arrays."""
    if isinstance(value, Repeating):
        return True
    if value is None or isinstance(value, (*_ARRAYS, Mapping, type)) or hasattr(value, "__array__"):
        return False
    counted = hasattr(value, "__len__") or hasattr(value, "num_batches")
    return hasattr(value, "__iter__") or _gives_blocks(value) or (counted and hasattr(value, "__getitem__"))


def _gives_blocks(value: Any) -> bool:
    """Whether it has what a BlockSource asks for; a Dataset's `take` is something else."""
    methods = hasattr(value, "take") and hasattr(value, "__len__")
    return methods and isinstance(getattr(value, "batch_size", None), int) and not hasattr(value, "cardinality")


def source_of(value: Any) -> Source:
    """The source of a stream."""
    if isinstance(value, Repeating):
        source = source_of(value.stream)
        source.repeats = source.restarts
        return source
    if hasattr(value, "cardinality"):
        return IterableSource(value)
    counted = hasattr(value, "__getitem__") and (hasattr(value, "__len__") or hasattr(value, "num_batches"))
    if _gives_blocks(value) or counted:
        found: Source = BlockSource(value) if _gives_blocks(value) else SequenceSource(value)
        found.repeats = hasattr(value, "__next__")  # ImageDataGenerator's go on without end, in steps of any number
        return found
    return IteratorSource(value) if hasattr(value, "__next__") else IterableSource(value)


def piece_of(item: Any) -> Piece:
    """A batch as it came: x, (x,), (x, y) or (x, y, sample_weight); a list of so many counts as a tuple, as in Keras.

    Raises:
        DataError: no batch.
    """
    if isinstance(item, Piece):
        return item
    if item is None:
        raise DataError("got None, expected x, (x, y) or (x, y, sample_weight)")
    if isinstance(item, list) and len(item) > 3:  # the images, one by one
        return Piece(item)
    if not isinstance(item, (list, tuple)):
        return Piece(item)
    if not 1 <= len(item) <= 3:
        raise DataError(f"got a tuple of {len(item)} things, expected x, (x, y) or (x, y, sample_weight)")
    return Piece(*item)

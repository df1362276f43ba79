"""Batches that someone's code makes while training goes on: checked one by one, put together, prepared ahead."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from striate.engines import Examples
from striate.engines.warped import WarpedImages
from striate.errors import DataError, ShapeError, StriateError
from striate.training.data import FOR_A_SINGLE_IMAGE
from striate.training.feeds.ahead import Ahead, OnDemand
from striate.training.feeds.base import Block, Feed, ran_out
from striate.training.feeds.sources import END, Piece, Source, piece_of
from striate.warning import warn

LONG_EPOCH, LONGEST_EPOCH = 10_000, 1_000_000  # batches, where nothing says how many there are
Check = Callable[[Any, Any, Any], Examples]


class StreamFeed(Feed):
    """The batches of a source.

    With `steps`, an epoch goes on in the pass where the one before stopped, as in Keras 3; where a pass ends within an
    epoch, the epoch ends early, and the next one begins with a new pass. Without, an epoch is a pass.

    While one block is used, a thread prepares the next one, unless the engine makes the images as it reads them and
    little is left to prepare. It never takes more from the source than the epoch needs.

    Args:
        source: where the batches come from.
        check: makes what engines take of x, y and weights, or raises a StriateError.
        steps: batches in an epoch; None: all of a pass.
        argument: for messages: what the data were given as.
        steps_argument: for messages: the name under which steps are given.
        place: for messages: what a batch is called, "epoch {epoch}, batch {batch}", both from 1.
        epoch: the number, from 0, of the first epoch.
        shuffle: a new order of the batches for each pass, where the source has them by number.
        training: False: each epoch begins a new pass, if there can be one.

    Raises:
        StriateError: a source that has no end, without steps.
    """

    growth = 2  # so that a block is not waited for much longer than the one before it takes

    def __init__(
        self, source: Source, check: Check, steps: int | None, argument: str = "x", steps_argument: str = "steps",
        place: str = "batch {batch}", epoch: int = 0, shuffle: bool = False, training: bool = False,
    ) -> None:
        self._source, self._check, self._limit = source, check, steps
        self._argument, self._steps_argument, self._place, self._epoch = argument, steps_argument, place, epoch
        self._need_end()
        self._shuffle, self._training = shuffle, training
        self.steps = source.length if steps is None else steps
        self.samples, self.batch_size = None, 1
        self.final = not source.restarts
        self._keys = (0, 0)
        self._in_pass = False
        self._pass_taken = 0  # batches taken from the source in this pass
        self._taken = self._checked = self._given = 0  # batches in this epoch
        self._total = 0  # batches given in all epochs
        self._pieces: deque[Piece] = deque()  # taken from the source, not checked yet
        self._waiting: tuple[Examples, int] | None = None  # checked, but of another kind than those before
        self._failure: BaseException | None = None  # to be raised when what came before it is used up
        self._first: Examples | None = None
        self._ready: Block | None = None  # the epoch's first
        self._begun = self._stopped = False
        self._ahead: Ahead[Block | None] | OnDemand[Block | None] | None = None

    # Epochs

    def begin(self, seed: int, iterations: int) -> bool:
        if self._begun and self._given == 0:
            return self._ready is not None
        self._taken = self._checked = self._given = 0
        self._begun, self._stopped, self._keys = True, False, (seed, iterations)
        self._epoch += 1
        goes_on = self._in_pass and self._training and self._limit is not None
        if not goes_on:
            self._begin_pass()
        self._source.epoch_begins()
        self._ready = self._assemble(1)
        if self._ready is None and goes_on:  # the epoch before took the last batch of a pass of unknown length
            self._begin_pass()
            self._ready = self._assemble(1)
        if self._ready is not None:
            self.batch_size = self._ready.batch_size
            self._first = self._first or self._ready.examples
            self.held = 2 * _bytes_of_one(self._ready.examples) // 4  # in this block and the next
        return self._ready is not None

    def _need_end(self) -> None:
        if self._source.endless and self._limit is None:
            raise StriateError(
                f"{self._argument}: {self._source.kind} never ends, so {self._steps_argument}=... must say how many "
                "batches to take"
            )

    def _begin_pass(self) -> None:
        self._source.begin(*self._keys, self._shuffle)
        self._need_end()  # of some iterables it shows now
        self._in_pass, self._pass_taken = True, 0
        if self._limit is None and self._source.length is not None:
            self.steps = self._source.length

    @property
    def kind(self) -> str:
        """What errors call the source."""
        return self._source.kind

    @property
    def once(self) -> bool:
        """Whether there can be one epoch only."""
        return self._limit is None and self._source.ends_for_good

    @property
    def first(self) -> Examples:
        if self._first is None:
            raise DataError(f"{self._argument}: {self._source.kind} gave no batch, expected at least one")
        return self._first

    @property
    def spent(self) -> str:
        place = self._place.format(epoch=self._epoch, batch=self._given + 1)
        subject = f"{place}: {self._source.kind}"
        if self._argument not in place:
            subject = f"{place}: {self._argument}: {self._source.kind}"
        count = f"{self._total:,} batch" if self._total == 1 else f"{self._total:,} batches"
        if self._source.restarts:
            return (
                f"{subject} gave no batch when it began again, after {count}; give what makes its batches anew each "
                "time, as a PyDataset does"
            )
        if self._limit is None:
            return (
                f"{subject} has ended, after {count}, and cannot begin again; give {self._steps_argument}=... and a "
                "generator that goes on (with `while True`), or a PyDataset, a Dataset or arrays"
            )
        return (
            f"{subject} has ended, after {count}, and cannot begin again, but {self._steps_argument}={self._limit} "
            "asks for more; ask for fewer, or give a generator that goes on (with `while True`)"
        )

    def take(self, steps: int) -> Block | None:
        block: Block | None
        if self._ready is not None:
            block, self._ready = self._ready, None
            self._ahead = (OnDemand if _made_when_read(block.examples) else Ahead)(self._assemble)
        elif self._ahead is None:
            return None
        else:
            block = self._ahead.get()
        if block is not None:
            before, self._given = self._given, self._given + block.steps
            self._total += block.steps
            self._ahead.ask(steps)
            if self.steps is None and before < LONG_EPOCH <= self._given:
                warn(
                    f"{self._argument}: {self._source.kind} has given {self._given:,} batches and not ended yet; if it "
                    f"never does, {self._steps_argument}=... must say how many batches to take"
                )
        return block

    def end(self) -> str | None:
        self.close()
        self._source.epoch_ends()
        over = not self._in_pass
        if self._pass_taken == self._source.length:
            self._in_pass = False
        if self._limit is None:
            self.steps = self._given if over else self.steps
            return None
        if not over or self._given >= self._limit:
            return None
        return self.spent if self.final else ran_out(self._argument, self._source.kind, self._given, self._limit)

    def close(self) -> None:
        self._stopped, self._begun = True, False
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None
        self._ready = self._waiting = self._failure = None
        self._pieces.clear()

    # Blocks; from here on in the thread

    def _assemble(self, limit: int) -> Block | None:
        """Up to `limit` batches of one kind; None at the end of the epoch."""
        if self._failure is not None:
            raise self._failure
        group: list[Examples] = []
        size = steps = 0
        try:
            while steps < limit and not self._stopped:
                found = self._waiting or self._next(limit - steps)
                self._waiting = None
                if found is None:
                    break
                examples, batch_size = found
                if group and not _joins(group[0], size, examples, batch_size):
                    self._waiting = found
                    break
                size = size or batch_size
                group.append(examples)
                steps += math.ceil(len(examples) / size)
                if len(examples) % size:  # only a block's last batch may be smaller
                    break
        except BaseException as error:
            if not group:
                raise
            self._failure = error  # the batches before it come first, however many a block takes
        return Block(_joined(group), size) if group else None

    def _next(self, limit: int) -> tuple[Examples, int] | None:
        """The next piece, checked, and its batch size."""
        item = self._pieces.popleft() if self._pieces else self._pull(limit)
        if item is END:
            return None
        try:
            piece = piece_of(item)
            examples = self._check(piece.x, piece.y, piece.weights)
            _check_kinds(examples, self._first)
        except StriateError as error:
            alone = item.split() if isinstance(item, Piece) else []
            if len(alone) <= 1:
                place = self._place.format(epoch=self._epoch, batch=self._checked + 1)
                raise type(error)(f"{place}: {self._advised(str(error), item)}") from None
            self._pieces.extendleft(reversed(alone))  # to find the one batch that it is about
            return self._next(limit)
        size = piece.batch_size or len(examples)
        self._checked += math.ceil(len(examples) / size)
        return examples, size

    def _advised(self, message: str, item: Any) -> str:
        """What is wrong with a batch, and what to do about it."""
        before, single, _ = message.partition(f"; {FOR_A_SINGLE_IMAGE}")
        if isinstance(item, Mapping):
            return f"{message}; labels stand beside images: (x, y)"
        return f"{before}{self._source.advice}" if single and self._source.advice else message

    def _pull(self, limit: int) -> Any:
        """The next batch or batches from the source; END when there are none in this epoch."""
        if self._limit is not None:
            limit = min(limit, self._limit - self._taken)
        elif self._source.length is None and self._taken >= LONGEST_EPOCH:
            raise StriateError(
                f"{self._argument}: {self._source.kind} has not ended after {self._taken:,} batches; if it never does, "
                f"{self._steps_argument}=... must say how many batches to take"
            )
        if limit <= 0 or not self._in_pass:
            return END
        item = self._source.pull(limit)
        if item is END:
            self._in_pass = False
            if self._limit is None or not (self._source.repeats and self._pass_taken):
                return END
            self._begin_pass()
            return self._pull(limit)
        count = item.batches if isinstance(item, Piece) else 1
        self._taken += count
        self._pass_taken += count
        return item


def _check_kinds(examples: Examples, first: Examples | None) -> None:
    """Labels of all batches must be of one kind, which loss and metrics were chosen by."""
    for target, other in zip(examples.targets, first.targets if first else [], strict=False):
        if (target.ndim, target.dtype) != (other.ndim, other.dtype):
            raise ShapeError(
                f"y: got labels of shape {target.shape}, but those of the first batch were of shape {other.shape}"
            )


def _joins(first: Examples, size: int, other: Examples, batch_size: int) -> bool:
    """Whether batches can follow in the same block: arrays of the same shapes and types, in batches of one size."""
    if _made_when_read(first) or _made_when_read(other):
        return False
    if batch_size != size and len(other) >= size:
        return False
    if batch_size != size and len(other) > batch_size:
        return False
    return _kinds(first) == _kinds(other)


def _made_when_read(examples: Examples) -> bool:
    return any(isinstance(images, WarpedImages) for images in examples.images)


def _kinds(examples: Examples) -> list[Any]:
    arrays = [*examples.images, *examples.targets]
    weights = [] if examples.weights is None else [examples.weights]
    return [(array.shape[1:], array.dtype) for array in (*arrays, *weights)]


def _joined(group: Sequence[Examples]) -> Examples:
    """The examples of several batches one after the other; one batch stays where it is."""
    if len(group) == 1:
        return group[0]
    images = [np.concatenate(arrays) for arrays in zip(*(one.images for one in group), strict=True)]
    targets = [np.concatenate(arrays) for arrays in zip(*(one.targets for one in group), strict=True)]
    weights = [one.weights for one in group if one.weights is not None]
    return Examples(images, targets, np.concatenate(weights) if weights else None)


def _bytes_of_one(examples: Examples) -> int:
    return sum(array.nbytes for array in (*examples.images, *examples.targets)) // len(examples)

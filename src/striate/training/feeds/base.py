"""What the training loop takes batches from, wherever they come from."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.engines import Examples


@dataclass(frozen=True)
class Block:
    """Consecutive batches that an engine takes in one go: all of one size but the last, which may be smaller.

    examples: what `order` indexes, as engines take them.
    batch_size: images in a batch.
    order: which examples, in the order of the batches; None: all, as they come.
    """

    examples: Examples
    batch_size: int
    order: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.examples) if self.order is None else len(self.order)

    @property
    def steps(self) -> int:
        """Batches in it."""
        return math.ceil(len(self) / self.batch_size)

    @property
    def indices(self) -> NDArray[np.int64]:
        """The order, spelled out."""
        return np.arange(len(self.examples), dtype=np.int64) if self.order is None else self.order


class Feed(ABC):
    """Epochs of batches, checked and as engines take them.

    Attributes:
        steps: batches in an epoch; None while that is not known.
        samples: images in an epoch; None if that is not known.
        batch_size: images in a batch; batches of a stream may differ, and this is then the first one's.
        counted: whether progress counts images; batches otherwise.
        stays: whether all blocks lie in the same arrays, so that engines may keep copies of these.
        held: numbers (of four bytes) that a block holds in memory for each image.
        growth: how much more than in the last block may be asked for.
        final: whether an epoch that ends before its steps is an error: what it came from cannot begin again.
    """

    steps: int | None
    samples: int | None
    batch_size: int
    counted: bool = False
    stays: bool = False
    held: int = 0
    growth: int = 8
    final: bool = False

    @abstractmethod
    def begin(self, seed: int, iterations: int) -> bool:
        """Begin an epoch, unless one has begun of which nothing was taken. Whether there is a batch in it.

        seed, iterations: what shuffles follow: the model's seed, and the steps it has taken.
        """

    @property
    def spent(self) -> str:
        """What is said when an epoch that is to begin has no batch."""
        return "the data are used up"

    @property
    @abstractmethod
    def first(self) -> Examples:
        """Examples at the beginning of an epoch that has just begun, for their shapes."""

    @abstractmethod
    def take(self, steps: int) -> Block | None:
        """The next batches of the epoch, about so many; None at its end."""

    @abstractmethod
    def end(self) -> str | None:
        """The epoch is over, or will not go on. What is to be said about how it ended, if anything."""

    @abstractmethod
    def close(self) -> None:
        """Nothing more will be taken. May be called at any time, and twice."""


def ran_out(argument: str, kind: str, got: int, wanted: int) -> str:
    """What is said about an epoch that ends before its steps."""
    return (
        f"{argument}: {kind} ran out of data after {got:,} of {wanted:,} batches; give fewer steps, or data that "
        "go on for as long (a generator with `while True`, a Dataset with .repeat())"
    )

"""Arrays in memory as feeds: nothing is copied but what engines need in another type."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from striate import random
from striate.arrays import AnyArray, is_converted
from striate.engines import Examples, Images
from striate.graph.shapes import element_count
from striate.training.data import part
from striate.training.feeds.base import Block, Feed, ran_out


class ArrayFeed(Feed):
    """Examples in memory.

    With `steps`, an epoch goes on in the data where the one before stopped, as in Keras 3; where the data end within
    an epoch, the epoch ends early, and the next one begins anew.

    Args:
        examples: all of them.
        batch_size: images in a step.
        steps: batches in an epoch; None: all.
        shuffle: a new order for each pass through the data.
        training: blocks index the whole arrays; for evaluation they are parts of them, and each epoch begins anew.
        argument: for messages: what the data were given as.
    """

    counted = True

    def __init__(
        self, examples: Examples, batch_size: int, steps: int | None = None, shuffle: bool = False,
        training: bool = False, argument: str = "x",
    ) -> None:
        self.batch_size = min(batch_size, len(examples))
        self._examples, self._shuffle, self._argument = examples, shuffle, argument
        self.stays = training
        self._batches = math.ceil(len(examples) / self.batch_size)
        self._limited = steps is not None
        self.steps = self._batches if steps is None else steps
        self.samples = len(examples) if steps is None else steps * self.batch_size
        self._order: NDArray[np.int64] | None = None
        self._at = self._batches  # of the batches in a pass
        self._taken = -1  # in this epoch; -1 outside of one

    @property
    def first(self) -> Examples:
        return self._examples

    def begin(self, seed: int, iterations: int) -> bool:
        if self._taken == 0:
            return True
        self._taken = 0
        if self._at >= self._batches or not (self._limited and self.stays):
            self._at = 0
            self._order = epoch_order(seed, iterations, len(self._examples), self._shuffle) if self.stays else None
        return True

    def take(self, steps: int) -> Block | None:
        assert self.steps is not None
        count = min(steps, self._batches - self._at, self.steps - self._taken)
        if count <= 0:
            return None
        start, stop = self._at * self.batch_size, (self._at + count) * self.batch_size
        self._at += count
        self._taken += count
        if self._order is None:
            return Block(part(self._examples, start, stop), self.batch_size)
        return Block(self._examples, self.batch_size, self._order[start:stop])

    def end(self) -> str | None:
        assert self.steps is not None
        taken, self._taken = self._taken, -1
        short = taken < self.steps and self._at >= self._batches
        return ran_out(self._argument, "the data", taken, self.steps) if short else None

    def close(self) -> None:
        self._taken = -1


class ImageFeed(ArrayFeed):
    """Images to predict from, without targets: views of what was given, converted part by part.

    Args:
        images: one view for each input of the network.
        prepare: makes of parts of them what engines take.
        batch_size, steps: as for `ArrayFeed`.
    """

    def __init__(
        self, images: Sequence[AnyArray], prepare: Callable[[Sequence[Images]], list[Images]], batch_size: int,
        steps: int | None = None,
    ) -> None:
        super().__init__(Examples(images, []), batch_size, steps)
        self.samples = min(self.samples or 0, len(images[0]))
        self.held = sum(element_count(array.shape[1:]) for array in images if is_converted(array))
        self._prepare = prepare

    def take(self, steps: int) -> Block | None:
        block = super().take(steps)
        return block and Block(Examples(self._prepare(block.examples.images), []), block.batch_size)


def epoch_order(seed: int, iterations: int, count: int, shuffle: bool) -> NDArray[np.int64]:
    """The order of an epoch's examples. It follows the steps taken, so a later `fit` goes on as if never stopped."""
    if not shuffle:
        return np.arange(count, dtype=np.int64)
    return random.generator(seed, iterations).permutation(count).astype(np.int64, copy=False)

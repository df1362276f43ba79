"""The base class of data that give batches by their number."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from striate.checks import whole
from striate.errors import StriateError


class PyDataset:
    """Batches by their number, for `fit`, `evaluate` and `predict`: a subclass has `__len__` and `__getitem__`.

    `self[i]` is a whole batch: x, (x, y) or (x, y, sample_weight); `len(self)` is the number of batches. A dataset
    without end has `num_batches` None in place of `__len__`. A thread asks for the next batches, one at a
    time, while the engine trains; with `shuffle=True` in an order that the seed decides.

    Args:
        workers, max_queue_size: Keras's; without effect here.
        use_multiprocessing: Keras's; without effect here: a thread serves, not processes.

    Raises:
        StriateError: something else than numbers and a truth value.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = whole("PyDataset", workers, 0, "workers")
        self.use_multiprocessing = bool(use_multiprocessing)
        self.max_queue_size = whole("PyDataset", max_queue_size, 0, "max_queue_size")

    def __getitem__(self, index: int) -> Any:
        """Batch number `index`, from 0."""
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__(index)")

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None: there is no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise StriateError(f"{type(self).__name__}: has neither __len__ nor num_batches; give it one of them")

    def __iter__(self) -> Iterator[Any]:
        """All batches in order."""
        batches = self.num_batches
        for index in count() if batches is None else range(batches):
            yield self[index]

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch; the number of batches may change here."""


Sequence = PyDataset

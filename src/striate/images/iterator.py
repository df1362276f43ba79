"""Endless batches: the order of an epoch, its random numbers, and what the iterators over arrays and files share.

Order and transforms follow from the seed, the number of the epoch and the place in it. So they do not depend on which
thread asks, on how many batches are made at once, or on anything that went before.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate import random
from striate.checks import as_whole, whole
from striate.errors import DataError, StriateError
from striate.folders import make_writable
from striate.images.conversion import array_to_img

ORDER, TRANSFORMS, NAMES = 0, 1, 2  # keys of an epoch's generators

Block = tuple[Any, Any, Any]  # images, targets or None, weights or None


class Iterator(ABC):
    """Batches without end: `next(it)`, `it[i]`, `for batch in it`, `len(it)` batches in an epoch.

    Subclasses give `_block`, which makes the examples of given indices.

    Args:
        n: number of examples.
        batch_size: of a batch; the last one of an epoch may be smaller.
        shuffle: a new order for each epoch.
        seed: of order and transforms; None: the next of the global sequence (`striate.utils.set_random_seed`).

    Attributes:
        index_array: the order of the current epoch.
        batch_index: the number of the next batch in it.
        total_batches_seen: batches given so far.
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n: int, batch_size: int = 32, shuffle: bool = False, seed: int | None = None) -> None:
        name = type(self).__name__
        self.n = whole(name, n, 0, "n")
        if not self.n:
            raise DataError(f"{name}: no images to make batches of")
        self.batch_size = whole(name, batch_size, 1, "batch_size")
        if not isinstance(shuffle, (bool, np.bool_)) and as_whole(shuffle) not in (0, 1):
            raise StriateError(f"{name}: got shuffle={shuffle!r}, expected True or False")
        self.shuffle, self.seed = bool(shuffle), seed
        self._key = random.next_seed() if seed is None else whole(name, seed, 0, "seed")
        self.total_batches_seen = self.batch_index = self._epoch = 0
        self._several = False  # inputs or targets
        self._begun = self._over = False  # whether batches of this epoch have been given; whether it is at its end
        self._order: tuple[int, NDArray[np.int64]] | None = None
        self.lock = threading.Lock()

    @property
    def index_array(self) -> NDArray[np.int64]:
        return self._order_of(self._epoch)

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        """The next batch; after the last one of an epoch the first of the next."""
        with self.lock:
            epoch, first, _ = self._advance(1)
        return self._returned(self._batches(epoch, first, first + 1))

    def next(self) -> Any:
        """The next batch."""
        return self.__next__()

    def __getitem__(self, idx: int) -> Any:
        """Batch idx of the current epoch: always the same until the epoch ends (`on_epoch_end`)."""
        number = as_whole(idx)
        if number is None:
            raise StriateError(f"{type(self).__name__}: got [{idx!r}], expected the number of a batch")
        if not -len(self) <= number < len(self):
            raise IndexError(f"Asked to retrieve element {number}, but the Sequence has length {len(self)}")
        with self.lock:
            self._enter()
            self.total_batches_seen += 1
            epoch = self._epoch
        return self._returned(self._batches(epoch, number % len(self), number % len(self) + 1))

    @property
    def take(self) -> Callable[[int], Block]:
        """take(batches): the next batches as one: images, targets or None, weights or None, along the first axis.

        The images are an array, or WarpedImages, which engines make as they read them.

        Never goes beyond the end of an epoch: fewer come back there, and the next call begins a new epoch.

        Raises:
            AttributeError: batches have several inputs or targets, which do not come as one array.
        """
        if self._several:
            raise AttributeError(f"this {type(self).__name__} has several inputs or targets; take it batch by batch")
        return self._take

    def _take(self, batches: int) -> Block:
        with self.lock:
            epoch, first, last = self._advance(whole("take", batches, 1))
        return self._batches(epoch, first, last, when_read=True)

    def on_epoch_end(self) -> None:
        """Go on to the next epoch, unless none of this one's batches has been given yet."""
        with self.lock:
            if self._begun:
                self._leave()

    def reset(self) -> None:
        """Begin an epoch with the next batch."""
        self.on_epoch_end()

    def _advance(self, batches: int) -> tuple[int, int, int]:
        """The epoch and the batches of the next call, which are counted as given."""
        self._enter()
        first = self.batch_index
        last = min(first + batches, len(self))
        self.batch_index = last
        self.total_batches_seen += last - first
        if last == len(self):
            self._leave()
        return self._epoch, first, last

    def _enter(self) -> None:
        """Batches of an epoch are given: of the next one where the current one is over."""
        self._epoch += self._over
        self._begun, self._over = True, False

    def _leave(self) -> None:
        """The epoch is over; until the next one begins, `index_array` is still its order."""
        self.batch_index, self._begun, self._over = 0, False, True

    def _order_of(self, epoch: int) -> NDArray[np.int64]:
        if not self.shuffle:
            epoch = 0
        known = self._order
        if known is None or known[0] != epoch:
            order = np.arange(self.n, dtype=np.int64)
            if self.shuffle:
                order = random.generator(self._key, epoch, ORDER).permutation(order)
            self._order = known = (epoch, order)
        return known[1]

    def _batches(self, epoch: int, first: int, last: int, when_read: bool = False) -> Block:
        start, stop = first * self.batch_size, min(last * self.batch_size, self.n)
        return self._block(self._order_of(epoch)[start:stop], epoch, start, when_read)

    @abstractmethod
    def _block(self, indices: NDArray[np.int64], epoch: int, first: int, when_read: bool) -> Block:
        """Images, targets and weights of some examples, whose first has place `first` in the epoch.

        when_read: images may be WarpedImages.
        """

    def _generator(self, epoch: int, key: int = TRANSFORMS) -> np.random.Generator:
        return random.generator(self._key, epoch, key)

    def _returned(self, block: Block) -> Any:
        """A batch in Keras's form: x, (x, y) or (x, y, w)."""
        x, y, weights = block
        if y is None:
            return x
        return (x, y) if weights is None else (x, y, weights)


class ImageSaver:
    """Saves all images that an iterator makes, for looking at.

    Args:
        folder: made if it is missing.
        prefix, file_format: of the files, which are called {prefix}_{index}_{number}.{format}.
    """

    def __init__(self, folder: Any, prefix: Any, file_format: Any) -> None:
        known = ("png", "jpeg", "jpg", "bmp", "ppm", "tif", "tiff", "pdf", "gif")
        if str(file_format).lower() not in known:
            raise StriateError(f"save_format: got {file_format!r}, expected {' or '.join(map(repr, known[:3]))}")
        if os.path.basename(str(prefix)) != str(prefix):
            raise StriateError(f"save_prefix: got {prefix!r}, expected the beginning of a file name")
        make_writable(folder, "save_to_dir")
        self._folder, self._prefix, self._format = folder, prefix, file_format

    def save(
        self, images: NDArray[Any], indices: NDArray[np.int64], data_format: str, generator: np.random.Generator
    ) -> None:
        """Save images under the names of their indices; the generator numbers them."""
        numbers = generator.integers(0, 10**7, len(images))
        for image, index, number in zip(images, indices, numbers, strict=True):
            name = f"{self._prefix}_{index}_{number}.{self._format}"
            array_to_img(image, data_format, scale=True).save(os.path.join(self._folder, name))

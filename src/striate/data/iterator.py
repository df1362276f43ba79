"""What `iter(dataset)` gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class DatasetIterator(Iterator[Any]):
    """The elements of a data set, one after the other.

    Args:
        elements: they themselves.
        endless: whether it is known that they never end.
    """

    def __init__(self, elements: Iterator[Any], endless: bool) -> None:
        self._elements = elements
        self.endless = endless

    def __next__(self) -> Any:
        return next(self._elements)

    def next(self) -> Any:
        """TensorFlow's word for `next(iterator)`."""
        return next(self)

    def get_next(self) -> Any:
        """As `next`; at the end it raises tf.errors.OutOfRangeError, which is StopIteration here."""
        return next(self)

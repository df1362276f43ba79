"""Event files for TensorBoard (tf.summary): scalars, histograms, images and texts under tags of one's own.

    writer = tf.summary.create_file_writer("logs/own")
    with writer.as_default():
        tf.summary.scalar("rate", 0.1, step=3)

They are written by the package tensorboard (the extra "tensorboard").
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from striate.checks import whole
from striate.errors import ShapeError, StriateError
from striate.formats import events
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import tensor

__all__ = [
    "SummaryWriter", "create_file_writer", "create_noop_writer", "flush", "histogram", "image", "record_if", "scalar",
    "should_record_summaries", "text",
]  # fmt: skip
__getattr__ = absent(__name__)

_default: list[SummaryWriter] = []  # the innermost last
_recording: list[bool | Callable[[], Any]] = [True]


class SummaryWriter:
    """Writes an event file; see `create_file_writer`.

    Args:
        folder: where; None: nothing is written.
        suffix: must be None.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, suffix: str | None = None) -> None:
        if suffix:
            raise StriateError(f"create_file_writer: got filename_suffix={suffix!r}, expected None")
        self._file = None if folder is None else events.EventFile(folder)
        self.step: int | None = None

    @contextmanager
    def as_default(self, step: Any = None) -> Iterator[SummaryWriter]:
        """A block in which `scalar` and so on write here; `step` holds for those that give none."""
        before, self.step = self.step, self.step if step is None else int(step)
        _default.append(self)
        try:
            yield self
        finally:
            _default.pop()
            self.step = before

    def set_as_default(self, step: Any = None) -> None:
        """Write here from now on."""
        self.step = self.step if step is None else int(step)
        _default[:] = [self]

    def flush(self) -> None:
        """Let TensorBoard see all that has been written."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def init(self) -> None:
        """Nothing to do: the file is there from the start."""


def create_file_writer(
    logdir: Any, max_queue: int | None = None, flush_millis: int | None = None, filename_suffix: str | None = None,
    name: str | None = None,
) -> SummaryWriter:
    """A writer of a new event file in a folder, which is made if need be.

    Args:
        logdir: the folder.
        max_queue, flush_millis: without effect: what is written is in the file at once, after `flush` at the latest.
        filename_suffix: must be None.
        name: for the reader.

    Raises:
        UnavailableError: the package tensorboard is missing.
        StriateError: the folder cannot be written.
    """
    events.check_installed("tensorflow.summary")
    return SummaryWriter(logdir, filename_suffix)


def create_noop_writer() -> SummaryWriter:
    """A writer that writes nothing."""
    return SummaryWriter(None)


def scalar(name: str, data: Any, step: Any = None, description: str | None = None) -> bool:
    """Write a number; whether there was a writer to do so."""
    number = np.asarray(tensor(data, "summary.scalar"))
    if number.ndim:
        raise ShapeError(f"summary.scalar: {name}: got an array of shape {number.shape}, expected a number")
    return _write(name, step, lambda file, at: file.scalar(name, number, at))


def histogram(
    name: str, data: Any, step: Any = None, buckets: int | None = None, description: str | None = None
) -> bool:
    """Write how many values lie in each of some buckets (30 if not given); whether there was a writer."""
    values, count = np.asarray(tensor(data, "summary.histogram")), whole("summary.histogram", buckets or 30)
    return _write(name, step, lambda file, at: file.histogram(name, values, at, count))


def image(name: str, data: Any, step: Any = None, max_outputs: int = 3, description: str | None = None) -> bool:
    """Write the first few of some images (n, height, width, 1 to 4): uint8, or from 0 to 1; whether there was a writer.

    Raises:
        ShapeError: an array of another shape.
    """
    images, most = np.asarray(tensor(data, "summary.image")), whole("summary.image", max_outputs)
    if images.ndim != 4 or not 1 <= images.shape[-1] <= 4:
        raise ShapeError(
            f"summary.image: {name}: got an array of shape {images.shape}, expected (n, height, width, channels), for "
            "one image with data[tf.newaxis, ...]"
        )
    return _write(name, step, lambda file, at: file.images(name, images, at, most))


def text(name: str, data: Any, step: Any = None, description: str | None = None) -> bool:
    """Write text in Markdown; whether there was a writer."""
    words = np.asarray(data.tolist() if hasattr(data, "tolist") else data, dtype=object)
    return _write(name, step, lambda file, at: file.text(name, words, at))


def flush(writer: SummaryWriter | None = None) -> None:
    """Let TensorBoard see what a writer, or that of the block around, has written."""
    for each in [writer] if writer is not None else _default[-1:]:
        each.flush()


@contextmanager
def record_if(condition: bool | Callable[[], Any]) -> Iterator[None]:
    """A block in which things are written only if a condition, or what a function returns, is true."""
    _recording.append(condition)
    try:
        yield
    finally:
        _recording.pop()


def should_record_summaries() -> bool:
    """Whether what is to be written now would be."""
    condition = _recording[-1]
    return bool(_default) and bool(condition() if callable(condition) else condition)


def _write(name: str, step: Any, write: Callable[[events.EventFile, int], None]) -> bool:
    if not should_record_summaries():
        return False
    writer = _default[-1]
    at = writer.step if step is None else int(step)
    if at is None:
        raise StriateError(f"summary: {name}: got no step; give step=... or as_default(step=...)")
    if writer._file is not None:
        write(writer._file, at)
    return writer._file is not None

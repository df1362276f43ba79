"""Event files, which TensorBoard reads: scalars, histograms, images, texts and networks by tag and step.

What is written is what TensorFlow 2 writes: each value a tensor, with the plugin that shows it named beside it.
"""

from __future__ import annotations

import io
import os
import socket
import time
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.errors import DataError, UnavailableError
from striate.folders import make_writable

BUCKETS = 30
_numbers = count()  # tell apart the files that one process begins in one second


def check_installed(name: str) -> None:
    """See that the package is there that writes event files.

    Args:
        name: in full, of what needs it.

    Raises:
        UnavailableError: it is not.
    """
    try:
        import tensorboard.summary.writer.record_writer  # noqa: F401
    except ImportError:
        raise UnavailableError(
            f"{name} without the package tensorboard", f"{name} needs TensorBoard, which is not installed",
            'pip install "striate[tensorboard]"; or use keras.callbacks.CSVLogger and the history that fit returns.',
        ) from None  # fmt: skip


class EventFile:
    """One new event file in a folder, which is made if need be. Steps may come in any order.

    Args:
        folder: where; TensorBoard takes each folder for a run of its own.

    Raises:
        StriateError: the folder cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        make_writable(folder, f"{os.fspath(folder)}")
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}.v2"
        self._records: Any = RecordWriter(open(os.path.join(folder, name), "wb"))  # noqa: SIM115
        self._write(Event(file_version="brain.Event:2"))
        self.flush()

    def scalar(self, tag: str, value: ArrayLike, step: int) -> None:
        """A number; of several (one for each class, say) each under a tag of its own: tag/0, tag/1, ..."""
        from tensorboard.plugins.scalar import metadata

        numbers = np.asarray(value, dtype=np.float32)
        for place, number in np.ndenumerate(numbers):
            own = "/".join([tag, *map(str, place)])
            self._add(own, number, metadata.create_summary_metadata("", ""), step)

    def histogram(self, tag: str, values: ArrayLike, step: int, buckets: int = BUCKETS) -> None:
        """How many values lie in each of some buckets of equal width, from the least to the greatest.

        Raises:
            DataError: values that are not finite.
        """
        from tensorboard.plugins.histogram import metadata

        data = np.asarray(values, dtype=np.float64).ravel()
        if not np.isfinite(data).all():
            raise DataError(f"{tag}: has values that are not finite, of which there is no histogram")
        self._add(tag, _counted(data, buckets), metadata.create_summary_metadata("", ""), step)

    def images(self, tag: str, images: NDArray[Any], step: int, most: int = 3) -> None:
        """The first few images (n, rows, columns, 1 or 3 or 4): uint8, or other numbers, from 0 to 1."""
        from tensorboard.plugins.image import metadata

        n, rows, columns, _ = images.shape
        texts = [str(columns).encode(), str(rows).encode(), *map(_png, images[: min(n, most)])]
        self._add(tag, np.array(texts, dtype=object), metadata.create_summary_metadata("", ""), step)

    def text(self, tag: str, text: ArrayLike, step: int) -> None:
        """Text in Markdown, or an array of texts, which becomes a table."""
        from tensorboard.plugins.text import metadata

        self._add(tag, np.asarray(text, dtype=object), metadata.create_summary_metadata("", ""), step)

    def network(self, tag: str, configuration: str, step: int) -> None:
        """A network as the JSON text that `model.to_json` gives, which is drawn as "conceptual graph"."""
        from tensorboard.compat.proto.summary_pb2 import SummaryMetadata

        metadata = SummaryMetadata()
        metadata.plugin_data.plugin_name, metadata.plugin_data.content = "graph_keras_model", b"1"
        self._add(tag, np.array(configuration, dtype=object), metadata, step)

    def flush(self) -> None:
        """Let readers see all that has been written."""
        self._records.flush()

    def close(self) -> None:
        """Write no more."""
        self._records.close()

    def _add(self, tag: str, values: Any, metadata: Any, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.util.tensor_util import make_tensor_proto

        value = Summary.Value(tag=tag, tensor=make_tensor_proto(values), metadata=metadata)
        self._write(Event(step=int(step), summary=Summary(value=[value])))

    def _write(self, event: Any) -> None:
        event.wall_time = time.time()
        self._records.write(event.SerializeToString())


def _counted(data: NDArray[np.float64], buckets: int) -> NDArray[np.float64]:
    """(buckets, 3): from, to, how many; of equal values all lie in the last bucket, as TensorFlow has it."""
    if data.size == 0:
        return np.zeros((buckets, 3))
    low, high = data.min(), data.max()
    if low == high:
        counts = np.zeros(buckets)
        counts[-1:] = data.size
        return np.stack([np.full(buckets, low), np.full(buckets, high), counts], axis=1)
    counted, edges = np.histogram(data, buckets)
    return np.stack([edges[:-1], edges[1:], counted], axis=1)


def _png(image: NDArray[Any]) -> bytes:
    from PIL import Image

    pixels = image if image.dtype == np.uint8 else (np.clip(image, 0, 1) * 255.5).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "png")
    return file.getvalue()

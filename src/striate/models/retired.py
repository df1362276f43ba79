"""Methods that Keras 3 no longer has, for the programs written for Keras 1 and 2."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.checks import whole
from striate.errors import StriateError
from striate.models.trainer import Trainer
from striate.training.callbacks import History
from striate.training.feeds import Repeating, is_stream
from striate.training.feeds.sources import piece_of


class Retired(Trainer):
    """The part of `Model` that answers to retired names.

    Where Keras 3 says "batches", Keras 1 counted images: `samples_per_epoch`, `nb_val_samples` and `val_samples` become
    as many batches as hold them, by the size of the first. `max_q_size`, `nb_worker` and `pickle_safe` are Keras 2's
    `max_queue_size`, `workers` and `use_multiprocessing`; a thread always prepares the batches.
    """

    def fit_generator(
        self, generator: Any, steps_per_epoch: float | None = None, epochs: int = 1, verbose: int | str = 1,
        callbacks: Any = None, validation_data: Any = None, validation_steps: float | None = None,
        validation_freq: int | Sequence[int] = 1, class_weight: Mapping[int, float] | None = None,
        max_queue_size: int | None = None, workers: int | None = None, use_multiprocessing: bool | None = None,
        shuffle: bool = True, initial_epoch: int = 0, *, samples_per_epoch: int | None = None,
        nb_epoch: int | None = None, nb_val_samples: int | None = None, max_q_size: int | None = None,
        nb_worker: int | None = None, pickle_safe: bool | None = None,
    ) -> History:
        """`fit` on batches. More steps than a Sequence has batches go through it again, as they did then.

        Raises:
            StriateError: as `fit`, or an argument under two of its names.
        """
        steps_of_both = "steps_per_epoch", steps_per_epoch, "samples_per_epoch", samples_per_epoch
        generator, steps = _counted(generator, *steps_of_both)
        if is_stream(validation_data):
            validation_data, validation_steps = _counted(
                validation_data, "validation_steps", validation_steps, "nb_val_samples", nb_val_samples
            )
        return self.fit(
            generator, epochs=epochs, verbose=verbose, callbacks=callbacks, validation_data=validation_data,
            shuffle=shuffle, class_weight=class_weight or None, initial_epoch=initial_epoch, steps_per_epoch=steps,
            validation_steps=validation_steps, validation_freq=validation_freq,
            **_of_threads(max_queue_size, max_q_size, workers, nb_worker, use_multiprocessing, pickle_safe),
            nb_epoch=nb_epoch,
        )  # fmt: skip

    def evaluate_generator(
        self, generator: Any, steps: float | None = None, callbacks: Any = None, max_queue_size: int | None = None,
        workers: int | None = None, use_multiprocessing: bool | None = None, verbose: int | str = 0, *,
        val_samples: int | None = None, max_q_size: int | None = None, nb_worker: int | None = None,
        pickle_safe: bool | None = None,
    ) -> Any:
        """`evaluate` on batches."""
        generator, steps = _counted(generator, "steps", steps, "val_samples", val_samples)
        return self.evaluate(
            generator, verbose=verbose, steps=steps, callbacks=callbacks,
            **_of_threads(max_queue_size, max_q_size, workers, nb_worker, use_multiprocessing, pickle_safe),
        )  # fmt: skip

    def predict_generator(
        self, generator: Any, steps: float | None = None, callbacks: Any = None, max_queue_size: int | None = None,
        workers: int | None = None, use_multiprocessing: bool | None = None, verbose: int | str = 0, *,
        val_samples: int | None = None, max_q_size: int | None = None, nb_worker: int | None = None,
        pickle_safe: bool | None = None,
    ) -> Any:
        """`predict` on batches."""
        generator, steps = _counted(generator, "steps", steps, "val_samples", val_samples)
        return self.predict(
            generator, verbose=verbose, steps=steps, callbacks=callbacks,
            **_of_threads(max_queue_size, max_q_size, workers, nb_worker, use_multiprocessing, pickle_safe),
        )  # fmt: skip

    def predict_classes(
        self, x: Any, batch_size: int | None = None, verbose: int | str = 0
    ) -> NDArray[np.int64] | NDArray[np.int32]:
        """The class of each image: argmax of the outputs, (n,); with a single output p, whether p > 0.5: int32 (n, 1).

        Today: `predict(x).argmax(axis=-1)` and `(predict(x) > 0.5).astype("int32")`.

        Raises:
            StriateError: as `predict`, or a network with several outputs.
        """
        outputs = self.predict(x, batch_size=batch_size, verbose=verbose)
        if not isinstance(outputs, np.ndarray):
            raise StriateError(f"predict_classes: {self.name} has {len(outputs)} outputs; use predict and argmax")
        if outputs.shape[-1] > 1:
            classes: NDArray[np.int64] = outputs.argmax(axis=-1)
            return classes
        return (outputs > 0.5).astype(np.int32)

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: int | str = 0) -> Any:
        """What `predict` gives."""
        return self.predict(x, batch_size=batch_size, verbose=verbose)


def _counted(
    stream: Any, name: str, steps: float | None, old_name: str, samples: int | None
) -> tuple[Any, float | None]:
    """A stream to go through as long as there are steps, and the steps, given as batches or as images."""
    if samples is None:
        return (Repeating(stream) if is_stream(stream) else stream), steps
    if steps is not None:
        raise StriateError(f"{old_name}: got {samples!r} besides {name}={steps!r}, its new name; give one of them")
    stream, size = _first_size(stream)
    return Repeating(stream), math.ceil(whole(old_name, samples, 1) / size)


def _first_size(stream: Any) -> tuple[Any, int]:
    """A stream as it was, and the number of images in its first batch."""
    size = getattr(stream, "batch_size", None)
    if isinstance(size, int):
        return stream, size
    if hasattr(stream, "__getitem__"):
        return stream, _images(stream[0])
    if not hasattr(stream, "__next__"):
        return stream, _images(next(iter(stream), None))
    first = next(stream, None)
    return itertools.chain([first], stream), _images(first)


def _images(batch: Any) -> int:
    x = piece_of(batch).x
    while isinstance(x, (list, tuple, Mapping)) and x:  # several inputs
        x = next(iter(x.values())) if isinstance(x, Mapping) else x[0]
    return max(len(x), 1)


def _of_threads(
    max_queue_size: Any, max_q_size: Any, workers: Any, nb_worker: Any, use_multiprocessing: Any, pickle_safe: Any
) -> dict[str, Any]:
    """What Keras 2 and Keras 1 called the arguments about threads, under Keras 2's names."""
    return {
        "max_queue_size": _either("max_queue_size", max_queue_size, "max_q_size", max_q_size),
        "workers": _either("workers", workers, "nb_worker", nb_worker),
        "use_multiprocessing": _either("use_multiprocessing", use_multiprocessing, "pickle_safe", pickle_safe),
    }


def _either(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    """An argument under its new or its old name."""
    if old_value is not None and value is not None:
        raise StriateError(f"{old_name}: got {old_value!r} besides {name}={value!r}, its new name; give one of them")
    return value if old_value is None else old_value

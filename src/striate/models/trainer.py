"""What models do with data: fit, evaluate, predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.checks import whole
from striate.engines import EngineLike, Examples, Program
from striate.errors import TrainingError
from striate.graph import Array
from striate.graph.shapes import element_count
from striate.layers.shapes import one_or_list
from striate.models.feeding import Collected, Feeding, Given, Passes, array_feed
from striate.training import arguments, feeds, loop
from striate.training.callbacks import CallbackList, History, ProgbarLogger
from striate.training.callbacks.base import make_callbacks
from striate.training.feeds import Feed
from striate.training.meters import Meters


class Trainer(Feeding):
    """The part of `Model` that trains.

    Attributes:
        history: the History of the last `fit`.
    """

    history: History | None

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self.history = None

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1,
        verbose: int | str = "auto", callbacks: Any = None, validation_split: float = 0.0, validation_data: Any = None,
        shuffle: bool = True, class_weight: Mapping[int, float] | None = None, sample_weight: ArrayLike | None = None,
        initial_epoch: int = 0, steps_per_epoch: float | None = None, validation_steps: float | None = None,
        validation_batch_size: int | None = None, validation_freq: int | Sequence[int] = 1,
        max_queue_size: int | None = None, workers: int | None = None, use_multiprocessing: bool | None = None,
        nb_epoch: int | None = None, engine: EngineLike = None,
    ) -> History:
        """Train for a number of epochs.

        Everything is checked before the first step; an error leaves the weights as they were. When the loss stops being
        finite, training ends with the weights from before that step, and a line on standard error says so. Ctrl-C ends
        training between two steps: callbacks' on_train_end is called, KeyboardInterrupt goes on, `model.history` and
        the weights can be used, and another `fit` with `initial_epoch` continues from there.

        Args:
            x: images (n, *shape), of any number type (for several inputs a list or a
                dictionary by name); uint8, float32 and float64 are read in place. Or what gives batches (x, y) or
                (x, y, sample_weight): a generator, a `striate.utils.PyDataset`, a `striate.data.Dataset` or another
                iterable, of which a thread prepares the next ones while the engine trains; see docs/data.md.
            y: labels: class numbers (n,) or (n, 1) for the sparse loss, else shaped like the output.
            batch_size: images in a step; 32 if not given. Without effect, with a warning, where x gives batches.
            epochs: the epoch to end with; initial_epoch counts towards it.
            verbose: 0 silent, 1 (or "auto") a live line, 2 one line for each epoch.
            callbacks: objects of striate.callbacks.
            validation_split: the last part of the data, from 0 to below 1, that is not trained on but measured.
            validation_data: (x, y) or (x, y, sample_weight) or batches, to measure after each epoch, in place of a
                split.
            shuffle: a new order for each epoch, which the seed and the number of steps taken so far decide; of the
                batches of a PyDataset. Generators and Datasets keep theirs.
            class_weight: the weight of each class, by number, for a single output; 1 for those not mentioned.
            sample_weight: (n,), the weight of each image in the loss: loss = sum(w l) / n; for several outputs also
                a list or a dictionary by output of such arrays.
            initial_epoch: the epoch to begin with, from 0.
            steps_per_epoch: batches in an epoch, for data that never end or for shorter epochs: each goes on in the
                data where the one before stopped. Data that end within an epoch end it, with a warning, and begin
                again in the next epoch; of a generator, which cannot, that is an error. A fraction is rounded up.
                Without batch_size, arrays are divided into so many batches.
            validation_steps: batches in a validation, each of which begins anew.
            validation_batch_size: as batch_size if not given.
            validation_freq: measure after every so many epochs, or after the epochs of a list (from 1).
            max_queue_size, workers, use_multiprocessing: Keras 2's; without effect, a thread always prepares batches.
            nb_epoch: Keras 1's name of epochs.
            engine: another engine than the model's for this call alone (see `compile`).

        Returns:
            The history: `history.history["loss"]` has one value for each epoch.

        Raises:
            NotCompiledError: before `compile`.
            StriateError: data or arguments that do not fit, or Keras's names that are not known. The first batch is
                checked like arrays; in a later one it names the batch, and history and weights are as after the step
                before it. What a generator raises comes through.
        """
        compiled = self._need_compiled("fit")
        arguments.told_of_threads(workers, use_multiprocessing, max_queue_size)
        size, steps = arguments.batch_size_of(batch_size), arguments.steps_of("steps_per_epoch", steps_per_epoch)
        measuring = arguments.steps_of("validation_steps", validation_steps)
        validation_size = arguments.batch_size_of(validation_batch_size, "validation_batch_size")
        epochs = arguments.epochs_of(epochs, nb_epoch)
        initial_epoch = whole("initial_epoch", initial_epoch, 0)
        shuffle, verbosity = arguments.flag("shuffle", shuffle), arguments.verbosity(verbose)
        measured = arguments.validation_epochs(validation_freq, epochs)
        listed, runner = make_callbacks(callbacks), self._runner(engine)

        given = Given(x, y, sample_weight, class_weight)
        passes = Passes(
            size, steps, "steps_per_epoch", place="epoch {epoch}, batch {batch}", epoch=initial_epoch, shuffle=shuffle,
            training=True,
        )  # fmt: skip
        fraction = validation_split if validation_data is None else 0.0
        train, rest = self._feed_and_rest(compiled, runner, given, passes, fraction, epochs - initial_epoch)
        validation: Feed | None = None
        try:
            self._begin(train)
            inherited = None if feeds.is_stream(validation_data) else size
            passes = Passes(
                validation_size or inherited, measuring, "validation_steps", "validation_data",
                "validation_data, batch {batch}",
            )  # fmt: skip
            if rest is not None:
                validation = array_feed(rest, passes)
            elif validation_data is not None:
                times = len(measured.intersection(range(initial_epoch, epochs)))
                validation = self._validation_feed(compiled, runner, validation_data, passes, train, times)
            programs, meters = self._programs_for(compiled, runner, train)
            if validation is not None:
                programs(validation.first)
            history = next((c for c in listed if isinstance(c, History)), None) or History()
            others = [callback for callback in listed if callback is not history]
            hooks = self._callbacks([*others, history], verbosity, epochs, train)
            plan = loop.Plan(train, validation, programs, initial_epoch, epochs, measured)
            with programs(train.first).holding_examples() if train.stays else nullcontext(), hooks.clearing():
                loop.run_fit(self, plan, meters, hooks, history)
        finally:
            train.close()
            if validation is not None:
                validation.close()
        return history

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: int | str = "auto",
        sample_weight: ArrayLike | None = None, steps: float | None = None, callbacks: Any = None,
        return_dict: bool = False, max_queue_size: int | None = None, workers: int | None = None,
        use_multiprocessing: bool | None = None, engine: EngineLike = None,
    ) -> Any:
        """Loss and metrics on some data, in inference mode.

        Args:
            x, y, batch_size, sample_weight, callbacks, engine, max_queue_size, workers, use_multiprocessing: as for
                `fit`.
            verbose: 0 silent, 1 (or "auto") a live line, 2 one line.
            steps: batches to take; None: all.
            return_dict: return all values by name.

        Returns:
            The loss; with metrics a list of the loss and each metric; with return_dict a dictionary.

        Raises:
            NotCompiledError: before `compile`.
            StriateError: data or arguments that do not fit.
        """
        compiled = self._need_compiled("evaluate")
        arguments.told_of_threads(workers, use_multiprocessing, max_queue_size)
        passes = Passes(arguments.batch_size_of(batch_size), arguments.steps_of("steps", steps))
        verbosity, listed, runner = arguments.verbosity(verbose), make_callbacks(callbacks), self._runner(engine)
        feed = self._feed(compiled, runner, Given(x, y, sample_weight), passes)
        try:
            feed.begin(0, 0)
            programs, meters = self._programs_for(compiled, runner, feed)
            hooks = self._callbacks(listed, verbosity, 1, feed)
            with hooks.clearing():
                logs = loop.run_evaluation(programs, meters, feed, hooks)
        finally:
            feed.close()
        return _returned(meters, logs, return_dict)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: int | str = "auto", steps: float | None = None,
        callbacks: Any = None, max_queue_size: int | None = None, workers: int | None = None,
        use_multiprocessing: bool | None = None, engine: EngineLike = None,
    ) -> Any:
        """The network's output for images, in constant memory besides the result.

        All images are searched for NaN and infinity before the first hook is called and the first image computed;
        those that come in batches, batch by batch.

        Args:
            x: images (n, *shape), or what gives batches of them, with or without labels, as for `fit`.
            batch_size: images that batch hooks and "steps" count as one batch; 32 if not given. The engine takes as
                many at once as suit it, and the result does not depend on either.
            verbose: 0 silent, 1 (or "auto") a live line, 2 one line.
            steps: batches to take; None: all.
            callbacks: objects of striate.callbacks.
            max_queue_size, workers, use_multiprocessing, engine: as for `fit`.

        Returns:
            An array (n, *shape); a list or a dictionary of arrays for several outputs.

        Raises:
            StriateError: images that do not fit.
        """
        arguments.told_of_threads(workers, use_multiprocessing, max_queue_size)
        size, steps = arguments.batch_size_of(batch_size), arguments.steps_of("steps", steps)
        verbosity, listed, runner = arguments.verbosity(verbose), make_callbacks(callbacks), self._runner(engine)
        feed = self._image_feed(runner, x, size, steps)
        try:
            shapes = self._output_shapes([array.shape[1:] for array in feed.first.images])
            collected = Collected(feed.samples, shapes)

            def program(examples: Examples) -> Program:
                return self.program([array.shape[1:] for array in examples.images], runner)

            def take(outputs: list[Array]) -> Any:
                return self._output_structure(x, collected.add(outputs))

            numbers = sum(map(element_count, shapes))
            hooks = self._callbacks(listed, verbosity, 1, feed)
            with hooks.clearing():
                loop.run_prediction(program, feed, numbers, hooks, take)
        finally:
            feed.close()
        return self._output_structure(x, collected.whole())

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: ArrayLike | None = None,
        class_weight: Mapping[int, float] | None = None, return_dict: bool = False,
    ) -> Any:
        """Take one step on one batch; returns what `evaluate` returns, measured in training mode before the step.

        Raises:
            TrainingError: the loss is not finite; the weights are as before.
        """
        compiled = self._need_compiled("train_on_batch")
        find = self.engine.first_not_finite
        examples = self._examples(compiled, find, x, y, sample_weight, class_weight)
        program, meters = self._prepare(compiled, self.engine, examples)
        meters.reset()
        count = len(examples)
        if loop.take_steps(self, program, meters, examples, np.arange(count, dtype=np.int64), count) is not None:
            raise TrainingError(f"train_on_batch: {loop.trouble(1, 1)}")
        return _returned(meters, meters.results(), return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: ArrayLike | None = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch in inference mode; returns what `evaluate` returns."""
        compiled = self._need_compiled("test_on_batch")
        examples = self._examples(compiled, self.engine.first_not_finite, x, y, sample_weight, None)
        program, meters = self._prepare(compiled, self.engine, examples)
        meters.reset()
        loop.measure(program, meters, examples, len(examples))
        return _returned(meters, meters.results(), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The network's output for one batch of images."""
        return self.predict(x, batch_size=2**31 - 1, verbose=0)

    def _callbacks(self, listed: list[Any], verbosity: int, epochs: int, feed: Feed) -> CallbackList:
        if verbosity and not any(isinstance(callback, ProgbarLogger) for callback in listed):
            listed = [*listed, ProgbarLogger()]
        return CallbackList(
            listed, self, verbose=verbosity, epochs=epochs, steps=feed.steps, samples=feed.samples,
            batch_size=feed.batch_size,
        )


def _returned(meters: Meters, logs: dict[str, Any], return_dict: bool) -> Any:
    if return_dict:
        return logs
    return one_or_list(meters.ordered(logs))

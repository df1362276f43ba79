"""What models do with data: fit, evaluate, predict."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.arrays import is_converted
from striate.checks import whole
from striate.engines import EngineLike, Examples
from striate.errors import TrainingError
from striate.graph.shapes import element_count
from striate.layers.shapes import one_or_list
from striate.models.compilation import Compilable
from striate.training import arguments, loop
from striate.training.callbacks import CallbackList, History, ProgbarLogger
from striate.training.callbacks.base import make_callbacks
from striate.training.data import prepare_images, split_examples, view_images
from striate.training.meters import Meters


class Trainer(Compilable):
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
        initial_epoch: int = 0, steps_per_epoch: None = None, validation_steps: None = None,
        validation_batch_size: int | None = None, validation_freq: int | Sequence[int] = 1, engine: EngineLike = None,
    ) -> History:
        """Train for a number of epochs.

        Everything is checked before the first step; an error leaves the weights as they were. When the loss stops being
        finite, training ends with the weights from before that step, and a line on standard error says so. Ctrl-C ends
        training between two steps: callbacks' on_train_end is called, KeyboardInterrupt goes on, `model.history` and
        the weights can be used, and another `fit` with `initial_epoch` continues from there.

        Args:
            x: images (n, *shape), of any number type (for several inputs a list or a
                dictionary by name); uint8, float32 and float64 are read in place.
            y: labels: class numbers (n,) or (n, 1) for the sparse loss, else shaped like the output.
            batch_size: images in a step; 32 if not given.
            epochs: the epoch to end with; initial_epoch counts towards it.
            verbose: 0 silent, 1 (or "auto") a live line, 2 one line for each epoch.
            callbacks: objects of striate.callbacks.
            validation_split: the last part of the data, from 0 to below 1, that is not trained on but measured.
            validation_data: (x, y) or (x, y, sample_weight) to measure after each epoch, in place of a split.
            shuffle: a new order for each epoch, which the seed and the number of steps taken so far decide.
            class_weight: the weight of each class, by number, for a single output; 1 for those not mentioned.
            sample_weight: (n,), the weight of each image in the loss: loss = sum(w l) / n; for several outputs also
                a list or a dictionary by output of such arrays.
            initial_epoch: the epoch to begin with, from 0.
            steps_per_epoch, validation_steps: not available.
            validation_batch_size: as batch_size if not given.
            validation_freq: measure after every so many epochs, or after the epochs of a list (from 1).
            engine: another engine than the model's for this call alone (see `compile`).

        Returns:
            The history: `history.history["loss"]` has one value for each epoch.

        Raises:
            NotCompiledError: before `compile`.
            StriateError: data or arguments that do not fit, or Keras's names that are not known.
        """
        compiled = self._need_compiled("fit")
        arguments.unavailable(steps_per_epoch=steps_per_epoch, validation_steps=validation_steps)
        size = arguments.batch_size_of(batch_size)
        validation_size = arguments.batch_size_of(validation_batch_size, "validation_batch_size")
        epochs, initial_epoch = whole("epochs", epochs, 1), whole("initial_epoch", initial_epoch, 0)
        shuffle, verbosity = arguments.flag("shuffle", shuffle), arguments.verbosity(verbose)
        measured = arguments.validation_epochs(validation_freq, epochs)
        listed, runner = make_callbacks(callbacks), self._runner(engine)

        train = self._examples(compiled, runner, x, y, sample_weight, class_weight)
        validation: Examples | None = None
        if validation_data is not None:
            vx, vy, vw = arguments.validation_triple(validation_data)
            shapes = [array.shape[1:] for array in train.images]
            validation = self._examples(compiled, runner, vx, vy, vw, None, "validation_data ", shapes)
        elif validation_split:
            train, validation = split_examples(train, validation_split)
            if class_weight is not None:  # they are for training alone
                validation = Examples(validation.images, validation.targets)

        program, meters = self._prepare(compiled, runner, train)
        other = program if validation is None else self._prepare(compiled, runner, validation)[0]
        validation_size = size if validation_batch_size is None else validation_size
        if validation is not None:
            validation_size = min(validation_size, len(validation))
        size = min(size, len(train))
        plan = loop.Plan(train, validation, size, validation_size, initial_epoch, epochs, shuffle, other, measured)
        history = next((c for c in listed if isinstance(c, History)), None) or History()
        others = [callback for callback in listed if callback is not history]
        all_callbacks = self._callbacks([*others, history], verbosity, epochs, len(train), size)
        with program.holding_examples():
            loop.run_fit(self, program, meters, plan, all_callbacks, history)
        return history

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: int | str = "auto",
        sample_weight: ArrayLike | None = None, steps: None = None, callbacks: Any = None, return_dict: bool = False,
        engine: EngineLike = None,
    ) -> Any:
        """Loss and metrics on some data, in inference mode.

        Args:
            x, y, batch_size, sample_weight, callbacks, engine: as for `fit`.
            verbose: 0 silent, 1 (or "auto") a live line, 2 one line.
            steps: not available.
            return_dict: return all values by name.

        Returns:
            The loss; with metrics a list of the loss and each metric; with return_dict a dictionary.

        Raises:
            NotCompiledError: before `compile`.
            StriateError: data or arguments that do not fit.
        """
        compiled = self._need_compiled("evaluate")
        arguments.unavailable(steps=steps)
        size, verbosity = arguments.batch_size_of(batch_size), arguments.verbosity(verbose)
        listed, runner = make_callbacks(callbacks), self._runner(engine)
        examples = self._examples(compiled, runner, x, y, sample_weight, None)
        program, meters = self._prepare(compiled, runner, examples)
        size = min(size, len(examples))
        all_callbacks = self._callbacks(listed, verbosity, 1, len(examples), size)
        with loop.parameters_held(program, all_callbacks, "test"):
            logs = loop.run_evaluation(program, meters, examples, size, all_callbacks, loop.output_size(meters))
        return _returned(meters, logs, return_dict)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: int | str = "auto", steps: None = None,
        callbacks: Any = None, engine: EngineLike = None,
    ) -> Any:
        """The network's output for images, in constant memory besides the result.

        All images are searched for NaN and infinity before the first hook is called and the first image computed.

        Args:
            x: images (n, *shape).
            batch_size: images that batch hooks and "steps" count as one batch; 32 if not given. The engine takes as
                many at once as suit it, and the result does not depend on either.
            verbose: 0 silent, 1 (or "auto") a live line, 2 one line.
            steps: not available.
            callbacks: objects of striate.callbacks.
            engine: as for `fit`.

        Returns:
            An array (n, *shape); a list or a dictionary of arrays for several outputs.

        Raises:
            StriateError: images that do not fit.
        """
        arguments.unavailable(steps=steps)
        size, verbosity = arguments.batch_size_of(batch_size), arguments.verbosity(verbose)
        listed, runner = make_callbacks(callbacks), self._runner(engine)
        images = view_images(self._arranged(x, "x"), self.input_shapes, runner.first_not_finite)
        self.build_for(images)
        program, count = self.program([array.shape[1:] for array in images], runner), len(images[0])
        size = min(size, count)
        hooks = self._callbacks(listed, verbosity, 1, count, size)
        shapes = [array.shape[1:] for array in images]
        outputs = [np.empty((count, *shape), dtype=np.float32) for shape in self._output_shapes(shapes)]
        held = sum(output[0].size for output in outputs)
        held += sum(element_count(array.shape[1:]) for array in images if is_converted(array))
        chunks = loop.Chunks(held, size, hooks.needs_every_batch("predict"))
        hooks.on_predict_begin()
        at = 0
        with loop.parameters_held(program, hooks, "predict"):
            while at < count:
                end = min(at + chunks.steps * size, count)
                hooks.on_predict_batch_begin(at // size)
                start = time.perf_counter()
                pieces = prepare_images([array[at:end] for array in images], shapes, runner.first_not_finite)
                for output, piece in zip(outputs, program.predict(pieces, size), strict=True):
                    output[at:end] = piece
                chunks.took(math.ceil((end - at) / size), time.perf_counter() - start)
                shown = [output[at:end] for output in outputs]
                at = end
                hooks.on_predict_batch_end(math.ceil(at / size) - 1, {"outputs": self._output_structure(x, shown)})
        hooks.on_predict_end()
        return self._output_structure(x, outputs)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: ArrayLike | None = None,
        class_weight: Mapping[int, float] | None = None, return_dict: bool = False,
    ) -> Any:
        """Take one step on one batch; returns what `evaluate` returns, measured in training mode before the step.

        Raises:
            TrainingError: the loss is not finite; the weights are as before.
        """
        compiled = self._need_compiled("train_on_batch")
        examples = self._examples(compiled, self.engine, x, y, sample_weight, class_weight)
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
        examples = self._examples(compiled, self.engine, x, y, sample_weight, None)
        program, meters = self._prepare(compiled, self.engine, examples)
        meters.reset()
        loop.measure(program, meters, examples, len(examples))
        return _returned(meters, meters.results(), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The network's output for one batch of images."""
        return self.predict(x, batch_size=2**31 - 1, verbose=0)

    def _callbacks(
        self, listed: list[Any], verbosity: int, epochs: int, samples: int, batch_size: int
    ) -> CallbackList:
        if verbosity and not any(isinstance(callback, ProgbarLogger) for callback in listed):
            listed = [*listed, ProgbarLogger()]
        return CallbackList(
            listed, self, verbose=verbosity, epochs=epochs, steps=math.ceil(samples / batch_size), samples=samples,
            batch_size=batch_size,
        )


def _returned(meters: Meters, logs: dict[str, Any], return_dict: bool) -> Any:
    if return_dict:
        return logs
    return one_or_list(meters.ordered(logs))

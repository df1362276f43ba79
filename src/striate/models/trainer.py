"""What models do with data: compile, fit, evaluate, predict."""

from __future__ import annotations

import math
import time
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from striate import random
from striate.arrays import is_converted
from striate.checks import whole
from striate.engines import Engine, EngineLike, Examples, Program
from striate.engines import get as get_engine
from striate.errors import NotCompiledError
from striate.graph import Shape
from striate.graph.shapes import element_count
from striate.layers.shapes import one_or_list
from striate.models.network import KEPT, Network
from striate.training import arguments, by_output, loop
from striate.training.callbacks import CallbackList, History, ProgbarLogger
from striate.training.callbacks.base import make_callbacks
from striate.training.compiled import Compiled, rule_key
from striate.training.data import labelled, prepare_images, split_examples, view_images
from striate.training.meters import Meters

if TYPE_CHECKING:
    from striate.metrics import Metric
    from striate.optimizers import OptimizerLike


class Trainer(Network):
    """The part of `Model` that trains.

    Attributes:
        stop_training: set it to True in a callback to stop after the present batch.
        history: the History of the last `fit`.
        seed: keys the shuffles and the dropout of this model since `compile`.
    """

    stop_training: bool
    history: History | None
    seed: int

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self.stop_training = False
        self.history = None
        self.seed = 0
        self._compiled: Compiled | None = None
        self._compiled_flags: tuple[bool, ...] = ()
        self._training_programs: OrderedDict[tuple[Any, ...], Program] = OrderedDict()

    def compile(
        self, optimizer: OptimizerLike = "rmsprop", loss: Any = None, loss_weights: Any = None,
        metrics: Any = None, weighted_metrics: Any = None, run_eagerly: bool = False, steps_per_execution: int = 1,
        jit_compile: bool | str = "auto", auto_scale_loss: bool = True, engine: EngineLike = None,
    ) -> None:
        """Say how the network is to be trained. Layers are trained or frozen as their `trainable` stand now.

        Args:
            optimizer: a name or an optimizer.
            loss: a name or a loss; for several outputs one for all, a list, or a dictionary by output.
            loss_weights: the factor of each output's loss, a list or a dictionary.
            metrics: names, metrics or functions of (y_true, y_pred), which every example counts for alike; for several
                outputs a list with an entry for each (a metric, a list or None) or a dictionary by output.
            weighted_metrics: the same, following sample and class weights.
            run_eagerly, steps_per_execution, jit_compile, auto_scale_loss: without effect; the engine chooses.
            engine: what runs the network from now on, as `striate.engines.get` takes it: "native", "torch",
                "torch:cuda:1", an engine; None: $STRIATE_ENGINE, else the native one. Not saved with the model.

        Raises:
            StriateError: a name that is not known (the message gives the nearest ones), or a device that is not there.
        """
        chosen = None if engine is None else get_engine(engine)
        self._compiled = Compiled(optimizer, loss, loss_weights, metrics, weighted_metrics)
        self._engine = chosen
        self._compiled_flags = self.trainable_flags
        self.seed = random.next_seed()
        self.stop_training = False
        self._training_programs.clear()

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
            class_weight: the weight of each class, by number; 1 for classes that are not mentioned.
            sample_weight: (n,), the weight of each image in the loss: loss = sum(w l) / n.
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
            from striate.errors import TrainingError

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

    # What compile was told

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._compiled is not None

    @property
    def optimizer(self) -> Any:
        """The optimizer; None before `compile`."""
        return None if self._compiled is None else self._compiled.optimizer

    @property
    def loss(self) -> Any:
        """The loss as `compile` was given it; None before."""
        return None if self._compiled is None else self._compiled.loss

    def reset_metrics(self) -> None:
        """Set loss and metrics back to their start; `fit` and `evaluate` do so themselves."""
        if self._compiled is not None and self._compiled.meters is not None:
            self._compiled.meters.reset()

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, once data has shown which they are: after the first `fit` or `evaluate`."""
        meters = self._compiled.meters if self._compiled is not None else None
        return [] if meters is None else meters.metrics

    @property
    def directions(self) -> dict[str, Any]:
        """For each name of `metrics_names` "up" where larger is better, "down" where smaller is, None if unknown."""
        meters = self._compiled.meters if self._compiled is not None else None
        return {"loss": "down"} if meters is None else dict(meters.directions)

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns."""
        meters = self._compiled.meters if self._compiled is not None else None
        return ["loss"] if meters is None else meters.names

    def get_compile_config(self) -> dict[str, Any]:
        """What `compile` was told, in the form in which Keras saves it; empty before `compile`."""
        return {} if self._compiled is None else self._compiled.get_config()

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """`compile` with what `get_compile_config` gave, and make the optimizer's state if the model is built."""
        known = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
        self.compile(**{key: config[key] for key in known if config.get(key) is not None})
        if self.built:
            self.optimizer.build(self.trainable_weights)

    # Programs

    def _need_compiled(self, what: str) -> Compiled:
        if self._compiled is None:
            raise NotCompiledError(f"{self.name}: call compile(optimizer=..., loss=...) before {what}")
        return self._compiled

    def _runner(self, engine: EngineLike) -> Engine:
        """The engine of one call."""
        return self.engine if engine is None else get_engine(engine)

    def _examples(
        self, compiled: Compiled, engine: Engine, x: Any, y: Any, sample_weight: Any, class_weight: Any,
        prefix: str = "", shapes: Sequence[Shape] | None = None,
    ) -> Examples:
        """Data checked and converted, without touching the model."""
        if compiled.loss is None:
            raise NotCompiledError(f"{self.name}: compile was given no loss; compile(optimizer=..., loss=...) again")
        find = engine.first_not_finite
        views = view_images(self._arranged(x, f"{prefix}x"), self.input_shapes or shapes, None, f"{prefix}x")
        shapes = [array.shape[1:] for array in views]
        outputs = compiled.outputs(self._target_names, self._output_shapes(shapes))
        y = by_output.targets_of(y, self._target_names, f"{prefix}y")
        return labelled(views, y, sample_weight, class_weight, shapes, outputs, find, prefix)

    @property
    def _target_names(self) -> list[str]:
        """What losses, metrics and labels call the outputs: their keys in a dictionary, else their layers."""
        return sorted(self._output_form) if isinstance(self._output_form, Mapping) else self.output_names

    def _output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The shape of each output for images of some shapes, without building anything."""
        return [tuple(size for size in shape if size is not None) for shape in self.open_output_shapes(shapes)]

    def _prepare(self, compiled: Compiled, engine: Engine, examples: Examples) -> tuple[Program, Meters]:
        """Build if need be; the program for training on images of this size, and the metrics."""
        self.build_for(examples.images)
        if len(self._compiled_flags) != len(self.leaves()):  # layers were added since compile
            self._compiled_flags = self.trainable_flags
        if self._compiled_flags != self.trainable_flags:
            warnings.warn(
                f"{self.name}: some layers' trainable changed since compile; compile again for that to take effect",
                stacklevel=3,
            )
        graph = self.graph_with(self._compiled_flags, [array.shape[1:] for array in examples.images])
        shapes = [node.shape for node in graph.outputs]
        functions, meters = compiled.resolve(self._target_names, examples.targets, shapes)
        key = (graph, engine, *rule_key(compiled, functions))
        if key not in self._training_programs:
            with self.flags_set(self._compiled_flags):
                rule = compiled.optimizer.rule(graph.parameters())
                weights = by_output.weights_of(compiled.loss_weights, self._target_names)
                self._training_programs[key] = engine.compile(
                    graph, losses=functions, loss_weights=weights, rule=rule, seed=self.seed
                )
        self._training_programs.move_to_end(key)
        while len(self._training_programs) > KEPT or next(iter(self._training_programs))[2:] != key[2:]:
            self._training_programs.popitem(last=False)
        return self._training_programs[key], meters

    def program(self, shapes: Sequence[Shape] | None = None, engine: Engine | None = None) -> Program:
        """The network compiled for inference; the program for training serves when graph and engine are the same."""
        graph, engine = self.graph_with(self.trainable_flags, shapes), engine or self.engine
        for key, program in self._training_programs.items():
            if key[:2] == (graph, engine):
                self._programs.pop((graph, engine), None)
                return program
        return super().program(shapes, engine)

    def forget_graphs(self) -> None:
        """To be called when layers are added or removed."""
        super().forget_graphs()
        self._training_programs.clear()

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



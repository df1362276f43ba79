"""What a model is told by `compile`, and the programs for training that follow from it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from striate import random
from striate.arrays import FirstNotFinite
from striate.engines import Engine, EngineLike, Examples, Program
from striate.engines import get as get_engine
from striate.errors import NotCompiledError
from striate.graph import Shape
from striate.models import own_losses
from striate.models.network import KEPT, Network
from striate.training import by_output
from striate.training.compiled import Compiled, rule_key
from striate.training.data import images_to_prepare, labelled
from striate.training.meters import Meters
from striate.training.targets import Output
from striate.warning import warn

if TYPE_CHECKING:
    from striate.metrics import Metric
    from striate.optimizers import OptimizerLike


class Compilable(Network):
    """The part of `Model` that knows how it is to be trained.

    Attributes:
        stop_training: set it to True in a callback to stop after the present batch.
    """

    stop_training: bool

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self.stop_training = False
        self._seed = self._seeding = 0
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
            loss: a name or a loss; for several outputs one for all, a list, or a dictionary by output, with None for
                those that are not trained; the labels of these may be None, too.
            loss_weights: the factor of each output's loss, a list or a dictionary. In the order of Keras 2, whose third
                argument is `metrics`, the two are told apart by what they hold.
            metrics: names, metrics or functions of (y_true, y_pred), which every example counts for alike; for several
                outputs a list with an entry for each (a metric, a list or None) or a dictionary by output.
            weighted_metrics: the same, following sample and class weights.
            run_eagerly, steps_per_execution, jit_compile, auto_scale_loss: without effect; the engine chooses.
            engine: what runs the network from now on, as `striate.engines.get` takes it: "native", "torch",
                "torch:cuda:1", an engine; None: $STRIATE_ENGINE, else the native one. Not saved with the model.

        Raises:
            StriateError: a name that is not known (the message gives the nearest ones), a device that is not there, or
                losses, weights or metrics that do not fit the outputs; while those are not known, `fit` raises this.
        """
        chosen = None if engine is None else get_engine(engine)
        if by_output.name_metrics(loss_weights) and not by_output.name_metrics(metrics):
            loss_weights, metrics = metrics, loss_weights  # Keras 2 had them the other way round
        compiled = Compiled(optimizer, loss, loss_weights, metrics, weighted_metrics)
        if self.wiring is not None:  # else the first images show what the outputs are
            compiled.check_outputs(self._target_names)
        self._compiled = compiled
        self._engine = chosen
        self._compiled_flags = self.trainable_flags
        self._seeding = -1
        self.stop_training = False
        self._training_programs.clear()

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

    @property
    def seed(self) -> int:
        """What keys the shuffles, dropout and other noise of this model's training.

        Drawn from the sequence of `set_random_seed` by the first training after `compile` or after `set_random_seed`,
        so trainings continued without either go on as if never stopped.
        """
        return self._seed

    @seed.setter
    def seed(self, value: int) -> None:
        self._seed, self._seeding = value, random.seedings()

    def _draw_seed(self) -> None:
        """A new seed, if `compile` or `set_random_seed` has been called since the last was drawn."""
        if self._seeding != random.seedings():
            self.seed = random.next_seed()

    def reset_metrics(self) -> None:
        """Set loss and metrics back to their start; `fit` and `evaluate` do so themselves."""
        if self._compiled is not None and self._compiled.meters is not None:
            self._compiled.meters.reset()

    def get_metrics_result(self) -> dict[str, Any]:
        """Loss and metrics as they stand, by name; empty before the first `fit` or `evaluate`."""
        meters = self._compiled.meters if self._compiled is not None else None
        return {} if meters is None else meters.results()

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
        self, compiled: Compiled, find: FirstNotFinite, x: Any, y: Any, sample_weight: Any, class_weight: Any,
        prefix: str = "", shapes: Sequence[Shape] | None = None, known: dict[Any, list[Output]] | None = None,
    ) -> Examples:
        """Data checked and converted, without touching the model.

        find: the search for NaN and infinity. known: where to keep the outputs for the sizes of images met so far.
        """
        if compiled.loss is None:
            raise NotCompiledError(f"{self.name}: compile was given no loss; compile(optimizer=..., loss=...) again")
        views = images_to_prepare(self._arranged(x, f"{prefix}x"), self.input_shapes or shapes, f"{prefix}x")
        shapes = [array.shape[1:] for array in views]
        outputs = (known or {}).get(tuple(shapes))
        if outputs is None:
            output_shapes = self._output_shapes(shapes)  # what a method `call` puts out is known from now on
            outputs = compiled.outputs(self._target_names, output_shapes)
        if known is not None:
            known[tuple(shapes)] = outputs
        untrained = [output.name for output in outputs if output.loss is None]
        y = by_output.targets_of(y, self._target_names, f"{prefix}y", untrained)
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
        program = self._training_program(compiled, engine, examples)
        shapes = self._output_shapes([array.shape[1:] for array in examples.images])
        return program, compiled.resolve(self._target_names, examples.targets, shapes)

    def _training_program(self, compiled: Compiled, engine: Engine, examples: Examples) -> Program:
        """Build if need be; the program for training on images of this size."""
        self.build_for(examples.images)
        self._draw_seed()
        if len(self._compiled_flags) != len(self.leaves()):  # layers were added since compile
            self._compiled_flags = self.trainable_flags
        if self._compiled_flags != self.trainable_flags:
            warn(f"{self.name}: some layers' trainable changed since compile; compile again for that to take effect")
        sizes = [array.shape[1:] for array in examples.images]
        graph = self.graph_with(self._compiled_flags, sizes)
        shapes = [node.shape for node in graph.outputs]
        functions = compiled.functions(self._target_names, examples.targets, shapes)
        own = compiled.own_losses(self._target_names, examples.targets, shapes)
        labels = tuple(examples.targets[place].shape[1:] for place in own)
        key = (graph, engine, self.seed, labels, *rule_key(compiled, functions))
        if key not in self._training_programs:
            with self.flags_set(self._compiled_flags):
                rule = compiled.optimizer.rule(graph.parameters())
                weights = by_output.weights_of(compiled.loss_weights, self._target_names)
                graphs = (graph, self.measured_graph(self._compiled_flags, sizes))
                self._training_programs[key] = own_losses.compiled(
                    engine, graphs, own, labels, losses=functions, loss_weights=weights, rule=rule, seed=self.seed
                )
        self._training_programs.move_to_end(key)
        while len(self._training_programs) > KEPT or next(iter(self._training_programs))[2:] != key[2:]:
            self._training_programs.popitem(last=False)
        return self._training_programs[key]

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

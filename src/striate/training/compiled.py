"""What `compile` was told: optimizer, losses, metrics; resolved to objects once the shapes of labels are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import isfunction
from typing import Any

from numpy.typing import NDArray

from striate import losses, metrics, optimizers
from striate.errors import DataError, StriateError
from striate.graph import LossFunction, Shape
from striate.lookup import own_form
from striate.training import by_output
from striate.training.meters import Meters
from striate.training.targets import Output


class Compiled:
    """The settings of one `compile`, checked.

    Args:
        optimizer, loss, loss_weights, metrics, weighted_metrics: as `Model.compile` takes them.

    Raises:
        StriateError: a name that is not known, or something of another kind.
    """

    def __init__(
        self, optimizer: optimizers.OptimizerLike, loss: Any, loss_weights: Any, metric: Any, weighted_metric: Any
    ) -> None:
        self.optimizer = optimizers.get(optimizer)
        self.loss, self.loss_weights = loss, loss_weights
        self.metrics, self.weighted_metrics = metric, weighted_metric
        self._losses: dict[int, losses.Loss] = {}  # of what was given, by its id
        for identifier in by_output.flat(loss):
            if not (isinstance(identifier, str) and identifier.lower() in losses.CHOSEN_BY_SHAPE):
                self._losses[id(identifier)] = losses.get(identifier)
                self._losses[id(identifier)].check_trainable()
        given = len(by_output.flat(loss_weights))
        if given and given != len(by_output.flat(loss)) and isinstance(loss, (list, tuple, Mapping)):
            raise StriateError(f"loss_weights: got {given} for {len(by_output.flat(loss))} losses")
        for measure in (*by_output.flat(metric), *by_output.flat(weighted_metric)):
            metrics.check(measure)
        self.meters: Meters | None = None
        self._resolved_for: tuple[Any, ...] = ()

    def check_outputs(self, names: Sequence[str]) -> None:
        """Raise StriateError unless losses, their weights and metrics are those of outputs of these names."""
        if self.loss is not None:
            by_output.losses_of(self.loss, names)
        by_output.weights_of(self.loss_weights, names)
        for argument, given in (("metrics", self.metrics), ("weighted_metrics", self.weighted_metrics)):
            by_output.metrics_of(given, names, argument)

    def outputs(self, names: Sequence[str], shapes: Sequence[Shape]) -> list[Output]:
        """The network's outputs, each with its loss."""
        self.check_outputs(names)
        chosen = [self._losses.get(id(loss), loss) for loss in by_output.losses_of(self.loss, names)]
        return [Output(name, shape, loss) for name, shape, loss in zip(names, shapes, chosen, strict=True)]

    def _chosen(
        self, names: Sequence[str], targets: Sequence[NDArray[Any]], shapes: Sequence[Shape]
    ) -> tuple[list[tuple[Shape, Shape]], list[losses.Loss | None]]:
        """The shapes of (prepared) targets and outputs, and the loss for each pair of them."""
        pairs = [(target.shape, (len(target), *shape)) for target, shape in zip(targets, shapes, strict=True)]
        given = by_output.losses_of(self.loss, names)
        chosen = [
            None if loss is None else self._losses.get(id(loss)) or losses.resolve(loss, *pair)
            for loss, pair in zip(given, pairs, strict=True)
        ]
        return pairs, chosen

    def functions(
        self, names: Sequence[str], targets: Sequence[NDArray[Any]], shapes: Sequence[Shape]
    ) -> tuple[LossFunction | None, ...]:
        """Loss functions for (prepared) targets and outputs of these names and shapes."""
        chosen = self._chosen(names, targets, shapes)[1]
        return tuple(None if loss is None else loss.function() for loss in chosen)

    def own_losses(
        self, names: Sequence[str], targets: Sequence[NDArray[Any]], shapes: Sequence[Shape]
    ) -> dict[int, losses.OwnLoss]:
        """Those of the losses that are the user's own, by the place of their output."""
        chosen = self._chosen(names, targets, shapes)[1]
        return {place: loss for place, loss in enumerate(chosen) if isinstance(loss, losses.OwnLoss)}

    def resolve(
        self, names: Sequence[str], targets: Sequence[NDArray[Any]], shapes: Sequence[Shape]
    ) -> Meters:
        """What measures outputs of these names and shapes against (prepared) targets.

        Raises:
            DataError: metrics of an output without a loss, whose labels were left out.
        """
        pairs, chosen = self._chosen(names, targets, shapes)
        functions = tuple(None if loss is None else loss.function() for loss in chosen)
        key = (functions, tuple(tuple(shape) for shape in shapes), tuple(target.shape[1:] for target in targets))
        if self.meters is None or key != self._resolved_for:
            self._check_labels(names, targets)
            plain, weighted = (
                [
                    [metrics.resolve(metric, *pair) for metric in group]
                    for group, pair in zip(by_output.metrics_of(given, names), pairs, strict=True)
                ]
                for given in (self.metrics, self.weighted_metrics)
            )
            self.meters, self._resolved_for = Meters(names, chosen, plain, weighted, shapes), key
        return self.meters

    def _check_labels(self, names: Sequence[str], targets: Sequence[NDArray[Any]]) -> None:
        for given in (self.metrics, self.weighted_metrics):
            for name, group, target in zip(names, by_output.metrics_of(given, names), targets, strict=True):
                if group and target.shape[1:] == (0,):
                    raise DataError(f"y: the output {name} has metrics and no loss, so it needs labels for them, too")

    def get_config(self) -> dict[str, Any]:
        """What `compile` was told, in the form in which Keras saves it. Functions of your own are left out."""
        return {
            "optimizer": optimizers.serialize(self.optimizer),
            "loss": _map(self.loss, _plain_loss),
            "loss_weights": self.loss_weights,
            "metrics": _map(self.metrics, _plain_metric),
            "weighted_metrics": _map(self.weighted_metrics, _plain_metric),
            "run_eagerly": False,
            "steps_per_execution": 1,
            "jit_compile": False,
        }


def rule_key(compiled: Compiled, functions: tuple[LossFunction | None, ...]) -> tuple[Any, ...]:
    """What a compiled program depends on besides its graph."""
    optimizer = compiled.optimizer
    bounds = (optimizer.weight_decay, optimizer.clipnorm, optimizer.clipvalue, optimizer.global_clipnorm)
    average = (optimizer.use_ema, optimizer.ema_momentum, optimizer.ema_overwrite_frequency)
    weights = tuple(by_output.flat(compiled.loss_weights))
    return (id(optimizer), tuple(optimizer.numbers().items()), bounds, average, functions, weights)


def _map(value: Any, plain: Callable[[Any], Any]) -> Any:
    """Each thing in a structure as Keras writes it; lists of one as the one, what cannot be written is left out."""
    if isinstance(value, Mapping) and "class_name" not in value:
        return {key: _map(item, plain) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        found = [_map(item, plain) for item in value]
        return [item for item in found if item is not None] if None not in value else found
    return None if value is None else plain(value)


def _plain_loss(loss: losses.LossLike) -> Any:
    if isinstance(loss, str):
        return loss
    made = losses.get(loss)
    return losses.serialize(made) if not isinstance(made, losses.OwnLoss) or made.is_named else None


def _plain_metric(identifier: metrics.MetricLike) -> Any:
    if isinstance(identifier, str):
        return identifier
    metric = metrics.get(identifier)
    if type(metric).__name__ in metrics.__all__ and type(metric) is not metrics.MeanMetricWrapper:
        return metrics.serialize(metric)
    if isfunction(identifier) and identifier.__name__.isidentifier():
        return own_form(identifier.__name__)
    return None

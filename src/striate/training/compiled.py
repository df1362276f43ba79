"""What `compile` was told: optimizer, losses, metrics; resolved to objects once the shapes of labels are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate import losses, metrics, optimizers
from striate.errors import StriateError
from striate.graph import Array, LossFunction, Shape
from striate.metrics.base import RunningMean
from striate.training.targets import Output

Logs = dict[str, Any]


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
        self.losses: list[losses.LossLike] = _flatten(loss)
        for identifier in self.losses:
            if not (isinstance(identifier, str) and identifier.lower() in losses.CHOSEN_BY_SHAPE):
                losses.get(identifier)
        self.loss_weights = [float(weight) for weight in _flatten(loss_weights)] or None
        if self.loss_weights and len(self.loss_weights) != len(self.losses):
            raise StriateError(f"loss_weights: got {len(self.loss_weights)} for {len(self.losses)} losses")
        self.metrics: list[metrics.MetricLike] = _flatten(metric)
        self.weighted_metrics: list[metrics.MetricLike] = _flatten(weighted_metric)
        for measure in (*self.metrics, *self.weighted_metrics):
            metrics.check(measure)
        self.meters: Meters | None = None
        self._resolved_for: tuple[Any, ...] = ()

    def outputs(self, names: Sequence[str], shapes: Sequence[Shape]) -> list[Output]:
        """The network's outputs, each with its loss."""
        if len(self.losses) != len(shapes):
            raise StriateError(f"loss: got {len(self.losses)} losses for {len(shapes)} outputs; give one for each")
        return [Output(name, shape, loss) for name, shape, loss in zip(names, shapes, self.losses, strict=True)]

    def resolve(
        self, targets: Sequence[NDArray[Any]], shapes: Sequence[Shape]
    ) -> tuple[tuple[LossFunction, ...], Meters]:
        """Loss functions and metrics for (prepared) targets and outputs of these shapes."""
        pairs = [(target.shape, (len(target), *shape)) for target, shape in zip(targets, shapes, strict=True)]
        functions = tuple(losses.resolve(loss, *pair).function() for loss, pair in zip(self.losses, pairs, strict=True))
        key = (functions, tuple(tuple(shape) for shape in shapes), tuple(target.shape[1:] for target in targets))
        if self.meters is None or key != self._resolved_for:
            plain = [metrics.resolve(metric, *pairs[0]) for metric in self.metrics]
            weighted = [metrics.resolve(metric, *pairs[0]) for metric in self.weighted_metrics]
            self.meters, self._resolved_for = Meters(plain, weighted, shapes), key
        return functions, self.meters

    def get_config(self) -> dict[str, Any]:
        """What `compile` was told, in the form in which Keras saves it. Functions of your own are left out."""
        return {
            "optimizer": optimizers.serialize(self.optimizer),
            "loss": _only([_plain_loss(loss) for loss in self.losses]),
            "loss_weights": self.loss_weights,
            "metrics": _plain_metrics(self.metrics),
            "weighted_metrics": _plain_metrics(self.weighted_metrics),
            "run_eagerly": False,
            "steps_per_execution": 1,
            "jit_compile": False,
        }


class Meters:
    """The running loss and metrics of an epoch or an evaluation.

    Args:
        plain: metrics that every example counts for alike.
        weighted: metrics that follow the sample weights.
        shapes: of the outputs for one image.
    """

    def __init__(
        self, plain: Sequence[metrics.Metric], weighted: Sequence[metrics.Metric], shapes: Sequence[Shape]
    ) -> None:
        self.shapes = list(shapes)
        self.plain = list(plain)
        self.weighted = list(weighted)
        self._names = _unique_names(self.plain, self.weighted)
        self._loss = RunningMean()

    @property
    def metrics(self) -> list[metrics.Metric]:
        """All metrics, in the order in which `evaluate` returns them."""
        return [*self.plain, *self.weighted]

    @property
    def names(self) -> list[str]:
        """Keys of the results, the loss first."""
        return ["loss", *self._names]

    def reset(self) -> None:
        """Forget everything."""
        self._loss = RunningMean()
        for metric in self.metrics:
            metric.reset_state()

    def add_losses(self, batch_losses: NDArray[np.float64], sizes: NDArray[np.float64]) -> None:
        """Take in batches' losses, each weighted with its number of images."""
        self._loss.add(batch_losses, sizes)

    def add_outputs(self, targets: NDArray[Any], outputs: Array, weights: Array | None) -> None:
        """Take in what the network put out for some examples."""
        for metric in self.plain:
            metric.update_state(targets, outputs)
        for metric in self.weighted:
            metric.update_state(targets, outputs, sample_weight=weights)

    def results(self) -> Logs:
        """Everything since the reset, sorted by name as Keras does."""
        values = {"loss": self._loss.value()}
        for name, metric in zip(self._names, self.metrics, strict=True):
            values[name] = float(metric.result())
        return dict(sorted(values.items()))

    def ordered(self, results: Mapping[str, float]) -> list[float]:
        """The values in the order of `names`."""
        return [results[name] for name in self.names]


def rule_key(compiled: Compiled, functions: tuple[LossFunction, ...]) -> tuple[Any, ...]:
    """What a compiled program depends on besides its graph."""
    optimizer = compiled.optimizer
    bounds = (optimizer.weight_decay, optimizer.clipnorm, optimizer.clipvalue, optimizer.global_clipnorm)
    weights = tuple(compiled.loss_weights or ())
    return (id(optimizer), tuple(optimizer.numbers().items()), bounds, functions, weights)


def _flatten(value: Any) -> list[Any]:
    """One thing, a list of things, or a dictionary of them, as a list."""
    if value is None:
        return []
    if isinstance(value, Mapping) and "class_name" not in value:
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [item for element in value for item in _flatten(element)]
    return [value]


def _unique_names(plain: Iterable[metrics.Metric], weighted: Iterable[metrics.Metric]) -> list[str]:
    """Keras's keys: a second metric of one name gets a number, a weighted one "weighted_" in front."""
    seen: dict[str, int] = {}
    names = []
    for prefix, group in (("", plain), ("weighted_", weighted)):
        for metric in group:
            name = metric.name
            if name in seen and prefix:
                name = f"{prefix}{name}"
            count = seen.get(name, 0)
            seen[name] = count + 1
            names.append(f"{name}_{count}" if count else name)
    return names


def _plain_loss(loss: losses.LossLike) -> Any:
    return loss if isinstance(loss, str) else losses.serialize(losses.get(loss))


def _plain_metrics(identifiers: Sequence[metrics.MetricLike]) -> list[Any] | None:
    plain: list[Any] = []
    for identifier in identifiers:
        if isinstance(identifier, str):
            plain.append(identifier)
            continue
        metric = metrics.get(identifier)
        if type(metric).__name__ in metrics.__all__ and type(metric) is not metrics.MeanMetricWrapper:
            plain.append(metrics.serialize(metric))
    return plain or None


def _only(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values or None

"""The running loss and metrics of an epoch or an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from striate.graph import Array, Shape
from striate.losses import Loss
from striate.metrics import Metric
from striate.metrics.base import MeanMetricWrapper, RunningMean
from striate.tensors import wrapped
from striate.training import by_output
from striate.training.results import Results

Logs = dict[str, Any]


class Meters:
    """What is measured of each output, under Keras's names.

    With several outputs, each has its own loss besides the total one, and its name stands before those of its metrics.

    Args:
        names: of the outputs.
        losses: of the outputs; None for one without.
        plain: for each output the metrics that every example counts for alike.
        weighted: for each output the metrics that follow the sample weights.
        shapes: of the outputs for one image.
    """

    def __init__(
        self, names: Sequence[str], losses: Sequence[Loss | None], plain: Sequence[Sequence[Metric]],
        weighted: Sequence[Sequence[Metric]], shapes: Sequence[Shape],
    ) -> None:
        self.shapes = list(shapes)
        self.plain = [list(group) for group in plain]
        self.weighted = [list(group) for group in weighted]
        self.several = len(names) > 1
        trained = [(k, loss) for k, loss in enumerate(losses) if loss is not None]
        self._losses = trained if len(trained) > 1 else []
        self._loss_names = [f"{names[k]}_loss" for k, _ in self._losses]
        prefixes = [f"{name}_" if self.several else "" for name in names]
        self._metric_names = _unique_names(prefixes, self.plain, self.weighted)
        self._written = {metric for metric in self.metrics if _is_written(metric)}
        self.reset()

    @property
    def metrics(self) -> list[Metric]:
        """All metrics, in the order of compile."""
        return [metric for group in (*self.plain, *self.weighted) for metric in group]

    @property
    def needs_outputs(self) -> bool:
        """Whether anything besides the total loss is measured."""
        return bool(self._losses or self.metrics)

    @property
    def names(self) -> list[str]:
        """Keys of the results in the order in which `evaluate` returns them, the losses first."""
        metrics = sorted(self._metric_names) if self.several else self._metric_names
        return ["loss", *self._loss_names, *metrics]

    @property
    def directions(self) -> dict[str, Literal["up", "down"] | None]:
        """For each key whether larger or smaller is better."""
        found = {name: metric.direction for name, metric in zip(self._metric_names, self.metrics, strict=True)}
        return {**found, **dict.fromkeys(["loss", *self._loss_names], "down")}

    def reset(self) -> None:
        """Forget everything."""
        self._total = RunningMean()
        self._each = [RunningMean() for _ in self._losses]
        for metric in self.metrics:
            metric.reset_state()

    def add_losses(self, batch_losses: NDArray[np.float64], sizes: NDArray[np.float64]) -> None:
        """Take in batches' total losses, each weighted with its number of images."""
        self._total.add(batch_losses, sizes)

    def add_outputs(
        self, targets: Sequence[NDArray[Any]], outputs: Sequence[Array], weights: Array | None, batch_size: int
    ) -> None:
        """Take in what the network put out for some batches; weights are those of `Examples`.

        Metrics in code of the user's see one batch at a time: what they make of several need not be a mean.
        """
        for (k, loss), mean in zip(self._losses, self._each, strict=True):
            values, own = loss.call(targets[k], outputs[k]), by_output.column(weights, k)
            each = values.reshape(len(values), -1).mean(axis=1)
            mean.add(each if own is None else each * own)
        for group, target, output in zip(self.plain, targets, outputs, strict=True):
            for metric in group:
                for part in self._parts(metric, len(output), batch_size):
                    metric.update_state(wrapped(target[part]), wrapped(output[part]))
        for k, group in enumerate(self.weighted):
            own = by_output.column(weights, k)
            for metric in group:
                for part in self._parts(metric, len(outputs[k]), batch_size):
                    given = None if own is None else own[part]
                    metric.update_state(wrapped(targets[k][part]), wrapped(outputs[k][part]), sample_weight=given)

    def _parts(self, metric: Metric, count: int, batch_size: int) -> list[slice]:
        """Which examples a metric is given at a time."""
        step = batch_size if metric in self._written else max(count, 1)
        return [slice(start, start + step) for start in range(0, count, step)]

    def results(self) -> Logs:
        """Everything since the reset, sorted by name as Keras does."""
        values = {"loss": self._total.value()}
        values |= {name: mean.value() for name, mean in zip(self._loss_names, self._each, strict=True)}
        for name, metric in zip(self._metric_names, self.metrics, strict=True):
            value = metric.result()
            values[name] = value if np.ndim(value) else float(value)  # some give a value of each class
        return Results(sorted(values.items()))

    def ordered(self, results: Mapping[str, float]) -> list[float]:
        """The values in the order of `names`."""
        return [results[name] for name in self.names]


def _is_written(metric: Metric) -> bool:
    """Whether a metric is code of the user's: a function, or a class."""
    code = metric._fn if type(metric) is MeanMetricWrapper else type(metric)
    return not str(getattr(code, "__module__", "")).startswith("striate.")


def _unique_names(
    prefixes: Sequence[str], plain: Sequence[Sequence[Metric]], weighted: Sequence[Sequence[Metric]]
) -> list[str]:
    """Keras's keys: a second metric of one name gets a number, a weighted one "weighted_" in front."""
    seen: dict[str, int] = {}
    names = []
    for mark, groups in (("", plain), ("weighted_", weighted)):
        for prefix, group in zip(prefixes, groups, strict=True):
            for metric in group:
                name = f"{prefix}{metric.name}"
                if name in seen and mark:
                    name = f"{prefix}{mark}{metric.name}"
                count = seen.get(name, 0)
                seen[name] = count + 1
                names.append(f"{name}_{count}" if count else name)
    return names

"""Arguments of `compile` and data that are given for each output of a network: one, a list, or a dictionary by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from inspect import isfunction
from typing import Any

import numpy as np

from striate.errors import DataError, StriateError
from striate.graph import Array


def losses_of(loss: Any, names: Sequence[str]) -> list[Any]:
    """The loss of each output, None for one that is not trained; one loss stands for all of them.

    Raises:
        StriateError: another number of losses, names that are not those of the outputs, or no loss at all.
    """
    if isinstance(loss, Mapping) and "class_name" not in loss:
        found = _by_name("loss", loss, names)
    elif isinstance(loss, (list, tuple)):
        found = list(loss)
        if len(found) != len(names):
            raise StriateError(f"loss: got {len(found)} losses for {len(names)} outputs; give one for each")
    else:
        found = [loss] * len(names)
    if all(one is None for one in found):
        raise StriateError(f"loss: got {loss!r}, expected a loss for at least one of the outputs {list(names)}")
    return found


def weights_of(weights: Any, names: Sequence[str]) -> list[float] | None:
    """The factor of each output's loss; None for ones."""
    if weights is None:
        return None
    if isinstance(weights, Mapping):
        found = _by_name("loss_weights", weights, names)
    else:
        found = list(weights) if isinstance(weights, (list, tuple)) else [weights]
    if len(found) != len(names):
        raise StriateError(f"loss_weights: got {len(found)} for {len(names)} losses")
    try:
        numbers = [float(weight) for weight in found]
    except (TypeError, ValueError):
        raise StriateError(f"loss_weights: got {weights!r}, expected a number for each output") from None
    if not all(map(math.isfinite, numbers)):
        raise StriateError(f"loss_weights: got {weights!r}, expected finite numbers")
    return numbers


def metrics_of(metrics: Any, names: Sequence[str], argument: str = "metrics") -> list[list[Any]]:
    """The metrics of each output.

    A list of names and functions that has not as many entries as there are outputs is for every output, as in Keras 2.

    Raises:
        StriateError: neither a dictionary by output nor, for several outputs, such a list or an entry for each.
    """
    if metrics is None:
        return [[] for _ in names]
    if isinstance(metrics, Mapping) and "class_name" not in metrics:
        unknown = sorted(set(metrics) - set(names))
        if unknown:
            raise StriateError(f"{argument}: got {unknown}, but the outputs are {list(names)}")
        return [flat(metrics.get(name)) for name in names]
    if len(names) == 1:
        return [flat(metrics)]
    listed = metrics if isinstance(metrics, (list, tuple)) else [metrics]
    if len(listed) != len(names) and all(isinstance(item, str) or isfunction(item) for item in listed):
        return [list(listed) for _ in names]
    if not isinstance(metrics, (list, tuple)) or len(metrics) != len(names):
        raise StriateError(
            f"{argument}: got {metrics!r} for {len(names)} outputs; give a list with an entry (a metric, a list or "
            f"None) for each, or a dictionary by the names {list(names)}"
        )
    return [flat(entry) for entry in metrics]


def name_metrics(given: Any) -> bool:
    """Whether what was given, alone or for each output, are names, metrics or functions."""
    return any(isinstance(item, (str, Mapping)) or callable(item) for item in flat(given))


def targets_of(y: Any, names: Sequence[str], argument: str = "y", untrained: Sequence[str] = ()) -> Any:
    """Labels given by the outputs' names, as a list in their order; others as they are.

    untrained: names of outputs without a loss, whose labels may be left out.
    """
    if not isinstance(y, Mapping):
        listed = isinstance(y, (list, tuple)) and len(y) == len(names) - len(untrained) < len(names)
        if not listed and not (untrained and len(names) - len(untrained) == 1 and not isinstance(y, (list, tuple))):
            return y
        given = iter(y if listed else [y])
        return [None if name in untrained else next(given) for name in names]
    if not set(names) - set(untrained) <= set(y) <= set(names) or len(set(names)) < len(names):
        raise DataError(f"{argument}: got a dictionary with {sorted(y)}, expected the outputs {list(names)}")
    return [y.get(name) for name in names] if len(names) > 1 else y[names[0]]


def sample_weights_of(weights: Any, names: Sequence[str], argument: str = "sample_weight") -> list[Any] | None:
    """The images' weights in the loss of each output, None for ones; None where one array is for all outputs.

    Raises:
        DataError: names that are not those of the outputs, or another number of arrays.
    """
    if isinstance(weights, Mapping):
        if not set(weights) <= set(names) or len(set(names)) < len(names):
            raise DataError(f"{argument}: got a dictionary with {sorted(weights)}, but the outputs are {list(names)}")
        return [weights.get(name) for name in names]
    if not isinstance(weights, (list, tuple)) or not any(np.ndim(entry) > 0 for entry in weights if entry is not None):
        return None
    if len(weights) != len(names):
        raise DataError(f"{argument}: got {len(weights)} arrays, expected one for each of the outputs {list(names)}")
    return list(weights)


def column(weights: Array | None, output: int) -> Array | None:
    """The images' weights in the loss of one output, of weights as `Examples` keeps them."""
    return weights if weights is None or weights.ndim == 1 else weights[:, output]


def flat(value: Any) -> list[Any]:
    """One thing, a list of things, or a dictionary of them, as a list."""
    if value is None:
        return []
    if isinstance(value, Mapping) and "class_name" not in value:
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [item for element in value for item in flat(element)]
    return [value]


def _by_name(argument: str, values: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    if set(values) != set(names) or len(set(names)) < len(names):
        raise StriateError(f"{argument}: got {sorted(values)}, expected the outputs {list(names)}")
    return [values[name] for name in names]

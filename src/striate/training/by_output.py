"""Arguments of `compile` and data that are given for each output of a network: one, a list, or a dictionary by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from striate.errors import DataError, StriateError


def losses_of(loss: Any, names: Sequence[str]) -> list[Any]:
    """The loss of each output; one loss stands for all of them.

    Raises:
        StriateError: another number of losses, or names that are not those of the outputs.
    """
    if isinstance(loss, Mapping) and "class_name" not in loss:
        found = _by_name("loss", loss, names)
    elif isinstance(loss, (list, tuple)):
        found = list(loss)
        if len(found) != len(names):
            raise StriateError(f"loss: got {len(found)} losses for {len(names)} outputs; give one for each")
    else:
        found = [loss] * len(names)
    for one, name in zip(found, names, strict=True):
        if one is None:
            raise StriateError(f"loss: got None for the output {name!r}; train a Model without that output")
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

    Raises:
        StriateError: neither a dictionary by output nor, for several outputs, a list with an entry for each.
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
    if not isinstance(metrics, (list, tuple)) or len(metrics) != len(names):
        raise StriateError(
            f"{argument}: got {metrics!r} for {len(names)} outputs; give a list with an entry (a metric, a list or "
            f"None) for each, or a dictionary by the names {list(names)}"
        )
    return [flat(entry) for entry in metrics]


def targets_of(y: Any, names: Sequence[str], argument: str = "y") -> Any:
    """Labels given by the outputs' names, as a list in their order; others as they are."""
    if not isinstance(y, Mapping):
        return y
    if set(y) != set(names) or len(set(names)) < len(names):
        raise DataError(f"{argument}: got a dictionary with {sorted(y)}, expected the outputs {list(names)}")
    return [y[name] for name in names] if len(names) > 1 else y[names[0]]


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

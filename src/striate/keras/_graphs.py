"""What Keras 1 and 2 did with symbolic tensors: `K.function`, `K.learning_phase`, and Keras 1's function `merge`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from striate.errors import StriateError, UnavailableError
from striate.layers import former
from striate.layers.symbolic import is_symbolic
from striate.warning import warn


class LearningPhase(int):
    """What `K.learning_phase()` gives: 0, and among the inputs of `K.function` the place of a 0 or a 1."""


_PHASE = LearningPhase(0)


def learning_phase() -> LearningPhase:
    """0, as nothing trains outside `fit`; among the inputs of `function` it stands for 0 (prediction) or 1."""
    return _PHASE


def set_learning_phase(value: int) -> None:
    """Without effect, as in TensorFlow 2: `fit` trains, `predict` and `evaluate` do not. Of 1 a warning says so."""
    if value not in (0, 1):
        raise StriateError(f"set_learning_phase: got {value!r}, expected 0 or 1")
    if value:
        warn(
            "set_learning_phase(1) is without effect: fit trains without being told, predict and evaluate never do; "
            "write model(x, training=True) for predictions with dropout"
        )


def function(
    inputs: Any, outputs: Any, updates: Sequence[Any] | None = None, name: str | None = None, **options: Any
) -> Callable[[Any], Any]:
    """A function from arrays for some symbolic tensors to the numbers of others, as `Model(inputs, outputs)` has them.

        features = K.function([model.input], [model.get_layer("conv2d").output])
        (maps,) = features([images])

    Args:
        inputs: symbolic tensors, and `learning_phase()` where the function is to be told whether dropout acts.
        outputs: symbolic tensors that follow from them.
        updates: none.
        name, options: without effect.

    Returns:
        The function. It takes a list of arrays (an array for one input that is no list) and returns arrays in the
        form of `outputs`.

    Raises:
        StriateError: something that is no symbolic tensor, an output that needs another input, updates.
    """
    from striate.models import Functional

    if updates:
        raise StriateError("function: got updates, but weights change in fit and in set_value alone")
    listed = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    tensors = [each for each in listed if not isinstance(each, LearningPhase)]
    if not all(is_symbolic(each) for each in tensors) or not tensors:
        raise StriateError(f"function: inputs: got {inputs!r}, expected symbolic tensors, such as model.input")
    model = Functional(tensors, outputs)

    def computed(values: Any, *further: Any) -> Any:
        given = list(values) if isinstance(values, (list, tuple)) else [values]
        given += further  # in some versions one argument for each input
        if len(given) != len(listed):
            raise StriateError(f"function: got {len(given)} arrays, expected {len(listed)}, one for each input")
        arrays, training = _parted(listed, given)
        results = model(arrays if len(arrays) > 1 else arrays[0], training=training)
        if not isinstance(outputs, (list, tuple)):
            return results.numpy()
        return [each.numpy() for each in (results if isinstance(results, list) else [results])]

    return computed


def _parted(listed: Sequence[Any], given: Sequence[Any]) -> tuple[list[Any], bool]:
    """The arrays, and whether layers act as in training."""
    training = False
    arrays = []
    for place, value in zip(listed, given, strict=True):
        if not isinstance(place, LearningPhase):
            arrays.append(value)
        elif np.ndim(value) == 0 and value in (0, 1):
            training = bool(value)
        else:
            raise StriateError(f"function: the learning phase: got {value!r}, expected 0 or 1")
    return arrays, training


def merge(
    inputs: Any, mode: str = "sum", concat_axis: int = -1, dot_axes: Any = -1, output_shape: Any = None,
    output_mask: Any = None, arguments: Any = None, name: str | None = None,
) -> Any:
    """Several symbolic tensors taken together, as Keras 1 said it: `merge([a, b], mode="concat")`.

    Args:
        inputs: a list of symbolic tensors.
        mode: "sum" (`Add`), "mul" (`Multiply`), "concat" (`Concatenate`), "ave" (`Average`), "max" (`Maximum`), "dot"
            (`Dot`) or "cos" (`Dot` of unit length).
        concat_axis, dot_axes: the axis or axes of "concat", "dot" and "cos".
        output_shape, output_mask, arguments: without effect.
        name: the layer's.

    Raises:
        StriateError: another mode.
    """
    from striate import layers

    if callable(mode):
        raise UnavailableError(
            "keras.layers.merge with a function", f"merge: got the function {mode!r}, expected the name of a mode",
            'mode="sum", "mul", "concat", "ave", "max", "dot" or "cos"; operators on tensors (a - b) are layers, too.',
        )
    if mode == "cos":
        return layers.Dot(dot_axes, normalize=True, name=name)(inputs)
    config = {"mode": mode, "concat_axis": concat_axis, "dot_axes": dot_axes}
    class_name, options = former.updated("Merge", config)
    return getattr(layers, class_name)(**options, name=name)(inputs)

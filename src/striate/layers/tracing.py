"""Functions of the user's own inside a network: called once on symbolic tensors, they become what they ask for.

What a function does to symbolic tensors are calls of layers: operators (`x * 2 + y`), and the functions of
`keras.activations`, `keras.backend`, `keras.ops` and `tf` that know symbolic tensors. So the engine runs and
differentiates it like any layer, and the function itself is never called during training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from striate.errors import ShapeError, StriateError, UnavailableError
from striate.graph import Shape, operations
from striate.layers import naming
from striate.layers.base import Layer
from striate.layers.input import InputLayer
from striate.layers.steps import Step, placed
from striate.layers.symbolic import Call, SymbolicTensor

INSTEAD = (
    "operators with numbers and tensors (2 * x + y, x ** 2, x[..., 0]), keras.activations, and those functions of "
    "keras.ops, keras.backend and tf that are layers: exp, sigmoid, maximum, clip, reshape, concatenate, mean, ..."
)


class Traced(Layer, common=True):
    """y = function(x), by the operations that the function asks for.

    Args:
        function: of symbolic tensors: one, or a list of them where the layer is called on a list.
        what: what the user calls it, for errors.
        arguments: further ones for the function.
        **options: `name`, `trainable`, `input_shape`.
    """

    _several_inputs = True

    def __init__(
        self, function: Callable[..., Any], what: str, arguments: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.function = function
        self._what, self._further, self._listed = what, dict(arguments or {}), False
        self._known: dict[tuple[Shape, ...], list[Step]] = {}

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """As for any layer; the function is given a list if this is."""
        self._listed = isinstance(inputs, (list, tuple))
        return super().__call__(inputs, training)

    def steps(self, *shapes: Shape) -> list[Step]:
        """The function's operations on images of some shapes."""
        if shapes not in self._known:
            with naming.apart():
                tensors = [InputLayer(tuple(map(int, shape))).output for shape in shapes]
                given = tensors if self._listed or len(shapes) > 1 else tensors[0]
                result = traced(self._what, self.function, given, **self._further)
                if result is None:
                    raise StriateError(f"{self._what}: {_called(self.function)} returned None, expected a tensor")
                if not isinstance(result, SymbolicTensor):
                    raise untraceable(self._what, f"{self._what}: returned {result!r}, expected a symbolic tensor")
                self._known[shapes] = _steps_to(self._what, result, tensors)
        return self._known[shapes]

    def get_config(self) -> dict[str, Any]:
        """Raises UnavailableError: a configuration holds no code."""
        raise UnavailableError(
            "configurations of code", f"{self._what}: is code of your own ({_called(self.function)})",
            "save the weights alone with save_weights, and make the model in Python before load_weights.",
        )


def traced(what: str, function: Callable[..., Any], *given: Any, **options: Any) -> Any:
    """What a function makes of symbolic tensors.

    Raises:
        UnavailableError: it asks for numbers, or for what no layer does.
    """
    try:
        return function(*given, **options)
    except (NameError, UnavailableError, ShapeError):
        raise  # a mistake in the function itself, or what says already what is the matter
    except (StriateError, TypeError, AttributeError, ValueError) as error:
        raise untraceable(what, f"{what}: {_called(function)} does what no layer does: {error}") from error


def untraceable(what: str, message: str) -> UnavailableError:
    """The error about code that has no counterpart in layers."""
    return UnavailableError(f"{what} of such code", message, INSTEAD)


def _steps_to(what: str, result: SymbolicTensor, inputs: Sequence[SymbolicTensor]) -> list[Step]:
    """The steps of all layers between tensors and a result, one behind the other."""
    places = {tensor: place for place, tensor in enumerate(inputs)}
    steps: list[Step] = []
    for call in _calls_to(result, inputs):
        layer, shapes = call.layer, [tuple(size or 0 for size in tensor.image_shape) for tensor in call.inputs]
        if not call.inputs or hasattr(layer, "wiring") or layer.weights:
            raise untraceable(what, f"{what}: uses {layer.name} ({type(layer).__name__}), which is no mere function")
        own = [places[tensor] for tensor in call.inputs]
        for item in placed(layer.name, layer.all_steps(*shapes), shapes):
            if item.needed:
                raise untraceable(what, f"{what}: uses {layer.name} ({type(layer).__name__}), which needs parameters")
            label = f"{layer.name}_{item.step.suffix}"
            taken = tuple(own[place] - len(inputs) - len(steps) for place in item.places)  # counted back from here
            steps.append(replace(item.step, suffix=label, takes=taken))
            own.append(len(inputs) + len(steps) - 1)
        places[call.outputs[0]] = own[-1]
    if places[result] != len(inputs) + len(steps) - 1 or not steps:
        taken = (places[result] - len(inputs) - len(steps),)
        steps.append(Step("result", operations.Affine(1.0), takes=taken))
    return steps


def _calls_to(result: SymbolicTensor, inputs: Sequence[SymbolicTensor]) -> list[Call]:
    """The calls that a result depends on, in an order in which they can be computed."""
    done: dict[Call, None] = {}
    waiting = [(result, False)]
    while waiting:
        tensor, followed = waiting.pop()
        if tensor in inputs or tensor.call in done:
            continue
        if followed:
            done[tensor.call] = None
        else:
            waiting += [(tensor, True), *((other, False) for other in tensor.call.inputs)]
    return list(done)


def _called(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


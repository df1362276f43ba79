"""Copies of models: the same layers with new weights, or with other layers in their places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.errors import StriateError
from striate.layers import InputLayer, Layer
from striate.layers.symbolic import SymbolicTensor, connect, flatten, packed
from striate.models.functional import Functional
from striate.models.model import Model
from striate.models.sequential import Sequential

CloneLayer = Callable[[Layer], Layer]


def clone_model(
    model: Model, input_tensors: Any = None, clone_function: CloneLayer | None = None, call_function: None = None,
    recursive: bool = False,
) -> Model:
    """A model of the same layers with new weights of its own; inner models are cloned, too.

    Args:
        model: a functional or sequential model.
        input_tensors: symbolic tensors to begin with in place of new inputs; a list for several.
        clone_function: makes the layer that takes the place of the one it is given; it may return that one itself. Not
            called for inputs. If not given, a new layer of the same configuration.
        call_function: must be None.
        recursive: whether clone_function is called for the layers of inner models, too, rather than for those models.

    Raises:
        StriateError: something that is no model, tensors that do not fit, or an argument that is not available.
    """
    if not isinstance(model, Model):
        raise StriateError(f"clone_model: got {model!r}, expected a model")
    if call_function is not None:
        raise StriateError(f"clone_model: got call_function={call_function!r}, expected None; use clone_function")
    if clone_function is not None and not callable(clone_function):
        raise StriateError(f"clone_model: got clone_function={clone_function!r}, expected a function of a layer")
    tensors = None if input_tensors is None else flatten(input_tensors)
    for tensor in tensors or ():
        if not isinstance(tensor, SymbolicTensor):
            raise StriateError(f"clone_model: input_tensors: got {tensor!r}, expected what Input returns")
    if clone_function is None and tensors is None:
        return type(model).from_config(model.get_config())

    def copy(layer: Layer) -> Layer:
        if isinstance(layer, Model) and (recursive or clone_function is None):
            return clone_model(layer, clone_function=clone_function, recursive=recursive)
        made = type(layer).from_config(layer.get_config()) if clone_function is None else clone_function(layer)
        if not isinstance(made, Layer):
            raise StriateError(f"clone_model: clone_function made {made!r} of {layer.name}, expected a layer")
        return made

    return _sequential(model, tensors, copy) if isinstance(model, Sequential) else _functional(model, tensors, copy)


def _sequential(model: Sequential, tensors: list[SymbolicTensor] | None, copy: CloneLayer) -> Sequential:
    start: list[Any] = list(tensors or ())
    if len(start) > 1 or any(not isinstance(tensor.call.layer, InputLayer) for tensor in start):
        raise StriateError(f"clone_model: input_tensors: got {start}, expected what Input returned, once")
    if not start and model.input_shapes is not None:
        start = [InputLayer(model.input_shapes[0])]
    return Sequential([*start, *map(copy, model.layers)], name=model.name)


def _functional(model: Model, tensors: list[SymbolicTensor] | None, copy: CloneLayer) -> Functional:
    wiring = model.wiring
    assert wiring is not None  # functional models always have one
    if tensors is None:
        tensors = [InputLayer.from_config(tensor.call.layer.get_config()).output for tensor in wiring.inputs]
    if len(tensors) != len(wiring.inputs):
        raise StriateError(f"clone_model: input_tensors: got {len(tensors)}, expected {len(wiring.inputs)}")
    new = dict(zip(wiring.inputs, tensors, strict=True))
    copies: dict[Layer, Layer] = {}
    for call in wiring.calls:
        if call.inputs:
            if call.layer not in copies:
                copies[call.layer] = copy(call.layer)
            given = packed(call.given, [new[tensor] for tensor in call.inputs])
            new.update(zip(call.outputs, connect(copies[call.layer], given, call.training), strict=True))
    outputs = packed(model._output_form, [new[tensor] for tensor in wiring.outputs])
    return Functional(packed(model._input_form, tensors), outputs, name=model.name)

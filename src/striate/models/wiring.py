"""Which layers' calls lead from some symbolic tensors to others: the walk over a functional network."""

from __future__ import annotations

from collections.abc import Sequence

from striate.errors import StriateError
from striate.graph import Graph, Node
from striate.layers import InputLayer, Layer
from striate.layers.shapes import OpenShape
from striate.layers.symbolic import Call, SymbolicTensor, connect, packed


class Wiring:
    """The calls between input and output tensors.

    Attributes:
        calls: in an order in which they can be computed; those of InputLayers are among them.
        layers: each once, in Keras's order, which that of the weights follows: by the number of calls between a layer
            and the outputs, the most first; then as the walk back from the outputs meets them.
        size: how many calls there are, those within inner networks counted each time.

    Args:
        name: of the model, for errors.
        inputs: the outputs of InputLayers.
        outputs: tensors that follow from them.

    Raises:
        StriateError: an output that needs another input, or two layers of one name.
    """

    def __init__(self, name: str, inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> None:
        self.name = name
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.calls, met = walk(outputs)
        given = {tensor.call for tensor in inputs}
        for call in self.calls:
            if not call.inputs and call not in given:
                known = ", ".join(tensor.name for tensor in inputs)
                raise StriateError(
                    f"{name}: is disconnected: {outputs[0].name if len(outputs) == 1 else 'an output'} needs the input "
                    f"{call.layer.name!r}, which is not among the model's inputs ({known})"
                )
        unused = [tensor.call for tensor in inputs if tensor.call not in self.calls]
        self.layers = _by_depth(self.calls, met)
        self.layers += [call.layer for call in unused]
        self.calls = [*unused, *self.calls]
        _check_names(name, self.layers)
        self.size = sum(size_of(call.layer) for call in self.calls)
        self.places = _places(self.calls)
        self.labels = {
            call: f"{call.layer.name}[{place}]" if place else call.layer.name for call, place in self.places.items()
        }

    @property
    def linear(self) -> bool:
        """Whether the layers simply follow each other, each called once on one tensor."""
        used = [tensor for call in self.calls for tensor in call.inputs]
        single = all(len(call.inputs) <= 1 for call in self.calls) and not any(self.places.values())
        return single and len(set(used)) == len(used) and len(self.inputs) == len(self.outputs) == 1

    def lower(self, graph: Graph, inputs: Sequence[Node], prefix: str = "", training: bool | None = None) -> list[Node]:
        """Put all calls into a graph; returns a node for each output."""
        values: dict[SymbolicTensor, Node] = dict(zip(self.inputs, inputs, strict=True))
        for call in self.calls:
            if call.inputs:
                taken = [values[tensor] for tensor in call.inputs]
                mode = training if call.training is None else call.training
                nodes = call.layer.lower_all(graph, taken, prefix + self.labels[call], mode)
                values.update(zip(call.outputs, nodes, strict=True))
        return [values[tensor] for tensor in self.outputs]

    def shapes(self, inputs: Sequence[OpenShape]) -> dict[SymbolicTensor, OpenShape]:
        """The shape of every tensor for inputs of some shapes."""
        known: dict[SymbolicTensor, OpenShape] = dict(zip(self.inputs, inputs, strict=True))
        for call in self.calls:
            if call.inputs:
                made = call.layer.open_output_shapes([known[tensor] for tensor in call.inputs])
                known.update(zip(call.outputs, made, strict=True))
        return known


def size_of(layer: Layer) -> int:
    """How many calls of layers one call of a layer is: more than one for networks."""
    wiring = getattr(layer, "wiring", None)
    if wiring is None:
        return max(len(layer.leaves()), 1) if hasattr(layer, "leaves") else 1
    return int(wiring.size)


def walk(outputs: Sequence[SymbolicTensor], stop: Sequence[SymbolicTensor] = ()) -> tuple[list[Call], list[Layer]]:
    """The calls that outputs depend on, in an order in which they can be computed, and their layers as first met.

    stop: tensors whose origin is of no interest.
    """
    done: dict[Call, None] = {}
    met: dict[Layer, None] = {}
    waiting = [(tensor.call, False) for tensor in reversed(outputs) if tensor not in stop]
    while waiting:  # depth first, without recursion: networks may be thousands of calls deep
        call, followed = waiting.pop()
        if call in done:
            continue
        met.setdefault(call.layer)
        if followed:
            done[call] = None
            continue
        waiting.append((call, True))
        waiting += [(tensor.call, False) for tensor in reversed(call.inputs) if tensor not in stop]
    return list(done), list(met)


def _by_depth(calls: Sequence[Call], met: Sequence[Layer]) -> list[Layer]:
    """Layers in Keras's order."""
    depths: dict[Call, int] = {}
    of_layer: dict[Layer, int] = {}
    for call in reversed(calls):
        depth = max(depths.get(call, 0), of_layer.get(call.layer, 0))
        depths[call] = of_layer[call.layer] = depth
        for tensor in call.inputs:
            depths[tensor.call] = max(depth + 1, depths.get(tensor.call, 0))
    order = {layer: place for place, layer in enumerate(met)}
    return sorted(of_layer, key=lambda layer: (-of_layer[layer], order[layer]))


def _check_names(model: str, layers: Sequence[Layer]) -> None:
    names: dict[str, Layer] = {}
    for layer in layers:
        if layer.name in names:
            raise StriateError(
                f"{model}: two layers are called {layer.name!r} ({type(names[layer.name]).__name__} and "
                f"{type(layer).__name__}); give name=... to one of them"
            )
        names[layer.name] = layer


def _places(calls: Sequence[Call]) -> dict[Call, int]:
    """Which of its layer's calls here each is, from 0; in a graph the later ones are called dense[1], dense[2], ..."""
    seen: dict[Layer, int] = {}
    places = {}
    for call in sorted(calls, key=lambda call: call.index):
        places[call] = seen[call.layer] = seen.get(call.layer, -1) + 1
    return places


def rewired(
    inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]
) -> tuple[list[SymbolicTensor], list[SymbolicTensor]]:
    """The same calls, beginning with inputs of their own where `inputs` are tensors from the middle of a network.

    Returns:
        Inputs, each the output of an InputLayer, and outputs; layers on the way are called once more.
    """
    if all(isinstance(tensor.call.layer, InputLayer) for tensor in inputs):
        return list(inputs), list(outputs)
    new = {
        tensor: tensor
        if isinstance(tensor.call.layer, InputLayer)
        else InputLayer(tensor.image_shape, name=f"{tensor.name}_input").output
        for tensor in inputs
    }
    for call in walk(outputs, inputs)[0]:
        if not call.inputs:
            new.setdefault(call.outputs[0], call.outputs[0])
            continue
        given = packed(call.given, [new[tensor] for tensor in call.inputs])
        for old, made in zip(call.outputs, connect(call.layer, given, call.training), strict=True):
            new.setdefault(old, made)
    return [new[tensor] for tensor in inputs], [new[tensor] for tensor in outputs]

"""Configurations of functional networks in Keras's form: layers, each with the calls made of it, inputs and outputs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from striate.errors import StriateError
from striate.layers import Layer, registry, serialize
from striate.layers.shapes import one_or_list
from striate.layers.symbolic import Call, SymbolicTensor, flatten
from striate.models.network import Network
from striate.models.operations import as_layer
from striate.models.wiring import Wiring, size_of

MakeLayer = Callable[[Any, int], Layer]  # of a serialized layer and its place in the list
Reference = tuple[str, int, int]  # a layer's name, which of its calls, which of that call's outputs
LARGEST_NETWORK = 50_000  # calls of layers, those within inner models counted each time; ResNet-152 has about 500


def make_layer(form: Any, index: int) -> Layer:
    """The layer, or the inner model, of a serialized form."""
    from striate.models.functional import Functional
    from striate.models.sequential import Sequential

    if not isinstance(form, Mapping):
        raise StriateError(f"layer {index}: got {type(form).__name__}, expected a serialized layer")
    return registry.deserialize(form, {"Functional": Functional, "Model": Functional, "Sequential": Sequential})


def described(layer: Layer) -> dict[str, Any]:
    """A layer in the form in which Keras saves it, with the shape it was built for."""
    form = serialize(layer)
    if layer.built and not isinstance(layer, Network) and not layer._module.startswith("keras.src.ops."):
        form["build_config"] = {"input_shape": _lists(layer.input_shape)}
    return form


def describe(wiring: Wiring, input_form: Any, output_form: Any) -> dict[str, Any]:
    """What `build` makes the same network of."""
    places = wiring.places
    of_layer: dict[Layer, list[Call]] = {}
    for call in places:  # in order
        of_layer.setdefault(call.layer, []).append(call)

    def tensor(value: SymbolicTensor) -> dict[str, Any]:
        history = [value.name, places[value.call], value.index]
        config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": config}

    def reference(value: SymbolicTensor) -> list[Any]:
        first = int(type(value.call.layer).__name__ == "Functional")  # as Keras counts an inner model's calls here
        return [value.name, places[value.call] + first, value.index]

    layers = []
    for layer in wiring.layers:
        form = described(layer)
        also = [form["config"].pop(argument) for argument in layer._of_calls]
        nodes = [
            {
                "args": [_mapped(call.given, tensor), *also],
                "kwargs": {} if call.training is None else {"training": call.training},
            }
            for call in of_layer[layer]
            if call.inputs
        ]
        layers.append({**form, "name": layer.name, "inbound_nodes": nodes})
    ends = {
        "input_layers": _filled(input_form, [reference(value) for value in wiring.inputs]),
        "output_layers": _filled(output_form, [reference(value) for value in wiring.outputs]),
    }
    return {"layers": layers, **ends}


def build(config: Mapping[str, Any], make: MakeLayer = make_layer) -> tuple[Any, Any]:
    """The inputs and outputs, as `Functional` takes them, of a network that `describe` or Keras described.

    Raises:
        StriateError: a configuration that does not hold together; calls that wait for each other are named.
    """
    forms = config.get("layers")
    if not isinstance(forms, list):
        raise StriateError("Functional: the configuration has no list of layers")
    layers: dict[str, Layer] = {}
    counted: set[str] = set()  # models whose own making Keras 2 counts as their first call
    pending: dict[tuple[str, int], Any] = {}
    for index, form in enumerate(map(as_layer, forms)):
        layer = make(form, index)
        if layer.name in layers:
            raise StriateError(f"Functional: two layers are called {layer.name!r}")
        layers[layer.name] = layer
        if isinstance(layer, Network) and layer.input_shapes is not None:
            counted.add(layer.name)
        nodes = form.get("inbound_nodes", [])
        if not isinstance(nodes, list):
            raise StriateError(f"{layer.name}: inbound_nodes: expected a list")
        pending |= {(layer.name, place): node for place, node in enumerate(nodes)}
    sizes = {name: size_of(layer) for name, layer in layers.items()}
    calls = sum(sizes[name] for name, _ in pending)
    if calls > LARGEST_NETWORK:  # a few models in models can ask for more than a lifetime's
        raise StriateError(f"Functional: its layers are called {calls} times, expected at most {LARGEST_NETWORK:,}")
    made = {(name, 0): list(layer.calls[0].outputs) for name, layer in layers.items() if layer.calls}
    if set(made) & set(pending):
        raise StriateError(f"{next(iter(set(made) & set(pending)))[0]}: stands for images and has inputs of its own")
    _call_all(layers, pending, made, counted)

    def find(reference: Reference) -> SymbolicTensor:
        name, place, index = reference
        place -= type(layers.get(name)).__name__ == "Functional"
        outputs = made.get((name, place), [])
        if not 0 <= index < len(outputs):
            raise StriateError(f"Functional: there is no tensor {list(reference)}")
        return outputs[index]

    ends = [_found(config.get(key), find, key) for key in ("input_layers", "output_layers")]
    return ends[0], ends[1]


def _call_all(
    layers: Mapping[str, Layer], pending: Mapping[tuple[str, int], Any], made: dict[tuple[str, int], list[Any]],
    counted: Set[str],
) -> None:
    """Make every call as soon as what it needs is there; each is looked at once for each thing that it needs."""
    waiting: dict[tuple[str, int], list[tuple[str, int]]] = {}
    missing: dict[tuple[str, int], int] = {}
    for key, node in pending.items():
        needs = {(name, place) for name, place, _ in _references(node, counted)} - set(made)
        needs |= {(key[0], key[1] - 1)} if key[1] else set()  # a layer's calls keep their order
        missing[key] = len(needs)
        for need in needs:
            waiting.setdefault(need, []).append(key)
    ready = deque(key for key, count in missing.items() if not count)
    while ready:
        key = ready.popleft()
        made[key] = _call(layers[key[0]], pending[key], counted, made)
        for other in waiting.get(key, ()):
            missing[other] -= 1
            if not missing[other]:
                ready.append(other)
    stuck = sorted({name for name, place in pending if (name, place) not in made})
    if stuck:
        raise StriateError(
            f"Functional: the calls of {', '.join(map(repr, stuck[:5]))} wait for each other or for a layer that is "
            "not there: the graph has a cycle or is disconnected"
        )


def _call(layer: Layer, node: Any, counted: Set[str], made: Mapping[tuple[str, int], list[Any]]) -> list[Any]:
    args, options = _arguments(node, layer.name)
    known = {key: value for key, value in options.items() if value is not None}
    training = known.pop("training", None)
    if known or not isinstance(training, (bool, type(None))):
        raise StriateError(f"{layer.name}: is called with {options}, of which only training is available")

    def find(reference: Reference) -> SymbolicTensor:
        name, place, index = reference
        outputs = made[(name, place)]
        if not 0 <= index < len(outputs):
            raise StriateError(f"{layer.name}: there is no tensor {list(reference)}")
        tensor: SymbolicTensor = outputs[index]
        return tensor

    given = _resolved(args, find, counted, isinstance(node, list))
    return list(flatten(layer(one_or_list(given), **({} if training is None else {"training": training}))))


def _arguments(node: Any, layer: str) -> tuple[list[Any], dict[str, Any]]:
    """What a call was given: Keras 3's form, or the list of references of Keras 2."""
    if isinstance(node, list) and all(isinstance(entry, list) and len(entry) in (3, 4) for entry in node) and node:
        options = next((entry[3] for entry in node if len(entry) == 4 and isinstance(entry[3], dict)), {})
        return [entry[:3] for entry in node], options
    if isinstance(node, Mapping) and isinstance(node.get("args"), list) and isinstance(node.get("kwargs"), Mapping):
        return node["args"], dict(node["kwargs"])
    raise StriateError(f"{layer}: inbound_nodes: got {type(node).__name__}, expected a call with its inputs")


def _references(node: Any, counted: Set[str]) -> list[Reference]:
    found: list[Reference] = []

    def note(reference: Reference) -> Any:
        found.append(reference)
        return reference

    _resolved(_arguments(node, "Functional")[0], note, counted, isinstance(node, list))
    return found


def _resolved(value: Any, find: Callable[[Reference], Any], counted: Set[str], legacy: bool) -> Any:
    """A structure with its references replaced by what they stand for. Keras 2 counted inner models' calls from 1."""
    if legacy:
        found = []
        for entry in value:
            name, place, index = _reference(entry)
            found.append(find((name, place - (name in counted), index)))
        return found
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            config = value.get("config")
            return find(_reference(config.get("keras_history") if isinstance(config, Mapping) else None))
        return {key: _resolved(item, find, counted, legacy) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, find, counted, legacy) for item in value]
    raise StriateError(f"Functional: a layer is called with {value!r}, expected tensors of the network")


def _reference(value: Any) -> Reference:
    if not isinstance(value, (list, tuple)) or len(value) != 3 or not isinstance(value[0], str):
        raise StriateError(f"Functional: got {value!r}, expected a layer's name and two numbers")
    if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in value[1:]):
        raise StriateError(f"Functional: got {value!r}, expected a layer's name and two numbers")
    return value[0], value[1], value[2]


def _found(value: Any, find: Callable[[Reference], Any], key: str) -> Any:
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return find(_reference(value))
    if isinstance(value, Mapping):
        return {name: _found(item, find, key) for name, item in value.items()}
    if isinstance(value, list):
        return [_found(item, find, key) for item in value]
    raise StriateError(f"Functional: {key}: got {value!r}, expected layers' names")


def _filled(form: Any, values: Sequence[Any]) -> Any:
    """References in the form of a structure, a single one as a list of one, as Keras writes it."""
    remaining = iter(values)

    def fill(part: Any) -> Any:
        if isinstance(part, Mapping):
            filled = {key: fill(part[key]) for key in sorted(part)}
            return {key: filled[key] for key in part}
        return [fill(element) for element in part] if isinstance(part, list) else next(remaining)

    return [next(remaining)] if form is None else fill(form)


def _mapped(value: Any, tensor: Callable[[SymbolicTensor], Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _mapped(item, tensor) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(item, tensor) for item in value]
    return tensor(value)


def _lists(shape: Any) -> Any:
    return [_lists(item) for item in shape] if isinstance(shape, (list, tuple)) else shape

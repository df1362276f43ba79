"""Networks of layers as graphs: shapes, weights, and the program that runs them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from striate.engines import Engine, Images, Program
from striate.engines import get as get_engine
from striate.engines.image_warp import as_array
from striate.errors import ShapeError, StriateError
from striate.graph import Graph, Node, Parameter, Shape
from striate.graph.operations import Input
from striate.layers import Embedding, Layer
from striate.layers.indices import check_indices
from striate.layers.input import fits
from striate.layers.shapes import OpenShape, is_open, one_or_list
from striate.layers.symbolic import SymbolicTensor, packed
from striate.models import active
from striate.models.wiring import Wiring

Flags = tuple[bool, ...]

KEPT = 4  # graphs and programs: one for each size of images and state of `trainable`


class Network(Layer):
    """The part of `Model` that the others stand on. A subclass says which layers there are and how they are wired.

    A network is a layer: it can be called on symbolic tensors and stand in another network.

    Args:
        name: made up from the class if not given.
        trainable: False freezes all layers.
    """

    _several_inputs = True

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self._wiring: Wiring | None = None
        self._graphs: OrderedDict[tuple[Flags, tuple[Shape, ...], bool | None], Graph] = OrderedDict()
        self._programs: OrderedDict[tuple[Graph, Engine], Program] = OrderedDict()
        self._engine: Engine | None = None

    # What a subclass defines

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its layers are")

    @property
    def input_shapes(self) -> list[OpenShape] | None:
        """The shape of an image for each input, None for open sizes; None while it is not known."""
        return None if self._wiring is None else [tensor.image_shape for tensor in self._wiring.inputs]

    @property
    def output_names(self) -> list[str]:
        """The name of each output's layer."""
        return [tensor.name for tensor in self._wired("outputs").outputs]

    def get_config(self) -> dict[str, Any]:
        """What makes the same model, with new weights, in the form in which Keras writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no get_config")

    # Inputs and outputs

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors that the network begins with."""
        return list(self._wired("inputs").inputs)

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors that the network ends with."""
        return list(self._wired("outputs").outputs)

    @property
    def input(self) -> Any:
        """The input; for several a list, or a dictionary if the model was given one."""
        return packed(self._input_form, self.inputs)

    @property
    def output(self) -> Any:
        """The output; for several a list, or a dictionary if the model was given one."""
        return packed(self._output_form, self.outputs)

    @property
    def _input_form(self) -> Any:
        """How inputs are given: None for one, or a list or a dictionary of None."""
        return one_or_list([None] * len(self.input_shapes or [None]))

    @property
    def _output_form(self) -> Any:
        return one_or_list([None] * len(self.output_names))

    def _output_structure(self, given: Any, outputs: Sequence[Any]) -> Any:
        return packed(self._output_form, outputs)

    def _arranged(self, given: Any, what: str = "inputs") -> Any:
        """What is given for the inputs, as a list in their order; one thing for one input stays as it is."""
        if not isinstance(given, Mapping):
            return given
        names = [tensor.name for tensor in self.inputs]
        keys = sorted(self._input_form) if isinstance(self._input_form, Mapping) else names
        keys = keys if set(keys) <= set(given) else names
        if set(given) != set(keys):
            raise StriateError(f"{self.name}: {what}: got a dictionary with {sorted(given)}, expected {sorted(keys)}")
        return one_or_list([given[key] for key in keys])

    # The network as a graph

    @property
    def built(self) -> bool:
        """Whether all parameters exist."""
        return self._wiring is not None and all(layer.built for layer in self.layers)

    def build_for_shapes(self, shapes: Sequence[OpenShape]) -> None:
        """Build if need be; a network that is built only checks that images of these shapes fit.

        Raises:
            ShapeError: they do not; the message names the layer.
        """
        self.open_output_shapes(shapes)

    def parameter_shapes(self, shapes: Sequence[OpenShape]) -> dict[str, Shape]:
        """Nothing of the network's own; a check that images of these shapes fit."""
        self.open_output_shapes(shapes)
        return {}

    def open_output_shapes(self, shapes: Sequence[OpenShape]) -> list[OpenShape]:
        """Shapes of the outputs for images of some shapes."""
        wiring = self._wired("output shapes")
        self._check_inputs(shapes)
        known = wiring.shapes(shapes)
        return [known[tensor] for tensor in wiring.outputs]

    def lower_all(
        self, graph: Graph, inputs: Sequence[Node], name: str | None = None, training: bool | None = None
    ) -> list[Node]:
        """Put the network into another one's graph; its layers are called name/layer there."""
        shapes = [node.shape for node in inputs]
        if self.built:
            self._check_inputs(shapes)
        else:
            self.build_for_shapes(shapes)
        nodes = self._wired("graph").lower(graph, inputs, f"{name or self.name}/", training)
        graph.aliases[name or self.name] = nodes[0]
        return nodes

    @property
    def wiring(self) -> Wiring | None:
        """Which calls of which layers lead from the inputs to the outputs; None while that is not known."""
        return self._wiring

    def _wired(self, what: str) -> Wiring:
        if self._wiring is None:
            raise StriateError(
                f"{self.name}: has no {what} yet, because the shape of its images is not known; begin with "
                "Input(shape=...), call model.build((None, ...)) or call it on images"
            )
        return self._wiring

    def _check_built(self, what: str) -> None:
        self._wired(what)

    def _check_inputs(self, shapes: Sequence[OpenShape]) -> None:
        expected = self.input_shapes or []
        if len(shapes) != len(expected):
            raise ShapeError(f"{self.name}: takes {len(expected)} inputs, got {len(shapes)}")
        for shape, want, tensor in zip(shapes, expected, self.inputs, strict=True):
            if not fits(shape, want):
                raise ShapeError(
                    f"{self.name}: expected images of shape {(None, *want)} as its input {tensor.name}, got "
                    f"{(None, *shape)}"
                )

    def leaves(self) -> list[Layer]:
        """All layers that are no networks, those of inner networks included, each once."""
        found: dict[Layer, None] = {}
        for layer in self.layers:
            found.update(dict.fromkeys(layer.leaves() if isinstance(layer, Network) else [layer]))
        return list(found)

    @property
    def graph(self) -> Graph:
        """The operations of the network, as the layers' `trainable` stand now."""
        return self.graph_with(self.trainable_flags)

    @property
    def trainable_flags(self) -> Flags:
        """Each layer's `trainable`, those in inner networks included."""
        return tuple(layer.trainable for layer in self.leaves())

    @property
    def has_active(self) -> bool:
        """Whether some layers act as in training always, as they were called with training=True."""
        calls = [] if self._wiring is None else self._wiring.calls
        inner = (layer for layer in self.layers if isinstance(layer, Network))
        return any(call.training for call in calls) or any(layer.has_active for layer in inner)

    def measured_graph(self, flags: Flags, shapes: Sequence[Shape] | None = None) -> Graph | None:
        """The graph whose training mode is the network's inference, if it differs from inference as such."""
        return self.graph_with(flags, shapes, training=False) if self.has_active else None

    def graph_with(
        self, flags: Flags, shapes: Sequence[Shape] | None = None, training: bool | None = None
    ) -> Graph:
        """The operations of the network with other `trainable` flags, for images of some shapes.

        shapes: needed where the inputs leave sizes open. The graphs used last are kept.
        training: False: layers are as in inference, but for those that were called with training=True.
        """
        wiring = self._wired("graph")
        known = self._closed(shapes)
        key = (flags, known, training)
        if key not in self._graphs:
            graph = Graph()
            with self.flags_set(flags):
                nodes = [graph.add(Input(shape), name=t.name) for shape, t in zip(known, wiring.inputs, strict=True)]
                graph.outputs = wiring.lower(graph, nodes, training=training)
            self._graphs[key] = graph
        self._graphs.move_to_end(key)
        while len(self._graphs) > KEPT:
            self._graphs.popitem(last=False)
        return self._graphs[key]

    def _closed(self, shapes: Sequence[Shape] | None) -> tuple[Shape, ...]:
        """Shapes without open sizes."""
        found: Sequence[OpenShape] = (self.input_shapes or []) if shapes is None else shapes
        for shape, tensor in zip(found, self.inputs, strict=True):
            if is_open(shape):
                raise ShapeError(
                    f"{self.name}: its input {tensor.name} leaves sizes open, {tensor.shape}, so there is a graph for "
                    "each size; give images"
                )
        return tuple(tuple(size for size in shape if size is not None) for shape in found)

    @contextmanager
    def flags_set(self, flags: Flags) -> Iterator[None]:
        """For a while, other `trainable` flags."""
        before = self.trainable_flags
        if flags == before:
            yield
            return
        try:
            self._set_flags(flags)
            yield
        finally:
            self._set_flags(before)

    def _set_flags(self, flags: Flags) -> None:
        for layer, value in zip(self.leaves(), flags, strict=True):
            layer.trainable = value

    @property
    def engine(self) -> Engine:
        """What runs the network: the engine given to `compile`, else $STRIATE_ENGINE, else the native one."""
        return self._engine or get_engine()

    def program(self, shapes: Sequence[Shape] | None = None, engine: Engine | None = None) -> Program:
        """The network compiled for inference on images of some shapes; those used last are kept.

        engine: in place of the network's own.
        """
        graph, engine = self.graph_with(self.trainable_flags, shapes), engine or self.engine
        key = (graph, engine)
        if key not in self._programs:
            self._programs[key] = active.compiled(engine, graph, self.measured_graph(self.trainable_flags, shapes))
        self._programs.move_to_end(key)
        while len(self._programs) > KEPT:
            self._programs.popitem(last=False)
        return self._programs[key]

    def forget_graphs(self) -> None:
        """To be called when layers are added or removed."""
        self._graphs.clear()
        self._programs.clear()

    @property
    def input_shape(self) -> Any:
        """Shape of the input, None for the batch and for open sizes; a list for several inputs."""
        return one_or_list([tensor.shape for tensor in self._wired("input_shape").inputs])

    @property
    def output_shape(self) -> Any:
        """Shape of the output, None for the batch; a list for several outputs."""
        return one_or_list([tensor.shape for tensor in self._wired("output_shape").outputs])

    def build_for(self, images: Sequence[Images]) -> None:
        """Build for these images, if the network is not built yet, and check those that are rows of a table."""
        if not self.built:
            self.build(one_or_list([(None, *array.shape[1:]) for array in images]))
        self._check_rows(images)

    def _check_rows(self, images: Sequence[Images]) -> None:
        """Check them where the network is built and looks rows of a table up, by these numbers."""
        if self.built and any(isinstance(layer, Embedding) for layer in self.leaves()):
            graph = self.graph_with(self.trainable_flags, [array.shape[1:] for array in images])
            check_indices(graph, [as_array(one) for one in images])

    # Weights

    @property
    def trainable(self) -> bool:
        """Whether training changes the parameters; setting it sets it for all layers. `compile` again afterwards."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = value
        self._trainable = bool(value)

    @property
    def weights(self) -> list[Parameter]:
        """All parameters, layer by layer; each once."""
        return list(dict.fromkeys(parameter for layer in self.layers for parameter in layer.weights))

    @property
    def losses(self) -> list[Any]:
        """The penalty of each trained weight that has one, for its present numbers, layer by layer."""
        return [loss for layer in self.leaves() for loss in layer.losses]

    def count_params(self) -> int:
        """Number of all parameters' elements."""
        self._check_built("parameters")
        return sum(parameter.value.size for parameter in self.weights)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of a name or at an index.

        Raises:
            StriateError: no such layer, or not exactly one argument.
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise StriateError("get_layer: give either a name or an index")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise StriateError(f"get_layer: got index={index}, but there are {len(layers)} layers")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        from striate.lookup import nearest

        raise StriateError(f"get_layer: no layer {name!r}; {nearest(str(name), [layer.name for layer in layers])}")

"""Networks of layers as graphs: shapes, weights, and the program that runs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.engines import Engine, Program
from striate.engines import get as get_engine
from striate.errors import StriateError
from striate.graph import Array, Graph, Parameter, Shape
from striate.layers import Layer
from striate.layers.assignment import assign_all
from striate.layers.naming import automatic_name

Flags = tuple[bool, ...]


class Network:
    """The part of `Model` that the others stand on. A subclass says which layers there are and how they follow.

    Args:
        name: made up from the class if not given.
        trainable: False freezes all layers.
    """

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        self.name = name or automatic_name(type(self).__name__)
        self._trainable = trainable
        self._graphs: dict[Flags, Graph] = {}
        self._programs: dict[tuple[int, Engine], Program] = {}
        self._engine: Engine | None = None

    # What a subclass defines

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order, without the input."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its layers are")

    @property
    def input_shapes(self) -> list[Shape] | None:
        """The shape of an image for each input; None while it is not known."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its inputs are")

    @property
    def output_names(self) -> list[str]:
        """The name of each output's layer."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its outputs are called")

    def compute_output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Shapes of the outputs for images of some shapes, without building anything."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its outputs are")

    def build(self, input_shape: Any = None) -> None:
        """Make all parameters for images of a shape (a leading None for the batch is ignored)."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is built")

    def lower(self, graph: Graph) -> None:
        """Put inputs, layers and outputs into an empty graph."""
        raise NotImplementedError(f"{type(self).__name__} does not say how its layers follow each other")

    def get_config(self) -> dict[str, Any]:
        """What makes the same model, with new weights, in the form in which Keras writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no get_config")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Network:
        """The model of a configuration, with new weights."""
        raise NotImplementedError(f"{cls.__name__} has no from_config")

    # The network as a graph

    @property
    def built(self) -> bool:
        """Whether all parameters exist."""
        return self.input_shapes is not None and all(layer.built for layer in self.layers)

    @property
    def graph(self) -> Graph:
        """The operations of the network, as the layers' `trainable` stand now."""
        return self.graph_with(self.trainable_flags)

    @property
    def trainable_flags(self) -> Flags:
        """Each layer's `trainable`."""
        return tuple(layer.trainable for layer in self.layers)

    def graph_with(self, flags: Flags) -> Graph:
        """The operations of the network with other `trainable` flags; graphs are kept until the layers change."""
        self._check_built("graph")
        if flags not in self._graphs:
            graph = Graph()
            with self.flags_set(flags):
                self.lower(graph)
            self._graphs[flags] = graph
        return self._graphs[flags]

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
        for layer, value in zip(self.layers, flags, strict=True):
            layer.trainable = value

    @property
    def engine(self) -> Engine:
        """What runs the network: the engine given to `compile`, else $STRIATE_ENGINE, else the native one."""
        return self._engine or get_engine()

    def program(self, engine: Engine | None = None) -> Program:
        """The network compiled for inference, by its own engine if none is given."""
        graph, engine = self.graph, engine or self.engine
        key = (id(graph), engine)
        if key not in self._programs:
            self._programs = {key: engine.compile(graph)}
        return self._programs[key]

    def forget_graphs(self) -> None:
        """To be called when layers are added or removed."""
        self._graphs.clear()
        self._programs.clear()

    @property
    def output_shapes(self) -> list[Shape]:
        """The shape of each output for one image."""
        return [node.shape for node in self.graph.outputs]

    @property
    def input_shape(self) -> Any:
        """Shape of the input, None for the batch; a list for several inputs."""
        self._check_built("input_shape")
        return one_or_list([(None, *shape) for shape in self.input_shapes or []])

    @property
    def output_shape(self) -> Any:
        """Shape of the output, None for the batch; a list for several outputs."""
        return one_or_list([(None, *shape) for shape in self.output_shapes])

    def build_for(self, images: Sequence[np.ndarray[Any, Any]]) -> None:
        """Build for these images, if the network is not built yet."""
        if not self.built:
            self.build(one_or_list([(None, *array.shape[1:]) for array in images]))

    def _check_built(self, what: str) -> None:
        if not self.built:
            raise StriateError(
                f"{self.name}: has no {what} yet, because the shape of its images is not known; begin with "
                "Input(shape=...), call model.build((None, ...)) or call it on images"
            )

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
    def trainable_weights(self) -> list[Parameter]:
        """The parameters that training changes."""
        return [parameter for parameter in self.weights if parameter.trainable]

    @property
    def non_trainable_weights(self) -> list[Parameter]:
        """The parameters that the optimizer leaves alone."""
        return [parameter for parameter in self.weights if not parameter.trainable]

    def get_weights(self) -> list[Array]:
        """Copies of all parameters' numbers, in the order of `weights`."""
        return [parameter.numpy() for parameter in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Give all parameters new numbers, in the order of `weights`; changes nothing if any of them does not fit.

        Raises:
            ShapeError: another number of arrays, or another shape; the message names the parameter.
            DataError: what is no array of numbers.
        """
        hint = "" if self.built else "; the model is not built yet, so it has none"
        assign_all(self.name, self.weights, weights, hint)

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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def one_or_list(values: list[Any]) -> Any:
    """The value of a list of one, else the list."""
    return values[0] if len(values) == 1 else values

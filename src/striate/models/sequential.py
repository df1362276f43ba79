"""A network whose layers follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from striate.errors import ShapeError, StriateError
from striate.graph import Graph, Shape
from striate.layers import InputLayer, Layer, deserialize, serialize
from striate.lookup import serialized
from striate.models.model import Model


class Sequential(Model):
    """Layers in a row, each fed with what the one before puts out.

    The shape of the images is known from a first `Input(shape=...)`, from the first layer's `input_shape=...`, or else
    from the first images that the model sees.

    Args:
        layers: the layers, or none to `add` them.
        trainable: False freezes all layers.
        name: made up if not given.

    Raises:
        StriateError: something that is no layer, or two layers of one name.
        ShapeError: layers that do not fit each other; the message names the layer.
    """

    def __init__(self, layers: Iterable[Layer] | None = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(name=name, trainable=trainable)
        self._input: InputLayer | None = None
        self._layers: list[Layer] = []
        for layer in layers or ():
            self._append(layer)
        self._build_if_known()
        if not trainable:
            self.trainable = False

    def add(self, layer: Layer, rebuild: bool = True) -> None:
        """Put a layer at the end. An error leaves the model as it was.

        Args:
            layer: the layer.
            rebuild: False leaves it to `build`, or to the first images, to make the layer's parameters.
        """
        before = self._input
        self._append(layer)
        if not rebuild:
            return
        try:
            self._build_if_known()
        except StriateError:
            self._input = before
            if self._layers and self._layers[-1] is layer:
                self._layers.pop()
            raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away and return it. `rebuild` has no effect: what stays is built as before."""
        if not self._layers:
            raise StriateError(f"{self.name}: there is no layer to pop")
        self.forget_graphs()
        return self._layers.pop()

    def _append(self, layer: Layer) -> None:
        if isinstance(layer, type) or not isinstance(layer, Layer):
            hint = f"; write {layer.__name__}(...) to make one" if isinstance(layer, type) else ""
            raise StriateError(f"{self.name}: got {layer!r}, expected a layer of striate.layers{hint}")
        if any(layer is known for known in self._layers):
            raise StriateError(f"{self.name}: the layer {layer.name} is in the model already; make another one")
        taken = [known.name for known in (self._input, *self._layers) if known is not None]
        if layer.name in taken:
            raise StriateError(f"{self.name}: there is a layer {layer.name!r} already; give name=... to one of them")
        self.forget_graphs()
        if isinstance(layer, InputLayer):
            if self._input is not None or self._layers:
                raise StriateError(f"{self.name}: an Input can only be the first layer")
            self._input = layer
            return
        if not self._layers and self._input is None and layer.declared_input_shape is not None:
            self._input = InputLayer(layer.declared_input_shape)
        self._layers.append(layer)

    def _build_if_known(self) -> None:
        if self._input is not None and self._layers:
            self.build(self._input.batch_shape)

    def build(self, input_shape: Any = None) -> None:
        """Make all parameters for images of a shape (a leading None for the batch is ignored).

        Raises:
            StriateError: no layers, or another shape than the model has.
            ShapeError: a layer that does not fit; the message names it, and nothing is built.
        """
        if not self._layers:
            raise StriateError(f"{self.name}: has no layers; add some first")
        if input_shape is None:
            self._check_built("input shape")
            return
        given = InputLayer(batch_shape=tuple(input_shape), name="input") if tuple(input_shape)[:1] == (None,) else None
        shape = given.shape if given is not None else InputLayer(tuple(input_shape), name="input").shape
        if self._input is not None and self._input.shape != shape:
            raise ShapeError(f"{self.name}: is for images of shape {self._input.shape}, cannot be built for {shape}")
        self.compute_output_shapes([shape])
        if self._input is None:
            self._input = InputLayer(shape)
        for layer in self._layers:
            if not layer.built:
                layer.build(shape)
            shape = _shape(layer.compute_output_shape(shape))

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order, without the input."""
        return list(self._layers)

    @property
    def input_shapes(self) -> list[Shape] | None:
        """The shape of an image, as a list of one; None while it is not known."""
        return None if self._input is None else [self._input.shape]

    @property
    def output_names(self) -> list[str]:
        """The name of the last layer, as a list of one."""
        if not self._layers:
            raise StriateError(f"{self.name}: has no layers; add some first")
        return [self._layers[-1].name]

    def compute_output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The shape of the output for images of a shape, without building anything."""
        (shape,) = shapes
        for layer in self._layers:
            shape = _shape(layer.compute_output_shape(shape))
        return [shape]

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """Shape of the output, batch axis included, for that of the images."""
        return (None, *self.compute_output_shapes([_shape(tuple(input_shape)[1:])])[0])

    def lower(self, graph: Graph) -> None:
        """Put input, layers and output into an empty graph."""
        if self._input is None:
            raise StriateError(f"{self.name}: the shape of the images is not known yet")
        node = self._input.lower(graph)
        for layer in self._layers:
            node = layer.lower(graph, node)
        graph.outputs = [node]

    def get_config(self) -> dict[str, Any]:
        """What makes the same model, with new weights, in the form in which Keras writes it."""
        forms = [serialize(layer) for layer in (self._input, *self._layers) if layer is not None]
        for form, layer in zip(forms[self._input is not None :], self._layers, strict=True):
            if layer.built:
                form["build_config"] = {"input_shape": list(layer.input_shape)}
        policy = serialized("keras", "DTypePolicy", {"name": "float32"})
        config = {"name": self.name, "trainable": self.trainable, "dtype": policy, "layers": forms}
        return config | ({} if self._input is None else {"build_input_shape": list(self._input.batch_shape)})

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Sequential:
        """The model of a configuration, with new weights.

        Raises:
            StriateError: not the configuration of a sequential model, or layers that are not known.
        """
        forms = config.get("layers")
        if not isinstance(forms, Sequence) or isinstance(forms, str):
            raise StriateError(f"Sequential: got a configuration with {sorted(config)}, expected name and layers")
        model = cls([deserialize(form) for form in forms], name=config.get("name"))
        shape = config.get("build_input_shape")
        if shape and not model.built and model.layers:
            model.build(shape)
        if config.get("trainable") is False:
            model._trainable = False  # the layers' own configurations say the rest
        return model


def _shape(shape: Sequence[int | None]) -> Shape:
    """A shape without unknown sizes."""
    return tuple(size for size in shape if size is not None)

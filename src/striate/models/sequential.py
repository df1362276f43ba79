"""A network whose layers follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from striate.errors import ShapeError, StriateError
from striate.graph import Shape
from striate.layers import InputLayer, Layer, serialize
from striate.layers.base import is_single
from striate.layers.input import fits
from striate.layers.shapes import OpenShape, shapes_of
from striate.layers.symbolic import SymbolicTensor, connect, is_symbolic
from striate.lookup import serialized
from striate.models.configuration import MakeLayer, described, make_layer
from striate.models.model import Model
from striate.models.wiring import Wiring


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

    _module = "keras"

    def __init__(
        self, layers: Iterable[Layer | SymbolicTensor] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self._input: InputLayer | None = None
        self._layers: list[Layer] = []
        self._tensors: list[SymbolicTensor] = []  # the input, then what each layer that is built puts out
        for layer in layers or ():
            self._append(layer)
        self._build_if_known()
        if not trainable:
            self.trainable = False

    def add(self, layer: Layer | SymbolicTensor, rebuild: bool = True) -> None:
        """Put a layer at the end. An error leaves the model as it was.

        Args:
            layer: the layer.
            rebuild: False leaves it to `build`, or to the first images, to make the layer's parameters.
        """
        before = self._input, list(self._layers)
        try:
            self._append(layer)
            if rebuild:
                self._build_if_known()
        except StriateError:
            self._input, self._layers = before
            raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away and return it. `rebuild` has no effect: what stays is built as before."""
        if not self._layers:
            raise StriateError(f"{self.name}: there is no layer to pop")
        layer = self._layers.pop()
        self._tensors = self._tensors[: len(self._layers) + 1]
        self._wire()
        return layer

    def _append(self, layer: Layer | SymbolicTensor) -> None:
        if isinstance(layer, SymbolicTensor) and isinstance(layer.call.layer, InputLayer):
            layer = layer.call.layer
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
        if not self._layers and self._input is None:
            shapes = layer.input_shapes if isinstance(layer, Model) else None
            if layer.declared_input_shape is not None:
                self._input = InputLayer(layer.declared_input_shape)
            elif shapes is not None and len(shapes) == 1:
                self._input = InputLayer(shapes[0])
        self._layers.append(layer)

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """As for any model; layers that do nothing but change images also take a single one without a batch axis."""
        if self._changes_images and not is_symbolic(inputs):
            if is_single(inputs):
                return self(np.asarray(inputs)[np.newaxis], training)[0]
            if self._input is None:  # images of any size may follow
                self.build((None, None, None, np.shape(inputs)[-1]))
        return super().__call__(inputs, training)

    @property
    def _changes_images(self) -> bool:
        """Whether all layers are such as resize, rescale or augment images."""
        takes = {layer.single_images for layer in self._layers}
        return True in takes and False not in takes

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
        (shape,), _ = shapes_of(self.name, input_shape)
        self.build_for_shapes([shape])

    def build_for_shapes(self, shapes: Sequence[OpenShape]) -> None:
        """As `build`, for the shape without the batch, as a list of one."""
        (shape,) = shapes
        if self._input is not None and not fits(shape, self._input.shape):
            raise ShapeError(f"{self.name}: is for images of shape {self._input.shape}, cannot be built for {shape}")
        self.parameter_shapes([shape])  # whatever does not fit is found before anything is built
        if self._input is None:
            self._input = InputLayer(shape)
        self._tensors = self._tensors or [self._input.output]
        for layer in self._layers[len(self._tensors) - 1 :]:
            self._tensors += connect(layer, self._tensors[-1])
        self._wire()

    def parameter_shapes(self, shapes: Sequence[OpenShape]) -> dict[str, Shape]:
        """Nothing of the network's own; a check that images of a shape, as a list of one, fit all layers."""
        for layer, (before, _) in zip(self._layers, self._walk(shapes[0]), strict=True):
            layer.parameter_shapes([before])
        return {}

    def _walk(self, shape: OpenShape) -> Iterator[tuple[OpenShape, OpenShape]]:
        """Each layer's input and output shape for images of a shape; nothing is built."""
        for layer in self._layers:
            outputs = layer.open_output_shapes([shape])
            if len(outputs) != 1:
                raise ShapeError(f"{self.name}: {layer.name} has {len(outputs)} outputs, so nothing can follow it here")
            yield shape, outputs[0]
            shape = outputs[0]

    def _wire(self) -> None:
        """Begin anew with what is built of the layers."""
        self.forget_graphs()
        complete = len(self._layers) > 0 and len(self._tensors) == len(self._layers) + 1
        self._wiring = Wiring(self.name, self._tensors[:1], self._tensors[-1:]) if complete else None

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order, without the input."""
        return list(self._layers)

    @property
    def input_shapes(self) -> list[OpenShape] | None:
        """The shape of an image, as a list of one; None while it is not known."""
        return None if self._input is None else [self._input.shape]

    @property
    def output_names(self) -> list[str]:
        """The name of the last layer, as a list of one."""
        if not self._layers:
            raise StriateError(f"{self.name}: has no layers; add some first")
        return [self._layers[-1].name]

    def open_output_shapes(self, shapes: Sequence[OpenShape]) -> list[OpenShape]:
        """The shape of the output for images of a shape, without building anything."""
        (shape,) = shapes
        return [[shape, *(after for _, after in self._walk(shape))][-1]]

    def get_config(self) -> dict[str, Any]:
        """What makes the same model, with new weights, in the form in which Keras writes it."""
        forms = [described(layer) for layer in self._layers]
        if self._input is not None:
            forms = [serialize(self._input), *forms]
        policy = serialized("keras", "DTypePolicy", {"name": "float32"})
        config = {"name": self.name, "trainable": self.trainable, "dtype": policy, "layers": forms}
        return config | ({} if self._input is None else {"build_input_shape": list(self._input.batch_shape)})

    @classmethod
    def from_config(cls, config: Mapping[str, Any], make_layer: MakeLayer = make_layer) -> Sequential:
        """The model of a configuration, with new weights.

        Raises:
            StriateError: not the configuration of a sequential model, or layers that are not known.
        """
        forms = config.get("layers")
        if not isinstance(forms, Sequence) or isinstance(forms, str):
            raise StriateError(f"Sequential: got a configuration with {sorted(config)}, expected name and layers")
        model = cls([make_layer(form, index) for index, form in enumerate(forms)], name=config.get("name"))
        shape = config.get("build_input_shape")
        if shape and not model.built and model.layers:
            model.build(shape)
        if config.get("trainable") is False:
            model._trainable = False  # the layers' own configurations say the rest
        return model


"""Layers and models whose own method `call` says what they compute: it is called once, on symbolic tensors.

    class Block(keras.layers.Layer):
        def __init__(self, filters):
            super().__init__()
            self.conv, self.norm = Conv2D(filters, 3, padding="same"), BatchNormalization()

        def call(self, x, training=None):
            return x + self.norm(self.conv(x), training=training)

The calls of layers that it makes are a network, as if `Model(inputs, outputs)` had been written, and run like one.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from striate import constraints, initializers, regularizers
from striate.errors import StriateError, UnavailableError
from striate.graph import Parameter
from striate.layers import InputLayer, Layer, RandomCrop, naming
from striate.layers.products import Product
from striate.layers.shapes import OpenShape, declared_shape, one_or_list, shapes_of
from striate.layers.symbolic import Following, SymbolicTensor, flatten, is_symbolic, packed
from striate.layers.tracing import Traced, traced, untraceable
from striate.models.cloning import clone_model
from striate.models.functional import Functional
from striate.models.model import Model
from striate.models.wiring import Wiring

_ONLY_IN_TRAINING = ("striate.layers.regularization", "striate.layers.augmentation")


class Written(Functional, common=True):
    """Base of layers and models with a method `call`; classes of `Layer` and `Model` with one get it by themselves.

    `call(inputs)` or `call(inputs, training)` is given symbolic tensors in the form in which the layer is called on
    them: one, a list, or a dictionary. A `build(input_shape)` of the user's is called before, once.

    Args:
        name: made up from the class if not given.
        trainable: False freezes all layers in it.
        dtype: "float32", the only one.
        input_shape: for a model's first layer.

    Raises:
        UnavailableError: when it is built: a `call` that asks for numbers, or for what no layer does.
    """

    def __init__(
        self, *, name: str | None = None, trainable: bool = True, dtype: Any = None,
        input_shape: Sequence[int | None] | None = None, activity_regularizer: Any = None, dynamic: bool = False,
        **options: Any,
    ) -> None:
        if options or activity_regularizer is not None:
            argument = next(iter(options), "activity_regularizer")
            raise StriateError(f"{type(self).__name__}: got {argument}, which a layer with call() does not take")
        Model.__init__(self, name=name, trainable=trainable)
        self._forms = (None, None)
        self._being_built = self._was_built = False
        self._own: list[Parameter] = []
        self.declared_input_shape = declared_shape(self.name, input_shape, None, None)

    def call(self, inputs: Any) -> Any:
        """What the layer computes: written by the user."""
        raise NotImplementedError(f"{type(self).__name__} has no call")

    def __call__(self, inputs: Any, *arguments: Any, **options: Any) -> Any:
        """The output for arrays or symbolic tensors; the network is made of `call` by the first."""
        training = self._mode(inputs, arguments, options)
        self._wire(inputs)
        return super().__call__(inputs, training)

    def _mode(self, inputs: Any, arguments: Sequence[Any], options: Mapping[str, Any]) -> bool | None:
        """The argument `training`; others cannot be handed on, as `call` is called but once."""
        signature = inspect.signature(self.call)
        if "training" in options and "training" not in signature.parameters:
            options = {key: value for key, value in options.items() if key != "training"}
        bound = signature.bind_partial(inputs, *arguments, **options).arguments
        mode = bound.pop("training", None)
        if len(bound) > 1 or "mask" in bound:
            raise UnavailableError(
                f"arguments of {type(self).__name__}.call() beside its inputs",
                f"{self.name}: call() got {sorted(bound)}, and is called only once, for all batches",
                "one list or dictionary of all tensors, attributes of the layer, and training=.",
            )
        return None if mode is None or isinstance(mode, Following) else bool(mode)

    # The network

    def _wire(self, inputs: Any) -> None:
        """Make the network, if that is still to be done, for inputs like these: arrays or symbolic tensors."""
        if self._wiring is not None:
            return
        given = flatten(inputs)
        if is_symbolic(inputs):
            shapes: list[OpenShape] = [tensor.image_shape for tensor in given]
        else:
            shapes = [np.shape(array)[1:] for array in given]
        self._wire_for(packed(inputs, [None] * len(given)), shapes)

    def _wire_for(self, form: Any, shapes: Sequence[OpenShape]) -> None:
        """form: how inputs are given, with None in the place of each."""
        count = len(shapes)
        self._build_of_the_users(shapes)
        with naming.apart():
            names = ["inputs"] if count == 1 else [f"inputs_{i}" for i in range(count)]
            tensors = [InputLayer(shape, name=name).output for shape, name in zip(shapes, names, strict=True)]
            outputs = self._called(packed(form, tensors))
        self._forms = form, packed(outputs, [None] * len(flatten(outputs)))
        self._wiring = Wiring(self.name, tensors, flatten(outputs))
        if not self._trainable:
            self.trainable = False

    def _called(self, given: Any) -> Any:
        """What `call` returns. Where it asks whether it is training, both answers must come to the same network."""
        what = f"{type(self).__name__}.call()"
        if "training" not in inspect.signature(self.call).parameters:
            return _tensors(what, traced(what, self.call, given))
        mode = Following(True)
        outputs = _tensors(what, traced(what, self.call, given, training=mode))
        if mode.asked:
            otherwise = _tensors(what, traced(what, self.call, given, training=Following(False)))
            if self._sketch(given, outputs) != self._sketch(given, otherwise):
                raise UnavailableError(
                    f"{type(self).__name__}.call() with other layers in training",
                    f"{self.name}: call() does something else in training than otherwise",
                    "layers that do so themselves: Dropout, GaussianNoise, BatchNormalization and so on, called with "
                    "training=training.",
                )
        return outputs

    def _sketch(self, given: Any, outputs: Any) -> list[Any]:
        """The layers on the way, in order, without those that do nothing but in training."""
        own = set(self._attributes())
        calls = Wiring(self.name, flatten(given), flatten(outputs)).calls
        layers = [call.layer for call in calls if not _acts_in_training_alone(call.layer)]
        return [layer if layer in own else (type(layer), _unnamed(layer)) for layer in layers]

    def _build_of_the_users(self, shapes: Sequence[OpenShape]) -> None:
        if not self._was_built and not self._being_built and type(self).build is not Written.build:
            self._being_built = True
            try:
                self.build(one_or_list([(None, *shape) for shape in shapes]))
            finally:
                self._being_built = False
            self._was_built = True

    def build(self, input_shape: Any = None) -> None:
        """Make the network for images of a shape (a leading None for the batch is ignored)."""
        if not self._being_built and input_shape is not None:
            shapes = shapes_of(self.name, input_shape)[0]
            self.build_for_shapes(shapes)

    def build_for_shapes(self, shapes: Sequence[OpenShape]) -> None:
        """As `build`, for the shapes of all inputs without the batch."""
        self.open_output_shapes(shapes)

    def open_output_shapes(self, shapes: Sequence[OpenShape]) -> list[OpenShape]:
        """Shapes of the outputs; the network is made if need be."""
        if self._wiring is None:
            self._wire_for(one_or_list([None] * len(shapes)), shapes)
        return super().open_output_shapes(shapes)

    def build_for(self, images: Sequence[Any]) -> None:
        """Build for these images, if that is still to be done."""
        self.build_for_shapes([array.shape[1:] for array in images])
        super().build_for(images)

    def _arranged(self, given: Any, what: str = "inputs") -> Any:
        if isinstance(given, Mapping):
            self._wire(given)
        return super()._arranged(given, what)

    @property
    def built(self) -> bool:
        """Whether all parameters exist. Setting it, as in a `build` of Keras's, has no effect."""
        return super().built

    @built.setter
    def built(self, value: bool) -> None: ...

    @property
    def input(self) -> Any:
        """What it was first called on in a network around it, as of any layer; else its own input."""
        return Layer.input.fget(self) if self.calls else super().input  # type: ignore[attr-defined]

    @property
    def output(self) -> Any:
        """What it put out when it was first called in a network around it, as of any layer; else its own output."""
        return Layer.output.fget(self) if self.calls else super().output  # type: ignore[attr-defined]

    # Its layers

    @property
    def layers(self) -> list[Layer]:
        """The layers in the order in which attributes took them up; of a network that is made, those that it uses.

        Operators and functions in `call` are none.
        """
        own = self._attributes()
        if self._wiring is None:
            return own
        used = set(self._wiring.layers)
        others = [layer for layer in self._wiring.layers if layer.weights and layer not in own]
        return [*(layer for layer in own if layer in used), *others]

    def _attributes(self) -> list[Layer]:
        found: dict[Layer, None] = {}
        for value in vars(self).values():
            found.update(dict.fromkeys(_layers_in(value)))
        found.pop(self, None)
        return list(found)

    def get_config(self) -> dict[str, Any]:
        """The name, and whether it is trained: what the constructor of `Layer` takes."""
        return {"name": self.name, "trainable": self._trainable, "dtype": "float32"}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], make_layer: Any = None) -> Any:
        """What the constructor makes of a configuration."""
        return cls(**config)

    def add_weight(self, *arguments: Any, **options: Any) -> Parameter:
        """A weight of the layer's own, for `matmul(x, w) + b` in `call`.

        Args:
            *arguments: shape, initializer, dtype, trainable, as in Keras 3, or name, shape, dtype, initializer,
                regularizer, trainable, as in Keras 2.
            **options: these by name, and `constraint`. The initializer is "glorot_uniform" if none is given.
        """
        older = bool(arguments) and (arguments[0] is None or isinstance(arguments[0], str))
        order = (
            ("name", "shape", "dtype", "initializer", "regularizer", "trainable") if older
            else ("shape", "initializer", "dtype", "trainable")
        )  # fmt: skip
        given = {**dict(zip(order, arguments, strict=False)), **options}
        shape = given.get("shape") or ()
        name = given.get("name") or f"weight_{len(self._own)}"
        make = initializers.get(given.get("initializer") or "glorot_uniform")
        assert make is not None
        penalty = regularizers.get(given.get("regularizer")) or regularizers.Regularizer()
        penalty = penalty.of(shape) if isinstance(penalty, regularizers.Own) else penalty
        bound = constraints.get(given.get("constraint"))
        made = Parameter(
            f"{self.name}/{name}", make(tuple(shape), dtype="float32"), bool(given.get("trainable", True)), penalty.l1,
            penalty.l2, penalty.orthogonality, None if bound is None else bound.rule(tuple(shape)),
        )  # fmt: skip
        self._own.append(made)
        return made

    @property
    def weights(self) -> list[Parameter]:
        """All parameters: the layer's own first, then those of its layers; each once."""
        return list(dict.fromkeys([*self._own, *super().weights]))


def _layers_in(value: Any) -> list[Layer]:
    """The layers that an attribute holds: one, or lists and dictionaries of them."""
    if isinstance(value, Layer):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [layer for item in items for layer in _layers_in(item)]


def _tensors(what: str, outputs: Any) -> Any:
    for tensor in flatten(outputs):
        if not isinstance(tensor, SymbolicTensor):
            raise untraceable(what, f"{what}: returned {tensor!r}, expected tensors that follow from its inputs")
    return outputs


def _acts_in_training_alone(layer: Layer) -> bool:
    """Whether images come out as they went in, but in training: dropout, noise, random changes, networks of these."""
    if isinstance(layer, Model):
        inner = [each for each in layer.leaves() if not isinstance(each, InputLayer)]
        return bool(inner) and all(map(_acts_in_training_alone, inner))
    return type(layer).__module__ in _ONLY_IN_TRAINING and not isinstance(layer, RandomCrop)


def _unnamed(layer: Layer) -> Any:
    """What tells layers apart that are made in a call."""
    if isinstance(layer, Traced):
        return getattr(layer.function, "__code__", layer.function)
    return {key: value for key, value in layer.get_config().items() if key != "name"}


def plain(model: Model) -> Model:
    """The same network, of the same layers and weights, without classes of the user's own: what files hold.

    A model without such a class is returned as it is.
    """
    if not _has_written(model):
        return model
    made = clone_model(model, clone_function=_plain_layer)
    made._compiled, made._compiled_flags = model._compiled, made.trainable_flags
    return made


def _plain_layer(layer: Layer) -> Layer:
    if isinstance(layer, Product):
        return layer.as_dense()
    return plain(layer) if isinstance(layer, Model) else layer


def _has_written(model: Model) -> bool:
    inner = (layer for layer in model.layers if isinstance(layer, Model))
    return isinstance(model, Written) or any(_has_written(layer) for layer in inner)


def bases_with_code(name: str, bases: tuple[type, ...]) -> tuple[type, ...]:
    """The bases of a class with a method `call`: `Written` in the place of `Layer` and `Model`.

    Raises:
        UnavailableError: a base that says already what it computes, such as Dense.
    """
    if any(issubclass(base, Written) for base in bases):
        return bases
    for base in bases:
        first = next((each for each in base.__mro__ if each.__module__.startswith("striate.")), None)
        if first not in (None, Layer, Model):
            assert first is not None
            raise UnavailableError(
                f"call() in classes of {first.__name__}",
                f"{name}: defines call(), but {first.__name__} says already what it computes",
                f"a class of keras.layers.Layer or keras.Model with a {first.__name__} among its attributes.",
            )
    return (*(base for base in bases if base not in (Layer, Model)), Written)

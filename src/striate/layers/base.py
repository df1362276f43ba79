"""The base of all layers: a layer is a name, its parameters, and the chain of operations it puts into a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from striate import activations, initializers, regularizers
from striate.arrays import check_finite, converted, numeric_array
from striate.errors import DataError, ShapeError, StriateError
from striate.graph import Array, Graph, Node, Parameter, Shape, operations
from striate.graph.execution import execute
from striate.graph.parameters import shapes_only
from striate.layers import arguments
from striate.layers.assignment import assign_all
from striate.layers.naming import automatic_name, reset_names, unknown_argument
from striate.lookup import serialized

__all__ = ["Layer", "Step", "reset_names"]


@dataclass(frozen=True)
class Step:
    """One operation of a layer. The last of a layer bears the layer's name, the others "name/suffix".

    parameters: what the layer calls the operation's parameters, where the names differ.
    """

    suffix: str
    operation: operations.Operation
    parameters: Mapping[str, str] = field(default_factory=dict)

    def names(self, shape: Shape) -> dict[str, str]:
        """The layer's name of each parameter that the operation has for an input of some shape."""
        return {key: self.parameters.get(key, key) for key in self.operation.parameter_shapes(shape)}

    def parameter_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Shapes of those parameters, by the layer's names."""
        return {self.parameters.get(key, key): size for key, size in self.operation.parameter_shapes(shape).items()}


class Layer:
    """Base of all layers.

    A subclass says in `steps` which operations it makes of an input's shape, and names in `_arguments` the attributes
    that make up its configuration. The parameters those operations need are made here, from the attributes
    `<parameter>_initializer` and `<parameter>_regularizer`, and become attributes themselves (`layer.kernel`);
    `_stems` says where those arguments begin otherwise (a depthwise kernel's with `depthwise_`).

    Args:
        name: unique in a model; made up from the class if not given (conv2d, conv2d_1, ...).
        trainable: whether training changes the parameters.
        activity_regularizer: a penalty on the layer's output.
        dtype: "float32", the only one.
        input_shape, batch_input_shape, input_dim: for a model's first layer, the shape of its images.
    """

    _arguments: ClassVar[tuple[str, ...]] = ()
    _never_trainable: ClassVar[frozenset[str]] = frozenset()
    _stems: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: object = None,
        activity_regularizer: regularizers.RegularizerLike = None,
        input_shape: Sequence[int] | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        input_dim: int | None = None,
        **unknown: object,
    ) -> None:
        if unknown:
            raise unknown_argument(type(self), next(iter(unknown)))
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise StriateError(f'{type(self).__name__}: got name={name!r}, expected a string without "/"')
        self.name = name or automatic_name(type(self).__name__)
        self.dtype = arguments.float32(self.name, dtype)
        penalty = arguments.regularizer(self.name, "activity_regularizer", activity_regularizer)
        self.activity_regularizer = penalty
        self.declared_input_shape = _declared(self.name, input_shape, batch_input_shape, input_dim)
        self._trainable = arguments.flag(self.name, "trainable", trainable)
        self._parameters: dict[str, Parameter] = {}
        self._built_shape: Shape | None = None

    def _parameter(
        self,
        key: str,
        initializer: initializers.InitializerLike,
        default: type[initializers.Initializer],
        regularizer: regularizers.RegularizerLike = None,
        constraint: object = None,
    ) -> None:
        """Keep how a parameter starts and what penalty it has, as attributes; there are no constraints."""
        argument = f"{key}_initializer"
        setattr(self, argument, arguments.initializer(self.name, argument, initializer, default))
        argument = f"{key}_regularizer"
        setattr(self, argument, arguments.regularizer(self.name, argument, regularizer))
        argument = f"{key}_constraint"
        arguments.no_constraint(self.name, argument, constraint)
        setattr(self, argument, None)

    # What the layer computes

    def steps(self, shape: Shape) -> list[Step]:
        """The operations this layer makes of an image of some shape; raises ShapeError if it does not fit."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes")

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """Shape of the output for one image; given with a batch axis of None, as Keras does, it comes back with one."""
        shape, batched = _without_batch(self.name, input_shape)
        output = self._chain(shape)[-1][2]
        return (None, *output) if batched else output

    def lower(self, graph: Graph, *inputs: Node) -> Node:
        """Add this layer's operations to a graph, building it if need be; returns the last, which bears its name."""
        if len(inputs) != 1:
            raise ShapeError(f"{self.name}: takes one input, got {len(inputs)}")
        if not self.built:
            self.build(inputs[0].shape)
        chain, node = self._chain(inputs[0].shape), inputs[0]
        for i, (step, shape, _) in enumerate(chain):
            self._check_parameters(step.parameter_shapes(shape), inputs[0].shape)
            name = self.name if i == len(chain) - 1 else f"{self.name}/{step.suffix}"
            parameters = {key: self._parameters[own] for key, own in step.names(shape).items()}
            node = graph.add(step.operation, node, name=name, parameters=parameters)
        return node

    def __call__(self, inputs: ArrayLike, training: bool = False) -> Array:
        """The layer's output for an array of images (batch first), building the layer if need be.

        training: with dropout and the batch's own statistics. The moving ones stay as they are: only `fit` moves them.
        """
        images = _images(self.name, inputs)
        graph = Graph()
        graph.outputs = [self.lower(graph, graph.add(operations.Input(images.shape[1:]), name="input"))]
        return execute(graph, [images], training)[0]

    def _chain(self, shape: Shape) -> list[tuple[Step, Shape, Shape]]:
        """All steps, the penalty on the output included, each with its input's and output's shape."""
        return list(self._walk(shape))

    def _walk(self, shape: Shape) -> Iterator[tuple[Step, Shape, Shape]]:
        steps = self.steps(shape) or [Step("identity", operations.Reshape(shape))]
        if self.activity_regularizer is not None:
            penalty = operations.Penalty(self.activity_regularizer.l1, self.activity_regularizer.l2)
            steps = [*steps, Step("penalty", penalty)]
        for step in steps:
            try:
                output = step.operation.output_shape(shape)
            except ShapeError as error:
                raise ShapeError(f"{self.name}: {error}") from None
            yield step, shape, output
            shape = output

    # Parameters

    @property
    def built(self) -> bool:
        """Whether the layer knows its input's shape and has its parameters."""
        return self._built_shape is not None

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the parameters for images of a shape (a leading None for the batch is ignored).

        A layer that is built keeps its parameters, and only checks that they fit the new shape.
        """
        shape, _ = _without_batch(self.name, input_shape)
        needed = self.parameter_shapes(shape)
        if self.built:
            self._check_parameters(needed, shape)
        else:
            self._parameters = {key: self._make(key, size) for key, size in needed.items()}
            for key, parameter in self._parameters.items():
                setattr(self, key, parameter)
        self._built_shape = shape

    def parameter_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Names and shapes of the parameters that images of a shape call for, in Keras's order."""
        needed: dict[str, Shape] = {}
        for step, before, _after in self._chain(shape):
            needed |= step.parameter_shapes(before)
        return needed

    def _make(self, key: str, shape: Shape) -> Parameter:
        stem = self._stems.get(key, key)
        if shapes_only():
            values = np.broadcast_to(np.float32(0), shape)
        else:
            values = np.asarray(getattr(self, f"{stem}_initializer")(shape, dtype="float32"))
        if values.shape != shape:
            raise ShapeError(f"{self.name}: {stem}_initializer made shape {values.shape}, expected {shape}")
        penalty = getattr(self, f"{stem}_regularizer", None) or regularizers.Regularizer()
        trainable = self._trainable and key not in self._never_trainable
        return Parameter(f"{self.name}/{key}", values, trainable, penalty.l1, penalty.l2)

    def _check_parameters(self, needed: Mapping[str, Shape], shape: Shape) -> None:
        for key, expected in needed.items():
            got = self._parameters[key].shape
            if got != expected:
                raise ShapeError(
                    f"{self.name}: was built for images of shape {self._built_shape}, so its {key} has shape {got}; "
                    f"images of shape {shape} need {expected}. Use a new layer for them"
                )

    @property
    def trainable(self) -> bool:
        """Whether training changes the parameters. Set it to False to freeze the layer."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = arguments.flag(self.name, "trainable", value)
        for key, parameter in self._parameters.items():
            parameter.trainable = self._trainable and key not in self._never_trainable

    @property
    def weights(self) -> list[Parameter]:
        """All parameters, in Keras's order."""
        return list(self._parameters.values())

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
        """Give all parameters new numbers, in the order of `weights`; changes nothing if any of them does not fit."""
        hint = "" if self.built else "; the layer is not built yet: call layer.build(input_shape) first"
        assign_all(self.name, self.weights, weights, hint)

    def count_params(self) -> int:
        """Number of all parameters' elements."""
        self._shape_when_built("parameters")
        return sum(parameter.value.size for parameter in self.weights)

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of the input, None for the batch, once the layer is built."""
        return (None, *self._shape_when_built("input_shape"))

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """Shape of the output, None for the batch, once the layer is built."""
        return (None, *self._chain(self._shape_when_built("output_shape"))[-1][2])

    def _shape_when_built(self, what: str) -> Shape:
        if self._built_shape is None:
            raise StriateError(f"{self.name}: has no {what} yet; call it on images or layer.build(input_shape) first")
        return self._built_shape

    # Configuration

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, in the form in which Keras writes it."""
        config: dict[str, Any] = {"name": self.name, "trainable": self._trainable, "dtype": _float32_policy()}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config | {argument: _plain(argument, getattr(self, argument)) for argument in self._arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Layer:
        """The layer of a configuration, with new parameters."""
        try:
            return cls(**config)
        except TypeError as error:  # an argument that is missing
            raise StriateError(f"{cls.__name__}: the configuration does not fit: {error}") from error

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _float32_policy() -> dict[str, Any]:
    return serialized("keras", "DTypePolicy", {"name": "float32"})


def _plain(argument: str, value: Any) -> Any:
    """An attribute as Keras writes it into a configuration."""
    if argument.endswith("_regularizer"):
        return regularizers.serialize(value)
    if argument.endswith("_initializer"):
        return initializers.serialize(value)
    if argument == "activation":
        return serialize(value) if isinstance(value, Layer) else activations.serialize(value)
    return value


def serialize(layer: Layer) -> dict[str, Any]:
    """The form in which Keras writes a layer."""
    return serialized("keras.layers", type(layer).__name__, layer.get_config())


def _without_batch(layer: str, shape: Sequence[int | None]) -> tuple[Shape, bool]:
    """The shape of one image, and whether a None for the batch came before it."""
    batched = len(shape) > 0 and shape[0] is None
    return arguments.image_shape(layer, "input_shape", tuple(shape)[batched:]), batched


def _declared(
    layer: str, shape: Sequence[int] | None, batch_shape: Sequence[int | None] | None, size: int | None
) -> Shape | None:
    """The shape that a first layer's arguments declare, without the batch."""
    if batch_shape is not None:
        return arguments.image_shape(layer, "batch_input_shape", tuple(batch_shape)[1:])
    if size is not None:
        return arguments.image_shape(layer, "input_dim", size)
    return None if shape is None else arguments.image_shape(layer, "input_shape", shape)


def _images(layer: str, inputs: ArrayLike) -> np.ndarray[Any, Any]:
    """An array as engines take it: finite numbers, batch first, contiguous."""
    images = converted(numeric_array(inputs, layer))
    if images.shape[0] == 0:
        raise DataError(f"{layer}: got an array of shape {images.shape}, expected at least one image, batch first")
    check_finite(images, layer)
    return images

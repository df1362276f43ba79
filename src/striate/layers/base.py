"""The base of all layers: a layer is a name, its parameters, and the operations it puts into a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from striate import activations, constraints, initializers, regularizers
from striate.arrays import check_finite, converted, numeric_array
from striate.errors import DataError, ShapeError, StriateError
from striate.graph import Array, Graph, Node, Parameter, Shape, operations
from striate.graph import Constraint as ConstraintRule
from striate.graph.execution import execute
from striate.graph.parameters import shapes_only
from striate.layers import arguments
from striate.layers.assignment import assign_all
from striate.layers.indices import check_indices
from striate.layers.naming import automatic_name, reset_names, unknown_argument
from striate.layers.steps import Placed, Step, between_permutations, channels_to_the_end, placed
from striate.layers.symbolic import Call, OpenShape, common_shapes, connect, flatten, is_symbolic, probes
from striate.lookup import serialized

__all__ = ["Layer", "Step", "reset_names"]


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
    _several_inputs: ClassVar[bool] = False
    _module: ClassVar[str] = "keras.layers"  # where Keras has the class, and how it calls it besides its name
    _registered: ClassVar[str | None] = None
    _never_trainable: ClassVar[frozenset[str]] = frozenset()
    _stems: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "call" in vars(cls):
            raise StriateError(
                f"{cls.__name__}: defines call(), but nothing here computes with Python code: the engine would have no "
                "gradient for it. Put the layers together with Model(inputs, outputs), as "
                "`x = Input(shape); Model(x, Dense(10)(Flatten()(x)))`, or in a Layer define steps(shape) with "
                "operations of striate.graph"
            )

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
        if penalty is not None and penalty.orthogonality:
            raise StriateError(f"{self.name}: activity_regularizer: OrthogonalRegularizer is for weights; use L1 or L2")
        self.activity_regularizer = penalty
        self.declared_input_shape = _declared(self.name, input_shape, batch_input_shape, input_dim)
        self._trainable = arguments.flag(self.name, "trainable", trainable)
        self._parameters: dict[str, Parameter] = {}
        self._built_shapes: tuple[OpenShape, ...] | None = None
        self._training_calls = 0  # on arrays: each draws random numbers of its own
        self.calls: list[Call] = []  # on symbolic tensors, the earliest first

    def _parameter(
        self,
        key: str,
        initializer: initializers.InitializerLike,
        default: type[initializers.Initializer],
        regularizer: regularizers.RegularizerLike = None,
        constraint: constraints.ConstraintLike = None,
    ) -> None:
        """Keep how a parameter starts, what penalty it has and what it is kept to, as attributes."""
        argument = f"{key}_initializer"
        setattr(self, argument, arguments.initializer(self.name, argument, initializer, default))
        argument = f"{key}_regularizer"
        setattr(self, argument, arguments.regularizer(self.name, argument, regularizer))
        argument = f"{key}_constraint"
        setattr(self, argument, arguments.constraint(self.name, argument, constraint))

    # What the layer computes

    def steps(self, shape: Shape) -> list[Step]:
        """The operations this layer makes of an image of some shape; raises ShapeError if it does not fit.

        The channels are the last axis: where a layer has them elsewhere, they are brought there first, and back after.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output for one image; given with a batch axis of None, as Keras does, it comes back with one.

        For a layer of several inputs a list of shapes.
        """
        shapes, batched = shapes_of(self.name, input_shape)
        outputs = self.open_output_shapes(shapes)
        return one_or_list([(None, *shape) if batched else shape for shape in outputs])

    def open_output_shapes(self, shapes: Sequence[OpenShape]) -> list[OpenShape]:
        """Shapes of the outputs for inputs of which some sizes may be open (None)."""
        return common_shapes([[self._chain(known)[-1].after] for known in probes(shapes)])

    def lower(self, graph: Graph, *inputs: Node) -> Node:
        """Add this layer's operations to a graph, building it if need be; returns the last, which bears its name."""
        return self.lower_all(graph, inputs)[0]

    def lower_all(
        self, graph: Graph, inputs: Sequence[Node], name: str | None = None, training: bool | None = None
    ) -> list[Node]:
        """As `lower`; returns a node for each output.

        name: in place of the layer's, for one that stands in the graph more than once.
        training: False: the layer acts as in inference even while the network is trained.
        """
        shapes, name = [node.shape for node in inputs], name or self.name
        if not self.built:
            self.build_for_shapes(shapes)
        chain, nodes = self._chain(shapes), list(inputs)
        for i, item in enumerate(chain):
            self._check_parameters(item.needed, shapes)
            operation = item.step.operation
            if training is False:
                operation = operation.in_inference(*item.before)
            taken = [nodes[place] for place in item.places]
            last = i == len(chain) - 1
            if not last and isinstance(operation, operations.Permute) and operation.undoes(taken[0].operation):
                nodes.append(taken[0].inputs[0])  # the layer before has just moved the channels: take them from there
                continue
            parameters = {key: self._parameters[own] for key, own in item.names.items()}
            label = name if last else f"{name}/{item.step.suffix}"
            nodes.append(graph.add(operation, *taken, name=label, parameters=parameters))
        return nodes[-1:]

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """The layer's output: an array for arrays of images (batch first), a symbolic tensor for symbolic ones.

        The layer is built if need be.

        Args:
            inputs: an array or a symbolic tensor; for a layer of several inputs a list.
            training: True: with dropout and the batch's own statistics (the moving ones stay as they are: only `fit`
                moves them). False with symbolic tensors: as in inference, even while the network is trained.
        """
        if is_symbolic(inputs):
            return self._output_structure(inputs, connect(self, inputs, training))
        several = self._several_inputs and isinstance(inputs, (list, tuple, Mapping))
        images = [_images(self.name, array) for array in (flatten(inputs) if several else [inputs])]
        if len({len(array) for array in images}) > 1:
            raise ShapeError(f"{self.name}: got {[len(array) for array in images]} images, expected as many in all")
        graph = Graph()
        nodes = [graph.add(operations.Input(a.shape[1:]), name=f"input_{i}") for i, a in enumerate(images)]
        graph.outputs = self.lower_all(graph, nodes)
        check_indices(graph, images)
        outputs = execute(graph, images, bool(training), self._training_calls)
        self._training_calls += bool(training)
        return self._output_structure(inputs, outputs)

    def _output_structure(self, given: Any, outputs: Sequence[Any]) -> Any:
        """How the outputs are handed out."""
        return outputs[0]

    def _chain(self, shapes: Sequence[Shape]) -> list[Placed]:
        """All steps, the penalty on the output included, with their shapes."""
        if len(shapes) != 1 and not self._several_inputs:
            raise ShapeError(f"{self.name}: takes one input, got {len(shapes)}")
        return placed(self.name, self.all_steps(*shapes), shapes)

    def all_steps(self, *shapes: Shape) -> list[Step]:
        """`steps`, the penalty on the output, and what brings the channels to the end and back."""
        order = channels_to_the_end(self._channel_axis(shapes[0]), len(shapes[0])) if shapes[0] else ()
        inner = [tuple(shape[axis] for axis in order) if len(shape) == len(order) else shape for shape in shapes]
        steps = self.steps(*inner) or [Step("identity", operations.Reshape(inner[0]))]
        if self.activity_regularizer is not None:
            penalty = operations.Penalty(self.activity_regularizer.l1, self.activity_regularizer.l2)
            steps = [*steps, Step("penalty", penalty)]
        return steps if order == tuple(range(len(order))) else between_permutations(self.name, steps, shapes, order)

    def _channel_axis(self, shape: Shape) -> int:
        """Which axis of the input holds the channels; operations then see it as the last."""
        return 0 if getattr(self, "data_format", None) == "channels_first" else len(shape) - 1

    # Its place in a network

    @property
    def output(self) -> Any:
        """What the layer put out when it was first called on symbolic tensors.

        Raises:
            StriateError: it never was.
        """
        call = self._first_call("output")
        return self._output_structure(call.given, call.outputs)

    @property
    def input(self) -> Any:
        """The symbolic tensors (one, or the structure of several) that the layer was first called on."""
        return self._first_call("input").given

    def _first_call(self, what: str) -> Call:
        if not self.calls:
            raise StriateError(
                f"{self.name}: has never been called on a symbolic tensor, so it has no {what}; begin the network with "
                "Input(shape=...)"
            )
        return self.calls[0]

    # Parameters

    @property
    def built(self) -> bool:
        """Whether the layer knows its input's shape and has its parameters."""
        return self._built_shapes is not None

    def build(self, input_shape: Any) -> None:
        """Make the parameters for images of a shape (a leading None for the batch is ignored).

        A layer that is built keeps its parameters, and only checks that they fit the new shape.
        """
        self.build_for_shapes(shapes_of(self.name, input_shape)[0])

    def build_for_shapes(self, shapes: Sequence[OpenShape]) -> None:
        """As `build`, for the shapes of all inputs without the batch; open sizes are None."""
        needed = self.parameter_shapes(shapes)
        if self.built:
            self._check_parameters(needed, shapes)
        else:
            self._parameters = {key: self._make(key, size) for key, size in needed.items()}
            for key, parameter in self._parameters.items():
                setattr(self, key, parameter)
        self._built_shapes = tuple(shapes)

    def parameter_shapes(self, shapes: Sequence[OpenShape]) -> dict[str, Shape]:
        """Names and shapes of the parameters for inputs of some shapes, in Keras's order; nothing is made.

        Raises:
            ShapeError: inputs that do not fit, or an open size that a parameter's shape follows.
        """
        found: list[dict[str, Shape]] = []
        for known in probes(shapes):
            found.append({key: shape for item in self._chain(known) for key, shape in item.needed.items()})
        for key in found[0]:
            if found[0][key] != found[-1][key]:
                raise ShapeError(
                    f"{self.name}: cannot take images of any size: the shape of its {key} follows from an open size of "
                    f"its input {one_or_list([(None, *shape) for shape in shapes])}; give Input all sizes, or put a "
                    "global pooling before it"
                )
        return found[0]

    def _make(self, key: str, shape: Shape) -> Parameter:
        stem = self._stems.get(key, key)
        if shapes_only():
            try:
                values = np.broadcast_to(np.float32(0), shape)
            except ValueError:
                raise ShapeError(f"{self.name}: its {key} has shape {shape}, more than any memory holds") from None
        else:
            values = np.asarray(getattr(self, f"{stem}_initializer")(shape, dtype="float32"))
        if values.shape != shape:
            raise ShapeError(f"{self.name}: {stem}_initializer made shape {values.shape}, expected {shape}")
        penalty = getattr(self, f"{stem}_regularizer", None) or regularizers.Regularizer()
        if penalty.orthogonality and len(shape) != 2:
            raise ShapeError(
                f"{self.name}: {stem}_regularizer: OrthogonalRegularizer takes weights of two dimensions, got {shape}; "
                "use L2"
            )
        trainable = self._trainable and key not in self._never_trainable
        penalties = penalty.l1, penalty.l2, penalty.orthogonality
        return Parameter(f"{self.name}/{key}", values, trainable, *penalties, self._bound(stem, shape))

    def _bound(self, stem: str, shape: Shape) -> ConstraintRule | None:
        constraint: constraints.Constraint | None = getattr(self, f"{stem}_constraint", None)
        try:
            return None if constraint is None else constraint.rule(shape)
        except StriateError as error:
            raise StriateError(f"{self.name}: {stem}_constraint: {error}") from None

    def _check_parameters(self, needed: Mapping[str, Shape], shapes: Sequence[OpenShape]) -> None:
        for key, expected in needed.items():
            got = self._parameters[key].shape
            if got != expected:
                raise ShapeError(
                    f"{self.name}: was built for images of shape {one_or_list(list(self._built_shapes or ()))}, so its "
                    f"{key} has shape {got}; images of shape {one_or_list(list(shapes))} need {expected}. "
                    "Use a new layer for them"
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
        self._shapes_when_built("parameters")
        return sum(parameter.value.size for parameter in self.weights)

    @property
    def input_shape(self) -> Any:
        """Shape of the input, None for the batch, once the layer is built; a list for several inputs."""
        return one_or_list([(None, *shape) for shape in self._shapes_when_built("input_shape")])

    @property
    def output_shape(self) -> Any:
        """Shape of the output, None for the batch, once the layer is built."""
        shapes = self.open_output_shapes(self._shapes_when_built("output_shape"))
        return one_or_list([(None, *shape) for shape in shapes])

    def _shapes_when_built(self, what: str) -> tuple[OpenShape, ...]:
        if self._built_shapes is None:
            raise StriateError(f"{self.name}: has no {what} yet; call it on images or layer.build(input_shape) first")
        return self._built_shapes

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
    if argument.endswith("_constraint"):
        return constraints.serialize(value)
    if argument.endswith("_initializer"):
        return initializers.serialize(value)
    if argument == "activation":
        return serialize(value) if isinstance(value, Layer) else activations.serialize(value)
    return value


def serialize(layer: Layer) -> dict[str, Any]:
    """The form in which Keras writes a layer."""
    name = type(layer).__name__
    form = serialized(layer._module, name, layer.get_config())
    return form if layer._registered is None else {**form, "registered_name": layer._registered}


def one_or_list(values: Sequence[Any]) -> Any:
    """The value of a list of one, else the list."""
    return values[0] if len(values) == 1 else list(values)


def shapes_of(layer: str, value: Any) -> tuple[list[OpenShape], bool]:
    """The shapes of one image for each input, and whether a None for the batch came before them."""
    if isinstance(value, Mapping):
        value = [value[key] for key in sorted(value)]
    several = isinstance(value, (list, tuple)) and bool(value) and all(isinstance(v, (list, tuple)) for v in value)
    found = [_without_batch(layer, shape) for shape in (value if several else [value])]
    return [shape for shape, _ in found], found[0][1]


def _without_batch(layer: str, shape: Sequence[int | None]) -> tuple[OpenShape, bool]:
    batched = len(shape) > 0 and shape[0] is None
    return arguments.open_shape(layer, "input_shape", tuple(shape)[batched:]), batched


def _declared(
    layer: str, shape: Sequence[int | None] | None, batch_shape: Sequence[int | None] | None, size: int | None
) -> OpenShape | None:
    """The shape that a first layer's arguments declare, without the batch."""
    if batch_shape is not None:
        return arguments.open_shape(layer, "batch_input_shape", tuple(batch_shape)[1:])
    if size is not None:
        return arguments.open_shape(layer, "input_dim", size)
    return None if shape is None else arguments.open_shape(layer, "input_shape", shape)


def _images(layer: str, inputs: ArrayLike) -> np.ndarray[Any, Any]:
    """An array as engines take it: finite numbers, batch first, contiguous."""
    images = converted(numeric_array(inputs, layer))
    if images.shape[0] == 0:
        raise DataError(f"{layer}: got an array of shape {images.shape}, expected at least one image, batch first")
    check_finite(images, layer)
    return images

"""The base of all layers: a layer is a name, its parameters, and the operations it puts into a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from striate import regularizers
from striate.arrays import check_finite, converted, numeric_array
from striate.errors import DataError, ShapeError, StriateError
from striate.graph import Graph, Node, Parameter, Shape, operations
from striate.graph.execution import execute
from striate.layers import arguments
from striate.layers.building import Built
from striate.layers.configuration import Configured
from striate.layers.former import accepting
from striate.layers.indices import check_indices
from striate.layers.naming import automatic_name, reset_names, unknown_argument
from striate.layers.shapes import OpenShape, declared_shape, one_or_list, shapes_of
from striate.layers.steps import Placed, Step, between_permutations, channels_to_the_end, placed
from striate.layers.symbolic import Call, connect, flatten, is_symbolic
from striate.tensors import wrapped

__all__ = ["Layer", "Step", "reset_names"]

NUMBERED = 2**31  # the first stream of random numbers of layers without a seed of their own


class LayerType(type):
    """The type of layers' classes: one of the user's own with a method `call` gets a base that makes a network of it.

    Only a class whose bases are `Layer`, `Model` or others of the user's own can have one.
    """

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> LayerType:
        """Make a class."""
        if "call" in namespace and not str(namespace.get("__module__")).startswith("striate."):
            from striate.models.written import bases_with_code  # models stand above layers

            bases = bases_with_code(name, bases)
        return super().__new__(mcs, name, bases, namespace, **options)


class Layer(Built, Configured, metaclass=LayerType):
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
        weights: what the parameters start from, in place of their initializers; arrays in the order of `weights`.
    """

    _several_inputs: ClassVar[bool] = False
    single_images: ClassVar[bool | None] = False  # also takes one image, (rows, columns, channels); None: whatever
    _stream: int = 0  # of layers with random numbers: what keys them when the layer is called on arrays
    _common: ClassVar[bool] = True  # `class Pooling(Layer, common=True)`: no layer itself, but what several share

    def __init_subclass__(cls, common: bool = False, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._common = common
        if "__init__" in vars(cls) and cls.__module__.startswith("striate."):
            cls.__init__ = accepting(cls.__init__)  # type: ignore[method-assign]

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
        weights: Sequence[ArrayLike] | None = None,
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
        penalty = penalty.of_any() if isinstance(penalty, regularizers.Own) else penalty
        self.activity_regularizer = penalty
        self.declared_input_shape = declared_shape(self.name, input_shape, batch_input_shape, input_dim)
        self._trainable = arguments.flag(self.name, "trainable", trainable)
        self._parameters: dict[str, Parameter] = {}
        self._initial_weights = None if weights is None else list(weights)
        self._built_shapes: tuple[OpenShape, ...] | None = None
        self._training_calls = 0  # on arrays: each draws random numbers of its own
        self.calls: list[Call] = []  # on symbolic tensors, the earliest first

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
            if self._numbered and hasattr(operation, "stream"):
                operation = replace(operation, stream=NUMBERED + len(graph.nodes))  # type: ignore[call-arg]
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
        """The layer's output: a tensor for arrays of images (batch first), a symbolic tensor for symbolic ones.

        A tensor is an array with `numpy()`. The layer is built if need be.

        Args:
            inputs: an array or a symbolic tensor; for a layer of several inputs a list.
            training: True: with dropout and the batch's own statistics (the moving ones stay as they are: only `fit`
                moves them). With symbolic tensors False: as in inference, even while the network is trained; True: so
                in prediction and evaluation, too, each batch with random numbers and statistics of its own (as in
                Keras 2; in Keras 3 what `fit` and `predict` say comes first).
        """
        if is_symbolic(inputs):
            return self._output_structure(inputs, connect(self, inputs, training))
        if self.single_images and is_single(inputs):
            return self(np.asarray(inputs)[np.newaxis], training)[0]
        several = self._several_inputs and isinstance(inputs, (list, tuple, Mapping))
        images = [_images(self.name, array) for array in (flatten(inputs) if several else [inputs])]
        if len({len(array) for array in images}) > 1:
            raise ShapeError(f"{self.name}: got {[len(array) for array in images]} images, expected as many in all")
        graph = Graph()
        nodes = [graph.add(operations.Input(a.shape[1:]), name=f"input_{i}") for i, a in enumerate(images)]
        graph.outputs = self.lower_all(graph, nodes)
        check_indices(graph, images)
        seed = self._stream if self._numbered else 0
        outputs = [wrapped(a) for a in execute(graph, images, bool(training), self._training_calls, seed)]
        self._training_calls += bool(training)
        return self._output_structure(inputs, outputs)

    @property
    def _numbered(self) -> bool:
        """Whether random numbers follow the layer's place in the network, as it has been given no seed of its own."""
        return getattr(self, "seed", 0) is None

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
        """What the layer put out when it was first called on symbolic tensors; `get_output_at` has the other calls.

        Raises:
            StriateError: it never was.
        """
        call = self._first_call("output")
        return self._output_structure(call.given, call.outputs)

    @property
    def input(self) -> Any:
        """The symbolic tensors (one, or the structure of several) that the layer was first called on."""
        return self._first_call("input").given

    def get_output_at(self, node_index: int) -> Any:
        """What a call on symbolic tensors put out; `node_index` counts the layer's calls from 0.

        Raises:
            StriateError: there was no such call.
        """
        call = self._call_at(node_index)
        return self._output_structure(call.given, call.outputs)

    def get_input_at(self, node_index: int) -> Any:
        """The symbolic tensors of a call; as `get_output_at`."""
        return self._call_at(node_index).given

    def get_output_shape_at(self, node_index: int) -> Any:
        """The shape of what a call put out, None for the batch; as `get_output_at`."""
        return one_or_list([tensor.shape for tensor in self._call_at(node_index).outputs])

    def get_input_shape_at(self, node_index: int) -> Any:
        """The shape of a call's tensors, None for the batch; as `get_output_at`."""
        return one_or_list([tensor.shape for tensor in self._call_at(node_index).inputs])

    @property
    def path(self) -> str:
        """The name, as Keras gives it in front of those of the weights."""
        return self.name

    @property
    def compute_dtype(self) -> str:
        """The precision of all computation."""
        return "float32"

    @property
    def variable_dtype(self) -> str:
        """The precision of all weights."""
        return "float32"

    def _call_at(self, node_index: int) -> Call:
        place = arguments.whole(self.name, "node_index", node_index, 0)
        if place >= len(self.calls):
            raise StriateError(
                f"{self.name}: got node_index={node_index}, but the layer has been called on symbolic tensors "
                f"{len(self.calls)} times"
            )
        return self.calls[place]

    def _first_call(self, what: str) -> Call:
        if not self.calls:
            raise StriateError(
                f"{self.name}: has never been called on a symbolic tensor, so it has no {what}; begin the network with "
                "Input(shape=...)"
            )
        return self.calls[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def is_single(images: object) -> bool:
    """Whether an array is one image, without an axis for the batch."""
    return np.ndim(images) == 3  # type: ignore[arg-type]


def _images(layer: str, inputs: ArrayLike) -> np.ndarray[Any, Any]:
    """An array as engines take it: finite numbers, batch first, contiguous."""
    images = converted(numeric_array(inputs, layer))
    if images.shape[0] == 0:
        raise DataError(f"{layer}: got an array of shape {images.shape}, expected at least one image, batch first")
    check_finite(images, layer)
    return images

"""What a layer holds: its parameters, made when the shape of its input is known, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from striate import constraints, initializers, regularizers
from striate.errors import ShapeError, StriateError, UnavailableError
from striate.graph import Array, Parameter, Shape
from striate.graph import Constraint as ConstraintRule
from striate.graph.parameters import shapes_only
from striate.layers import arguments
from striate.layers.assignment import assign_all
from striate.layers.shapes import OpenShape, common_shapes, one_or_list, probes, shapes_of
from striate.layers.steps import Placed
from striate.tensors import as_tensor


class Built:
    """The part of a layer that makes its parameters and keeps them."""

    name: str
    _trainable: bool
    _parameters: dict[str, Parameter]
    _built_shapes: tuple[OpenShape, ...] | None
    _initial_weights: list[ArrayLike] | None
    _never_trainable: ClassVar[frozenset[str]] = frozenset()
    _fixed: frozenset[str] = frozenset()  # parameters of operations that arguments give: no weights, and in no file
    _stems: ClassVar[Mapping[str, str]] = {}

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

    def _given(self, what: str, values: ArrayLike) -> initializers.InitializerFunction:
        """How a fixed parameter starts: with numbers that an argument gives, repeated where one stands for many."""
        given = np.asarray(values, dtype=np.float64)

        def fill(shape: Sequence[int], dtype: Any = None) -> Any:
            try:
                return np.broadcast_to(given, tuple(shape)).astype(np.float32)
            except ValueError:
                raise ShapeError(
                    f"{self.name}: got {what} of shape {given.shape} for axes of sizes {tuple(shape)}"
                ) from None

        return fill

    def _chain(self, shapes: Sequence[Shape]) -> list[Placed]:
        """All steps of the layer for inputs of some shapes; they say which parameters it needs."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its steps are")

    def open_output_shapes(self, shapes: Sequence[OpenShape]) -> list[OpenShape]:
        """Shapes of the outputs for inputs of which some sizes may be open (None)."""
        return common_shapes([[self._chain(known)[-1].after] for known in probes(shapes)])

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
        needed = self._needed_shapes(shapes)
        if self.built:
            self._check_parameters(needed, shapes)
        else:
            made = {key: self._make(key, size) for key, size in needed.items()}
            if self._initial_weights is not None and not shapes_only():
                assign_all(self.name, list(made.values()), self._initial_weights)
            self._parameters = made
            for key, parameter in self._parameters.items():
                setattr(self, key, parameter)
        self._built_shapes = tuple(shapes)

    def parameter_shapes(self, shapes: Sequence[OpenShape]) -> dict[str, Shape]:
        """Names and shapes of the parameters for inputs of some shapes, in Keras's order; nothing is made.

        Raises:
            ShapeError: inputs that do not fit, or an open size that a parameter's shape follows.
        """
        return {key: shape for key, shape in self._needed_shapes(shapes).items() if key not in self._fixed}

    def _needed_shapes(self, shapes: Sequence[OpenShape]) -> dict[str, Shape]:
        """As `parameter_shapes`, with those that arguments give."""
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
        penalty = penalty.of(shape) if isinstance(penalty, regularizers.Own) else penalty
        if penalty.orthogonality and len(shape) != 2:
            raise ShapeError(
                f"{self.name}: {stem}_regularizer: OrthogonalRegularizer takes weights of two dimensions, got {shape}; "
                "use L2"
            )
        trainable = self._trainable and self._can_train(key)
        penalties = penalty.l1, penalty.l2, penalty.orthogonality
        return Parameter(f"{self.name}/{key}", values, trainable, *penalties, self._bound(stem, shape))

    def _bound(self, stem: str, shape: Shape) -> ConstraintRule | None:
        constraint: constraints.Constraint | None = getattr(self, f"{stem}_constraint", None)
        try:
            return None if constraint is None else constraint.rule(shape)
        except UnavailableError:
            raise
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
            parameter.trainable = self._trainable and self._can_train(key)

    def _can_train(self, key: str) -> bool:
        return key not in self._never_trainable and key not in self._fixed

    @property
    def weights(self) -> list[Parameter]:
        """All parameters, in Keras's order."""
        return [parameter for key, parameter in self._parameters.items() if key not in self._fixed]

    @property
    def fixed_parameters(self) -> list[Parameter]:
        """What arguments give in place of weights, repeated to the shape of the input."""
        return [parameter for key, parameter in self._parameters.items() if key in self._fixed]

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The parameters that training changes."""
        return [parameter for parameter in self.weights if parameter.trainable]

    @property
    def non_trainable_weights(self) -> list[Parameter]:
        """The parameters that the optimizer leaves alone."""
        return [parameter for parameter in self.weights if not parameter.trainable]

    @property
    def losses(self) -> list[Any]:
        """The penalty of each trained weight that has one, for its present numbers; those on outputs need images."""
        found = []
        for key, parameter in self._parameters.items():
            penalty = getattr(self, f"{self._stems.get(key, key)}_regularizer", None)
            if penalty is not None and parameter.trainable:
                found.append(as_tensor(penalty(parameter.value), np.float32))
        return found

    # Where nothing but weights is a variable, these are other names.

    @property
    def variables(self) -> list[Parameter]:
        """The same as `weights`."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Parameter]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Parameter]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

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

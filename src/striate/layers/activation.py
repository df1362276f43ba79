"""Activation layers, and how other layers take an activation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from striate import activations, initializers, regularizers
from striate.errors import StriateError, UnavailableError
from striate.graph import Parameter, Shape, operations
from striate.graph.shapes import element_count
from striate.layers import arguments
from striate.layers.base import Layer, Step
from striate.lookup import class_and_config, own_object

ActivationLike = str | Mapping[str, Any] | Callable[..., Any] | None  # layers are callable too


class Activation(Layer):
    """y = f(x) for any function of `striate.activations`.

    Args:
        activation: its name ("relu"), the function itself, or an activation layer.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("activation",)

    def __init__(self, activation: ActivationLike, **options: Any) -> None:
        super().__init__(**options)
        self.activation = find_activation(self.name, activation)

    def steps(self, shape: Shape) -> list[Step]:
        """The function's operations."""
        return activation_steps(self.activation, shape)


class ReLU(Layer):
    """y = max(x, 0); in general max_value above it, x from the threshold on, negative_slope (x - threshold) below.

    Args:
        max_value: upper bound, 0 or more; None for none.
        negative_slope: slope below the threshold, 0 or more.
        threshold: where the slope changes, 0 or more.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("max_value", "negative_slope", "threshold")

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.max_value = None if max_value is None else arguments.number(self.name, "max_value", max_value, 0)
        self.negative_slope = arguments.number(self.name, "negative_slope", negative_slope, 0)
        self.threshold = arguments.number(self.name, "threshold", threshold, 0)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("relu", operations.Activation("relu", self.negative_slope, self.max_value, self.threshold))]


class LeakyReLU(Layer):
    """y = x above zero, negative_slope x below (Maas et al. 2013).

    Args:
        negative_slope: 0 or more; also under its older name, `alpha`.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.3, **options: Any) -> None:
        negative_slope = options.pop("alpha", negative_slope)
        super().__init__(**options)
        self.negative_slope = arguments.number(self.name, "negative_slope", negative_slope, 0)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("leaky_relu", operations.Activation("leaky_relu", self.negative_slope))]


class PReLU(Layer):
    """y = x above zero, alpha x below, with a learned alpha for each number of an image (He et al. 2015).

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: how alpha starts, its penalty, what it is held to.
        shared_axes: axes along which one alpha serves all; the batch is axis 0. [1, 2]: an alpha for each channel.
        **options: `name`, `trainable`, `input_shape`.
    """

    alpha: Parameter
    alpha_initializer: initializers.InitializerFunction
    alpha_regularizer: regularizers.Regularizer | None
    _arguments = ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes")

    def __init__(
        self,
        alpha_initializer: initializers.InitializerLike = "Zeros",
        alpha_regularizer: regularizers.RegularizerLike = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._parameter("alpha", alpha_initializer, initializers.Zeros, alpha_regularizer, alpha_constraint)
        self.shared_axes: list[int] | None = None
        if shared_axes is not None:
            given = list(shared_axes) if isinstance(shared_axes, (list, tuple)) else [shared_axes]
            self.shared_axes = [arguments.axis(self.name, item) for item in given]

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        shared = arguments.image_axes(self.name, self.shared_axes or (), shape)
        return [Step("prelu", operations.PReLU(tuple(axis for axis in range(len(shape)) if axis not in shared)))]


class ELU(Layer):
    """y = x above zero, alpha (exp(x) - 1) below (Clevert et al. 2016).

    Args:
        alpha: minus the value for very negative x.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("alpha",)

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = arguments.number(self.name, "alpha", alpha)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("elu", operations.Activation("elu", self.alpha))]


class Softmax(Layer):
    """y = exp(x) / sum(exp(x)) over an axis, or over several together.

    Args:
        axis: which one, with the batch counted, or a list of several; -1 is the last.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("axis",)

    def __init__(self, axis: int | Sequence[int] = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = arguments.axes(self.name, axis)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation; where several axes are summed over, they are made one at the end before, and back after."""
        if isinstance(self.axis, int) or len(self.axis) == 1:
            return [Step("softmax", operations.Softmax())]
        axes = arguments.image_axes(self.name, self.axis, shape)
        kept = tuple(axis for axis in range(len(shape)) if axis not in axes)
        order = (*kept, *axes)
        moved = tuple(shape[axis] for axis in order)
        summed = (*moved[: len(kept)], element_count(moved[len(kept) :]))
        back = tuple(order.index(axis) for axis in range(len(shape)))
        return [
            Step("axes_last", operations.Permute(order)), Step("one_axis", operations.Reshape(summed)),
            Step("softmax", operations.Softmax()),
            Step("axes", operations.Reshape(moved)), Step("axes_back", operations.Permute(back)),
        ]  # fmt: skip

    def _channel_axis(self, shape: Shape) -> int:
        """The axis that the operation works along."""
        axes = arguments.image_axes(self.name, self.axis, shape)
        return axes[0] if len(axes) == 1 else len(shape) - 1


def layer_of(function: activations.ActivationFunction, *arguments: Any, **options: Any) -> Layer:
    """The layer that does what a function of `striate.activations` does, with its options.

    Raises:
        UnavailableError: options that no layer has.
    """
    bound = inspect.signature(function).bind(None, *arguments, **options)
    bound.apply_defaults()
    given = dict(list(bound.arguments.items())[1:])
    known: dict[str, type[Layer]] = {"relu": ReLU, "leaky_relu": LeakyReLU, "elu": ELU, "softmax": Softmax}
    if function.__name__ in known:
        return known[function.__name__](**given)
    defaults = {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}
    if any(defaults[name] != value for name, value in given.items()):
        raise UnavailableError(
            f"keras.activations.{function.__name__} with options inside a network",
            f"{function.__name__}: got {given}",
            "use its defaults, or ReLU, LeakyReLU, ELU and Softmax, which have some.",
        )
    return Activation(function)


# Those that other layers take as their activation: all without parameters.
_LAYERS: dict[str, type[Layer]] = {cls.__name__: cls for cls in (Activation, ReLU, LeakyReLU, ELU, Softmax)}


def find_activation(layer: str, identifier: ActivationLike) -> activations.ActivationFunction:
    """The activation of a name, a function, an activation layer or the serialized form of any of these."""
    if isinstance(identifier, Mapping):
        found = class_and_config(identifier)
        if found is not None and found[0] in _LAYERS:
            return _LAYERS[found[0]].from_config(found[1])
    chosen: Any = identifier
    if isinstance(chosen, str) and own_object(chosen) is not None:
        chosen = own_object(chosen)
    if isinstance(chosen, type) and issubclass(chosen, tuple(_LAYERS.values())):
        chosen = chosen()
    if isinstance(chosen, tuple(_LAYERS.values())):
        return cast(activations.ActivationFunction, chosen)
    if callable(chosen) and not isinstance(chosen, (type, Layer)) and not activations.is_known(chosen):
        from striate.layers.tracing import Traced

        return cast(activations.ActivationFunction, Traced(chosen, f"{layer}: activation"))
    try:
        return activations.get(chosen)
    except StriateError as error:
        raise StriateError(f"{layer}: {error}") from None


def activation_steps(activation: activations.ActivationFunction, shape: Shape) -> list[Step]:
    """The operations of what `find_activation` found; none for `linear`."""
    if isinstance(activation, Layer):
        return activation.all_steps(shape)
    links = activations.links_of(activation, shape[-1] if shape else 1)
    return [Step("activation", operation, takes=takes) for operation, takes in links]

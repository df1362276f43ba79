"""Layers that normalise each image by its own numbers: layer, group, root-mean-square, unit and local response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from striate import initializers, regularizers
from striate.errors import ShapeError, StriateError
from striate.graph import Parameter, Shape, operations
from striate.layers import arguments
from striate.layers.base import Layer, Step

Axis = int | Sequence[int]


class Scaled(Layer, common=True):
    """Base of layers that normalise and then multiply by gamma and add beta.

    Args:
        epsilon: keeps the root away from zero; above 0.
        center, scale: whether there is a beta, a gamma.
        beta_initializer, gamma_initializer: how they start.
        beta_regularizer, gamma_regularizer: penalties on them.
        beta_constraint, gamma_constraint: what they are held to after each step.
        **options: `name`, `trainable`, `input_shape`.
    """

    gamma: Parameter | None
    beta: Parameter | None
    beta_initializer: initializers.InitializerFunction
    gamma_initializer: initializers.InitializerFunction
    beta_regularizer: regularizers.Regularizer | None
    gamma_regularizer: regularizers.Regularizer | None

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: initializers.InitializerLike,
        gamma_initializer: initializers.InitializerLike,
        beta_regularizer: regularizers.RegularizerLike,
        gamma_regularizer: regularizers.RegularizerLike,
        beta_constraint: Any,
        gamma_constraint: Any,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.epsilon = arguments.number(self.name, "epsilon", epsilon, 0)
        self.center = arguments.flag(self.name, "center", center)
        self.scale = arguments.flag(self.name, "scale", scale)
        self._parameter("beta", beta_initializer, initializers.Zeros, beta_regularizer, beta_constraint)
        self._parameter("gamma", gamma_initializer, initializers.Ones, gamma_regularizer, gamma_constraint)
        self.gamma = self.beta = None

    def _scaling(self, axes: tuple[int, ...]) -> list[Step]:
        """The last step: gamma and beta for each place along some axes."""
        wanted = self.scale or self.center
        return [Step("scale", operations.Scale(axes, self.scale, self.center))] if wanted else []


class LayerNormalization(Scaled):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, the statistics over some axes of each image.

    gamma and beta have the sizes of those axes (Ba, Kiros and Hinton 2016).

    Args:
        axis: the axis, or several; the batch is axis 0. -1: the channels.
        rms_scaling: must be False; there is `RMSNormalization`.
        epsilon, center, scale, ...: as in `Scaled`.

    Raises:
        StriateError: an argument out of its range.
    """

    _arguments = (
        "axis", "epsilon", "center", "scale", "rms_scaling", "beta_initializer", "gamma_initializer",
        "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint",
    )  # fmt: skip

    def __init__(
        self,
        axis: Axis = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: initializers.InitializerLike = "zeros",
        gamma_initializer: initializers.InitializerLike = "ones",
        beta_regularizer: regularizers.RegularizerLike = None,
        gamma_regularizer: regularizers.RegularizerLike = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        rms_scaling: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
            beta_constraint, gamma_constraint, **options,
        )  # fmt: skip
        self.axis = arguments.axes(self.name, axis)
        arguments.nothing(self.name, "rms_scaling", rms_scaling, "use RMSNormalization")
        self.rms_scaling = False

    def steps(self, shape: Shape) -> list[Step]:
        """Normalising and scaling."""
        axes = arguments.image_axes(self.name, self.axis, shape)
        return [Step("normalize", operations.Normalize(axes, self.epsilon)), *self._scaling(axes)]


class GroupNormalization(Scaled):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, the statistics over a group of channels of each image.

    gamma and beta belong to the channels. One group is layer normalisation of the whole image, as many groups as
    channels are instance normalisation (Wu and He 2018).

    Args:
        groups: how many, a divisor of the number of channels; -1: as many as channels.
        axis: the channels; the batch is axis 0.
        epsilon, center, scale, ...: as in `Scaled`.

    Raises:
        StriateError: an argument out of its range, or groups that do not divide the channels.
    """

    _arguments = (
        "groups", "axis", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer",
        "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint",
    )  # fmt: skip

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: initializers.InitializerLike = "zeros",
        gamma_initializer: initializers.InitializerLike = "ones",
        beta_regularizer: regularizers.RegularizerLike = None,
        gamma_regularizer: regularizers.RegularizerLike = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
            beta_constraint, gamma_constraint, **options,
        )  # fmt: skip
        self.groups = groups if groups == -1 else arguments.whole(self.name, "groups", groups)
        self.axis = arguments.axis(self.name, axis)

    def steps(self, shape: Shape) -> list[Step]:
        """The channels in groups, normalising, the channels side by side again, scaling."""
        (axis,) = arguments.image_axes(self.name, self.axis, shape)
        groups = shape[axis] if self.groups == -1 else self.groups
        if shape[axis] % groups:
            raise ShapeError(
                f"{self.name}: got groups={groups} for {shape[axis]} channels (images of shape {shape}); "
                "expected a divisor of that number, or -1 for a group of each channel"
            )
        grouped = (*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :])
        others = tuple(place for place in range(len(grouped)) if place != axis)
        return [
            Step("groups", operations.Reshape(grouped)),
            Step("normalize", operations.Normalize(others, self.epsilon)),
            Step("channels", operations.Reshape(shape)),
            *self._scaling((axis,)),
        ]


class RMSNormalization(Layer):
    """y = scale x / sqrt(mean x^2 + epsilon), the mean over some axes of each image (Zhang and Sennrich 2019).

    Args:
        axis: as in `LayerNormalization`.
        epsilon: keeps the root away from zero; above 0.
        **options: `name`, `trainable`, `input_shape`.
    """

    scale: Parameter
    _arguments = ("axis", "epsilon")

    def __init__(self, axis: Axis = -1, epsilon: float = 1e-6, **options: Any) -> None:
        super().__init__(**options)
        self.axis = arguments.axes(self.name, axis)
        self.epsilon = arguments.number(self.name, "epsilon", epsilon, 0)
        self._parameter("scale", None, initializers.Ones)

    def steps(self, shape: Shape) -> list[Step]:
        """Normalising and scaling."""
        axes = arguments.image_axes(self.name, self.axis, shape)
        return [
            Step("normalize", operations.Normalize(axes, self.epsilon, "root_mean_square")),
            Step("scale", operations.Scale(axes, center=False), {"gamma": "scale"}),
        ]


class UnitNormalization(Layer):
    """y = x / sqrt(sum x^2), the sum over some axes of each image; zeros stay zeros.

    Args:
        axis: as in `LayerNormalization`.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("axis",)

    def __init__(self, axis: Axis = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = arguments.axes(self.name, axis)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        axes = arguments.image_axes(self.name, self.axis, shape)
        return [Step("normalize", operations.Normalize(axes, 1e-12, "length"))]


class LocalResponseNormalization(Layer):
    """y_c = x_c / (bias + alpha sum of x_j^2 over the channels j from c - depth_radius to c + depth_radius)^beta.

    TensorFlow's formula and defaults. AlexNet's is depth_radius=2, bias=2, alpha=1e-4, beta=0.75 (Krizhevsky,
    Sutskever and Hinton 2012). Keras has no such layer.

    Args:
        depth_radius: channels on either side, 0 or more.
        bias: above 0.
        alpha: 0 or more.
        beta: the exponent.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
    """

    _arguments = ("depth_radius", "bias", "alpha", "beta")
    _module, _registered = "striate.layers", "LocalResponseNormalization"

    def __init__(
        self, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5, **options: Any
    ) -> None:
        super().__init__(**options)
        self.depth_radius = arguments.whole(self.name, "depth_radius", depth_radius, 0)
        self.bias = arguments.number(self.name, "bias", bias, 0)
        if self.bias == 0:
            raise StriateError(f"{self.name}: got bias=0, which divides by zero where all channels are zero; use more")
        self.alpha = arguments.number(self.name, "alpha", alpha, 0)
        self.beta = arguments.number(self.name, "beta", beta)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("norm", operations.LocalResponseNorm(self.depth_radius, self.bias, self.alpha, self.beta))]

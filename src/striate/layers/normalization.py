"""Layers that bring numbers to a common scale: BatchNormalization, Rescaling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from striate import constraints, initializers, regularizers
from striate.errors import ShapeError
from striate.graph import Parameter, Shape, operations
from striate.layers import arguments
from striate.layers.base import Layer, Step


class BatchNormalization(Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel (Ioffe and Szegedy 2015).

    In training, mean and variance are the batch's, and the moving ones follow:
    moving = momentum moving + (1 - momentum) batch. Otherwise, and always when `trainable` is False, the moving ones
    are used.

    Args:
        axis: the channels, with the batch counted; -1 is the last, 1 that of images with the channels first.
        momentum: from 0 to 1.
        epsilon: keeps the root away from zero; above 0.
        center, scale: whether there is a beta, a gamma.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: how they start.
        beta_regularizer, gamma_regularizer: penalties on them.
        beta_constraint, gamma_constraint: what every training step brings them back to (striate.constraints).
        renorm, renorm_clipping, synchronized: must be None or False.
        renorm_momentum: ignored.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
    """

    gamma: Parameter | None
    beta: Parameter | None
    moving_mean: Parameter
    moving_variance: Parameter
    beta_initializer: initializers.InitializerFunction
    gamma_initializer: initializers.InitializerFunction
    moving_mean_initializer: initializers.InitializerFunction
    moving_variance_initializer: initializers.InitializerFunction
    beta_regularizer: regularizers.Regularizer | None
    gamma_regularizer: regularizers.Regularizer | None
    _never_trainable = frozenset({"moving_mean", "moving_variance"})
    _arguments = (
        "axis", "momentum", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer",
        "moving_mean_initializer", "moving_variance_initializer", "beta_regularizer", "gamma_regularizer",
        "beta_constraint", "gamma_constraint",
    )  # fmt: skip

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: initializers.InitializerLike = "zeros",
        gamma_initializer: initializers.InitializerLike = "ones",
        moving_mean_initializer: initializers.InitializerLike = "zeros",
        moving_variance_initializer: initializers.InitializerLike = "ones",
        beta_regularizer: regularizers.RegularizerLike = None,
        gamma_regularizer: regularizers.RegularizerLike = None,
        beta_constraint: constraints.ConstraintLike = None,
        gamma_constraint: constraints.ConstraintLike = None,
        renorm: bool = False,
        renorm_clipping: None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axis = arguments.axis(self.name, axis)
        self.momentum = arguments.number(self.name, "momentum", momentum, 0, 1)
        self.epsilon = arguments.number(self.name, "epsilon", epsilon, 0)
        self.center = arguments.flag(self.name, "center", center)
        self.scale = arguments.flag(self.name, "scale", scale)
        self._parameter("beta", beta_initializer, initializers.Zeros, beta_regularizer, beta_constraint)
        self._parameter("gamma", gamma_initializer, initializers.Ones, gamma_regularizer, gamma_constraint)
        self._parameter("moving_mean", moving_mean_initializer, initializers.Zeros)
        self._parameter("moving_variance", moving_variance_initializer, initializers.Ones)
        extras = {"renorm": renorm, "renorm_clipping": renorm_clipping, "synchronized": synchronized}
        for argument, value in extras.items():
            arguments.nothing(self.name, argument, value, "leave it out")
        self.gamma = self.beta = None

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        if not shape:
            raise ShapeError(f"{self.name}: expected at least one axis beside the batch, got none; reshape the input")
        frozen = not self.trainable
        return [Step("norm", operations.BatchNorm(self.epsilon, self.momentum, self.scale, self.center, frozen))]

    def _channel_axis(self, shape: Shape) -> int:
        """The axis that the operation works along."""
        return arguments.image_axes(self.name, self.axis, shape)[0]


class Rescaling(Layer):
    """y = scale x + offset with fixed numbers: 1 / 255 brings the values of images to 0 to 1.

    Args:
        scale: the factor, or a list with one for each channel.
        offset: what is added, likewise.
        **options: `name`, `trainable`, `input_shape`.
    """

    single_images = None
    _arguments = ("scale", "offset")
    _fixed = frozenset({"gamma", "beta"})

    def __init__(self, scale: float | Sequence[float], offset: float | Sequence[float] = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.scale = arguments.numbers(self.name, "scale", scale)
        self.offset = arguments.numbers(self.name, "offset", offset)
        self.gamma_initializer = self._given("scale", self.scale)
        self.beta_initializer = self._given("offset", self.offset)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        if isinstance(self.scale, float) and isinstance(self.offset, float):
            return [Step("affine", operations.Affine(self.scale, self.offset))]
        if not shape:
            raise ShapeError(f"{self.name}: got numbers for each channel, but the input has no axis beside the batch")
        return [Step("scale", operations.Scale((len(shape) - 1,)))]

"""Layers that act in training only, against overfitting: dropout, noise, a penalty on activities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from striate import regularizers
from striate.checks import as_whole
from striate.errors import ShapeError, StriateError
from striate.graph import Shape, operations
from striate.layers import arguments
from striate.layers.base import Layer, Step

NoiseShape = tuple[int | None, ...]


class Dropout(Layer):
    """In training, each number is zero with probability `rate`, else divided by 1 - rate (Srivastava et al. 2014).

    Args:
        rate: from 0 to below 1.
        noise_shape: shape of the mask, the batch included, such as (None, 1, 1, 64): None stands for the input's size,
            and along axes of size 1 everything falls or stays together. None: each number for itself. A number for
            the batch other than 1 is taken as None.
        seed: a whole number, for masks of its own; None: they follow `set_random_seed`.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
        ShapeError: a `noise_shape` that does not fit the images.
    """

    _arguments: ClassVar[tuple[str, ...]] = ("rate", "seed", "noise_shape")
    _operation: ClassVar[type[operations.Dropout] | type[operations.AlphaDropout]] = operations.Dropout

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.rate = _rate(self.name, rate)
        self.noise_shape = _noise_shape(self.name, noise_shape)
        self.seed, self._stream = arguments.stream(self.name, seed)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        noise = self._mask_shape(shape)
        if noise is None:
            return [Step("dropout", self._operation(self.rate, self._stream))]
        if len(noise) != len(shape) + 1:
            raise ShapeError(
                f"{self.name}: noise_shape={noise} has {len(noise)} axes, the batch included; "
                f"images of shape {shape} need {len(shape) + 1}"
            )
        sizes = tuple(n if size is None else size for size, n in zip(noise[1:], shape, strict=True))
        return [Step("dropout", self._operation(self.rate, self._stream, sizes, noise[0] == 1))]

    def _mask_shape(self, shape: Shape) -> NoiseShape | None:
        return self.noise_shape


class AlphaDropout(Dropout):
    """Dropout for SELU networks: what falls takes selu's limit, and mean 0 and variance 1 stay (Klambauer et al. 2017).

    In training y = a x + b, or a s + b with probability `rate`, where s = -1.7581,
    a = ((1 - rate) (1 + rate s^2))^-1/2 and b = -a s rate. Arguments as in `Dropout`.
    """

    _operation = operations.AlphaDropout


class SpatialDropout(Dropout, common=True):
    """In training, whole feature maps are zero with probability `rate`, the others divided by 1 - rate
    (Tompson et al. 2015).

    Args:
        rate: from 0 to below 1.
        data_format: "channels_last" or "channels_first".
        seed: as in `Dropout`.
        **options: `name`, `input_shape`.
    """

    rank: ClassVar[int]
    _arguments: ClassVar[tuple[str, ...]] = ("rate", "seed", "data_format")

    def __init__(
        self, rate: float, data_format: str | None = None, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(rate, None, seed, **options)
        self.data_format = arguments.data_format(self.name, data_format)

    def _mask_shape(self, shape: Shape) -> NoiseShape:
        arguments.check_rank(self.name, shape, self.rank)
        return (None, *(1,) * self.rank, None)

    def get_config(self) -> dict[str, Any]:
        """As Keras writes it: without `trainable`, which its constructor does not take."""
        config = super().get_config() | {"dtype": "float32"}
        del config["trainable"]
        return config


class SpatialDropout1D(SpatialDropout):
    """Dropout of whole channels of sequences (steps, channels).

    Args:
        rate: from 0 to below 1.
        seed: as in `Dropout`.
        **options: `name`, `input_shape`.
    """

    rank = 1
    _arguments = ("rate", "seed")

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(rate, None, seed, **options)


class SpatialDropout2D(SpatialDropout):
    """Dropout of whole feature maps of images; arguments as in `SpatialDropout`."""

    rank = 2


class SpatialDropout3D(SpatialDropout):
    """Dropout of whole feature maps of volumes; arguments as in `SpatialDropout`."""

    rank = 3


class GaussianNoise(Layer):
    """In training y = x + stddev n with independent normal numbers n of variance 1.

    Args:
        stddev: 0 or more, in the units of the input. (Keras takes at most 1, and opens no file with more.)
        seed: as in `Dropout`.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("stddev", "seed")

    def __init__(self, stddev: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.stddev = arguments.number(self.name, "stddev", stddev, 0)
        self.seed, self._stream = arguments.stream(self.name, seed)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("noise", operations.GaussianNoise(self.stddev, self._stream))]


class GaussianDropout(Layer):
    """In training y = x (1 + s n) with normal numbers n and s = sqrt(rate / (1 - rate)), the standard deviation that
    `Dropout` gives its factors (Srivastava et al. 2014).

    Args:
        rate: from 0 to below 1.
        seed: as in `Dropout`.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("rate", "seed")

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.rate = _rate(self.name, rate)
        self.seed, self._stream = arguments.stream(self.name, seed)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        return [Step("noise", operations.GaussianNoise(stddev, self._stream, multiplicative=True))]


class ActivityRegularization(Layer):
    """The input as it is; l1 sum|x| + l2 sum x^2, the mean over the images, is added to the loss.

    Args:
        l1, l2: factors, 0 or more.
        **options: `name`, `trainable`, `input_shape`.
    """

    _arguments = ("l1", "l2")

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.l1 = arguments.number(self.name, "l1", l1, 0)
        self.l2 = arguments.number(self.name, "l2", l2, 0)
        self.activity_regularizer = regularizers.L1L2(self.l1, self.l2)

    def steps(self, shape: Shape) -> list[Step]:
        """Nothing but the penalty."""
        return []

    def get_config(self) -> dict[str, Any]:
        """l1 and l2, without the regularizer made of them."""
        config = super().get_config()
        del config["activity_regularizer"]
        return config


def _rate(layer: str, value: float) -> float:
    rate = arguments.number(layer, "rate", value, 0, 1)
    if rate == 1:
        raise StriateError(f"{layer}: got rate={value!r}, which leaves nothing; expected a number below 1")
    return rate


def _noise_shape(layer: str, value: object) -> NoiseShape | None:
    if value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str):
        sizes = tuple(None if size is None else as_whole(size) for size in value)
        known = [size for size in sizes if size is not None]
        if sizes and len(known) == sum(size is not None for size in value) and all(size > 0 for size in known):
            return sizes
    raise StriateError(
        f"{layer}: got noise_shape={value!r}, expected sizes of the mask, the batch included, such as (None, 1, 1, 64)"
    )

"""Initializers whose variance fits the layer.

VarianceScaling draws with variance scale / n, where n is the fan-in (inputs of one unit), the fan-out (units that one
input feeds) or their mean. Of a convolution kernel (*window, channels, filters), fan-in is window x channels and
fan-out window x filters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from striate.errors import StriateError
from striate.graph import Array
from striate.initializers.drawn import Drawn, scaled, truncated_normal

# Standard deviation of a standard normal cut off at two of them.
TRUNCATED_DEVIATION = 0.87962566103423978


class VarianceScaling(Drawn):
    """Random numbers of mean 0 and variance scale / n.

    Args:
        scale: above 0.
        mode: what n is: "fan_in", "fan_out" or "fan_avg", their mean.
        distribution: "truncated_normal" (or "normal"), "untruncated_normal", or "uniform" (within sqrt(3 scale / n)).
        seed: a whole number for the same numbers every time.
        input_axes, output_axes: the axes of the weights that make up fan-in and fan-out, when not the usual ones.
    """

    _arguments: ClassVar[tuple[str, ...]] = ("seed", "scale", "mode", "distribution")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        name = type(self).__name__
        distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        if scale <= 0:
            raise StriateError(f"{name}: got scale={scale}, expected a number above 0")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise StriateError(f'{name}: got mode={mode!r}, expected "fan_in", "fan_out" or "fan_avg"')
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise StriateError(
                f"{name}: got distribution={distribution!r}, "
                'expected "truncated_normal", "untruncated_normal" or "uniform"'
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes = None if input_axes is None else list(input_axes)
        self.output_axes = None if output_axes is None else list(output_axes)

    def _values(self, shape: tuple[int, ...]) -> Array:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        deviation = math.sqrt(self.scale / max(1.0, count))
        generator = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * deviation  # the variance of [-a, a] is a^2 / 3
            return scaled(generator.random(shape, np.float32), 2 * limit, -limit)
        if self.distribution == "untruncated_normal":
            return scaled(generator.standard_normal(shape, np.float32), deviation, 0.0)
        return scaled(truncated_normal(generator, shape), deviation / TRUNCATED_DEVIATION, 0.0)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes; the axes only if given, since older versions of Keras do not know them."""
        axes = {"input_axes": self.input_axes, "output_axes": self.output_axes}
        return {**super().get_config(), **{key: value for key, value in axes.items() if value is not None}}


class NamedScaling(VarianceScaling):
    """A VarianceScaling whose scale, mode and distribution bear a name of their own."""

    _arguments: ClassVar[tuple[str, ...]] = ("seed",)

    _scaling: ClassVar[tuple[float, str, str]]

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._scaling, seed, input_axes, output_axes)


class GlorotUniform(NamedScaling):
    """Uniform within sqrt(6 / (fan_in + fan_out)), also called Xavier (Glorot and Bengio 2010)."""

    _scaling = (1.0, "fan_avg", "uniform")


class GlorotNormal(NamedScaling):
    """Truncated normal of variance 2 / (fan_in + fan_out), also called Xavier (Glorot and Bengio 2010)."""

    _scaling = (1.0, "fan_avg", "truncated_normal")


class HeUniform(NamedScaling):
    """Uniform within sqrt(6 / fan_in), for ReLU networks (He et al. 2015)."""

    _scaling = (2.0, "fan_in", "uniform")


class HeNormal(NamedScaling):
    """Truncated normal of variance 2 / fan_in, for ReLU networks (He et al. 2015)."""

    _scaling = (2.0, "fan_in", "truncated_normal")


class LecunUniform(NamedScaling):
    """Uniform within sqrt(3 / fan_in) (LeCun et al. 1998, "Efficient BackProp")."""

    _scaling = (1.0, "fan_in", "uniform")


class LecunNormal(NamedScaling):
    """Truncated normal of variance 1 / fan_in, for SELU (LeCun et al. 1998; Klambauer et al. 2017)."""

    _scaling = (1.0, "fan_in", "truncated_normal")


def compute_fans(
    shape: Sequence[int], input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """Fan-in and fan-out of weights of some shape."""
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]

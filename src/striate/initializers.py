"""How weights start: constants, and random numbers whose variance fits the layer.

VarianceScaling draws with variance scale / n, where n is the fan-in (inputs of one unit), the fan-out (units that one
input feeds) or their mean. Of a convolution kernel (*window, channels, filters), fan-in is window x channels and
fan-out window x filters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from striate import random
from striate.errors import ShapeError, StriateError
from striate.graph import Array
from striate.lookup import class_and_config, find, made, serialized, snake_case


class Initializer:
    """Base of all initializers: `initializer(shape)` makes an array."""

    _arguments: ClassVar[tuple[str, ...]] = ()  # attributes that make up the configuration

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        """An array of this shape, float32 unless `dtype` says otherwise."""
        values: NDArray[Any] = self._values(tuple(shape))
        return values if dtype is None else values.astype(dtype, copy=False)

    def _values(self, shape: tuple[int, ...]) -> Array:
        raise NotImplementedError(f"{type(self).__name__} does not say how to make its values")

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {argument: getattr(self, argument) for argument in self._arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Initializer:
        """The initializer of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Constant(Initializer):
    """One number everywhere, or an array of exactly the shape that is asked for."""

    def __init__(self, value: float | NDArray[Any] = 0.0) -> None:
        self.value = value

    def _values(self, shape: tuple[int, ...]) -> Array:
        value: Array = np.asarray(self.value, dtype=np.float32)
        if value.shape not in ((), shape):
            raise ShapeError(f"initializer: got an array of shape {value.shape} for weights of shape {shape}")
        return np.full(shape, value, dtype=np.float32)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes; an array in the form in which Keras writes one."""
        value = np.asarray(self.value, dtype=np.float32)
        if value.ndim == 0:
            return {"value": float(self.value)}
        return {"value": {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": "float32"}}}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Initializer:
        """The initializer of a configuration."""
        value = config.get("value", 0.0)
        if isinstance(value, Mapping):
            form = class_and_config(value)
            if form is None or "value" not in form[1]:
                raise StriateError(f"initializer: got Constant with value={value!r}, expected a number or an array")
            value = np.asarray(form[1]["value"], dtype=np.float32)
        return cls(value)


class Zeros(Initializer):
    """0 everywhere."""

    def _values(self, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape, np.float32)


class Ones(Initializer):
    """1 everywhere."""

    def _values(self, shape: tuple[int, ...]) -> Array:
        return np.ones(shape, np.float32)


class Identity(Initializer):
    """gain times the identity matrix; for two-dimensional weights only."""

    _arguments: ClassVar[tuple[str, ...]] = ("gain",)

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def _values(self, shape: tuple[int, ...]) -> Array:
        if len(shape) != 2:
            raise ShapeError(f"Identity: expected two-dimensional weights, got shape {shape}; use Orthogonal")
        values: Array = np.float32(self.gain) * np.eye(*shape, dtype=np.float32)
        return values


class _Random(Initializer):
    """Initializers with a seed. As in Keras each gives the same numbers at every call, seeded or not."""

    _arguments: ClassVar[tuple[str, ...]] = ("seed",)

    def __init__(self, seed: int | Mapping[str, Any] | None = None) -> None:
        if isinstance(seed, Mapping):  # a serialized keras.random.SeedGenerator
            form = class_and_config(seed)
            seed = form[1].get("seed") if form else None
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer))):
            raise StriateError(f"{type(self).__name__}: got seed={seed!r}, expected a whole number or None")
        self.seed = None if seed is None else int(seed)
        self._key = random.next_seed() if self.seed is None else self.seed

    def _generator(self) -> np.random.Generator:
        return random.generator(self._key)


class RandomNormal(_Random):
    """Normal numbers."""

    _arguments: ClassVar[tuple[str, ...]] = ("seed", "mean", "stddev")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def _values(self, shape: tuple[int, ...]) -> Array:
        return _scaled(self._generator().standard_normal(shape, np.float32), self.stddev, self.mean)


class TruncatedNormal(RandomNormal):
    """Normal numbers; those beyond two standard deviations are drawn again, so the deviation is 0.88 stddev."""

    def _values(self, shape: tuple[int, ...]) -> Array:
        return _scaled(_truncated_normal(self._generator(), shape), self.stddev, self.mean)


class RandomUniform(_Random):
    """Numbers from minval (included) to maxval, all equally likely."""

    _arguments: ClassVar[tuple[str, ...]] = ("seed", "minval", "maxval")

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def _values(self, shape: tuple[int, ...]) -> Array:
        return _scaled(self._generator().random(shape, np.float32), self.maxval - self.minval, self.minval)


class VarianceScaling(_Random):
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
            return _scaled(generator.random(shape, np.float32), 2 * limit, -limit)
        if self.distribution == "untruncated_normal":
            return _scaled(generator.standard_normal(shape, np.float32), deviation, 0.0)
        return _scaled(_truncated_normal(generator, shape), deviation / _TRUNCATED_DEVIATION, 0.0)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes; the axes only if given, since older versions of Keras do not know them."""
        axes = {"input_axes": self.input_axes, "output_axes": self.output_axes}
        return {**super().get_config(), **{key: value for key, value in axes.items() if value is not None}}


class _NamedScaling(VarianceScaling):
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


class GlorotUniform(_NamedScaling):
    """Uniform within sqrt(6 / (fan_in + fan_out)), also called Xavier (Glorot and Bengio 2010)."""

    _scaling = (1.0, "fan_avg", "uniform")


class GlorotNormal(_NamedScaling):
    """Truncated normal of variance 2 / (fan_in + fan_out), also called Xavier (Glorot and Bengio 2010)."""

    _scaling = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_NamedScaling):
    """Uniform within sqrt(6 / fan_in), for ReLU networks (He et al. 2015)."""

    _scaling = (2.0, "fan_in", "uniform")


class HeNormal(_NamedScaling):
    """Truncated normal of variance 2 / fan_in, for ReLU networks (He et al. 2015)."""

    _scaling = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_NamedScaling):
    """Uniform within sqrt(3 / fan_in) (LeCun et al. 1998, "Efficient BackProp")."""

    _scaling = (1.0, "fan_in", "uniform")


class LecunNormal(_NamedScaling):
    """Truncated normal of variance 1 / fan_in, for SELU (LeCun et al. 1998; Klambauer et al. 2017)."""

    _scaling = (1.0, "fan_in", "truncated_normal")


class Orthogonal(_Random):
    """gain times a random matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2014).

    Weights of more dimensions are that matrix with all dimensions but the last taken as rows.
    """

    _arguments: ClassVar[tuple[str, ...]] = ("seed", "gain")

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def _values(self, shape: tuple[int, ...]) -> Array:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: expected weights of at least two dimensions, got shape {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        normal = self._generator().standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # makes the distribution uniform (Mezzadri 2007)
        matrix = q if rows >= columns else q.T
        return (self.gain * matrix).reshape(shape).astype(np.float32)


# Standard deviation of a standard normal cut off at two of them.
_TRUNCATED_DEVIATION = 0.87962566103423978


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


def _truncated_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal numbers within two standard deviations."""
    values = generator.standard_normal(math.prod(shape), np.float32)
    while (outside := np.flatnonzero(np.abs(values) > 2)).size:
        values[outside] = generator.standard_normal(outside.size, np.float32)
    return values.reshape(shape)


def _scaled(values: Array, scale: float, offset: float) -> Array:
    values *= np.float32(scale)
    values += np.float32(offset)
    return values


_KNOWN: tuple[type[Initializer], ...] = (
    Constant, Zeros, Ones, Identity, RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling, GlorotUniform,
    GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal,
)
_CLASSES: dict[str, type[Initializer]] = {
    **{cls.__name__: cls for cls in _KNOWN}, **{snake_case(cls.__name__): cls for cls in _KNOWN},
    "zero": Zeros, "one": Ones, "normal": RandomNormal, "uniform": RandomUniform,
    "IdentityInitializer": Identity, "OrthogonalInitializer": Orthogonal,
}
constant, zeros, ones, identity, orthogonal = Constant, Zeros, Ones, Identity, Orthogonal
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal
random_normal, truncated_normal, random_uniform = RandomNormal, TruncatedNormal, RandomUniform
variance_scaling, glorot_uniform, glorot_normal = VarianceScaling, GlorotUniform, GlorotNormal
he_uniform, he_normal, lecun_uniform, lecun_normal = HeUniform, HeNormal, LecunUniform, LecunNormal

InitializerFunction = Callable[..., NDArray[Any]]
InitializerLike = str | Mapping[str, Any] | Initializer | type[Initializer] | InitializerFunction | NDArray[Any] | None


def get(identifier: InitializerLike) -> InitializerFunction | None:
    """The initializer of a name, a configuration, a class, an array, or any function of a shape; None for None.

    Raises:
        StriateError: nothing of the kind; the message shows names that look like it.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        return _find(identifier)()
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, (np.ndarray, np.number)):
        return Constant(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Initializer):
        return identifier()
    if callable(identifier) and not isinstance(identifier, type):
        return identifier
    raise StriateError(
        f'initializer: got {identifier!r}, expected a name such as "he_normal", an initializer or an array'
    )


def serialize(initializer: InitializerFunction | None) -> dict[str, Any] | None:
    """The form in which Keras writes an initializer."""
    if initializer is None:
        return None
    if not isinstance(initializer, Initializer):
        raise StriateError(
            f"initializer: got {initializer!r}, a function of your own, which cannot be written into a configuration; "
            "use one of striate.initializers"
        )
    return serialized("keras.initializers", type(initializer).__name__, initializer.get_config())


def deserialize(form: Mapping[str, Any]) -> Initializer:
    """The initializer of a serialized form."""
    try:
        return made("initializer", form, _find)
    except TypeError as error:
        raise StriateError(f"initializer {form['class_name']}: {error}") from None


def _find(name: str) -> type[Initializer]:
    return find("initializer", name, _CLASSES)

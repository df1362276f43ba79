"""The base of all initializers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from numpy.typing import DTypeLike, NDArray

from striate.graph import Array


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

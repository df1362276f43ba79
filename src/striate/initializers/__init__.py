"""How weights start: constants, and random numbers whose variance fits the layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import StriateError
from striate.initializers.base import Initializer
from striate.initializers.constants import Constant, Identity, Ones, Zeros
from striate.initializers.drawn import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from striate.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    compute_fans,
)
from striate.lookup import find, made, serialized, snake_case
from striate.warning import warn

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer",
    "Initializer", "InitializerFunction", "InitializerLike", "LecunNormal", "LecunUniform", "Ones",
    "Orthogonal", "OrthogonalInitializer", "RandomNormal", "RandomUniform", "TruncatedNormal",
    "VarianceScaling", "Zeros", "compute_fans", "constant", "deserialize", "get", "glorot_normal",
    "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform", "ones",
    "orthogonal", "random_normal", "random_uniform", "serialize", "truncated_normal", "variance_scaling",
    "zeros",
]  # fmt: skip

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
    """The form in which Keras writes an initializer. One of the user's own is code, in whose place a default stands."""
    if initializer is None:
        return None
    if type(initializer) not in _KNOWN:
        name = getattr(initializer, "__name__", type(initializer).__name__)
        warn(
            f"initializer: {name} is code of your own, which a configuration cannot hold; GlorotUniform stands there "
            "in its place, for new weights (a saved model's own come back as they are)"
        )
        initializer = GlorotUniform()
    assert isinstance(initializer, Initializer)
    return serialized("keras.initializers", type(initializer).__name__, initializer.get_config())


def deserialize(form: Mapping[str, Any]) -> Initializer:
    """The initializer of a serialized form."""
    try:
        return made("initializer", form, _find)
    except TypeError as error:
        raise StriateError(f"initializer {form['class_name']}: {error}") from None


def _find(name: str) -> type[Initializer]:
    return find("initializer", name, _CLASSES)

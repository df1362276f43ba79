"""Loss functions: what training makes small. Classes with Keras's signatures, and the same formulas on arrays.

A network is trained with one of the classes; the engine computes it together with its gradient. The functions
(`sparse_categorical_crossentropy(y_true, y_pred)`, ...) compute one value for each example with NumPy in double
precision: a reference to look at and test against, and what the metrics of the same names average.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from striate.errors import StriateError
from striate.graph import Shape
from striate.lookup import find, made, serialized
from striate.losses.asked import recognised
from striate.losses.base import EPSILON, Loss
from striate.losses.crossentropy import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    sparse_categorical_crossentropy,
)
from striate.losses.distribution import KLDivergence, Poisson, kl_divergence, poisson
from striate.losses.margin import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from striate.losses.own import OwnLoss
from striate.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

__all__ = [
    "CHOSEN_BY_SHAPE", "EPSILON", "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy", "CategoricalHinge", "CosineSimilarity", "Hinge", "Huber", "KLDivergence", "LogCosh",
    "Loss", "LossLike", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "OwnLoss", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge",
    "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_hinge", "cosine_similarity", "deserialize", "get", "hinge", "huber", "is_sparse", "kl_divergence",
    "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "poisson", "resolve", "serialize", "sparse_categorical_crossentropy",
    "squared_hinge",
]

_FUNCTIONS: dict[Callable[..., Any], type[Loss]] = {
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    categorical_focal_crossentropy: CategoricalFocalCrossentropy,
    binary_crossentropy: BinaryCrossentropy,
    binary_focal_crossentropy: BinaryFocalCrossentropy,
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    huber: Huber,
    log_cosh: LogCosh,
    cosine_similarity: CosineSimilarity,
    hinge: Hinge,
    squared_hinge: SquaredHinge,
    categorical_hinge: CategoricalHinge,
    kl_divergence: KLDivergence,
    poisson: Poisson,
}
_ALL = tuple(_FUNCTIONS.values())
ALIASES = {  # of functions, in lower and upper case
    "bce": "binary_crossentropy", "mse": "mean_squared_error", "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error", "msle": "mean_squared_logarithmic_error", "kld": "kl_divergence",
}  # fmt: skip
_CLASSES: dict[str, type[Loss]] = {cls.kind: cls for cls in _ALL}
_CLASSES |= {alias: _CLASSES[name] for alias, name in ALIASES.items()}
_CLASSES |= {alias.upper(): _CLASSES[name] for alias, name in ALIASES.items()}
_CLASSES |= {"logcosh": LogCosh, "kullback_leibler_divergence": KLDivergence}  # Keras 2's
_CLASSES |= {cls.__name__: cls for cls in _ALL}
CHOSEN_BY_SHAPE = ("crossentropy", "ce")  # names for which the shapes of targets and outputs decide

LossLike = str | Mapping[str, Any] | Loss | type[Loss] | Callable[..., Any]


def get(identifier: LossLike) -> Loss:
    """The loss of a name ("mse", "MeanSquaredError", ...), a configuration, a class, a function of here or an object.

    Raises:
        StriateError: nothing of the kind; the message gives the nearest names.
    """
    if isinstance(identifier, Loss):
        return _own(identifier.call, identifier) if identifier.is_own else identifier
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return get(identifier())
    if isinstance(identifier, str):
        return _find(identifier)()
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier) and identifier in _FUNCTIONS:
        return _FUNCTIONS[identifier]()
    if callable(identifier) and not isinstance(identifier, type):
        return _own(identifier)
    raise StriateError(f"loss: got {identifier!r}, expected a loss of striate.losses or one of the names {_names()}")


def _own(function: Callable[..., Any], of: Loss | None = None) -> Loss:
    """A loss of the user's: one of those here if it only calls that, else what the engine differentiates."""
    if of is not None:
        of.check_trainable()
    found = recognised(function)
    return OwnLoss(function, of) if found is None else _find(found.name)(**dict(found.options))


def resolve(identifier: LossLike, target_shape: Shape, output_shape: Shape) -> Loss:
    """As `get`; as in Keras "crossentropy" and "ce" become the one that shapes (batch axis included) call for."""
    if not (isinstance(identifier, str) and identifier.lower() in CHOSEN_BY_SHAPE):
        return get(identifier)
    if output_shape[-1] == 1:
        return BinaryCrossentropy()
    if is_sparse(target_shape, output_shape):
        return SparseCategoricalCrossentropy()
    return CategoricalCrossentropy()


def is_sparse(target_shape: Shape, output_shape: Shape) -> bool:
    """Whether targets of that shape are class numbers rather than one-hot vectors (shapes with the batch axis)."""
    return len(target_shape) < len(output_shape) or (target_shape[-1] == 1 and output_shape[-1] > 1)


def serialize(loss: Loss) -> dict[str, Any]:
    """The form in which Keras writes a loss."""
    if isinstance(loss, OwnLoss):
        return loss.form()
    return serialized("keras.losses", type(loss).__name__, loss.get_config())


def deserialize(form: Mapping[str, Any]) -> Loss:
    """The loss of a serialized form."""
    return made("loss", form, _find)


def _find(name: str) -> type[Loss]:
    return find("loss", name, _CLASSES, CHOSEN_BY_SHAPE)


def _names() -> str:
    return ", ".join(f'"{cls.kind}"' for cls in _ALL)

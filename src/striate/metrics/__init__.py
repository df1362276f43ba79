"""Metrics: numbers that say how good a network is, computed with NumPy on what it put out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from striate.errors import StriateError
from striate.graph import Shape
from striate.lookup import find, made, serialized, snake_case
from striate.losses import (
    ALIASES,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    is_sparse,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from striate.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from striate.metrics.auc import AUC
from striate.metrics.base import Mean, MeanMetricWrapper, Metric, Sum
from striate.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from striate.metrics.correlation import (
    ConcordanceCorrelation,
    PearsonCorrelation,
    R2Score,
    concordance_correlation,
    pearson_correlation,
)
from striate.metrics.errors import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from striate.metrics.fscore import F1Score, FBetaScore
from striate.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU

_ALL: tuple[type[Metric], ...] = (
    Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy, Mean, Sum, TruePositives, FalsePositives, TrueNegatives, FalseNegatives, Precision,
    Recall, SensitivityAtSpecificity, SpecificityAtSensitivity, PrecisionAtRecall, RecallAtPrecision, AUC, FBetaScore,
    F1Score, IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU,
    MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanSquaredLogarithmicError, LogCoshError, CosineSimilarity, Hinge, SquaredHinge,
    CategoricalHinge, KLDivergence, Poisson, BinaryCrossentropy, CategoricalCrossentropy,
    SparseCategoricalCrossentropy, R2Score, PearsonCorrelation, ConcordanceCorrelation,
)

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PearsonCorrelation",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "concordance_correlation",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "pearson_correlation",
    "poisson",
    "resolve",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]

_CLASSES: dict[str, type[Metric]] = {cls.__name__: cls for cls in _ALL}
_CLASSES |= {snake_case(name): cls for name, cls in _CLASSES.items()}
_CLASSES |= {alias: _CLASSES[name] for alias, name in ALIASES.items()}
_CLASSES |= {alias.upper(): _CLASSES[name] for alias, name in ALIASES.items()}
_BY_SHAPE: dict[str, tuple[type[Metric], type[Metric], type[Metric]]] = {  # for one output, class numbers, one-hot
    "accuracy": (BinaryAccuracy, SparseCategoricalAccuracy, CategoricalAccuracy),
    "crossentropy": (BinaryCrossentropy, SparseCategoricalCrossentropy, CategoricalCrossentropy),
}
_BY_SHAPE |= {"acc": _BY_SHAPE["accuracy"], "ce": _BY_SHAPE["crossentropy"]}

MetricLike = str | Mapping[str, Any] | Metric | type[Metric] | Callable[..., Any]


def get(identifier: MetricLike) -> Metric:
    """The metric of a name ("mse", "TopKCategoricalAccuracy", ...), a configuration, a class, a function or an object.

    A function takes `(y_true, y_pred)` as NumPy arrays and returns a value for each example.

    Raises:
        StriateError: nothing of the kind; the message gives the nearest names.
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    if isinstance(identifier, str):
        return _find(identifier)()
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier) and not isinstance(identifier, type):
        return MeanMetricWrapper(identifier)
    raise StriateError(f"metrics: got {identifier!r}, expected a metric of striate.metrics, a name or a function")


def check(identifier: MetricLike) -> None:
    """Raise what `resolve` would raise for an unknown name before any shape is known."""
    if not (isinstance(identifier, str) and identifier.lower() in _BY_SHAPE):
        get(identifier)


def is_known(name: str) -> bool:
    """Whether `get` or `resolve` knows a metric of that name."""
    return name in _CLASSES or name.lower() in _BY_SHAPE


def resolve(identifier: MetricLike, target_shape: Shape, output_shape: Shape) -> Metric:
    """As `get`, under the name by which it was asked for.

    As in Keras "accuracy", "acc", "crossentropy" and "ce" become the kind that shapes (batch axis included) call for.
    """
    if not isinstance(identifier, str):
        return get(identifier)
    kinds = _BY_SHAPE.get(identifier.lower())
    if kinds is None:
        metric = get(identifier)
    else:
        one, sparse, one_hot = kinds
        cls = one if output_shape[-1] == 1 else sparse if is_sparse(target_shape, output_shape) else one_hot
        metric = cls()
    metric.name = identifier
    return metric


def serialize(metric: Metric) -> dict[str, Any]:
    """The form in which Keras writes a metric."""
    return serialized("keras.metrics", type(metric).__name__, metric.get_config())


def deserialize(form: Mapping[str, Any]) -> Metric:
    """The metric of a serialized form."""
    return made("metric", form, _find)


def _find(name: str) -> type[Metric]:
    return find("metric", name, _CLASSES, _BY_SHAPE)

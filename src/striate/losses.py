"""Loss functions: what training makes small. Classes with Keras's signatures, and the same formulas on arrays.

A network is trained with one of the classes; the engine computes it together with its gradient. The functions
(`sparse_categorical_crossentropy(y_true, y_pred)`, ...) compute one value for each example with NumPy in double
precision: a reference to look at and test against, and what the metrics of the same names average.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.errors import ShapeError, StriateError
from striate.graph import LossFunction, Shape
from striate.graph.training import LossKind
from striate.lookup import class_and_config, nearest, serialized

Float64 = NDArray[np.float64]
Reduction = Literal["sum_over_batch_size", "mean"]
EPSILON = 1e-7  # probabilities are kept this far from 0 and 1 before their logarithm, as in Keras


class Loss:
    """A loss of one output: sum_i w_i l_i / n over the n images of a batch, l_i the mean over the output's positions.

    Args:
        name: shown in configurations.
        reduction: "sum_over_batch_size" or its other name "mean".
        dtype: None or "float32", the only precision that networks have.
    """

    kind: LossKind

    def __init__(self, name: str, reduction: str, dtype: str | None = None) -> None:
        if reduction not in ("sum_over_batch_size", "mean"):
            raise StriateError(
                f'{type(self).__name__}: got reduction={reduction!r}; networks are trained with "sum_over_batch_size", '
                "the mean over the batch"
            )
        if dtype not in (None, "float32"):
            raise StriateError(f'{type(self).__name__}: got dtype={dtype!r}, expected None or "float32"')
        self.name = name
        self.reduction = reduction
        self.from_logits = False
        self.label_smoothing = 0.0

    def function(self) -> LossFunction:
        """The loss as engines know it."""
        return LossFunction(self.kind, self.from_logits, self.label_smoothing)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
        """The loss at each example and position, without weights."""
        raise NotImplementedError(f"{type(self).__name__} has no call")

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """The loss of a batch.

        Args:
            y_true: targets, (n,) or (n, 1) classes for the sparse loss, else shaped like `y_pred`.
            y_pred: what the network said, (n, ..., classes or values).
            sample_weight: (n,), each example's weight; the sum is divided by n, not by the sum of weights.

        Returns:
            The mean over the batch.

        Raises:
            ShapeError: targets or weights do not fit `y_pred`.
        """
        values = self.call(y_true, y_pred)
        if sample_weight is not None:
            weights = np.asarray(sample_weight, dtype=np.float64).reshape(-1)
            if len(weights) != len(values):
                raise ShapeError(f"{self.name}: {len(weights)} sample weights for {len(values)} examples")
            values = values * weights.reshape(-1, *[1] * (values.ndim - 1))
        return float(values.mean())

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Loss:
        """The loss of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class SparseCategoricalCrossentropy(Loss):
    """-log p[class]: cross-entropy for labels that are class numbers.

    Args:
        from_logits: the network's output has not been through softmax.
        ignore_class: only None; leaving a class out of training is not available.
        reduction, name, dtype: as for `Loss`.
        axis: only -1, the channels.
    """

    kind = "sparse_categorical_crossentropy"

    def __init__(
        self, from_logits: bool = False, ignore_class: int | None = None, reduction: str = "sum_over_batch_size",
        axis: int = -1, name: str = "sparse_categorical_crossentropy", dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        _check_ignored(name, ignore_class)
        _check_axis(name, axis)
        self.from_logits = bool(from_logits)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "from_logits": self.from_logits, "ignore_class": None, "axis": -1}


class CategoricalCrossentropy(Loss):
    """-sum over classes of t log p: cross-entropy for one-hot labels (or any distribution over the classes).

    Args:
        from_logits: the network's output has not been through softmax.
        label_smoothing: s from 0 to 1; targets t become t (1 - s) + s / classes (Szegedy et al. 2016).
        axis: only -1, the channels.
        reduction, name, dtype: as for `Loss`.
    """

    kind = "categorical_crossentropy"

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
        reduction: str = "sum_over_batch_size", name: str = "categorical_crossentropy", dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        _check_axis(name, axis)
        self.from_logits = bool(from_logits)
        self.label_smoothing = _smoothing(name, label_smoothing)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        smoothing = {"label_smoothing": self.label_smoothing, "axis": -1}
        return {**super().get_config(), "from_logits": self.from_logits, **smoothing}


class BinaryCrossentropy(Loss):
    """-(t log p + (1 - t) log(1 - p)), the mean over the outputs: for yes-or-no labels.

    Args:
        from_logits: the network's output has not been through a sigmoid.
        label_smoothing: s from 0 to 1; targets t become t (1 - s) + s / 2.
        axis: only -1, the channels.
        reduction, name, dtype: as for `Loss`.
    """

    kind = "binary_crossentropy"

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
        reduction: str = "sum_over_batch_size", name: str = "binary_crossentropy", dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        _check_axis(name, axis)
        self.from_logits = bool(from_logits)
        self.label_smoothing = _smoothing(name, label_smoothing)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        smoothing = {"label_smoothing": self.label_smoothing, "axis": -1}
        return {**super().get_config(), "from_logits": self.from_logits, **smoothing}


class MeanSquaredError(Loss):
    """(t - y)^2, the mean over the outputs."""

    kind = "mean_squared_error"

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "mean_squared_error", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
        return mean_squared_error(y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, ignore_class: None = None, axis: int = -1
) -> Float64:
    """-log p[class] at each example and position, for class numbers of shape (n, ...) or (n, ..., 1)."""
    _check_ignored("sparse_categorical_crossentropy", ignore_class)
    _check_axis("sparse_categorical_crossentropy", axis)
    predictions = np.asarray(y_pred, dtype=np.float64)
    classes = np.asarray(y_true)
    if classes.ndim == predictions.ndim and classes.shape[-1] == 1:
        classes = classes[..., 0]
    if classes.shape != predictions.shape[:-1]:
        raise ShapeError(
            f"sparse_categorical_crossentropy: class numbers of shape {classes.shape} do not fit outputs of shape "
            f"{predictions.shape}; expected {predictions.shape[:-1]}"
        )
    logs = _log_probabilities(predictions, from_logits)
    picked: Float64 = -np.take_along_axis(logs, classes.astype(np.int64)[..., np.newaxis], axis=-1)[..., 0]
    return picked


def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Float64:
    """-sum over classes of t log p, at each example and position."""
    _check_axis("categorical_crossentropy", axis)
    targets, predictions = _alike("categorical_crossentropy", y_true, y_pred)
    targets = targets * (1 - label_smoothing) + label_smoothing / targets.shape[-1]
    loss: Float64 = -(targets * _log_probabilities(predictions, from_logits)).sum(axis=-1)
    return loss


def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Float64:
    """-(t log p + (1 - t) log(1 - p)), the mean over the last axis."""
    _check_axis("binary_crossentropy", axis)
    targets, predictions = _alike("binary_crossentropy", y_true, y_pred)
    targets = targets * (1 - label_smoothing) + label_smoothing / 2
    if from_logits:  # log(1 + exp(z)) - t z, written so that no exponential overflows
        losses = np.maximum(predictions, 0) - predictions * targets + np.log1p(np.exp(-np.abs(predictions)))
    else:
        p = np.clip(predictions, EPSILON, 1 - EPSILON)
        losses = -(targets * np.log(p) + (1 - targets) * np.log(1 - p))
    mean: Float64 = losses.mean(axis=-1)
    return mean


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """(t - y)^2, the mean over the last axis."""
    targets, predictions = _alike("mean_squared_error", y_true, y_pred)
    mean: Float64 = np.square(targets - predictions).mean(axis=-1)
    return mean


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Float64:
    """|t - y|, the mean over the last axis. For measuring; networks are not trained with it."""
    targets, predictions = _alike("mean_absolute_error", y_true, y_pred)
    mean: Float64 = np.abs(targets - predictions).mean(axis=-1)
    return mean


_ALL = (SparseCategoricalCrossentropy, CategoricalCrossentropy, BinaryCrossentropy, MeanSquaredError)
_CLASSES: dict[str, type[Loss]] = {cls.kind: cls for cls in _ALL}
_CLASSES |= {cls.__name__: cls for cls in _ALL}
_CLASSES |= {"bce": BinaryCrossentropy, "BCE": BinaryCrossentropy, "mse": MeanSquaredError, "MSE": MeanSquaredError}
_FUNCTIONS: dict[Callable[..., Any], type[Loss]] = {
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    binary_crossentropy: BinaryCrossentropy,
    mean_squared_error: MeanSquaredError,
}
CHOSEN_BY_SHAPE = ("crossentropy", "ce")  # names for which the shapes of targets and outputs decide

LossLike = str | Mapping[str, Any] | Loss | type[Loss] | Callable[..., Any]


def get(identifier: LossLike) -> Loss:
    """The loss of a name ("mse", "MeanSquaredError", ...), a configuration, a class, a function of here or an object.

    Raises:
        StriateError: nothing of the kind; the message gives the nearest names.
    """
    if isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()  # type: ignore[call-arg]  # the subclasses need no argument
    if isinstance(identifier, str):
        return _find(identifier)()  # type: ignore[call-arg]
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier) and identifier in _FUNCTIONS:
        return _FUNCTIONS[identifier]()  # type: ignore[call-arg]
    raise StriateError(f"loss: got {identifier!r}, expected a loss of striate.losses or one of the names {_names()}")


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
    return serialized("keras.losses", type(loss).__name__, loss.get_config())


def deserialize(form: Mapping[str, Any]) -> Loss:
    """The loss of a serialized form."""
    found = class_and_config(form)
    if found is None:
        raise StriateError(f"loss: got {dict(form)!r}, expected a form with class_name and config")
    return _find(found[0]).from_config(found[1])


def _find(name: str) -> type[Loss]:
    if name not in _CLASSES:
        raise StriateError(f"loss: unknown name {name!r}; {nearest(name, [*_CLASSES, *CHOSEN_BY_SHAPE])}")
    return _CLASSES[name]


def _names() -> str:
    return ", ".join(f'"{cls.kind}"' for cls in _ALL)


def _log_probabilities(predictions: Float64, from_logits: bool) -> Float64:
    """Logarithms of probabilities along the last axis, of logits or of (clipped) probabilities, as Keras takes them."""
    if from_logits:
        shifted = predictions - predictions.max(axis=-1, keepdims=True)
        logs: Float64 = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return logs
    probabilities = predictions / predictions.sum(axis=-1, keepdims=True)
    logs = np.log(np.clip(probabilities, EPSILON, 1 - EPSILON))
    return logs


def _alike(name: str, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Float64, Float64]:
    """Both in double precision and of one shape; a missing or extra last axis of one is mended, as in Keras."""
    targets, predictions = np.asarray(y_true, dtype=np.float64), np.asarray(y_pred, dtype=np.float64)
    if targets.ndim == predictions.ndim - 1 and predictions.shape[-1] == 1:
        targets = targets[..., np.newaxis]
    elif targets.ndim == predictions.ndim + 1 and targets.shape[-1] == 1:
        predictions = predictions[..., np.newaxis]
    if targets.shape != predictions.shape:
        raise ShapeError(f"{name}: targets of shape {targets.shape} do not fit outputs of shape {predictions.shape}")
    return targets, predictions


def _check_ignored(name: str, ignore_class: object) -> None:
    if ignore_class is not None:
        raise StriateError(
            f"{name}: got ignore_class={ignore_class!r}, expected None; give those examples sample_weight 0 instead"
        )


def _check_axis(name: str, axis: int) -> None:
    if axis != -1:
        raise StriateError(f"{name}: got axis={axis!r}, expected -1: the classes are the last axis")


def _smoothing(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value <= 1:
        raise StriateError(f"{name}: got label_smoothing={value!r}, expected a number from 0 to 1")
    return float(value)

"""`keras.wrappers.scikit_learn` of Keras 1 and 2: networks for scikit-learn's cross-validation and grid searches."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.errors import StriateError
from striate.models import Model
from striate.utils import to_categorical

__all__ = ["KerasClassifier", "KerasRegressor"]

_METHODS = ("fit", "predict", "evaluate")
_OF_PREDICTIONS = ("batch_size", "verbose", "steps")


class BaseWrapper:
    """What both have in common.

    Args:
        build_fn: a function that returns a compiled model, or an object with such a `__call__`.
        **sk_params: arguments of `build_fn` and of `fit`, `predict` and `evaluate`, each given to those that take it.

    Raises:
        StriateError: an argument that none of them takes.
    """

    _estimator_type: str

    def __init__(self, build_fn: Callable[..., Model] | None = None, **sk_params: Any) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params
        self._check(sk_params)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All arguments."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> Any:
        """Change some."""
        self._check({key: value for key, value in params.items() if key != "build_fn"})
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params = {**self.sk_params, **params}
        return self

    def _built(self) -> Any:
        """A new model."""
        if not callable(self.build_fn):
            raise StriateError(f"{type(self).__name__}: got build_fn={self.build_fn!r}, expected a function of a model")
        model = self.build_fn(**self._taken_by(self.build_fn))
        if not isinstance(model, Model) or not model.compiled:
            raise StriateError(f"{type(self).__name__}: build_fn returned {model!r}, expected a compiled model")
        return model

    def _fitted(self, x: ArrayLike, y: NDArray[Any], options: Mapping[str, Any]) -> Any:
        self.model = self._built()
        if self.model.loss == "categorical_crossentropy" and y.ndim == 1:
            y = to_categorical(y)
        self.history = self.model.fit(x, y, **{**self._taken_by(self.model.fit), **options})
        return self.history

    def _check(self, params: Mapping[str, Any]) -> None:
        known = {name for method in _METHODS for name in inspect.signature(getattr(Model, method)).parameters}
        if callable(self.build_fn):
            own = inspect.signature(self.build_fn).parameters.values()
            if any(parameter.kind is parameter.VAR_KEYWORD for parameter in own):
                return
            known |= {parameter.name for parameter in own}
        for name in params:
            if name not in known | {"nb_epoch"}:
                raise StriateError(f"{type(self).__name__}: {name!r} is an argument of neither build_fn nor fit")

    def _taken_by(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Those of the arguments that a function takes."""
        parameters = inspect.signature(function).parameters.values()
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return dict(self.sk_params)
        names = {parameter.name for parameter in parameters}
        return {key: value for key, value in self.sk_params.items() if key in names}

    def _of_predictions(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {**{key: value for key, value in self.sk_params.items() if key in _OF_PREDICTIONS}, **given}

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is a trained model."""
        return hasattr(self, "model")

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn 1.6 and later asks an estimator for."""
        from sklearn.utils import (
            ClassifierTags,
            InputTags,
            RegressorTags,
            Tags,
            TargetTags,
        )

        classifies = self._estimator_type == "classifier"
        return Tags(
            estimator_type=self._estimator_type, target_tags=TargetTags(required=True), input_tags=InputTags(),
            classifier_tags=ClassifierTags() if classifies else None,
            regressor_tags=None if classifies else RegressorTags(),
        )  # fmt: skip


class KerasClassifier(BaseWrapper):
    """A network as one of scikit-learn's classifiers; arguments as in `BaseWrapper`."""

    _estimator_type = "classifier"

    def fit(self, x: ArrayLike, y: ArrayLike, **kwargs: Any) -> Any:
        """Train a new model. y: classes (n) of any kind, or rows (n, classes) of zeros and ones."""
        labels = np.asarray(y)
        if labels.ndim == 2 and labels.shape[1] > 1:
            self.classes_ = np.arange(labels.shape[1])
        elif labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1):
            self.classes_ = np.unique(labels)
            labels = np.searchsorted(self.classes_, labels)
        else:
            raise StriateError(f"KerasClassifier: y: got shape {labels.shape}, expected (n) or (n, classes)")
        self.n_classes_ = len(self.classes_)
        return self._fitted(x, labels, kwargs)

    def predict(self, x: ArrayLike, **kwargs: Any) -> NDArray[Any]:
        """The class of each example."""
        probabilities = self.model.predict(x, **self._of_predictions(kwargs))
        several = probabilities.shape[-1] > 1
        places = probabilities.argmax(axis=-1) if several else (probabilities > 0.5).astype(np.int32)
        found: NDArray[Any] = self.classes_[places]
        return found

    def predict_proba(self, x: ArrayLike, **kwargs: Any) -> NDArray[Any]:
        """The probability of each class, (n, classes)."""
        found: NDArray[Any] = self.model.predict(x, **self._of_predictions(kwargs))
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def score(self, x: ArrayLike, y: ArrayLike, **kwargs: Any) -> float:
        """The accuracy, which `build_fn` must have among its model's metrics."""
        labels = np.searchsorted(self.classes_, np.asarray(y)) if np.ndim(y) == 1 else np.asarray(y)
        if self.model.loss == "categorical_crossentropy" and labels.ndim == 1:
            labels = to_categorical(labels, self.n_classes_)
        found = self.model.evaluate(x, labels, return_dict=True, **self._of_predictions(kwargs))
        for name in ("accuracy", "acc"):
            if name in found:
                return float(found[name])
        raise StriateError('KerasClassifier: the model has no accuracy; give compile metrics=["accuracy"]')


class KerasRegressor(BaseWrapper):
    """A network as one of scikit-learn's regressors; arguments as in `BaseWrapper`."""

    _estimator_type = "regressor"

    def fit(self, x: ArrayLike, y: ArrayLike, **kwargs: Any) -> Any:
        """Train a new model."""
        return self._fitted(x, np.asarray(y), kwargs)

    def predict(self, x: ArrayLike, **kwargs: Any) -> Any:
        """The outputs, (n) where there is one for each example."""
        return np.squeeze(self.model.predict(x, **self._of_predictions(kwargs)))

    def score(self, x: ArrayLike, y: ArrayLike, **kwargs: Any) -> float:
        """Minus the loss: the larger, the better."""
        found = self.model.evaluate(x, y, **self._of_predictions(kwargs))
        return -float(found[0] if isinstance(found, list) else found)

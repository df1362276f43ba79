"""keras.wrappers.scikit_learn: networks in scikit-learn's hands, as programs for Keras 1 and 2 put them there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from striate.keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor  # type: ignore[import-not-found]

import striate
from striate import layers
from striate.errors import StriateError
from striate.random import set_random_seed

RNG = np.random.default_rng(2)
X = RNG.normal(size=(90, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def classifier(units: int = 8, rate: float = 0.05, loss: str = "sparse_categorical_crossentropy") -> Any:
    binary = loss == "binary_crossentropy"
    last = layers.Dense(1, activation="sigmoid") if binary else layers.Dense(3, activation="softmax")
    model = striate.Sequential([layers.Input((4,)), layers.Dense(units, activation="relu"), last])
    model.compile(striate.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def regressor() -> Any:
    model = striate.Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_classes_of_any_kind(loss: str) -> None:
    set_random_seed(1)
    names = np.array(["cat", "dog", "fox"])[Y]
    found = KerasClassifier(build_fn=classifier, units=6, loss=loss, epochs=40, batch_size=10, verbose=0)
    history = found.fit(X, names)
    assert history is found.history
    assert len(history.history["loss"]) == 40
    assert found.model.layers[0].units == 6
    assert found.classes_.tolist() == ["cat", "dog", "fox"]
    probabilities = found.predict_proba(X)
    np.testing.assert_array_equal(found.predict(X), found.classes_[probabilities.argmax(axis=1)])
    assert found.score(X, names) == pytest.approx((found.predict(X) == names).mean())
    assert found.score(X, names) > 0.6
    found.fit(X, np.eye(3)[Y], epochs=1) if loss == "categorical_crossentropy" else None


def test_two_classes() -> None:
    found = KerasClassifier(classifier, loss="binary_crossentropy", epochs=2, verbose=0)
    found.fit(X, Y > 0)
    probabilities = found.predict_proba(X)
    assert probabilities.shape == (90, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(found.predict(X)[:, 0], probabilities[:, 1] > 0.5)


def test_regression() -> None:
    found = KerasRegressor(build_fn=regressor, epochs=30, batch_size=10, verbose=0)
    found.fit(X, X.sum(axis=1))
    assert found.predict(X).shape == (90,)
    assert found.score(X, X.sum(axis=1)) == pytest.approx(-np.mean((found.predict(X) - X.sum(axis=1)) ** 2), rel=1e-4)


def test_cross_validation_and_grids() -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    set_random_seed(1)
    network = KerasClassifier(build_fn=classifier, epochs=2, batch_size=30, verbose=0)
    assert clone(network).get_params() == network.get_params()
    folds = StratifiedKFold(n_splits=3, shuffle=True, random_state=7)
    assert cross_val_score(network, X, Y, cv=folds).shape == (3,)
    grid = GridSearchCV(network, {"units": [2, 4], "epochs": [1, 30]}, cv=2, error_score="raise").fit(X, Y)
    assert grid.best_params_["epochs"] == 30
    assert grid.best_estimator_.model.layers[0].units == grid.best_params_["units"]
    line = Pipeline([("scale", StandardScaler()), ("net", KerasRegressor(build_fn=regressor, epochs=5, verbose=0))])
    assert (cross_val_score(line, X, X.sum(axis=1), cv=3, error_score="raise") < 0).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: KerasClassifier(classifier, unit=3), "'unit' is an argument of neither build_fn nor fit"),
        (lambda: KerasClassifier(classifier).set_params(layers=3), "'layers' is an argument of neither"),
        (lambda: KerasClassifier().fit(X, Y), "got build_fn=None, expected a function"),
        (lambda: KerasClassifier(lambda: 3).fit(X, Y), "returned 3, expected a compiled model"),
        (lambda: KerasClassifier(classifier).fit(X, X[None]), r"y: got shape \(1, 90, 4\)"),
    ],
)
def test_wrong_use(wrong: Any, said: str) -> None:
    with pytest.raises(StriateError, match=said):
        wrong()


def test_a_model_without_accuracy_has_no_score() -> None:
    def plain() -> Any:
        model = classifier()
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    found = KerasClassifier(plain, epochs=1, verbose=0)
    found.fit(X, Y)
    with pytest.raises(StriateError, match=r'give compile metrics=\["accuracy"\]'):
        found.score(X, Y)

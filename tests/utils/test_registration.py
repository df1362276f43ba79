"""Functions and classes of the user's own by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate import keras
from striate.errors import StriateError
from striate.keras import backend as K
from striate.lookup import registered


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    yield
    registered.clear()


@pytest.mark.parametrize("home", [keras.utils, keras.saving])
def test_a_registered_loss_comes_back_without_custom_objects(tmp_path: Path, home: Any) -> None:
    @home.register_keras_serializable(package="course")
    def twice(y_true: Any, y_pred: Any) -> Any:
        return 2 * K.mean(K.square(y_true - y_pred))

    @home.register_keras_serializable()
    class Tilted(keras.losses.Loss):  # type: ignore[misc, name-defined]
        def __init__(self, slope: float = 2.0, **options: Any) -> None:
            super().__init__(**options)
            self.slope = slope

        def call(self, y_true: Any, y_pred: Any) -> Any:
            return self.slope * K.mean(K.abs(y_true - y_pred), axis=-1)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "slope": self.slope}

    x, y = np.ones((8, 3), np.float32), np.zeros((8, 2), np.float32)
    for loss in (twice, Tilted(3.0)):
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
        model.compile("sgd", loss)
        model.fit(x, y, verbose=0)
        model.save(tmp_path / "m.keras")
        again = keras.models.load_model(tmp_path / "m.keras")
        assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    assert home.get_registered_name(twice) == "course>twice"
    assert home.get_registered_object("Tilted") is Tilted
    assert home.get_registered_object("nothing") is None


def test_activations_by_name() -> None:
    def halved(x: Any) -> Any:
        return x * K.sigmoid(x) / 2

    keras.utils.get_custom_objects().update({"halved": keras.layers.Activation(halved)})
    with keras.utils.custom_object_scope({"other": halved}):
        model = keras.Sequential(
            [keras.layers.Input((3,)), keras.layers.Activation("halved"), keras.layers.Activation("other")]
        )
    x = np.linspace(-2, 2, 6, dtype=np.float32).reshape(2, 3)
    once = x / (1 + np.exp(-x)) / 2
    np.testing.assert_allclose(model.predict(x, verbose=0), once / (1 + np.exp(-once)) / 2, rtol=1e-5)
    with pytest.raises(StriateError, match="unknown activation 'other'"):
        keras.layers.Activation("other")


def test_what_has_no_name_is_refused() -> None:
    with pytest.raises(StriateError, match="expected a function or a class"):
        keras.utils.register_keras_serializable()(3)
    with pytest.raises(StriateError, match="expected a dictionary"):
        keras.utils.custom_object_scope([1])

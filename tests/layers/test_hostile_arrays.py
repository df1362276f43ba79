"""What layers and models are called on, and given as weights: the checks of training, with the layer's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import layers
from striate.errors import DataError, ShapeError


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1.0, 2.0], [3.0]], "dense: cannot be made into an array"),
        ("text", "dense: got a value of type str, expected an array of numbers"),
        (np.array([["a"]]), "dense: got an array of shape .* of dtype <U1, expected numbers"),
        (None, "dense: got None"),
        ([[1.0, np.nan]], r"dense: nan at index \(0, 1\)"),
        (np.array([[0, 0], [np.inf, 0]], dtype=np.float16), r"dense: inf at index \(1, 0\)"),
        ([[1e300, 0.0]], r"dense: 1e\+300 at index \(0, 0\) \(NaN, infinity or beyond float32\)"),
        (np.ma.masked_array([[1.0, 2.0]]), "dense: got a masked array"),
        (np.zeros((0, 2)), "dense: got an array of shape .* at least one image"),
    ],
)
def test_what_a_layer_is_called_on(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        layers.Dense(2)(value)


@pytest.mark.parametrize(
    ("bias", "error", "message"),
    [
        ([[1.0], [1.0, 2.0]], DataError, "dense/bias: cannot be made into an array"),
        ("ab", DataError, "dense/bias: got dtype <U2, expected numbers"),
        ([1e300, 0.0], DataError, r"dense/bias: got numbers beyond float32, up to 1e\+300"),
        ([1.0], ShapeError, r"dense/bias has shape \(2,\), got \(1,\)"),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_weights_that_are_none(bias: Any, error: type[Exception], message: str, whole: bool) -> None:
    model = striate.Sequential([layers.Input((3,)), layers.Dense(2)])
    before = model.get_weights()
    with pytest.raises(error, match=message):
        (model if whole else model.layers[0]).set_weights([np.ones((3, 2)), bias])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))

"""Resizing as tf.image.resize does it: numbers by TensorFlow 2.21, and what follows from the formulas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.errors import StriateError
from striate.images import smart_resize
from striate.images.resizing import METHODS, cropped, padded, resize

BY_TENSORFLOW = json.loads((Path(__file__).parent / "tensorflow_resize.json").read_text())


@pytest.mark.parametrize("case", BY_TENSORFLOW, ids=lambda case: f"{case['method']}-{case['size']}")
def test_equals_tensorflow(case: dict[str, Any]) -> None:
    x = (np.arange(20, dtype=np.float32).reshape(4, 5, 1) ** 2) % 97
    np.testing.assert_allclose(resize(x, case["size"], case["method"])[..., 0], case["result"], atol=0.006)


def test_padding_equals_tensorflow() -> None:
    x = (np.arange(24, dtype=np.float32).reshape(4, 6, 1) ** 2) % 97
    expected = [
        [6.3, 10.5, 17.5, 15.98, 23.73],
        [43.4, 52.25, 44.5, 39.55, 56.8],
        [38.83, 52.33, 29.83, 78.03, 56.28],
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
    ]
    np.testing.assert_allclose(padded(x, (5, 5), "bilinear")[..., 0], expected, atol=0.006)


@pytest.mark.parametrize("method", METHODS)
def test_constant_images_stay_constant(method: str) -> None:
    made = resize(np.full((7, 9, 3), 5.0), (16, 4), method)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, 5, rtol=1e-6)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"gaussian", "mitchellcubic"}))
def test_the_same_size_changes_nothing(method: str, rng: np.random.Generator) -> None:
    x = rng.uniform(0, 255, (6, 7, 3)).astype(np.float32)
    np.testing.assert_array_equal(resize(x, (6, 7), method), x)


def test_smart_resize_keeps_proportions(rng: np.random.Generator) -> None:
    x = rng.uniform(0, 255, (2, 10, 20, 3)).astype(np.float32)
    made = smart_resize(x, (5, 5))
    np.testing.assert_array_equal(made, resize(x[:, :, 5:15], (5, 5), "bilinear"))
    np.testing.assert_array_equal(smart_resize(x[1], [5, 5]), made[1])
    first = smart_resize(x.transpose(0, 3, 1, 2), (5, 5), data_format="channels_first")
    np.testing.assert_array_equal(first, made.transpose(0, 3, 1, 2))
    assert cropped(x, (30, 1)).shape == (2, 10, 1, 3)


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
def test_smart_resize_equals_keras(keras: Any, rng: np.random.Generator, method: str) -> None:
    x = rng.uniform(0, 255, (11, 24, 3)).astype(np.float32)
    expected = keras.preprocessing.image.smart_resize(x, (6, 8), interpolation=method)
    np.testing.assert_allclose(smart_resize(x, (6, 8), method), np.asarray(expected), atol=1e-3)


@pytest.mark.parametrize("wrong", [
    {"x": np.zeros((4, 4))}, {"x": np.zeros((0, 4, 3))}, {"x": np.full((2, 2, 1), "a")}, {"size": 4}, {"size": (0, 4)},
    {"size": (4, 4.5)}, {"interpolation": "cubic"}, {"data_format": "last"}, {"antialias": True},
], ids=lambda wrong: "-".join(wrong))  # fmt: skip
def test_what_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(StriateError):
        smart_resize(**{"x": np.zeros((4, 4, 3)), "size": (2, 2), **wrong})

"""Reading layers and gradients of a model, and receptive fields, against what changing single pixels shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import layers
from striate.errors import ShapeError, StriateError
from striate.models.receptive import receptive_fields


def network() -> striate.Sequential:
    return striate.Sequential(
        [striate.Input((9, 9, 1), name="images"), layers.Conv2D(3, 3, activation="tanh"), layers.AveragePooling2D(),
         layers.Flatten(), layers.Dense(2, activation="sigmoid", name="head")]
    )  # fmt: skip


X = np.random.default_rng(4).normal(size=(3, 9, 9, 1)).astype(np.float32)


def test_read() -> None:
    model = network()
    seen = model.read(X)
    assert {name: a.shape for name, a in seen.items()} == {
        "conv2d": (3, 7, 7, 3), "average_pooling2d": (3, 3, 3, 3), "flatten": (3, 27), "head": (3, 2)
    }  # fmt: skip
    np.testing.assert_allclose(seen["head"], model.predict(X, verbose=0), rtol=1e-6)
    inner = model.read(X, ["images", "conv2d/conv"])
    np.testing.assert_array_equal(inner["images"], X)
    np.testing.assert_allclose(np.tanh(inner["conv2d/conv"]), seen["conv2d"], rtol=1e-5, atol=1e-6)
    with pytest.raises(StriateError, match="no layer 'haed'; did you mean 'head'"):
        model.read(X, "haed")


def test_gradient_is_what_small_changes_show() -> None:
    model = network()
    cotangent = np.array([1.0, -2.0])
    gradient = model.gradient(X, "head", cotangent)
    assert gradient.shape == X.shape
    for place in ((0, 0, 0, 0), (1, 4, 5, 0), (2, 7, 3, 0)):
        step = np.zeros_like(X)
        step[place] = 1e-2
        change = ((model(X + step).astype(float) - model(X - step)) * cotangent).sum() / 2e-2
        assert gradient[place] == pytest.approx(change, rel=1e-2, abs=1e-4)
    several = model.gradient(X, "head", cotangent, wrt=["conv2d", "images"])
    assert several["conv2d"].shape == (3, 7, 7, 3)
    np.testing.assert_array_equal(several["images"], gradient)
    with pytest.raises(ShapeError, match=r"cotangent: got shape \(5,\), expected \(3, 2\)"):
        model.gradient(X, "head", np.ones(5))


@pytest.mark.parametrize("chain", [
    [lambda: layers.Conv2D(1, 3)],
    [lambda: layers.Conv2D(1, (3, 5), strides=(2, 1)), lambda: layers.Conv2D(1, 3)],
    [lambda: layers.Conv2D(1, 3, dilation_rate=2), lambda: layers.AveragePooling2D(3, 2), lambda: layers.Conv2D(1, 2)],
    [lambda: layers.Conv2D(1, 3), lambda: layers.Conv2D(1, 2, 2), lambda: layers.Conv2DTranspose(1, 2, 2)],
    [lambda: layers.UpSampling2D(2), lambda: layers.Conv2D(1, 3)],
    [lambda: layers.Permute((3, 1, 2)), lambda: layers.Conv2D(1, (3, 5), data_format="channels_first"),
     lambda: layers.MaxPooling2D(1, 2, data_format="channels_first"), lambda: layers.Permute((2, 3, 1))],
    [lambda: layers.Conv2D(1, 3, padding="same"), lambda: layers.ReLU(), lambda: layers.AveragePooling2D()],
])  # fmt: skip
def test_receptive_fields_are_the_pixels_that_matter(chain: list[Any]) -> None:
    model = striate.Sequential([striate.Input((25, 25, 1)), *[make() for make in chain]])
    model.set_weights([np.abs(w) + 0.1 for w in model.get_weights()])
    field = receptive_fields(model.graph)[model.graph.outputs[0]]
    assert field is not None
    rows, columns, _ = model.output_shape[1:]
    cotangent = np.zeros((2, rows, columns, 1), np.float32)
    cotangent[0, rows // 2, columns // 2] = cotangent[1, rows // 2 + 2, columns // 2 + 2] = 1
    gradient = model.gradient(np.ones((2, 25, 25, 1)), model.layers[-1].name, cotangent)
    seen = [np.argwhere(image[..., 0]) for image in gradient]
    assert tuple(seen[0].max(0) - seen[0].min(0) + 1) == field.size
    assert tuple(seen[1].min(0) - seen[0].min(0)) == tuple(2 * stride for stride in field.stride)


def test_receptive_field_of_a_flattened_layer_is_everything() -> None:
    graph = network().graph
    assert receptive_fields(graph)[graph.outputs[0]] is None

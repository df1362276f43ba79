"""Networks that Keras does not have, as whole models: Keras opens their files with equal outputs, and we what it saves.

Layers that Keras lacks are refused there by name; with a class of that name of the user's, Keras opens these too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate import applications, layers
from striate.applications.fashion import fashion_demo
from striate.models import Model, load_model

from .test_round_trips import shake

SMALL: dict[str, Any] = {"input_shape": (48, 48, 3), "classes": 5, "weights": None}
IN_KERAS: list[Any] = [
    ("ConvNetJS", {}), ("ConvNetJS", {"page": True}), ("TinyVGG", {}), ("DigitVisualizer", {}),
    ("LeNet5", {"modern": True}), ("fashion_demo", {}),
]  # fmt: skip
LARGER = [("ResNet18", SMALL), ("EfficientNetLite0", SMALL)]
OTHERS = ("VGG13", "ResNet34", *(f"EfficientNetLite{i}" for i in range(1, 5)))
SLOW = pytest.mark.slow
WITH_LAYERS_OF_OURS: list[Any] = [
    ("LeNet1", {}, "TableConv2D|Subsampling2D|scaled_tanh"),
    ("LeNet5", {}, "TableConv2D|Subsampling2D|scaled_tanh|RBF"),
    ("GoogLeNet", {"input_shape": (65, 65, 3), "classes": 5}, "LocalResponseNormalization"),
    *(
        pytest.param(name, {"classes": 5, **options}, "LocalResponseNormalization", marks=SLOW)
        for name, options in (
            ("AlexNet", {"input_shape": (67, 67, 3)}),
            ("AlexNet", {"input_shape": (67, 67, 3), "two_towers": True}),
            ("ZFNet", {"input_shape": (53, 53, 3), "wide": False}),
        )
    ),
]


def make(name: str, options: dict[str, Any]) -> Any:
    model = fashion_demo() if name == "fashion_demo" else getattr(applications, name)(**options)
    shake(model)
    return model


def outputs(model: Any) -> list[Any]:
    x = np.random.default_rng(2).normal(size=(2, *model.input_shape[1:])).astype(np.float32)
    found = model.predict(x, verbose=0)
    return found if isinstance(found, list) else [found]


def assert_agree(model: Any, other: Any) -> None:
    for one, its in zip(outputs(model), outputs(other), strict=True):
        assert one.std() > 0
        np.testing.assert_allclose(its, one, rtol=0, atol=1e-4 * np.abs(one).max())


def assert_returns(theirs: Any, path: Path, ours: Any) -> None:
    """What Keras saves of the model is the model again."""
    theirs.save(path)
    again = load_model(path)
    for mine, its in zip(ours.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)
    assert_agree(ours, again)


@pytest.mark.parametrize(
    ("name", "options", "ending"),
    [
        *((name, options, ending) for name, options in IN_KERAS for ending in ("keras", "h5")),
        *((name, options, "keras") for name, options in LARGER),
        *(pytest.param(name, options, "h5", marks=SLOW) for name, options in LARGER),
        *(pytest.param("VGG11", SMALL, ending, marks=SLOW) for ending in ("keras", "h5")),
        *(pytest.param(name, SMALL, "keras", marks=SLOW) for name in OTHERS),
    ],
)
def test_keras_opens_networks_that_it_lacks(
    keras: Any, tmp_path: Path, name: str, options: dict[str, Any], ending: str
) -> None:
    ours = make(name, options)
    ours.save(tmp_path / f"ours.{ending}")
    theirs = keras.models.load_model(tmp_path / f"ours.{ending}")
    assert_agree(ours, theirs)
    assert_returns(theirs, tmp_path / f"theirs.{ending}", ours)


@pytest.mark.parametrize(("name", "options", "message"), WITH_LAYERS_OF_OURS)
def test_layers_that_keras_lacks(
    keras: Any, torch: Any, tmp_path: Path, name: str, options: dict[str, Any], message: str
) -> None:
    ours = make(name, options)
    path = tmp_path / "ours.keras"
    ours.save(path)
    for mine, its in zip(outputs(ours), outputs(load_model(path)), strict=True):
        np.testing.assert_array_equal(mine, its)
    with pytest.raises((TypeError, ValueError), match=message):
        keras.models.load_model(path)
    if message == "LocalResponseNormalization":
        theirs = keras.models.load_model(path, custom_objects={message: response_normalization(keras, torch)})
        assert_agree(ours, theirs)
        theirs.save_weights(tmp_path / "theirs.weights.h5")
        again = make(name, options)
        again.load_weights(tmp_path / "theirs.weights.h5")
        for mine, its in zip(outputs(ours), outputs(again), strict=True):
            np.testing.assert_array_equal(mine, its)


def response_normalization(keras: Any, torch: Any) -> type:
    """The class that a user of Keras would write."""

    class LocalResponseNormalization(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, depth_radius: int, bias: float, alpha: float, beta: float, **options: Any) -> None:
            super().__init__(**options)
            self.arguments = (depth_radius, bias, alpha, beta)

        def call(self, x: Any) -> Any:
            radius, bias, alpha, beta = self.arguments
            squares = torch.nn.functional.pad(x.square(), (radius, radius))
            near = squares.unfold(-1, 2 * radius + 1, 1).sum(dim=-1)
            return x / (bias + alpha * near) ** beta

    return LocalResponseNormalization


@pytest.mark.parametrize("name", ["LeNet5", "GoogLeNet"])
def test_layers_that_keras_lacks_in_h5_files(tmp_path: Path, name: str) -> None:
    ours = make(name, {"input_shape": (65, 65, 3), "classes": 5} if name == "GoogLeNet" else {})
    ours.save(tmp_path / "ours.h5")
    for mine, its in zip(outputs(ours), outputs(load_model(tmp_path / "ours.h5")), strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_keras_opens_preprocessing(keras: Any, tmp_path: Path, mode: str) -> None:
    """Pixels brought into form within the network, as for fine tuning."""
    images = layers.Input((6, 5, 3))
    ours = Model(images, applications.imagenet_utils.preprocess_input(images, mode=mode))
    ours.save(tmp_path / "m.keras")
    x = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3)).astype(np.float32)
    expected = keras.applications.imagenet_utils.preprocess_input(x.copy(), mode=mode)
    for model in (ours, keras.models.load_model(tmp_path / "m.keras")):
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-4)

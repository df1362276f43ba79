"""The networks beside keras.applications: names, shapes, parameters, and outputs from the same weights.

What Keras does not have is made by the same function from Keras's layers. Keras runs on PyTorch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate.models
from striate import applications
from striate.layers.base import reset_names
from striate.random import set_random_seed

Options = dict[str, Any]

# Narrow or short forms of each, and what is left for --slow.
PUBLISHED: list[Any] = [
    ("MobileNet", {"alpha": 0.25, "input_shape": (64, 64, 3)}),
    ("MobileNetV2", {"alpha": 0.35, "input_shape": (64, 64, 3), "classes": 7}),
    ("MobileNetV2", {"alpha": 0.5, "input_shape": (35, 50, 3), "include_top": False, "pooling": "avg"}),
    ("VGG16", {"input_shape": (32, 32, 3), "include_top": False, "pooling": "max"}),
    *(
        pytest.param(name, options, marks=pytest.mark.slow)
        for name, options in (
            ("VGG19", {"input_shape": (32, 32, 3), "classes": 5}),
            ("ResNet50", {"input_shape": (64, 64, 3)}),
            ("ResNet101", {"input_shape": (32, 32, 3), "classes": 5}),
            ("ResNet152", {"input_shape": (32, 32, 3), "include_top": False}),
            ("InceptionV3", {"input_shape": (75, 75, 3), "classes": 5}),
            ("InceptionV3", {"input_shape": (80, 96, 3), "include_top": False, "pooling": "max"}),
        )
    ),
]
OURS: list[Any] = [
    ("ConvNetJS", {}), ("TinyVGG", {}), ("DigitVisualizer", {}), ("LeNet5", {"modern": True}),
    ("ResNet18", {"input_shape": (48, 48, 3), "classes": 5, "weights": None}),
    *(
        pytest.param(name, {"input_shape": (48, 48, 3), "classes": 5, "weights": None}, marks=pytest.mark.slow)
        for name in ("VGG11", "VGG13", "ResNet34", *(f"EfficientNetLite{i}" for i in range(5)))
    ),
]  # fmt: skip


@pytest.fixture(autouse=True)
def plain_means(keras: Any, torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PyTorch Keras counts copies of the border in "same" mean pooling; here it does as on TensorFlow."""
    backend = keras.src.backend.nn
    original: Callable[..., Any] = backend.average_pool

    def average_pool(x: Any, pool_size: Any, strides: Any, padding: str, data_format: Any = None) -> Any:
        if padding != "same" or strides not in (1, (1, 1)):
            return original(x, pool_size, strides, padding, data_format)
        before = tuple(size // 2 for size in pool_size)
        pooled = torch.nn.functional.avg_pool2d(
            x.permute(0, 3, 1, 2), pool_size, 1, before, count_include_pad=False
        )
        return pooled.permute(0, 2, 3, 1)

    monkeypatch.setattr(backend, "average_pool", average_pool)


def assert_same(ours: Any, theirs: Any, sequential: bool = False) -> None:
    """Names and shapes of layers and weights, numbers of parameters, outputs to 1e-4 of the largest."""
    assert ours.name == theirs.name
    first = 0 if sequential else 1  # inputs are numbered
    assert [layer.name for layer in ours.layers[first:]] == [layer.name for layer in theirs.layers[first:]]
    assert [type(layer).__name__ for layer in ours.layers] == [type(layer).__name__ for layer in theirs.layers]
    assert [weight.shape for weight in ours.weights] == [tuple(weight.shape) for weight in theirs.weights]
    assert ours.count_params() == theirs.count_params()
    assert ours.output_shape == theirs.output_shape
    for argument in ("epsilon", "momentum", "rate"):  # of which outputs show little or nothing
        assert [getattr(layer, argument, None) for layer in ours.layers] == [
            getattr(layer, argument, None) for layer in theirs.layers
        ]
    generator = np.random.default_rng(0)
    weights = [_shaken(generator, weight.name, weight.numpy()) for weight in ours.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    x = generator.random((2, *ours.input_shape[1:]), dtype=np.float32)
    expected = theirs(x).detach().numpy()
    got = ours.predict(x, verbose=0)
    np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())
    assert expected.std() > 0


def _shaken(generator: np.random.Generator, name: str, value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Biases, scales and moving statistics as training leaves them, not all zero or one."""
    if value.ndim > 1:
        return value
    return value + generator.uniform(0.0, 0.2, value.shape).astype(np.float32)


@pytest.mark.parametrize(("name", "options"), PUBLISHED)
def test_as_in_keras(keras: Any, name: str, options: Options) -> None:
    set_random_seed(0)
    reset_names()
    keras.utils.clear_session()
    ours = getattr(applications, name)(weights=None, **options)
    theirs = getattr(keras.applications, name)(weights=None, **options)
    assert_same(ours, theirs)


@pytest.mark.parametrize(("name", "options"), OURS)
def test_the_same_builder_on_keras_s_layers(
    keras: Any, monkeypatch: pytest.MonkeyPatch, name: str, options: Options
) -> None:
    set_random_seed(0)
    ours = getattr(applications, name)(**options)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "striate.layers", keras.layers)
        patch.setattr(striate, "layers", keras.layers)
        patch.setattr(striate.models, "Model", keras.Model)
        patch.setattr(striate.models, "Sequential", keras.Sequential)
        patch.setattr(applications.frame, "_source", _source)
        theirs = getattr(applications, name)(**options)
    assert type(theirs).__module__.startswith("keras")
    assert_same(ours, theirs, sequential=isinstance(ours, striate.Sequential))


def _source(tensor: Any) -> list[Any]:
    """The network's input; Keras's own search takes twice as long for each sum on the way."""
    while (history := tensor._keras_history).operation._inbound_nodes[history.node_index].input_tensors:
        tensor = history.operation._inbound_nodes[history.node_index].input_tensors[0]
    return [tensor]


@pytest.mark.parametrize("top", [True, False])
def test_published_weights(keras: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, top: bool) -> None:
    """A file like those that Keras has published, where Keras keeps them."""
    h5py = pytest.importorskip("h5py")
    theirs = keras.applications.MobileNetV2(weights=None, alpha=0.35, input_shape=(96, 96, 3), include_top=top)
    name = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96{'' if top else '_no_top'}.h5"
    with h5py.File(tmp_path / name, "w") as file:
        keras.src.legacy.saving.legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
        for group in (file, *file.values()):  # names of fixed length, as in Keras's own files
            for key in ("layer_names", "weight_names"):
                if len(group.attrs.get(key, ())):
                    group.attrs[key] = np.array([str(text).encode() for text in group.attrs[key]], dtype="S")
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    ours = applications.MobileNetV2(alpha=0.35, input_shape=(96, 96, 3), include_top=top)
    x = np.random.default_rng(0).random((2, 96, 96, 3), dtype=np.float32)
    expected = theirs(x).detach().numpy()
    np.testing.assert_allclose(ours.predict(x, verbose=0), expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["VGG16", "VGG19", "ResNet50", "InceptionV3", "MobileNet", "MobileNetV2"])
def test_signatures(keras: Any, name: str) -> None:
    import inspect

    ours, theirs = (inspect.signature(getattr(library, name)) for library in (applications, keras.applications))
    assert list(ours.parameters) == list(theirs.parameters)
    assert [p.default for p in ours.parameters.values()] == [p.default for p in theirs.parameters.values()]


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("form", [None, "channels_first"])
def test_preprocessing(keras: Any, mode: str, form: str | None) -> None:
    x = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 3)).astype(np.float32)
    expected = keras.applications.imagenet_utils.preprocess_input(x.copy(), data_format=form, mode=mode)
    np.testing.assert_allclose(
        applications.imagenet_utils.preprocess_input(x, data_format=form, mode=mode), expected, atol=1e-4
    )

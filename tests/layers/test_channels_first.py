"""With the channels first every layer gives the same numbers as with the channels last on transposed images.

Forward, in inference and in training, and the gradients for images and parameters.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from striate import layers
from striate.engines import get as get_engine
from striate.graph import Array, Graph, operations
from striate.layers.augmentation import Augmentation
from striate.layers.registry import LAYERS

from .cases import FIRST, Case, label

BATCH = 5
IMAGE, VOLUME = (6, 7, 4), (4, 5, 3, 2)
# Those that cases.FIRST does not compare with Keras: shapes with the channels last.
FURTHER: list[Case] = [
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}, (6, 2)),
    ("Conv3DTranspose", {"filters": 3, "kernel_size": 2, "strides": 2, "padding": "same"}, VOLUME),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}, (7, 4)),
    ("MaxPooling3D", {"pool_size": 2}, VOLUME),
    ("AveragePooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, (7, 3)),
    *((f"Global{kind}Pooling{rank}D", {"keepdims": rank != 2}, (*(7, 6, 4)[:rank], 3))
      for kind in ("Average", "Max") for rank in (1, 2, 3)),
    *((f"Adaptive{kind}Pooling{rank}D", {"output_size": 2}, (*(7, 6, 4)[:rank], 3))
      for kind in ("Average", "Max") for rank in (1, 2, 3)),
    ("ZeroPadding1D", {"padding": (1, 2)}, (5, 3)),
    ("Cropping3D", {"cropping": ((1, 0), (0, 2), (1, 1))}, VOLUME),
    ("UpSampling2D", {"size": (2, 3)}, IMAGE),
    ("Resizing", {"height": 4, "width": 5, "pad_to_aspect_ratio": True}, IMAGE),
    ("Resizing", {"height": 4, "width": 5, "crop_to_aspect_ratio": True, "interpolation": "nearest"}, IMAGE),
    ("CenterCrop", {"height": 9, "width": 4}, IMAGE),
    ("SpatialDropout2D", {"rate": 0.5, "seed": 3}, IMAGE),
    ("SpatialDropout3D", {"rate": 0.5, "seed": 3}, VOLUME),
    ("RandomFlip", {"seed": 3}, IMAGE),
    ("RandomRotation", {"factor": 0.3, "seed": 3}, IMAGE),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": 0.2, "fill_mode": "wrap", "seed": 3}, IMAGE),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.4, "fill_mode": "constant", "seed": 3}, IMAGE),
    ("RandomCrop", {"height": 4, "width": 3, "seed": 3}, IMAGE),
    ("RandomContrast", {"factor": 0.4, "value_range": (-9, 9), "seed": 3}, IMAGE),
    ("RandomBrightness", {"factor": 0.4, "value_range": (-9, 9), "seed": 3}, IMAGE),
]  # fmt: skip
EVERY = [
    *((name, {**options, "data_format": "channels_first"}, {**options, "data_format": "channels_last"}, shape)
      for name, options, shape in FURTHER),
    *((name, options, {**options, "data_format": "channels_last"}, (*shape[1:], shape[0]))
      for name, options, shape in FIRST),
]  # fmt: skip
# Those that are told an axis: options for the channels first, for the channels last.
BY_AXIS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[int, ...]]] = [
    ("BatchNormalization", {"axis": 1}, {}, IMAGE),
    ("LayerNormalization", {"axis": 1}, {}, IMAGE),
    ("LayerNormalization", {"axis": [2, 3], "scale": False, "center": False},
     {"axis": [1, 2], "scale": False, "center": False}, IMAGE),
    ("GroupNormalization", {"groups": 2, "axis": 1}, {"groups": 2}, IMAGE),
    ("RMSNormalization", {"axis": 1}, {}, IMAGE),
    ("UnitNormalization", {"axis": 1}, {}, IMAGE),
    ("Softmax", {"axis": 1}, {}, IMAGE),
    ("Normalization", {"axis": 1, "mean": [1.0, 2.0, 0.0, 3.0], "variance": [1.0, 4.0, 2.0, 0.5]},
     {"mean": [1.0, 2.0, 0.0, 3.0], "variance": [1.0, 4.0, 2.0, 0.5]}, IMAGE),
    ("Dropout", {"rate": 0.5, "noise_shape": (None, None, 1, 1), "seed": 3},
     {"rate": 0.5, "noise_shape": (None, 1, 1, None), "seed": 3}, IMAGE),
]  # fmt: skip


def first(array: Any) -> Array:
    return np.ascontiguousarray(np.moveaxis(array, -1, 1) if array.ndim > 2 else array)


class Computed:
    """What a layer gives for images, in training or not, and the gradients of a sum of its outputs."""

    def __init__(self, layer: layers.Layer, x: Array, weights: list[Array], training: bool) -> None:
        layer.build(x.shape[1:])
        layer.set_weights([w.reshape(p.shape) for w, p in zip(weights, layer.weights, strict=True)])
        graph = Graph()
        node = layer.lower(graph, graph.add(operations.Input(x.shape[1:]), name="input"))
        graph.outputs = [node]
        program = get_engine().compile(graph, seed=1)
        self.output = program.read([x], [node], training=training)[0]
        cotangent = np.cos(np.arange(self.output.size, dtype=np.float32))
        # The same factor for the same number, wherever its channels are.
        moved = len(node.shape) > 1 and getattr(layer, "_first", False)
        shape = (len(x), *node.shape[1:], node.shape[0]) if moved else self.output.shape
        factors = cotangent.reshape(shape)
        factors = first(factors) if moved else factors
        self.by_image = program.gradient([x], node, factors, graph.inputs, training=training)[0]
        self.by_parameter = program.parameter_gradients([x], node, factors, training=training)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("name", "options", "as_last", "shape"), EVERY + BY_AXIS, ids=[label((e[0], e[1], e[3])) for e in EVERY + BY_AXIS]
)
def test_the_same_numbers(
    name: str, options: dict[str, Any], as_last: dict[str, Any], shape: tuple[int, ...], training: bool
) -> None:
    make, generator = getattr(layers, name), np.random.default_rng(0)
    x = generator.normal(0, 2, (BATCH, *shape)).astype(np.float32)
    plain, moved = make(**as_last), make(**options)
    moved._first = True
    plain.build(shape)
    weights = [generator.uniform(0.1, 1, parameter.shape) for parameter in plain.weights]
    expected, got = Computed(plain, x, weights, training), Computed(moved, first(x), weights, training)
    np.testing.assert_allclose(got.output, first(expected.output), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(got.by_image, first(expected.by_image), rtol=1e-5, atol=1e-5)
    for ours, theirs in zip(got.by_parameter, expected.by_parameter, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_slopes_by_channel() -> None:
    """PReLU's alphas have the input's rank, so they lie where the channels are."""
    x = np.random.default_rng(0).normal(size=(BATCH, *IMAGE)).astype(np.float32)
    plain, moved = layers.PReLU(shared_axes=[1, 2]), layers.PReLU(shared_axes=[2, 3])
    plain.build(IMAGE)
    plain.set_weights([np.array([0.1, 0.2, 0.3, 0.4]).reshape(1, 1, 4)])
    moved.build((4, 6, 7))
    moved.set_weights([plain.get_weights()[0].reshape(4, 1, 1)])
    np.testing.assert_array_equal(moved(first(x)), first(plain(x)))


def test_every_layer_with_a_data_format_is_here() -> None:
    known = {
        cls.__name__
        for cls in LAYERS.values()
        if "data_format" in inspect.signature(cls).parameters or issubclass(cls, Augmentation)
    }
    assert known == {name for name, *_ in EVERY}

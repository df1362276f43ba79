"""What all layers have in common: names, building, weights, freezing, the nodes they make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate import layers, random
from striate.errors import ShapeError, StriateError
from striate.graph import Graph, operations
from striate.layers.base import reset_names
from striate.layers.operators import GetItem
from striate.layers.registry import LAYERS

IMAGES = operations.Input((6, 6, 2))


def lowered(layer: layers.Layer, shape: tuple[int, ...] = (6, 6, 2)) -> Graph:
    graph = Graph()
    graph.outputs = [layer.lower(graph, graph.add(operations.Input(shape), name="images"))]
    return graph


FUNCTIONS = {name: cls for name, cls in LAYERS.items() if cls.__module__ == "striate.layers.elementwise"}


def test_names_count_up_as_in_keras(keras: Any) -> None:
    keras.utils.clear_session()
    arguments: dict[str, dict[str, Any]] = {
        "InputLayer": {"shape": (1,)}, "Reshape": {"target_shape": (1,)}, "Dense": {"units": 1},
        "Activation": {"activation": "relu"}, "Dropout": {"rate": 0.5}, "Rescaling": {"scale": 1.0},
        "Embedding": {"input_dim": 1, "output_dim": 1}, "Dot": {"axes": 1},
        "AlphaDropout": {"rate": 0.5}, "GaussianDropout": {"rate": 0.5}, "GaussianNoise": {"stddev": 0.5},
        "RandomRotation": {"factor": 0.1}, "RandomZoom": {"height_factor": 0.1}, "RandomContrast": {"factor": 0.1},
        "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1}, "RandomBrightness": {"factor": 0.1},
        "RandomCrop": {"height": 1, "width": 1},
        **{f"SpatialDropout{n}D": {"rate": 0.5} for n in (1, 2, 3)},
        **{f"Conv{n}D": {"filters": 1, "kernel_size": 1} for n in (1, 2, 3)},
        **{f"AveragePooling{n}D": {"pool_size": 1} for n in (1, 2, 3)},
        **{f"Conv{n}DTranspose": {"filters": 1, "kernel_size": 1} for n in (1, 2, 3)},
        "Resizing": {"height": 1, "width": 1}, "CenterCrop": {"height": 1, "width": 1}, "Permute": {"dims": (1,)},
        "RepeatVector": {"n": 1},
        **{f"Adaptive{kind}Pooling{n}D": {"output_size": 1} for n in (1, 2, 3) for kind in ("Average", "Max")},
        **{f"DepthwiseConv{n}D": {"kernel_size": 1} for n in (1, 2)},
        **{f"SeparableConv{n}D": {"filters": 1, "kernel_size": 1} for n in (1, 2)},
    }  # fmt: skip
    for _ in range(3):
        own = {"Subsampling2D", "TableConv2D", "LocalResponseNormalization", "GetItem", "RBF"}
        for name in sorted({cls.__name__ for cls in LAYERS.values()} - own - set(FUNCTIONS)):
            options = arguments.get(name, {})
            assert getattr(layers, name)(**options).name == getattr(keras.layers, name)(**options).name


def test_the_registry_has_every_public_layer_and_no_other() -> None:
    public = {name: getattr(layers, name) for name in layers.__all__ if name != "Layer"}
    del public["Lambda"]  # code, which no file holds
    public |= FUNCTIONS | {"GetItem": GetItem}  # what functions and tensor[...] make, and nobody calls by name
    assert {n: cls for n, cls in public.items() if isinstance(cls, type) and issubclass(cls, layers.Layer)} == LAYERS


def test_names_start_again() -> None:
    assert [layers.Dense(1).name, layers.Dense(1).name, layers.Flatten().name] == ["dense", "dense_1", "flatten"]
    reset_names()
    assert layers.Dense(1).name == "dense"
    assert layers.Dense(1, name="mine").name == "mine"


@pytest.mark.parametrize("name", ["a/b", "", 3])
def test_bad_names(name: Any) -> None:
    with pytest.raises(StriateError, match=r'^Dense: got name=.*, expected a string without "/"$'):
        layers.Dense(1, name=name)


def test_nodes_of_a_layer() -> None:
    layer = layers.Conv2D(3, 2, activation="hard_tanh", activity_regularizer="l2", name="c")
    graph = lowered(layer)
    names = ["images", "c/conv", "c/activation", "c/activation", "c/activation", "c"]
    assert [node.name for node in graph.nodes] == names
    assert graph.outputs[0].operation == operations.Penalty(0.0, 0.01)
    assert [type(node.operation).__name__ for node in lowered(layers.Conv2D(3, 2)).nodes] == ["Input", "Conv"]


def test_a_layer_that_does_nothing_still_has_a_node() -> None:
    graph = lowered(layers.Activation("linear", name="nothing"))
    assert graph.outputs[0].name == "nothing"
    assert graph.outputs[0].shape == (6, 6, 2)


def test_same_padding_is_tensorflow_s() -> None:
    conv = lowered(layers.Conv2D(1, 4, strides=3, padding="same"), (8, 9, 2)).nodes[1].operation
    assert isinstance(conv, operations.Conv)
    assert conv.padding == ((1, 1), (0, 1))


def test_regularizers_reach_the_parameters() -> None:
    layer = layers.Dense(2, kernel_regularizer=layers_l1l2(0.1, 0.2), bias_regularizer="l2")
    layer.build((3,))
    assert (layer.kernel.l1, layer.kernel.l2) == (0.1, 0.2)
    assert layer.bias is not None
    assert (layer.bias.l1, layer.bias.l2) == (0.0, 0.01)


def layers_l1l2(l1: float, l2: float) -> Any:
    from striate.regularizers import L1L2

    return L1L2(l1, l2)


def test_parameters_are_attributes() -> None:
    layer = layers.Conv2D(3, 2, name="c")
    layer.build((None, 6, 6, 2))
    assert layer.weights == [layer.kernel, layer.bias]
    assert [parameter.name for parameter in layer.weights] == ["c/kernel", "c/bias"]
    bare = layers.Conv2D(3, 2, use_bias=False)
    bare.build((6, 6, 2))
    assert bare.bias is None
    assert bare.weights == [bare.kernel]


def test_freezing() -> None:
    layer = layers.BatchNormalization()
    assert lowered(layer).outputs[0].operation == operations.BatchNorm(1e-3, 0.99)
    assert [p.name.split("/")[1] for p in layer.trainable_weights] == ["gamma", "beta"]
    layer.trainable = False
    assert layer.trainable_weights == []
    assert lowered(layer).outputs[0].operation == operations.BatchNorm(1e-3, 0.99, frozen=True)
    layer.trainable = True
    assert [p.name.split("/")[1] for p in layer.trainable_weights] == ["gamma", "beta"]
    assert [p.name.split("/")[1] for p in layer.non_trainable_weights] == ["moving_mean", "moving_variance"]
    frozen = layers.Dense(2, trainable=False)
    frozen.build((3,))
    assert frozen.trainable_weights == []
    with pytest.raises(StriateError, match=r"^batch_normalization: got trainable='no', expected True or False$"):
        layer.trainable = "no"  # type: ignore[assignment]
    assert layer.trainable is True


def test_weights_go_in_and_out() -> None:
    layer = layers.Dense(2)
    layer.build((3,))
    memory = layer.kernel.value
    kernel, bias = np.arange(6.0).reshape(3, 2), np.array([7.0, 8.0])
    layer.set_weights([kernel, bias])
    assert layer.kernel.value is memory  # engines hold on to it
    np.testing.assert_array_equal(layer.get_weights()[0], kernel)
    np.testing.assert_array_equal(layer.get_weights()[1], bias)
    layer.get_weights()[0][:] = 0
    np.testing.assert_array_equal(layer.kernel.value, kernel)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(3, 2)], "dense: set_weights got 1 arrays, expected 2"),
        ([(2, 3), (2,)], "dense/kernel has shape (3, 2), got (2, 3)"),
        ([(3, 2), (2,), (2,)], "dense: set_weights got 3 arrays, expected 2"),
        ([(3, 2), (1,)], "dense/bias has shape (2,), got (1,)"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(shapes: list[tuple[int, ...]], message: str) -> None:
    layer = layers.Dense(2)
    layer.build((3,))
    before = layer.get_weights()
    with pytest.raises(ShapeError) as caught:
        layer.set_weights([np.zeros(shape) for shape in shapes])
    assert str(caught.value) == message
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_before_building() -> None:
    layer = layers.Dense(2)
    assert (layer.built, layer.weights, layer.get_weights()) == (False, [], [])
    for use in (layer.count_params, lambda: layer.input_shape, lambda: layer.output_shape):
        with pytest.raises(StriateError, match=r"^dense: has no \w+ yet; call it on images or layer\.build"):
            use()
    with pytest.raises(ShapeError, match=r"expected 0; the layer is not built yet: call layer\.build"):
        layer.set_weights([np.zeros((3, 2))])


def test_building_twice_keeps_the_parameters() -> None:
    layer = layers.Conv2D(2, 3)
    layer.build((8, 8, 1))
    kernel = layer.kernel
    layer.build((10, 12, 1))
    assert layer.kernel is kernel
    assert layer.output_shape == (None, 8, 10, 2)
    with pytest.raises(ShapeError) as caught:
        layer.build((10, 12, 3))
    assert str(caught.value) == (
        "conv2d: was built for images of shape (10, 12, 1), so its kernel has shape (3, 3, 1, 2); "
        "images of shape (10, 12, 3) need (3, 3, 3, 2). Use a new layer for them"
    )
    assert layer.input_shape == (None, 10, 12, 1)


def test_a_failed_build_leaves_the_layer_unbuilt() -> None:
    layer = layers.Dense(2, bias_initializer=lambda shape, dtype=None: np.zeros(5))
    with pytest.raises(ShapeError, match=r"^dense: bias_initializer made shape \(5,\), expected \(2,\)$"):
        layer.build((3,))
    assert not layer.built
    assert layer.weights == []


def test_shared_layers_use_the_same_parameters() -> None:
    layer, graph = layers.Dense(3), Graph()
    first = layer.lower(graph, graph.add(operations.Input((4,)), name="a"))
    second = layer.lower(graph, graph.add(operations.Input((4,)), name="b"))
    assert first.parameters == second.parameters
    with pytest.raises(ShapeError, match=r"^dense: takes one input, got 2$"):
        layer.lower(graph, first, second)


def test_the_same_seed_gives_the_same_weights() -> None:
    def kernels() -> list[np.ndarray[Any, Any]]:
        random.set_random_seed(4)
        made = [layers.Conv2D(2, 3), layers.Dense(2)]
        for layer in made:
            layer.build((8, 8, 2))
        return [layer.get_weights()[0] for layer in made]

    for first, second in zip(kernels(), kernels(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_dropout_s_streams() -> None:
    def streams() -> list[int]:
        made = [layers.Dropout(0.5), layers.Dropout(0.5), layers.Dropout(0.5, seed=9)]
        graph = Graph()
        node = graph.add(operations.Input((3,)), name="input")
        for layer in made:
            node = layer.lower(graph, node)
        return [node.operation.stream for node in graph.nodes[1:]]  # type: ignore[attr-defined]

    assert streams() == streams()
    assert len(set(streams())) == 3
    assert streams()[2] == 9
    assert all(0 <= stream < 2**32 for stream in streams())


def test_declared_shapes() -> None:
    assert layers.Dense(1).declared_input_shape is None
    assert layers.Dense(1, input_shape=[4]).declared_input_shape == (4,)
    assert layers.Dense(1, input_dim=4).declared_input_shape == (4,)
    assert layers.Conv2D(1, 1, batch_input_shape=(None, 4, 4, 1)).declared_input_shape == (4, 4, 1)
    assert layers.InputLayer((4, 4, 1)).declared_input_shape == (4, 4, 1)


@pytest.mark.parametrize("dtype", [None, "float32", np.float32, np.dtype("float32")])
def test_dtypes(dtype: Any) -> None:
    assert layers.Dense(1, dtype=dtype).dtype == "float32"


def test_dtype_policies(keras: Any) -> None:
    assert layers.Dense(1, dtype=keras.dtype_policies.DTypePolicy("float32")).dtype == "float32"
    with pytest.raises(StriateError, match=r"^dense_1: got dtype='mixed_float16', but layers compute in"):
        layers.Dense(1, dtype=keras.dtype_policies.DTypePolicy("mixed_float16"))


def test_an_input_layer_is_the_input() -> None:
    layer, graph = layers.InputLayer((4, 4, 1), name="images"), Graph()
    node = layer.lower(graph)
    assert graph.inputs == [node]
    assert (node.name, node.shape, layer.built) == ("images", (4, 4, 1), True)
    assert (layer.input_shape, layer.output_shape) == ((None, 4, 4, 1), (None, 4, 4, 1))
    other = Graph()
    with pytest.raises(ShapeError, match=r"^images: expected images of shape \(4, 4, 1\), got \(5, 4, 1\)$"):
        layer.lower(other, other.add(operations.Input((5, 4, 1)), name="x"))


def test_the_calls_of_a_layer() -> None:
    dense, a, b = layers.Dense(3), layers.Input((4,)), layers.Input((4,))
    first, second = dense(a), dense(b)
    assert dense.output is dense.get_output_at(0) is first
    assert dense.get_output_at(1) is second
    assert (dense.get_input_at(0), dense.get_input_at(1)) == (a, b)
    assert (dense.get_input_shape_at(1), dense.get_output_shape_at(1)) == ((None, 4), (None, 3))
    for wrong in (2, -1):
        with pytest.raises(StriateError, match="node_index"):
            dense.get_output_at(wrong)


def test_variables_under_keras_s_names() -> None:
    layer = layers.BatchNormalization(name="norm")
    layer.build((None, 3))
    assert layer.variables == layer.weights
    assert layer.trainable_variables == layer.trainable_weights == layer.weights[:2]
    assert layer.non_trainable_variables == layer.weights[2:]
    gamma = layer.gamma  # type: ignore[attr-defined]
    assert (gamma.path, gamma.dtype, gamma.ndim, gamma.shape) == ("norm/gamma", "float32", 1, (3,))
    assert (layer.path, layer.compute_dtype, layer.variable_dtype) == ("norm", "float32", "float32")
    memory = gamma.value
    gamma.assign_add([1, 2, 3])
    gamma.assign_sub(0.5)
    np.testing.assert_allclose(np.asarray(gamma), [1.5, 2.5, 3.5])
    assert gamma.value is memory

"""Connection tables, trainable subsampling and radial basis functions, against their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate import Sequential, initializers, layers, optimizers
from striate.applications.lenet import C3_CONNECTIONS
from striate.engines import get as get_engine
from striate.errors import ShapeError, StriateError
from striate.graph import Graph, operations

Numbers = np.ndarray[Any, Any]
# The numbers of connections are not in order, and putting the maps in order is not its own inverse.
MIXED = ((2,), (0, 1), (1, 2, 3), (3,), (3, 0))


def images(*shape: int) -> Numbers:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def filled(layer: layers.Layer, shape: tuple[int, ...]) -> layers.Layer:
    layer.build(shape)
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(size=parameter.shape) for parameter in layer.weights])
    return layer


def dense_kernel(layer: Any, channels: int) -> tuple[Numbers, Numbers]:
    """The kernel and bias of the plain convolution that a table's zeros thin out."""
    kernel = np.zeros((*layer.kernel_size, channels, len(layer.connections)), np.float32)
    bias = np.zeros(len(layer.connections), np.float32)
    seen: dict[int, int] = {}
    for index, chosen in enumerate(layer.connections):
        place = seen.get(len(chosen), 0)
        seen[len(chosen)] = place + 1
        kernel[:, :, list(chosen), index] = getattr(layer, f"kernel_{len(chosen)}").value[..., place]
        bias[index] = getattr(layer, f"bias_{len(chosen)}").value[place]
    return kernel, bias


@pytest.mark.parametrize("table", [C3_CONNECTIONS, MIXED], ids=["C3", "mixed"])
@pytest.mark.parametrize("options", [{}, {"padding": "same", "activation": "scaled_tanh"}, {"activation": "relu"}])
def test_a_table_is_a_convolution_with_zeros(table: tuple[tuple[int, ...], ...], options: dict[str, Any]) -> None:
    x = images(5, 8, 7, 6)
    layer = filled(layers.TableConv2D(table, (3, 2), **options), x.shape[1:])
    plain = layers.Conv2D(len(table), (3, 2), **options)
    plain.build(x.shape[1:])
    plain.set_weights(dense_kernel(layer, 6))
    np.testing.assert_allclose(layer(x), plain(x), rtol=1e-5, atol=1e-5)
    assert layer.count_params() == sum(6 * len(chosen) + 1 for chosen in table)
    assert layer.compute_output_shape((None, 8, 7, 6)) == (None, *plain(x).shape[1:])


def test_gradients_of_a_table_are_those_of_the_convolution() -> None:
    x = images(3, 6, 6, 4)
    layer = filled(layers.TableConv2D(MIXED, 3), x.shape[1:])
    plain = layers.Conv2D(len(MIXED), 3)
    plain.build(x.shape[1:])
    plain.set_weights(dense_kernel(layer, 4))
    cotangent = images(3, 4, 4, len(MIXED))
    found = {}
    for one in (layer, plain):
        graph = Graph()
        graph.outputs = [one.lower(graph, graph.add(operations.Input(x.shape[1:]), name="input"))]
        program = get_engine().compile(graph)
        of, wrt = graph.outputs[0], graph.inputs
        gradients = program.parameter_gradients([x], of, cotangent)
        by_id = {id(p): g for p, g in zip(graph.parameters(), gradients, strict=True)}
        found[one] = program.gradient([x], of, cotangent, wrt)[0], by_id
    np.testing.assert_allclose(found[layer][0], found[plain][0], rtol=1e-4, atol=1e-5)
    kernel, bias = (found[plain][1][id(parameter)] for parameter in plain.weights)
    for parameter in layer.weights:
        kind, count = parameter.name.split("/")[1].split("_")
        maps = [index for index, chosen in enumerate(MIXED) if len(chosen) == int(count)]
        expected = bias[maps]
        if kind == "kernel":
            expected = np.stack([kernel[:, :, list(MIXED[index]), index] for index in maps], axis=-1)
        np.testing.assert_allclose(found[layer][1][id(parameter)], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("pool", [2, (3, 2)])
def test_subsampling(pool: Any) -> None:
    x = images(4, 7, 8, 3)
    layer = filled(layers.Subsampling2D(pool), x.shape[1:])
    weight, bias = (parameter.numpy().reshape(-1) for parameter in layer.weights)
    rows, columns = layer.pool_size  # type: ignore[attr-defined]
    height, width = 7 // rows, 8 // columns
    windows = x[:, : height * rows, : width * columns].reshape(4, height, rows, width, columns, 3)
    np.testing.assert_allclose(layer(x), windows.sum(axis=(2, 4)) * weight + bias, rtol=1e-5, atol=1e-5)
    assert layer.count_params() == 6


def test_subsampling_starts_as_mean_pooling() -> None:
    x = images(4, 6, 6, 3)
    np.testing.assert_allclose(layers.Subsampling2D()(x), layers.AveragePooling2D()(x), rtol=1e-5, atol=1e-6)


def test_radial_basis_functions() -> None:
    x = images(5, 7)
    layer = filled(layers.RBF(4), (7,))
    centers = layer.weights[0].numpy()
    assert centers.shape == (7, 4)
    distances = ((x[:, :, None] - centers) ** 2).sum(1)
    np.testing.assert_allclose(layer(x), -distances, rtol=1e-5)
    probabilities = layers.RBF(4, "softmax", initializers.Constant(centers))(x)
    np.testing.assert_array_equal(probabilities.argmax(-1), distances.argmin(-1))
    np.testing.assert_allclose(probabilities.sum(-1), 1, rtol=1e-6)
    graph = Graph()
    graph.outputs = [layer.lower(graph, graph.add(operations.Input((7,)), name="input"))]
    program, cotangent = get_engine().compile(graph), images(5, 4)
    (by_input,) = program.gradient([x], graph.outputs[0], cotangent, graph.inputs)
    (by_center,) = program.parameter_gradients([x], graph.outputs[0], cotangent)
    differences = (x[:, :, None] - centers) * cotangent[:, None, :]
    np.testing.assert_allclose(by_input, -2 * differences.sum(2), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(by_center, 2 * differences.sum(0), rtol=1e-4, atol=1e-4)


def test_centres_that_stay() -> None:
    model = Sequential([layers.Input((3,)), layers.RBF(2, "softmax", name="r", trainable=False)])
    before = model.get_weights()[0]
    assert model.trainable_weights == []
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.layers[-1].trainable = True
    model.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    model.fit(images(4, 3), np.array([0, 1, 1, 0]), verbose=0)
    assert (model.get_weights()[0] != before).any()


def test_scaled_tanh() -> None:
    x = np.linspace(-4, 4, 33, dtype=np.float32)
    got = layers.Activation("scaled_tanh")(x[:, None])[:, 0]
    np.testing.assert_allclose(got, 1.7159 * np.tanh(2 * x / 3), rtol=1e-5)


def test_configurations_and_files(tmp_path: Any) -> None:
    model = Sequential([layers.Input((9, 9, 4)), layers.TableConv2D(MIXED, 3), layers.Subsampling2D(name="s")])
    model.add(layers.Flatten())
    model.add(layers.RBF(3, "softmax", "random_normal", "l2", centers_constraint="max_norm", trainable=False))
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    model.save(tmp_path / "m.keras")
    from striate.models import load_model

    x = images(2, 9, 9, 4)
    np.testing.assert_array_equal(load_model(tmp_path / "m.keras")(x), model(x))


def test_errors() -> None:
    for wrong in ((), "01", (1, 2), ((),), ((0, 1.5),), ((0, -1),)):
        with pytest.raises(StriateError, match="connections"):
            layers.TableConv2D(wrong, 3)  # type: ignore[arg-type]
    with pytest.raises(StriateError, match="names a channel twice"):
        layers.TableConv2D(((1, 1),), 3)
    with pytest.raises(ShapeError, match="name channel 5, but the input has 4 channels"):
        layers.TableConv2D(((0, 5),), 3).build((8, 8, 4))
    with pytest.raises(ShapeError, match="expected one row of numbers, got shape \\(2, 3\\); use Flatten first"):
        layers.RBF(2).build((2, 3))
    with pytest.raises(StriateError, match="got units=0, expected a whole number"):
        layers.RBF(0)
    with pytest.raises(ShapeError, match="does not fit"):
        layers.TableConv2D(((0, 1),), 9).build((8, 8, 4))

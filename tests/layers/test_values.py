"""What layers compute, beside Keras with the same weights. Tolerances: float32 sums of at most a few hundred terms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import striate
from striate import activations, layers
from striate.errors import StriateError
from striate.graph import operations

from .cases import FIXED, Case, label

BATCH = 5  # neither one nor a full pack of lanes


def images(shape: tuple[int, ...], seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(0, 2, (BATCH, *shape)).astype(np.float32)


def numbers(tensor: Any) -> np.ndarray[Any, Any]:
    return tensor.detach().cpu().numpy()  # type: ignore[no-any-return]


def with_random_weights(layer: layers.Layer, shape: tuple[int, ...]) -> list[np.ndarray[Any, Any]]:
    layer.build(shape)
    generator = np.random.default_rng(1)
    weights = [generator.uniform(0.1, 1, parameter.shape) for parameter in layer.weights]
    layer.set_weights(weights)
    return weights


# Keras on PyTorch pads "same" averages with copies of the border and counts them; on TensorFlow, as here, it does not.
BORDER = {"AveragePooling1D", "AveragePooling2D", "AveragePooling3D"}


@pytest.mark.parametrize("case", FIXED, ids=label)
def test_a_call_is_keras_s(keras: Any, case: Case) -> None:
    name, arguments, shape = case
    if name in BORDER and arguments.get("padding") == "same":
        return check_average(getattr(layers, name)(**arguments), shape)
    ours, theirs, x = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments), images(shape)
    weights = with_random_weights(ours, shape)
    theirs.build((None, *shape))
    theirs.set_weights(weights)
    expected = numbers(theirs(x))
    got = ours(x)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-5)


def check_average(layer: Any, shape: tuple[int, ...]) -> None:
    """The mean over what of each window lies inside the image."""
    x, (size,), (stride,) = images(shape), set(layer.pool_size), set(layer.strides)
    got, rank = layer(x), len(shape) - 1
    for place in np.ndindex(*got.shape[1:-1]):
        total = [max((-(-n // stride) - 1) * stride + size - n, 0) // 2 for n in shape[:-1]]
        window = tuple(slice(max(p * stride - t, 0), p * stride - t + size) for p, t in zip(place, total, strict=True))
        expected = x[(slice(None), *window)].mean(axis=tuple(range(1, rank + 1)))
        np.testing.assert_allclose(got[(slice(None), *place)], expected, rtol=1e-5, atol=1e-6)


@given(st.data())
@settings(max_examples=20)
def test_convolutions_of_random_shapes(keras: Any, data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 3))
    groups, channels, filters = (data.draw(st.integers(1, 3)) for _ in range(3))
    stride = data.draw(st.integers(1, 3))
    arguments = {
        "filters": groups * filters, "kernel_size": tuple(data.draw(st.integers(1, 3)) for _ in range(rank)),
        "strides": stride, "dilation_rate": 1 if stride > 1 else data.draw(st.integers(1, 2)), "groups": groups,
        "padding": data.draw(st.sampled_from(["valid", "same"])),
    }  # fmt: skip
    shape = (*(data.draw(st.integers(5, 8)) for _ in range(rank)), groups * channels)
    ours = getattr(layers, f"Conv{rank}D")(**arguments)
    theirs = getattr(keras.layers, f"Conv{rank}D")(**arguments)
    theirs.build((None, *shape))
    theirs.set_weights(with_random_weights(ours, shape))
    x = images(shape)
    np.testing.assert_allclose(ours(x), numbers(theirs(x)), rtol=2e-5, atol=2e-5)


@given(st.data())
@settings(max_examples=20)
def test_depthwise_and_separable_convolutions_of_random_shapes(keras: Any, data: st.DataObject) -> None:
    rank, kind = data.draw(st.integers(1, 2)), data.draw(st.sampled_from(["Depthwise", "Separable"]))
    stride = data.draw(st.integers(1, 3))
    arguments = {
        "kernel_size": tuple(data.draw(st.integers(1, 3)) for _ in range(rank)), "strides": stride,
        "dilation_rate": 1 if stride > 1 else data.draw(st.integers(1, 2)),
        "depth_multiplier": data.draw(st.integers(1, 3)), "padding": data.draw(st.sampled_from(["valid", "same"])),
    } | ({"filters": data.draw(st.integers(1, 4))} if kind == "Separable" else {})  # fmt: skip
    shape = (*(data.draw(st.integers(5, 8)) for _ in range(rank)), data.draw(st.integers(1, 9)))
    ours = getattr(layers, f"{kind}Conv{rank}D")(**arguments)
    theirs = getattr(keras.layers, f"{kind}Conv{rank}D")(**arguments)
    theirs.build((None, *shape))
    theirs.set_weights(with_random_weights(ours, shape))
    x = images(shape)
    np.testing.assert_allclose(ours(x), numbers(theirs(x)), rtol=2e-5, atol=2e-5)


@given(st.data())
@settings(max_examples=40)
def test_transposed_convolutions_of_random_shapes(keras: Any, data: st.DataObject) -> None:
    rank, stride = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4))
    arguments = {
        "filters": data.draw(st.integers(1, 3)),
        "kernel_size": tuple(data.draw(st.integers(1, 4)) for _ in range(rank)), "strides": stride,
        "dilation_rate": 1 if stride > 1 else data.draw(st.integers(1, 2)),
        "padding": data.draw(st.sampled_from(["valid", "same"])),
        "output_padding": data.draw(st.none() | st.integers(0, stride - 1)),
    }  # fmt: skip
    shape = (*(data.draw(st.integers(2, 4)) for _ in range(rank)), data.draw(st.integers(1, 3)))
    ours = getattr(layers, f"Conv{rank}DTranspose")(**arguments)
    theirs = getattr(keras.layers, f"Conv{rank}DTranspose")(**arguments)
    theirs.build((None, *shape))
    theirs.set_weights(with_random_weights(ours, shape))
    x = images(shape)
    expected = numbers(theirs(x))
    assert ours.compute_output_shape((None, *shape)) == tuple(theirs.compute_output_shape((None, *shape)))
    np.testing.assert_allclose(ours(x), expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("size", [1, 3, 4])
def test_full_convolution_through_zero_padding(size: int) -> None:
    """All positions where kernel and image overlap, as np.convolve(mode="full") counts them; it flips its kernel."""
    conv, x = layers.Conv1D(1, size, use_bias=False), images((6, 1))
    full = conv(layers.ZeroPadding1D(size - 1)(x))
    kernel = conv.kernel.value[:, 0, 0]
    for got, image in zip(full, x, strict=True):
        np.testing.assert_allclose(got[:, 0], np.convolve(image[:, 0], kernel[::-1], mode="full"), rtol=1e-5, atol=1e-5)


def test_between_layers_with_the_channels_first_nothing_is_moved() -> None:
    """The images are transposed once, before the first convolution."""
    options: dict[str, Any] = {"data_format": "channels_first"}
    chain = [
        layers.Conv2D(4, 3, activation="relu", **options), layers.BatchNormalization(axis=1),
        layers.MaxPooling2D(**options), layers.Conv2D(5, 3, **options), layers.GlobalAveragePooling2D(**options),
    ]  # fmt: skip
    model = striate.Sequential([striate.Input((3, 12, 13)), *chain])
    x = images((3, 12, 13))
    used, pending = set(), list(model.graph.outputs)
    while pending:
        node = pending.pop()
        used.add(node)
        pending += node.inputs
    moves = [node.name for node in used if isinstance(node.operation, operations.Permute)]
    assert moves == ["conv2d/channels_last"]
    expected: Any = x
    for layer in chain:
        expected = layer(expected)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
    assert model.read(x, "conv2d")["conv2d"].shape == (BATCH, 4, 10, 11)


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -3])
def test_concatenation_along_any_axis(axis: int) -> None:
    x, y = images((3, 4, 2)), images((3, 4, 2), 1)
    got = layers.Concatenate(axis)([x, y])
    np.testing.assert_array_equal(got, np.concatenate([x, y], axis))


def test_softmax_along_another_axis_as_an_activation() -> None:
    dense, x = layers.Dense(4, activation=layers.Softmax(axis=1)), images((3, 2))
    np.testing.assert_allclose(dense(x).sum(1), np.ones((BATCH, 4)), rtol=1e-5)


@given(st.data())
@settings(max_examples=30)
def test_sizes_that_keras_makes(keras: Any, data: st.DataObject) -> None:
    shape = (data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12)), data.draw(st.integers(1, 3)))
    new = {"height": data.draw(st.integers(1, 12)), "width": data.draw(st.integers(1, 12))}
    way = data.draw(st.sampled_from([{}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}]))
    for name, arguments in (("Resizing", {**new, **way}), ("CenterCrop", new)):
        x, ours = images(shape), getattr(layers, name)(**arguments)
        expected = numbers(getattr(keras.layers, name)(**arguments)(x))
        np.testing.assert_allclose(ours(x), expected, rtol=1e-4, atol=1e-4)


RESIZED = json.loads((Path(__file__).parent / "data" / "resizing.json").read_text())


@pytest.mark.parametrize("what", [key for key in RESIZED if " " in key])
def test_sizes_that_keras_on_tensorflow_makes(what: str) -> None:
    """By make_resizing.py. TensorFlow takes bicubic weights without antialias from a table of 1024 distances."""
    kind, method, *antialias = what.split()
    options: dict[str, Any] = {"interpolation": method}
    if kind == "Resizing":
        layer: Any = layers.Resizing(3, 6, antialias=antialias == ["True"], **options)
    else:
        layer = layers.UpSampling2D((2, 3), **options)
    image = np.array(RESIZED["large" if kind == "Resizing" else "small"], np.float32)
    table = method == "bicubic" and antialias != ["True"]
    np.testing.assert_allclose(layer(image[None, ..., None])[0, ..., 0], RESIZED[what], atol=3e-3 if table else 1e-5)


def test_resizing_with_all_options() -> None:
    """The border comes first, then one dimension after the other: the same as step by step."""
    x = images((9, 5, 2))
    whole = layers.Resizing(4, 7, "lanczos3", pad_to_aspect_ratio=True, fill_value=1.5, antialias=True)(x)
    padded = layers.Resizing(9, 15, "nearest", pad_to_aspect_ratio=True, fill_value=1.5)(x)
    np.testing.assert_array_equal(whole, layers.Resizing(4, 7, "lanczos3", antialias=True)(padded))


@pytest.mark.parametrize("dtype", ["uint8", "float64", "int64", "int8", "bool", "float16"])
def test_arrays_of_any_number_type(dtype: str) -> None:
    x = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 100, (BATCH, 3)).astype(dtype)
    layer = layers.Dense(2)
    expected = layer(x.astype(np.float32))
    np.testing.assert_allclose(layer(x), expected, rtol=1e-6)
    np.testing.assert_allclose(layer(x.tolist()), expected, rtol=1e-6)
    np.testing.assert_allclose(layer(np.asfortranarray(x)), expected, rtol=1e-6)


def test_batch_normalization_in_training_uses_the_batch_s_statistics(keras: Any) -> None:
    x = images((4, 3))
    ours, theirs = layers.BatchNormalization(momentum=0.8), keras.layers.BatchNormalization(momentum=0.8)
    np.testing.assert_allclose(ours(x, training=True), numbers(theirs(x, training=True)), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(ours.moving_mean.value, np.zeros(3))  # unlike Keras's, which have moved
    ours.trainable = theirs.trainable = False
    ours.set_weights([numbers(variable.value) for variable in theirs.weights])
    np.testing.assert_allclose(ours(x, training=True), numbers(theirs(x, training=True)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("axis", [1, -2, 3])
def test_layer_normalization_along_any_axis(axis: int) -> None:
    """Keras on PyTorch has the last ones only, so this is beside the formula."""
    x, layer = images((4, 5, 3)), layers.LayerNormalization(axis, 1e-2)
    gamma, beta = with_random_weights(layer, (4, 5, 3))
    moved = np.moveaxis(x.astype(np.float64), axis, -1)
    normal = (moved - moved.mean(-1, keepdims=True)) / np.sqrt(moved.var(-1, keepdims=True) + 1e-2)
    np.testing.assert_allclose(np.moveaxis(layer(x), axis, -1), normal * gamma + beta, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(7,), (3, 7), (2, 3, 7), (2, 2, 2, 7)])
def test_local_response_normalization(shape: tuple[int, ...]) -> None:
    """AlexNet's numbers but for a larger alpha; PyTorch divides its alpha by the number of neighbours."""
    torch = pytest.importorskip("torch")
    x = images(shape)
    layer = layers.LocalResponseNormalization(depth_radius=2, bias=2.0, alpha=0.1, beta=0.75)
    first = torch.from_numpy(np.moveaxis(x, -1, 1).reshape(BATCH, 7, -1))
    expected = torch.nn.functional.local_response_norm(first, 5, alpha=0.5, beta=0.75, k=2.0).numpy()
    got = np.moveaxis(layer(x), -1, 1).reshape(BATCH, 7, -1)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert layer.get_config()["depth_radius"] == 2
    assert isinstance(layers.deserialize(layers.serialize(layer)), layers.LocalResponseNormalization)


def test_unit_normalization_of_zeros() -> None:
    np.testing.assert_array_equal(layers.UnitNormalization()(np.zeros((2, 3))), np.zeros((2, 3), np.float32))


def test_dropout() -> None:
    """20,000 numbers at rate 0.25: the fraction that is left has a standard error of 0.003."""
    layer, x = layers.Dropout(0.25), np.ones((20, 1000), np.float32)
    np.testing.assert_array_equal(layer(x), x)
    dropped = layer(x, training=True)
    assert set(np.unique(dropped)) == {np.float32(0), np.float32(4 / 3)}
    assert abs((dropped > 0).mean() - 0.75) < 0.015
    again, other = layers.Dropout(0.25, seed=1)(x, training=True), layers.Dropout(0.25, seed=2)(x, training=True)
    np.testing.assert_array_equal(again, layers.Dropout(0.25, seed=1)(x, training=True))
    assert not np.array_equal(again, other)


@pytest.mark.parametrize("shape", [(), (7,), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("relu", {}), ("relu", {"negative_slope": 0.1, "max_value": 1.0, "threshold": 0.5}), ("relu6", {}),
        ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.5}), ("elu", {"alpha": 0.5}), ("celu", {"alpha": 2.0}),
        ("squareplus", {"b": 0.5}), ("squareplus", {}), ("hard_shrink", {"threshold": 1.5}), ("hard_silu", {}),
        ("soft_shrink", {"threshold": 0}), ("soft_shrink", {}), ("tanh_shrink", {}), ("sparse_plus", {}),
        ("threshold", {"threshold": 0.5, "default_value": -2.0}), ("gelu", {"approximate": True}),
        ("gelu", {}), ("mish", {}), ("linear", {}), ("tanh", {}), ("selu", {}),
    ],
)  # fmt: skip
def test_activations_of_arrays(keras: Any, name: str, options: dict[str, Any], shape: tuple[int, ...]) -> None:
    x = np.asarray(np.random.default_rng(0).normal(0, 3, shape), np.float32)
    got = getattr(activations, name)(x, **options)
    assert got.shape == shape
    expected = numbers(getattr(keras.activations, name)(keras.ops.convert_to_tensor(x), **options))
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "glu"])
@pytest.mark.parametrize("axis", [-1, 0, 1, 2, -2])
def test_softmax_along_any_axis(keras: Any, name: str, axis: int) -> None:
    x = np.concatenate([images((6, 4))] * 2)[:6]
    expected = numbers(getattr(keras.activations, name)(keras.ops.convert_to_tensor(x), axis=axis))
    np.testing.assert_allclose(getattr(activations, name)(x, axis=axis), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(StriateError, match=rf"^{name}: got axis=3 for an array of shape \(6, 6, 4\)$"):
        getattr(activations, name)(x, axis=3)


def test_sparsemax_is_the_nearest_point_of_the_simplex() -> None:
    """Beside the paper's definition: what Keras 3.15 computes does not sum to 1."""
    x = images((7,))
    y = activations.sparsemax(x)
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-6)
    assert (y >= 0).all()
    level = (x - y).max(-1, keepdims=True)
    np.testing.assert_allclose(y, np.maximum(x - level, 0), atol=1e-6)
    np.testing.assert_array_equal(layers.Activation("sparsemax")(x), y)
    np.testing.assert_allclose(activations.sparsemax(x, axis=0), activations.sparsemax(x.T).T)


@pytest.mark.parametrize("first", [False, True])
def test_a_gated_layer_has_half_its_channels(keras: Any, first: bool) -> None:
    """Beside the formula in Keras's operations: its layers lose sight of the shape."""
    x = images((3, 4, 6))
    layer = layers.Conv2D(4, 1, activation="glu", data_format="channels_first" if first else None)
    got = layer(np.moveaxis(x, -1, 1) if first else x)
    linear = layers.Conv2D(4, 1)
    linear.build((3, 4, 6))
    linear.set_weights(layer.get_weights())
    expected = numbers(keras.ops.glu(keras.ops.convert_to_tensor(linear(x))))
    assert layer.output_shape == (None, *got.shape[1:])
    np.testing.assert_allclose(np.moveaxis(got, 1, -1) if first else got, expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(StriateError, match="glu: got 3 channels, expected an even number"):
        layers.Dense(3, activation="glu")(images((2,)))


def test_activations_that_need_numbers() -> None:
    with pytest.raises(StriateError, match="unknown activation 'threshold'"):
        layers.Activation("threshold")
    with pytest.raises(StriateError, match=r"activation: threshold does what no layer does: missing"):
        layers.Activation(activations.threshold)(layers.Input((2,)))
    for wrong in (-1, "x", float("nan")):
        for function in (activations.squareplus, activations.hard_shrink, activations.soft_shrink):
            with pytest.raises(StriateError, match=f"^{function.__name__}: got .*, expected a number of at least 0"):
                function(np.zeros(2), wrong)


def test_rescaling_by_channel() -> None:
    layer, x = layers.Rescaling([1.0, 2.0], [0.5, 0.0]), images((3, 2))
    np.testing.assert_allclose(layer(x), x * [1, 2] + [0.5, 0], rtol=1e-6)
    assert layer.weights == []
    assert layer.trainable_weights == []
    array = layers.Rescaling(np.array([1.0, 2.0]), np.float32(1))
    assert array.get_config()["scale"] == [1.0, 2.0]
    form = {"scale": {"class_name": "__numpy__", "config": {"value": [1.0, 2.0], "dtype": "float32"}}}
    assert layers.Rescaling.from_config(form).scale == [1.0, 2.0]
    with pytest.raises(StriateError, match=r"got scale of shape \(2,\) for axes of sizes \(3,\)"):
        layers.Rescaling([1.0, 2.0])(images((3,)))
    for wrong in ([], ["a"], [1.0, float("inf")], "x", [[1.0], [2.0]]):
        with pytest.raises(StriateError, match="got scale="):
            layers.Rescaling(wrong)  # type: ignore[arg-type]

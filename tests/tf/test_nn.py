"""tf.nn: as activations of layers, on arrays beside Keras's, and on symbolic tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
import striate.tensorflow as tf
from striate.errors import ShapeError, StriateError

R = np.random.default_rng(1)
X = R.normal(size=(2, 3, 4)).astype(np.float32) * 2
IMAGES = R.random((2, 7, 8, 3), np.float32)
ACTIVATIONS = [
    "relu", "relu6", "elu", "selu", "leaky_relu", "sigmoid", "tanh", "softmax", "log_softmax", "softplus", "softsign",
    "silu", "swish", "gelu",
]  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(keras: Any, name: str, tmp_path: Any) -> None:
    function = getattr(tf.nn, name)
    theirs = keras.ops.convert_to_numpy(getattr(keras.activations, name)(keras.ops.convert_to_tensor(X)))
    np.testing.assert_allclose(function(X), theirs, rtol=1e-5, atol=1e-6)
    layer = striate.layers.Dense(4, activation=function)
    own = "silu" if name == "swish" else name
    assert layer.get_config()["activation"] == own
    model = striate.Sequential([striate.layers.Input((4,)), layer, striate.layers.Activation(function)])
    model.save(tmp_path / "model.keras")
    images = R.random((3, 4), np.float32)
    restored = keras.saving.load_model(tmp_path / "model.keras")
    theirs = restored.predict(images, verbose=0)
    np.testing.assert_allclose(model.predict(images, verbose=0), theirs, rtol=1e-4, atol=1e-5)


def test_math_names_are_activations_too() -> None:
    for function, name in ((tf.sigmoid, "sigmoid"), (tf.math.tanh, "tanh"), (tf.tanh, "tanh")):
        assert striate.layers.Dense(2, activation=function).get_config()["activation"] == name


def test_other_functions_are_no_activations() -> None:
    with pytest.raises(StriateError, match="sin: got the symbolic tensor"):
        striate.layers.Dense(2, activation=tf.sin)(striate.Input((3,)))


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2])
def test_windows(keras: Any, padding: str, stride: int) -> None:
    kernel, depthwise = (R.normal(size=(3, 3, 3, n)).astype(np.float32) for n in (5, 2))
    as_array = keras.ops.convert_to_numpy
    mode = padding.lower()
    np.testing.assert_allclose(
        tf.nn.conv2d(IMAGES, kernel, [1, stride, stride, 1], padding),
        as_array(keras.ops.conv(IMAGES, kernel, stride, mode)), rtol=1e-4, atol=1e-4,
    )  # fmt: skip
    np.testing.assert_allclose(
        tf.nn.depthwise_conv2d(IMAGES, depthwise, [1, stride, stride, 1], padding),
        as_array(keras.ops.depthwise_conv(IMAGES, depthwise, stride, mode)), rtol=1e-4, atol=1e-4,
    )  # fmt: skip
    for ours, theirs in ((tf.nn.max_pool2d, keras.ops.max_pool), (tf.nn.avg_pool2d, keras.ops.average_pool)):
        expected = as_array(theirs(IMAGES, 2, stride, mode))
        np.testing.assert_allclose(ours(IMAGES, 2, stride, padding), expected, rtol=1e-5)


def test_windows_of_other_ranks() -> None:
    steps = tf.nn.conv1d(X, np.ones((2, 4, 1), np.float32), 1, "VALID")
    np.testing.assert_allclose(steps[..., 0], X.sum(axis=2)[:, :-1] + X.sum(axis=2)[:, 1:], rtol=1e-5)
    volume = tf.nn.conv3d(IMAGES[..., None], np.ones((1, 1, 3, 1, 1), np.float32), [1] * 5, "VALID")
    np.testing.assert_allclose(volume[..., 0, 0], IMAGES.sum(axis=-1), rtol=1e-5)


def test_normalisation() -> None:
    sums = sum(np.roll(np.pad(IMAGES, [(0, 0)] * 3 + [(1, 1)]), j, axis=-1)[..., 1:-1] ** 2 for j in (-1, 0, 1))
    np.testing.assert_allclose(
        tf.nn.local_response_normalization(IMAGES, 1, 2.0, 0.1, 0.75), IMAGES / (2 + 0.1 * sums) ** 0.75, rtol=1e-5
    )
    np.testing.assert_allclose(tf.nn.l2_normalize(X, -1), X / np.linalg.norm(X, axis=-1, keepdims=True), rtol=1e-5)
    mean, variance = tf.nn.moments(X, [0, 1])
    normal = tf.nn.batch_normalization(X, mean, variance, 3.0, 2.0, 1e-3)
    np.testing.assert_allclose(normal, 2 * (X - X.mean((0, 1))) / np.sqrt(X.var((0, 1)) + 1e-3) + 3, rtol=1e-4)
    np.testing.assert_allclose(tf.nn.l2_loss(X), (X**2).sum() / 2, rtol=1e-5)
    np.testing.assert_allclose(tf.nn.bias_add(X, [1, 2, 3, 4]), X + np.arange(1, 5))


def test_cross_entropies(torch: Any) -> None:
    logits, classes = X[0], np.array([1, 3, 0])
    hot = np.eye(4, dtype=np.float32)[classes]
    functional = torch.nn.functional
    theirs = functional.cross_entropy(torch.tensor(logits), torch.tensor(classes), reduction="none").numpy()
    np.testing.assert_allclose(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=logits), theirs, rtol=1e-5
    )
    np.testing.assert_allclose(tf.nn.softmax_cross_entropy_with_logits(labels=hot, logits=logits), theirs, rtol=1e-5)
    binary = functional.binary_cross_entropy_with_logits(torch.tensor(logits), torch.tensor(hot), reduction="none")
    np.testing.assert_allclose(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=hot, logits=logits), binary.numpy(), rtol=1e-5, atol=1e-6
    )
    with pytest.raises(StriateError, match="4 classes"):
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[4, 0, 0], logits=logits)


def test_dropout() -> None:
    tf.random.set_seed(1)
    kept = tf.nn.dropout(np.ones((100, 100), np.float32), rate=0.25)
    assert set(np.round(np.unique(kept.numpy()), 4)) == {0, np.float32(1.3333)}
    assert abs(kept.mean() - 1) < 0.03
    rows = tf.nn.dropout(np.ones((100, 4), np.float32), rate=0.5, noise_shape=[100, 1]).numpy()
    assert (rows == rows[:, :1]).all()


def test_windows_over_channels() -> None:
    """Depthwise pooling, as in Géron's chapter on convolutional networks."""
    images = R.normal(size=(2, 4, 4, 6)).astype(np.float32)
    pooled = tf.nn.max_pool(images, ksize=(1, 1, 1, 3), strides=(1, 1, 1, 3), padding="VALID")
    np.testing.assert_array_equal(pooled, images.reshape(2, 4, 4, 2, 3).max(axis=-1))
    means = tf.nn.avg_pool(images, [1, 2, 2, 2], [1, 2, 2, 2], "VALID")
    np.testing.assert_allclose(means, images.reshape(2, 2, 2, 2, 2, 3, 2).mean((2, 4, 6)), rtol=1e-5, atol=1e-6)
    with pytest.raises(StriateError, match="max_pool: got ksize"):
        tf.nn.max_pool(images, [2, 1, 1, 3], [1, 1, 1, 3], "VALID")


def test_in_networks() -> None:
    x = tf.keras.Input((8, 8, 3))
    y = tf.nn.relu(tf.keras.layers.Conv2D(4, 3, padding="same")(x))
    y = tf.nn.max_pool2d(y, 2, 2, "SAME")
    y = tf.concat([y, tf.add(y, y)], axis=-1)
    y = tf.nn.dropout(tf.reduce_mean(y, axis=[1, 2]), rate=0.5)
    y = tf.nn.softmax(tf.keras.layers.Dense(3)(tf.reshape(y, (-1, 8))))
    model = tf.keras.Model(x, y)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == [
        "InputLayer", "Conv2D", "Activation", "MaxPooling2D", "Add", "Concatenate", "GlobalAveragePooling2D", "Dropout",
        "Reshape", "Dense", "Activation",
    ]  # fmt: skip
    out = model.predict(R.random((2, 8, 8, 3), np.float32), verbose=0)
    np.testing.assert_allclose(out.sum(axis=1), 1, rtol=1e-5)
    assert tf.reduce_mean(x, axis=-1).shape == (None, 8, 8)


def test_tensorflow_1_optimizers() -> None:
    adam = tf.train.AdamOptimizer()
    assert (adam.learning_rate, adam.epsilon) == (0.001, 1e-8)
    momentum = tf.compat.v1.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True)
    assert (momentum.momentum, momentum.nesterov) == (0.9, True)
    rms = tf.train.RMSPropOptimizer(0.01, decay=0.8)
    assert (rms.rho, rms.epsilon) == (0.8, 1e-10)
    made = [tf.train.GradientDescentOptimizer(0.5), tf.train.AdagradOptimizer(0.1), tf.train.AdadeltaOptimizer()]
    for optimizer in (adam, momentum, rms, *made, tf.train.FtrlOptimizer(0.1)):
        model = striate.Sequential([striate.layers.Input((4,)), striate.layers.Dense(2, activation=tf.nn.softmax)])
        model.compile(optimizer, "sparse_categorical_crossentropy")
        model.fit(R.random((8, 4), np.float32), np.arange(8) % 2, verbose=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: tf.nn.conv2d(IMAGES, np.ones((3, 3, 2, 1)), 1, "SAME"), "3 channels, but filters for 2"),
        (lambda: tf.nn.conv2d(IMAGES, np.ones((3, 3, 3, 1)), 1, "same ish"), '"VALID" or "SAME"'),
        (lambda: tf.nn.conv2d(IMAGES, np.ones((3, 3, 3, 1)), [2, 1, 1, 1], "SAME"), "1 for the batch"),
        (lambda: tf.nn.conv2d(IMAGES, np.ones((3, 3, 3, 1)), 1, "SAME", data_format="NCHW"), "channels come last"),
        (lambda: tf.nn.max_pool2d(IMAGES[0], 2, 2, "SAME"), "expected 4 axes"),
        (lambda: tf.nn.dropout(X, rate=1.5), "rate=1.5"),
        (lambda: tf.nn.softmax(X, axis=3), "axis=3"),
    ],
)
def test_wrong_use(wrong: Any, message: str) -> None:
    with pytest.raises(StriateError, match=message):
        wrong()


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="labels of shape"):
        tf.nn.softmax_cross_entropy_with_logits(labels=X[0, :2], logits=X[0])

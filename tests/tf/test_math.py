"""tf's functions of numbers, beside NumPy's and Keras's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate.tensorflow as tf
from striate.arrays import Tensor
from striate.errors import ShapeError, StriateError

X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
POSITIVE = np.abs(X) + np.float32(0.1)
WHOLE = np.array([[3, 1, 2], [0, 5, 4]], np.int32)

UNARY = [
    "abs", "square", "exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sigmoid", "erf", "negative", "sign",
    "floor", "ceil", "round", "softplus", "softsign", "reciprocal", "sqrt", "rsqrt", "log", "log1p",
]  # fmt: skip
OTHER_NAMES = {"softsign": "nn.softsign", "softplus": "nn.softplus", "sigmoid": "nn.sigmoid"}


def close(ours: Any, theirs: Any) -> None:
    assert isinstance(ours, Tensor)
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", UNARY)
def test_unary(keras: Any, name: str) -> None:
    theirs = keras.ops
    for part in OTHER_NAMES.get(name, name).split("."):
        theirs = getattr(theirs, part)
    ours = getattr(tf.math, name)(POSITIVE)
    assert ours.dtype == np.float32
    close(ours, keras.ops.convert_to_numpy(theirs(POSITIVE)))


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("add", np.add), ("subtract", np.subtract), ("multiply", np.multiply), ("maximum", np.maximum),
        ("minimum", np.minimum), ("pow", np.power), ("floordiv", np.floor_divide), ("mod", np.mod),
        ("divide", np.true_divide), ("atan2", np.arctan2), ("equal", np.equal), ("not_equal", np.not_equal),
        ("less", np.less), ("less_equal", np.less_equal), ("greater", np.greater), ("greater_equal", np.greater_equal),
        ("squared_difference", lambda a, b: (a - b) ** 2),
    ],
)  # fmt: skip
def test_binary(name: str, function: Any) -> None:
    close(getattr(tf.math, name)(POSITIVE, X), function(POSITIVE, X))
    with_number = getattr(tf.math, name)(POSITIVE, 2)
    assert with_number.dtype in (np.float32, np.bool_)
    close(with_number, function(POSITIVE, np.float32(2)))


def test_division() -> None:
    assert tf.divide(np.array([1, 2]), 2).dtype == np.float64
    assert tf.divide(np.uint8([1, 2]), np.uint8([2, 2])).tolist() == [0.5, 1]
    scaled = tf.constant(np.uint8([51, 255])) / 255
    assert scaled.dtype == np.float32
    close(scaled, [0.2, 1])
    assert tf.math.divide_no_nan([1.0, 2.0], [0.0, 4.0]).tolist() == [0, 0.5]


@pytest.mark.parametrize("axis", [None, 0, -1, [1, 2], (0, 2)])
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod", "std", "variance", "logsumexp"])
def test_reductions(name: str, axis: Any) -> None:
    over = tuple(axis) if isinstance(axis, list) else axis
    function: Any = {"variance": np.var, "logsumexp": None}.get(name, getattr(np, name, None))
    if function is None:
        expected = np.log(np.exp(X).sum(axis=over))
        kept = np.log(np.exp(X).sum(axis=over, keepdims=True))
    else:
        expected, kept = function(X, axis=over), function(X, axis=over, keepdims=True)
    reduce = getattr(tf.math, f"reduce_{name}")
    close(reduce(X, axis), expected)
    close(reduce(X, axis, keepdims=True), kept)
    close(reduce(X, reduction_indices=axis, keep_dims=True), kept)


def test_sums_of_whole_numbers_keep_their_type() -> None:
    for name in ("sum", "mean", "max", "prod"):
        assert getattr(tf, f"reduce_{name}")(WHOLE, axis=1).dtype == np.int32
    assert tf.reduce_mean(WHOLE).numpy() == 2  # cut off, as in TensorFlow
    assert tf.reduce_any(WHOLE > 4).numpy()
    assert not tf.reduce_all(WHOLE > 4).numpy()


def test_places() -> None:
    assert tf.argmax(X[0]).tolist() == X[0].argmax(axis=0).tolist()  # the first axis, as in TensorFlow
    assert tf.argmin(X, axis=-1).tolist() == X.argmin(axis=-1).tolist()
    assert tf.argmax(X, 1, output_type=tf.int32).dtype == np.int32
    values, places = tf.math.top_k(WHOLE, 2)
    assert (values.tolist(), places.tolist()) == ([[3, 2], [5, 4]], [[0, 2], [1, 2]])
    assert tf.argsort([1, 3, 3, 2], direction="DESCENDING").tolist() == [1, 2, 3, 0]
    assert tf.sort(WHOLE, direction="DESCENDING").tolist() == [[3, 2, 1], [5, 4, 0]]
    y, idx = tf.unique([3, 1, 3, 2, 1])
    assert (y.tolist(), idx.tolist()) == ([3, 1, 2], [0, 1, 0, 2, 1])


def test_cumulative_sums() -> None:
    assert tf.cumsum(WHOLE, 1).tolist() == [[3, 4, 6], [0, 5, 9]]
    assert tf.cumsum(WHOLE, 1, exclusive=True).tolist() == [[0, 3, 4], [0, 0, 5]]
    assert tf.cumsum(WHOLE, 1, exclusive=True, reverse=True).tolist() == [[3, 2, 0], [9, 4, 0]]
    assert tf.math.cumprod(WHOLE, 1, exclusive=True).tolist() == [[1, 3, 3], [1, 0, 0]]


def test_confusion_matrix() -> None:
    table = tf.math.confusion_matrix([0, 1, 2, 1], [0, 2, 2, 1])
    assert table.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
    assert tf.math.confusion_matrix([0], [1], 3, weights=[5]).sum() == 5
    with pytest.raises(StriateError, match="0 to 1"):
        tf.math.confusion_matrix([0, 2], [0, 0], num_classes=2)
    with pytest.raises(ShapeError, match="2 labels and 1"):
        tf.math.confusion_matrix([0, 2], [0])


def test_moving_numbers() -> None:
    assert tf.reshape(X, (-1, 6)).shape == (4, 6)
    assert tf.transpose(X).shape == (4, 3, 2)
    assert tf.expand_dims(X, -1).shape == (2, 3, 4, 1)
    assert tf.squeeze(X[:1], axis=0).shape == (3, 4)
    assert [part.shape for part in tf.split(X, [1, -1, 1], axis=2)] == [(2, 3, 1), (2, 3, 2), (2, 3, 1)]
    assert len(tf.unstack(X, axis=1)) == 3
    close(tf.concat([X, X], 1), np.concatenate([X, X], 1))
    close(tf.stack([X, X], axis=-1), np.stack([X, X], axis=-1))
    close(tf.tile(X, [1, 2, 1]), np.tile(X, [1, 2, 1]))
    close(tf.reverse(X, [0, -1]), X[::-1, :, ::-1])
    close(tf.gather(X, [1, 0, 1], axis=2), X[:, :, [1, 0, 1]])
    close(tf.boolean_mask(X, [True, False, True], axis=1), X[:, [0, 2]])
    close(tf.pad(X[0], [[1, 1], [2, 0]], "REFLECT"), np.pad(X[0], [[1, 1], [2, 0]], mode="reflect"))
    close(tf.matmul(X, X, transpose_b=True), X @ X.transpose(0, 2, 1))
    close(tf.tensordot(X, X, [[1, 2], [1, 2]]), np.tensordot(X, X, ((1, 2), (1, 2))))
    close(tf.where(X > 0, X, 0.0), np.where(X > 0, X, 0))
    close(tf.clip_by_value(X, -0.5, 0.5), np.clip(X, -0.5, 0.5))


def test_making_tensors() -> None:
    assert tf.constant([1, 2]).dtype == np.int32
    assert tf.constant([1, 2.5]).dtype == np.float32
    assert tf.constant(3, shape=(2, 2)).tolist() == [[3, 3], [3, 3]]
    assert tf.convert_to_tensor(X) is not X
    assert np.shares_memory(tf.convert_to_tensor(X), X)
    assert tf.range(1.0, 2.0, 0.25).tolist() == [1, 1.25, 1.5, 1.75]
    assert tf.linspace(0.0, 1.0, 5).dtype == np.float32
    assert tf.one_hot([0, 2, -1, 5], 3).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert tf.one_hot([[0, 2]], 3, axis=1).shape == (1, 3, 2)
    assert tf.eye(2, batch_shape=[3]).shape == (3, 2, 2)
    assert tf.fill([2], 7).tolist() == [7, 7]
    assert tf.zeros_like(WHOLE, dtype=tf.float32).dtype == np.float32


def test_variables() -> None:
    source = np.ones(2, np.float32)
    variable = tf.Variable(source, name="w")
    variable.assign_add([1, 2]).assign_sub([0, 1])
    assert variable.numpy().tolist() == [2, 2]
    assert source.tolist() == [1, 1]
    assert type(variable + 1) is Tensor
    assert type(tf.reduce_sum(variable)) is Tensor
    before = variable.value()
    variable.assign([7, 7])
    assert before.tolist() == [2, 2]
    assert variable.name == "w:0"
    with pytest.raises(ShapeError, match="w:0"):
        variable.assign([1, 2, 3])


def test_types() -> None:
    assert tf.cast([1.7, -1.7], tf.int32).tolist() == [1, -1]
    assert tf.saturate_cast([300.0, -5.0], tf.uint8).tolist() == [255, 0]
    assert X.dtype == tf.float32 == np.float32
    assert tf.float32 != tf.int32
    assert (repr(tf.float32), str(tf.float32)) == ("tf.float32", "<dtype: 'float32'>")
    assert np.zeros(1, tf.uint8).dtype == np.uint8
    assert tf.as_dtype("int64") is tf.int64
    assert (tf.uint8.max, tf.float32.is_floating) == (255, True)
    assert {np.dtype("int32"): 1}[tf.int32] == 1
    with pytest.raises(StriateError, match="bfloat16"):
        tf.cast(X, "bfloat16")
    with pytest.raises(StriateError, match="did you mean 'float32'"):
        tf.cast(X, "float23")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: tf.reduce_sum(X, axis=3), "axis=3"),
        (lambda: tf.reshape(X, (5, 5)), r"does not fit shape=\(5, 5\)"),
        (lambda: tf.split(X, 3, axis=2), "not 3 equal"),
        (lambda: tf.squeeze(X, axis=0), "size one"),
        (lambda: tf.gather(X, [2]), "there are 2"),
        (lambda: tf.matmul(X, X), "do not fit"),
        (lambda: tf.constant([1, 2, 3], shape=(2, 2)), "3 elements"),
        (lambda: tf.where(X > 0, X), "both or neither"),
        (lambda: tf.sort(X, direction="up"), "ASCENDING"),
        (lambda: tf.pad(X, [[1, 1]]), "1 pairs"),
        (lambda: tf.concat([X, X[0]], 0), "do not fit"),
        (lambda: tf.sin(tf.keras.Input((3,))), "symbolic"),
        (lambda: tf.keras.layers.Input((3,), dtype=tf.string), "type of numbers"),
    ],
)
def test_wrong_use(wrong: Any, message: str) -> None:
    with pytest.raises(StriateError, match=message):
        wrong()

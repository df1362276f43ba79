"""keras.backend: settings, values, sums, cross-entropies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import striate
from striate import layers, settings
from striate.errors import StriateError
from striate.keras import backend as K

X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)


@pytest.fixture(autouse=True)
def _channels_last() -> Iterator[None]:
    yield
    settings.set_image_data_format("channels_last")


def test_the_module_is_where_programs_look() -> None:
    import striate.keras
    import striate.tensorflow as tf

    assert striate.keras.backend is K
    assert tf.keras.backend is K
    for name in K.__all__:
        assert getattr(K, name) is not None
    with pytest.raises(AttributeError, match="training=True"):
        K.in_train_phase(1, 2)
    with pytest.raises(AttributeError, match=r"has no attribute 'argmx'$"):
        K.argmx  # noqa: B018


def test_functions_between_symbolic_tensors() -> None:
    inputs = layers.Input((4,))
    hidden = layers.Dense(3, activation="tanh")(inputs)
    model = striate.Model(inputs, layers.Dense(2)(layers.Dropout(0.5)(hidden)))
    x = X[0]
    (maps,) = K.function([model.input], [hidden])([x])
    assert type(maps) is np.ndarray
    np.testing.assert_array_equal(maps, striate.Model(inputs, hidden).predict(x, verbose=0))
    np.testing.assert_array_equal(K.function(model.input, hidden)(x), maps)
    both = K.function([model.layers[0].input, K.learning_phase()], [hidden, model.output])
    assert K.learning_phase() == 0
    for phase, same in ((0, True), (1, False)):  # told to predict, and to train: dropout acts
        first, second = both([x, phase])
        np.testing.assert_allclose(first, maps, rtol=1e-6)
        assert np.allclose(second, model.predict(x, verbose=0), rtol=1e-5) == same
    (after,) = K.function([hidden], [model.output])([maps])
    np.testing.assert_allclose(after, model.predict(x, verbose=0), rtol=1e-5)
    for call, said in (
        (lambda: both([x]), "got 1 arrays, expected 2"),
        (lambda: both([x, 0.5]), "learning phase: got 0.5, expected 0 or 1"),
        (lambda: K.function([x], [hidden]), "expected symbolic tensors, such as model.input"),
        (lambda: K.function([model.input], [hidden], updates=[1]), "got updates"),
        (lambda: K.set_learning_phase(2), "got 2, expected 0 or 1"),
    ):
        with pytest.raises(StriateError, match=said):
            call()
    K.set_learning_phase(0)
    with pytest.warns(UserWarning, match="is without effect: fit trains without being told"):
        K.set_learning_phase(True)


def test_clear_session_starts_names_anew() -> None:
    assert layers.Dense(1).name == "dense"
    assert layers.Dense(1).name == "dense_1"
    assert (K.get_uid("a"), K.get_uid("a")) == (1, 2)
    K.clear_session()
    assert layers.Dense(1).name == "dense"
    assert K.get_uid("a") == 1


def test_channels_first_for_new_layers() -> None:
    assert (K.image_data_format(), K.image_dim_ordering()) == ("channels_last", "tf")
    before = layers.Conv2D(2, 3)
    K.set_image_data_format("channels_first")
    model = striate.Sequential([layers.Input((1, 8, 9)), layers.Conv2D(2, 3), layers.MaxPooling2D(), layers.Flatten()])
    assert [layer.output.shape for layer in model.layers] == [(None, 2, 6, 7), (None, 2, 3, 3), (None, 18)]
    assert before.data_format == "channels_last"
    K.set_image_dim_ordering("tf")
    assert layers.Conv2D(2, 3).data_format == "channels_last"
    with pytest.raises(StriateError, match="channels_last"):
        K.set_image_data_format("last")


def test_settings_of_one_value() -> None:
    assert (K.epsilon(), K.floatx(), K.backend()) == (1e-7, "float32", "tensorflow")
    K.set_epsilon(1e-7)
    K.set_floatx("float32")
    with pytest.raises(StriateError, match="epsilon of their own"):
        K.set_epsilon(1e-3)
    with pytest.raises(StriateError, match="float32"):
        K.set_floatx("float16")
    assert K.cast_to_floatx([1, 2]).dtype == np.float32


def test_values() -> None:
    dense = layers.Dense(2)
    dense.build((None, 3))
    K.set_value(dense.kernel, np.ones((3, 2)))
    assert K.get_value(dense.kernel).tolist() == [[1, 1]] * 3
    with pytest.raises(StriateError, match=r"\(3, 2\)"):
        K.set_value(dense.kernel, np.ones(2))
    with pytest.raises(StriateError, match="learning_rate"):
        K.set_value(0.1, 0.2)
    variable = K.variable([1, 2])
    K.set_value(variable, [3, 4])
    assert K.eval(variable).tolist() == [3, 4]
    symbolic = striate.Input((4, None, 3))
    assert K.int_shape(symbolic) == (None, 4, None, 3)
    assert (K.ndim(symbolic), K.is_keras_tensor(symbolic), K.is_keras_tensor(X)) == (4, True, False)
    assert (K.count_params(X), K.dtype(X)) == (24, "float32")


def test_functions(keras: Any) -> None:
    for name in ("mean", "sum", "prod", "max", "min", "std", "var"):
        np.testing.assert_allclose(getattr(K, name)(X, axis=1, keepdims=True), getattr(np, name)(X, 1, keepdims=True),
                                   rtol=1e-5)  # fmt: skip
    assert K.mean(K.equal([1, 2], [1, 3])).numpy() == 0.5
    assert K.argmax(X).shape == (2, 3)
    assert K.expand_dims(X).shape == (2, 3, 4, 1)
    assert K.concatenate([X, X]).shape == (2, 3, 8)
    assert K.batch_flatten(X).shape == (2, 12)
    assert K.dot(X, np.ones((4, 5), np.float32)).shape == (2, 3, 5)
    np.testing.assert_array_equal(K.clip(X, 0, None), np.maximum(X, 0))
    leaky = np.where(X > 0, np.minimum(X, 1), 0.1 * X)
    np.testing.assert_allclose(K.relu(X, alpha=0.1, max_value=1.0), leaky, rtol=1e-5)
    np.testing.assert_array_equal(K.switch(X > 0, X, -X), np.abs(X))
    said, truth = keras.ops.softmax(X[0]), np.eye(4, dtype=np.float32)[[1, 0, 3]]
    said = keras.ops.convert_to_numpy(said)
    as_array = keras.ops.convert_to_numpy
    for ours, theirs in (
        (K.categorical_crossentropy(truth, said), keras.ops.categorical_crossentropy(truth, said)),
        (K.binary_crossentropy(truth, said), keras.ops.binary_crossentropy(truth, said)),
        (K.sparse_categorical_crossentropy([1, 0, 3], said),
         keras.ops.sparse_categorical_crossentropy(np.array([1, 0, 3]), said)),
    ):  # fmt: skip
        np.testing.assert_allclose(ours, as_array(theirs), rtol=1e-4, atol=1e-5)


def test_in_a_metric() -> None:
    def near(y_true: Any, y_pred: Any) -> Any:
        return K.mean(K.cast(K.abs(y_true - y_pred) < 0.5, "float32"))

    model = striate.Sequential([layers.Input((2,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", metrics=[near])
    scores = model.evaluate(np.zeros((4, 2)), np.array([0, 0, 1, 1.0]), verbose=0, return_dict=True)
    assert scores["near"] == 0.5


def test_mixed_precision_is_float32() -> None:
    from striate.keras import mixed_precision  # type: ignore[attr-defined]

    mixed_precision.set_global_policy("float32")
    with pytest.warns(UserWarning, match="got 'mixed_float16'; everything is computed in float32"):
        mixed_precision.set_global_policy("mixed_float16")
    with pytest.raises(StriateError, match="expected \"float32\""):
        mixed_precision.set_global_policy("float8")
    assert mixed_precision.global_policy() == "float32"

"""What Keras 1 and 2 called layers' arguments is taken by constructors, with the meaning it had."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

import striate.keras as keras
from striate import layers, regularizers
from striate.errors import ShapeError, StriateError


def plain(layer: Any) -> dict[str, Any]:
    return {key: value for key, value in layer.get_config().items() if key != "name"}


L2 = regularizers.L2(0.1)
CASES = [
    (layers.Dense(output_dim=3, init="uniform", W_regularizer=L2, bias=False),
     layers.Dense(3, kernel_initializer="random_uniform", kernel_regularizer=L2, use_bias=False)),
    (layers.Conv2D(8, 5, 3, border_mode="same", subsample=(2, 2), dim_ordering="th"),
     layers.Conv2D(8, (5, 3), padding="same", strides=2, data_format="channels_first")),
    (layers.Conv2D(8, nb_row=5, nb_col=3), layers.Conv2D(8, (5, 3))),
    (layers.Conv2D(nb_filter=8, nb_row=5, nb_col=3, dim_ordering="tf"), layers.Conv2D(8, (5, 3))),
    (layers.Conv1D(nb_filter=4, filter_length=3, subsample_length=2), layers.Conv1D(4, 3, strides=2)),
    (layers.MaxPooling1D(pool_length=3, stride=1), layers.MaxPooling1D(3, 1)),
    (layers.MaxPooling2D((2, 2), border_mode="same"), layers.MaxPooling2D(2, padding="same")),
    (layers.Dropout(p=0.25), layers.Dropout(0.25)),
    (layers.LeakyReLU(alpha=0.1), layers.LeakyReLU(0.1)),
    (layers.GaussianNoise(sigma=0.1), layers.GaussianNoise(0.1)),
    (layers.BatchNormalization(mode=0, gamma_init="one"), layers.BatchNormalization()),
    (layers.Conv2D(8, 3, 3), layers.Conv2D(8, 3, strides=3)),  # no former name: Keras 3's meaning
    (layers.Embedding(5, output_dim=3), layers.Embedding(5, 3)),
    (layers.BatchNormalization(fused=True), layers.BatchNormalization()),
    (layers.Dense(3, autocast=False, dynamic=False, implementation=2), layers.Dense(3)),
    (layers.Conv2D(3, 3, kernel_constraint="maxnorm"), layers.Conv2D(3, 3, kernel_constraint="max_norm")),
]  # fmt: skip


@pytest.mark.parametrize(("former", "today"), CASES, ids=lambda layer: layer.name)
def test_former_names(former: Any, today: Any) -> None:
    ours, theirs = plain(former), plain(today)
    assert ours == theirs


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: layers.Conv2D(2, kernel_size=3, nb_row=3, nb_col=3), "got kernel_size twice"),
        (lambda: layers.BatchNormalization(mode=1), "only mode 0"),
        (lambda: layers.Dense(3, nb_filter=2), "unknown argument 'filters'"),
        (lambda: layers.Dense(3, output_shape=2), "unknown argument 'output_shape'"),
        (lambda: layers.Flatten(mode=1), "unknown argument 'mode'"),
        (lambda: layers.Dense(3, fused=True), "unknown argument 'fused'"),
    ],
)
def test_what_is_refused(make: Any, said: str) -> None:
    with pytest.raises(StriateError, match=said):
        make()


def test_signatures_are_todays() -> None:
    assert "kernel_size" in inspect.signature(layers.Conv2D).parameters
    assert "border_mode" not in inspect.signature(layers.Conv2D).parameters

    class Mine(layers.Dense):
        def __init__(self, output_dim: int) -> None:  # a user's own constructor gets what it asks for
            super().__init__(output_dim=output_dim, init="normal")

    assert Mine(output_dim=4).units == 4
    assert type(Mine(5).kernel_initializer).__name__ == "RandomNormal"


def test_initial_weights() -> None:
    kernel, bias = np.full((4, 3), 2.0), np.arange(3.0)
    layer = layers.Dense(3, input_dim=4, weights=[kernel, bias])
    keras.Sequential([layer])
    np.testing.assert_array_equal(layer.get_weights()[0], kernel)
    np.testing.assert_array_equal(layer(np.zeros((1, 4))), [bias])
    assert "weights" not in layer.get_config()
    wrong = layers.Dense(3, weights=[kernel[:, :2], bias])
    with pytest.raises(ShapeError, match=r"kernel has shape \(4, 3\), got \(4, 2\)"):
        wrong.build((4,))
    assert not wrong.built


def test_convolutions_spelled_out() -> None:
    with pytest.warns(UserWarning, match=r"Convolution2D\(8, 3, 5\) is read as in Keras 1: a kernel of 3x5"):
        layer = keras.layers.Convolution2D(8, 3, 5, activation="relu")
    assert type(layer) is layers.Conv2D
    assert (layer.kernel_size, layer.strides) == ((3, 5), (1, 1))
    assert isinstance(layer, keras.layers.Convolution2D)
    assert not isinstance(layers.Dense(2), keras.layers.Convolution2D)
    assert issubclass(keras.layers.convolutional.Convolution2D, layers.Conv2D)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert keras.layers.Convolution2D(8, 3).kernel_size == (3, 3)
        assert keras.layers.Convolution2D(8, 3, 3, border_mode="same").kernel_size == (3, 3)
        assert keras.layers.Convolution2D(8, (3, 3), 2).strides == (2, 2)
        assert keras.layers.Convolution3D(8, 3, 3, 3, subsample=(1, 1, 1)).kernel_size == (3, 3, 3)


def test_models_of_input_and_output() -> None:
    x = layers.Input((4,))
    y = layers.Dense(2)(x)
    assert keras.Model(input=x, output=y).output_shape == (None, 2)
    with pytest.raises(StriateError, match="got inputs twice"):
        keras.Model(x, y, input=x)
    with pytest.raises(StriateError, match="outputs: got None"):
        keras.Model(x)


@pytest.mark.parametrize(
    ("options", "layer"),
    [
        ({}, layers.Add()), ({"mode": "sum"}, layers.Add()), ({"mode": "mul"}, layers.Multiply()),
        ({"mode": "ave"}, layers.Average()), ({"mode": "max"}, layers.Maximum()),
        ({"mode": "concat"}, layers.Concatenate()), ({"mode": "concat", "concat_axis": 1}, layers.Concatenate(axis=1)),
        ({"mode": "dot", "dot_axes": 1}, layers.Dot(1)), ({"mode": "cos"}, layers.Dot(-1, normalize=True)),
    ],
)  # fmt: skip
def test_merge_of_keras_1(options: dict[str, Any], layer: layers.Layer) -> None:
    from striate.keras.layers.merge import add

    from striate.keras.layers import merge

    assert add is layers.add
    a, b = layers.Input((4, 4)), layers.Input((4, 4))
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(2, 4, 4)).astype(np.float32) for _ in range(2)]
    model = keras.Model(input=[a, b], output=merge([a, b], name="both", **options))
    assert model.layers[-1].name == "both"
    np.testing.assert_array_equal(model.predict(arrays, verbose=0), layer(arrays))


def test_merge_of_no_mode() -> None:
    a = layers.Input((4,))
    with pytest.raises(StriateError, match="mode='sub'; there are layers for sum, mul"):
        keras.layers.merge([a, a], mode="sub")
    with pytest.raises(StriateError, match="expected the name of a mode"):
        keras.layers.merge([a, a], mode=lambda both: both[0])


def test_further_words_of_keras_1() -> None:
    from striate.keras.utils.visualize_util import plot

    from striate.utils import plot_model

    assert plot is plot_model
    relu = keras.layers.advanced_activations.ThresholdedReLU(theta=0.5, name="t")
    assert (type(relu), relu.threshold, relu.name) == (layers.ReLU, 0.5, "t")
    assert keras.optimizers.adam_v2.Adam is keras.optimizer_v2.adam.Adam is keras.optimizers.Adam
    assert keras.optimizers.gradient_descent_v2.SGD is keras.optimizers.SGD
    assert issubclass(type(keras.callbacks.BaseLogger()), keras.callbacks.Callback)
    assert keras.regularizers.activity_l2(0.1).get_config() == regularizers.L2(0.1).get_config()
    assert keras.regularizers.activity_l1l2(0.1, 0.2).l1 == pytest.approx(0.1)

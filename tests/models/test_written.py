"""Layers and models whose method `call` says what they compute, against Keras, and what cannot be had of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate.errors import StriateError, UnavailableError
from striate.keras import backend, ops
from striate.layers.naming import reset_names
from striate.tensorflow import math
from striate.tensorflow import matmul as math_matmul

R = np.random.default_rng(0)
X, Y = R.random((48, 12, 12, 3), dtype=np.float32), R.integers(0, 5, 48)


def block(library: Any) -> Any:
    """A residual block as programs write it."""
    layers = library.layers

    class Block(layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, filters: int, stride: int = 1, **options: Any) -> None:
            super().__init__(**options)
            self.filters, self.stride = filters, stride
            self.conv1 = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)
            self.norms = [layers.BatchNormalization(momentum=0.9) for _ in range(2)]
            self.conv2 = layers.Conv2D(filters, 3, padding="same")

        def build(self, input_shape: Any) -> None:
            self.short = None
            if self.stride != 1 or input_shape[-1] != self.filters:
                self.short = layers.Conv2D(self.filters, 1, strides=self.stride)
                self.short.build(input_shape)
            self.built = True

        def call(self, x: Any, training: Any = None) -> Any:
            hidden = library.activations.relu(self.norms[0](self.conv1(x), training=training))
            hidden = self.norms[1](self.conv2(hidden), training=training)
            return library.activations.relu(hidden + (x if self.short is None else 0.5 * self.short(x)))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "filters": self.filters, "stride": self.stride}

    return Block


def net(library: Any, dropout: float = 0.0) -> Any:
    layers, Block = library.layers, block(library)

    class Net(library.Model):  # type: ignore[misc, name-defined]
        def __init__(self, classes: int) -> None:
            super().__init__(name="net")
            self.head = library.Sequential([layers.Dense(8, activation="relu"), layers.Dense(classes)])
            self.stem = layers.Conv2D(4, 3, activation="relu")
            self.blocks = [Block(4), Block(6, 2)]
            self.pool, self.dropout = layers.GlobalAveragePooling2D(), layers.Dropout(dropout)
            self.softmax = layers.Softmax()

        def call(self, inputs: Any, training: bool = False) -> Any:
            x = self.stem(inputs)
            for block in self.blocks:
                x = block(x, training=training)
            x = self.pool(x)
            if training:
                x = self.dropout(x, training=training)
            return self.softmax(self.head(x))

    return Net(5)


def trained(library: Any, weights: list[np.ndarray] | None = None) -> tuple[Any, list[np.ndarray]]:
    model = net(library)
    model(X[:2])
    if weights is not None:
        model.set_weights(weights)
    before = [np.array(weight) for weight in model.get_weights()]
    model.compile(library.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    return model, before


def test_training_is_keras(keras: Any) -> None:
    keras.utils.set_random_seed(1)
    keras.utils.clear_session()
    reset_names()
    theirs, before = trained(keras)
    ours, _ = trained(striate, before)
    assert [w.shape for w in theirs.weights] == [w.shape for w in ours.weights]
    assert [layer.name for layer in theirs.layers] == [layer.name for layer in ours.layers]
    assert theirs.count_params() == ours.count_params()
    for a, b in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=1e-3)
    np.testing.assert_allclose(
        theirs.predict(X, verbose=0), ours.predict(X, verbose=0, batch_size=7), rtol=5e-3, atol=1e-3
    )


def test_dropout_acts_in_training_alone() -> None:
    model = net(striate, dropout=0.9)
    plain, again = model(X[:4]), model(X[:4])
    np.testing.assert_array_equal(plain, again)
    assert not np.array_equal(model(X[:4], training=True), plain)


def test_changes_of_images_in_training_alone() -> None:
    layers = striate.layers

    class Augmented(striate.Model):
        def __init__(self, *changes: Any) -> None:
            super().__init__()
            self.augment = striate.Sequential(list(changes))
            self.flat, self.dense = layers.Flatten(), layers.Dense(3)

        def call(self, x: Any, training: bool = False) -> Any:
            if training:
                x = self.augment(x)
            return self.dense(self.flat(x))

    model = Augmented(layers.RandomFlip("horizontal"), layers.RandomRotation(0.1))
    np.testing.assert_array_equal(model(X[:4]), model(X[:4]))
    assert not np.array_equal(model(X[:4], training=True), model(X[:4]))
    with pytest.raises(UnavailableError, match="does something else in training"):
        Augmented(layers.RandomFlip(), layers.Rescaling(2.0))(X[:4])
    with pytest.raises(UnavailableError, match="does something else in training"):
        Augmented(layers.RandomCrop(12, 12))(X[:4])


def test_layers_stand_in_networks_and_freeze() -> None:
    Block = block(striate)
    model = striate.Sequential([striate.Input((12, 12, 3)), Block(4, name="first"), striate.layers.Flatten()])
    assert model.output_shape == (None, 576)
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert "first (Block)" in lines[0]
    inner = model.get_layer("first")
    assert isinstance(inner, striate.layers.Layer)
    inner.trainable = False
    assert model.trainable_weights == []
    assert model.get_layer("first").output is not inner.outputs[0]
    features = striate.Model(model.inputs, model.get_layer("first").output)
    np.testing.assert_array_equal(features.predict(X, verbose=0), model.read(X, "first")["first"])
    image = striate.Input((8, 8, 4))
    one = Block(4)
    twice = striate.Model(image, one(one(image)))
    assert twice.count_params() == one.count_params()
    np.testing.assert_allclose(twice.predict(X[:, :8, :8, [0, 1, 2, 0]], verbose=0).shape, (48, 8, 8, 4))


def test_files_hold_the_network_without_the_classes(keras: Any, tmp_path: Any) -> None:
    model, _ = trained(striate)
    expected = model.predict(X, verbose=0)
    for name in ("net.keras", "net.h5"):
        model.save(tmp_path / name)
        again = striate.models.load_model(tmp_path / name, custom_objects={"Net": type(model)})
        assert type(again) is striate.models.Functional
        np.testing.assert_array_equal(again.predict(X, verbose=0), expected)
        again.fit(X, Y, verbose=0)
    theirs = keras.models.load_model(tmp_path / "net.keras")
    np.testing.assert_allclose(theirs.predict(X, verbose=0), expected, rtol=1e-3, atol=1e-5)
    model.save_weights(tmp_path / "net.weights.h5")
    other = net(striate)
    other.build((None, 12, 12, 3))
    other.load_weights(tmp_path / "net.weights.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), expected)


def test_several_inputs_and_outputs() -> None:
    class Pair(striate.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = striate.layers.Dense(3), striate.layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return {"sum": self.a(inputs["left"] + inputs["right"]), "both": self.b(inputs["left"])}

    model = Pair()
    data = {"left": R.random((20, 4), dtype=np.float32), "right": R.random((20, 4), dtype=np.float32)}
    labels = {"sum": np.zeros((20, 3)), "both": np.zeros((20, 2))}
    model.compile("sgd", "mse")
    history = model.fit(data, labels, epochs=2, verbose=0).history
    assert set(history) == {"loss", "sum_loss", "both_loss"}
    assert {key: value.shape for key, value in model.predict(data, verbose=0).items()} == {
        "sum": (20, 3), "both": (20, 2)
    }  # fmt: skip


def made(call: Any, **attributes: Any) -> Any:
    """A layer with such a `call`."""
    own = {"call": call, **{key: value for key, value in attributes.items() if callable(value)}}
    return type("Mine", (striate.layers.Layer,), own)(name="mine")


def linear(library: Any, matmul: Any, older: bool = False) -> Any:
    class Linear(library.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units = units

        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="he_normal", trainable=True)
            if older:
                self.b = self.add_weight(name="b", shape=(self.units,), initializer="zeros")
            else:
                self.b = self.add_weight((self.units,), "zeros", name="b")

        def call(self, inputs: Any) -> Any:
            return matmul(inputs, self.w) + self.b

    image = library.Input((12, 12, 3))
    hidden = library.activations.relu(Linear(7)(library.layers.Flatten()(image)))
    return library.Model(image, library.layers.Softmax()(Linear(5)(hidden)))


def test_weights_of_its_own(keras: Any, tmp_path: Any) -> None:
    theirs, ours = linear(keras, keras.ops.matmul), linear(striate, ops.matmul, older=True)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights] == [(432, 7), (7,), (7, 5), (5,)]
    ours.set_weights(theirs.get_weights())
    for model, library in ((theirs, keras), (ours, striate)):
        model.compile(library.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        model.fit(X, Y, batch_size=16, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4)
    ours.save(tmp_path / "m.keras")
    again = striate.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), ours.predict(X, verbose=0))
    np.testing.assert_allclose(
        keras.models.load_model(tmp_path / "m.keras").predict(X, verbose=0), ours.predict(X, verbose=0), 1e-3, 1e-5
    )
    layer = ours.layers[2]
    assert [w.name.rpartition("/")[2] for w in layer.weights] == ["weight_0", "b"]
    layer.trainable = False
    assert len(ours.trainable_weights) == 2


@pytest.mark.parametrize("matmul", [math_matmul, backend.dot, lambda x, w: x @ w])
def test_products_in_all_spellings(matmul: Any) -> None:
    model = linear(striate, matmul)
    assert model.count_params() == 432 * 7 + 7 + 7 * 5 + 5
    assert model.predict(X, verbose=0).shape == (48, 5)


def test_call_is_called_once() -> None:
    seen: list[Any] = []
    model = striate.Sequential([striate.Input((4,)), made(lambda self, x: seen.append(x.shape) or 2 * x)])
    model.compile("sgd", "mse")
    model.predict(np.ones((3, 4)), verbose=0)
    assert seen == [(None, 4)]


def test_layers_made_in_call_do_not_change_names() -> None:
    reset_names()
    made(lambda self, x: x * x + 1)(striate.Input((4,)))
    assert striate.layers.Multiply().name == "multiply"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda self, x: np.tanh(x), r"Mine\.call\(\): <lambda> does what no layer does"),
        (lambda self, x: 3, r"Mine\.call\(\): returned 3"),
        (lambda self, x: math.sin(x), "sin: got the symbolic tensor"),
        (lambda self, x, training: x if training else 2 * x, "does something else in training"),
        (lambda self, x: x * self.add_weight(shape=(4,)), "got the weight mine/weight_0 beside it"),
        (lambda self, x: x + self.add_weight(shape=(4,)), r"is no matmul\(x, w\) \+ b"),
        (lambda self, x: x @ np.ones((4, 2)), "(?s)matmul: got .*layers that have such weights"),
    ],
)
def test_what_cannot_be(call: Any, message: str) -> None:
    with pytest.raises(UnavailableError, match=message):
        made(call)(striate.Input((4,)))


def test_mistakes_are_the_users() -> None:
    with pytest.raises(NameError):
        made(lambda self, x: nowhere(x))(striate.Input((4,)))  # type: ignore[name-defined]  # noqa: F821
    layer = made(lambda self, x: 2 * x)
    layer(striate.Input((4,)))
    with pytest.raises(StriateError, match="mine: takes 1 inputs, got 2"):
        layer([striate.Input((4,)), striate.Input((4,))])
    with pytest.raises(StriateError, match="Mine: got speed, which a layer with call"):
        type("Mine", (striate.layers.Layer,), {"call": lambda self, x: x})(speed=3)
    with pytest.raises(UnavailableError, match=r"Mine: defines call\(\), but Dense says already"):
        type("Mine", (striate.layers.Dense,), {"call": lambda self, x: x})
    with pytest.raises(UnavailableError, match="is called only once, for all batches"):
        made(lambda self, x, factor: x * factor)(striate.Input((4,)), 3)

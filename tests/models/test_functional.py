"""Functional networks: branches, shared layers, inner models, sub-models, open sizes, and what is refused."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import striate
from striate import Input, Model, Sequential, layers
from striate.errors import ShapeError, StriateError, UnavailableError

RNG = np.random.default_rng(3)
IMAGES = RNG.random((6, 8, 8, 2), dtype=np.float32)


def branched(api: Any) -> Any:
    """A residual block, a concatenation, a shared layer, an inner sequential and an inner functional model."""
    lib = api.layers
    x = api.Input((8, 8, 2), name="images")
    first = lib.Conv2D(4, 3, padding="same", activation="relu", name="first")(x)
    shared = lib.Conv2D(4, 3, padding="same", name="shared")
    y = lib.Add(name="sum")([shared(shared(first)), first])
    y = lib.Concatenate(name="beside")([y, x, first])
    inner_x = api.Input((8, 8, 10))
    pooled = lib.MaxPooling2D()(inner_x)
    inner = api.Model(inner_x, [lib.Conv2D(3, 1, name="a")(pooled), lib.Conv2D(2, 3, name="b")(pooled)], name="inner")
    a, b = inner(y)
    head = api.Sequential([lib.Flatten(), lib.Dense(5, activation="tanh"), lib.Dense(3)], name="head")
    out = lib.Dense(2, name="out")(lib.Concatenate()([head(a), lib.GlobalAveragePooling2D()(b)]))
    return api.Model(x, out, name="branched")


def test_the_same_layers_weights_and_outputs_as_keras(keras: ModuleType) -> None:
    theirs, ours = branched(keras), branched(striate)
    names = ["images", "first", "shared", "sum", "beside", "inner", "head"]
    assert [layer.name for layer in ours.layers][:7] == [layer.name for layer in theirs.layers][:7] == names
    weights = [RNG.normal(0, 0.3, w.shape).astype(np.float32) for w in theirs.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    np.testing.assert_allclose(ours.predict(IMAGES, verbose=0), theirs.predict(IMAGES, verbose=0), atol=1e-5)
    assert ours.count_params() == theirs.count_params()
    assert ours.output_shape == theirs.output_shape == (None, 2)
    assert ours.get_layer("inner").output_shape == theirs.get_layer("inner").output_shape


def test_symbolic_tensors_show_shape_and_origin() -> None:
    x = Input((8, 8, 2), name="images")
    y = layers.Conv2D(3, 3, strides=2, name="conv")(x)
    assert (y.shape, y.dtype, y.ndim, y.name) == ((None, 3, 3, 3), "float32", 4, "conv")
    assert (x + x).shape == x.shape
    uses = {"no numbers": lambda: np.asarray(y), "one symbolic": lambda: list(y), "neither true": lambda: bool(y)}
    for message, use in uses.items():
        with pytest.raises(StriateError, match=message):
            use()


def test_a_shared_layer_has_one_kernel_and_two_nodes() -> None:
    a, b = Input((4,), name="a"), Input((4,), name="b")
    dense = layers.Dense(3, name="dense")
    model = Model([a, b], layers.add([dense(a), dense(b)], name="both"))
    assert [node.name for node in model.graph.nodes] == ["a", "b", "dense", "dense[1]", "both"]
    assert len(model.weights) == 2
    x, y = np.ones((2, 4), np.float32), np.zeros((2, 4), np.float32)
    expected = (x + y) @ dense.kernel.value
    np.testing.assert_allclose(model.predict([x, y], verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(model.predict({"a": x, "b": y}, verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(model([x, y]), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["functional", "sequential"])
def test_sub_models_share_weights(kind: str) -> None:
    if kind == "functional":
        model = branched(striate)
        name = "first"
    else:
        model = Sequential([Input((8, 8, 2)), layers.Conv2D(3, 3, name="k"), layers.Flatten(), layers.Dense(2)])
        name = "k"
    part = Model(model.input, model.get_layer(name).output)
    assert part.get_layer(name) is model.get_layer(name)
    np.testing.assert_array_equal(part.predict(IMAGES, verbose=0), model.read(IMAGES, name)[name])
    model.get_layer(name).kernel.value[...] = 0
    np.testing.assert_array_equal(part.predict(IMAGES, verbose=0), 0)


def test_a_model_that_begins_in_the_middle() -> None:
    x = Input((8, 8, 2))
    middle = layers.Conv2D(3, 3, name="front")(x)
    model = Model(x, layers.Dense(2, name="back")(layers.Flatten()(middle)))
    back = Model(middle, model.output)
    front = Model(x, middle)
    found = back.predict(front.predict(IMAGES, verbose=0), verbose=0)
    np.testing.assert_allclose(found, model.predict(IMAGES, verbose=0), atol=1e-6)
    assert back.get_layer("back") is model.get_layer("back")


def test_models_in_a_sequential_one(keras: ModuleType) -> None:
    def make(api: Any) -> Any:
        first = api.Sequential([api.Input((8, 8, 2)), api.layers.Conv2D(2, 3)], name="first")
        return api.Sequential([first, api.layers.Flatten(), api.Sequential([api.layers.Dense(2)], name="last")])

    ours, theirs = make(striate), make(keras)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours.predict(IMAGES, verbose=0), theirs.predict(IMAGES, verbose=0), atol=1e-5)
    with pytest.raises(ShapeError, match=r"first: is for images|expected images of shape \(None, 8, 8, 2\)"):
        Sequential([Input((7, 7, 2)), make(striate).layers[0]])


def test_dictionaries_of_inputs_and_outputs() -> None:
    p, q = Input((3,), name="p"), Input((3,), name="q")
    model = Model({"p": p, "q": q}, {"sum": layers.Add()([p, q]), "beside": layers.Concatenate()([p, q])})
    data = {"p": np.ones((2, 3)), "q": np.full((2, 3), 2.0)}
    found = model.predict(data, verbose=0)
    assert sorted(found) == ["beside", "sum"]
    np.testing.assert_array_equal(found["sum"], 3)
    np.testing.assert_array_equal(found["beside"], [[1, 1, 1, 2, 2, 2]] * 2)
    assert model(data).keys() == found.keys()
    with pytest.raises(StriateError, match=r"x: got a dictionary with \['p'\], expected \['p', 'q'\]"):
        model.predict({"p": data["p"]}, verbose=0)


def test_training_reaches_inner_models_and_leaves_frozen_ones(keras: ModuleType) -> None:
    model = branched(striate)
    model.get_layer("inner").trainable = False
    before = {w.name: w.numpy() for w in model.weights}
    model.compile("sgd", "mse")
    model.fit(IMAGES, RNG.random((6, 2)), epochs=1, verbose=0)
    moved = {w.name for w in model.weights if not np.array_equal(w.numpy(), before[w.name])}
    inner = {w.name for w in model.get_layer("inner").weights}
    assert moved == set(before) - inner


def test_training_false_holds_an_inner_model_in_inference(keras: ModuleType) -> None:
    x = Input((8, 8, 2))
    base = Sequential([Input((8, 8, 2)), layers.BatchNormalization(), layers.Dropout(0.5)], name="base")
    model = Model(x, layers.Dense(2)(layers.Flatten()(base(x, training=False))))
    model.compile("sgd", "mse")
    mean = base.layers[0].moving_mean.numpy()
    loss = model.evaluate(IMAGES, np.ones((6, 2)), verbose=0)
    assert model.train_on_batch(IMAGES, np.ones((6, 2))) == pytest.approx(loss, rel=1e-5)
    np.testing.assert_array_equal(base.layers[0].moving_mean.numpy(), mean)


class TestOpenSizes:
    def network(self, api: Any = striate) -> Any:
        x = api.Input((None, None, 3))
        y = api.layers.Conv2D(4, 3, padding="same", name="conv")(x)
        y = api.layers.MaxPooling2D()(y)
        return api.Model(x, api.layers.Dense(2)(api.layers.GlobalAveragePooling2D()(y)))

    def test_images_of_any_size(self, keras: ModuleType) -> None:
        ours, theirs = self.network(), self.network(keras)
        ours.set_weights(theirs.get_weights())
        for size in ((9, 12), (16, 7), (2, 2), (9, 12), (30, 5), (6, 6), (7, 7)):
            x = RNG.random((3, *size, 3), dtype=np.float32)
            np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-5)
        assert len(ours._graphs) <= 4
        assert len(ours._programs) <= 4
        assert ours.get_layer("conv").output_shape == (None, None, None, 4)
        assert ours.output_shape == (None, 2)

    def test_training_at_several_sizes(self) -> None:
        model = self.network()
        model.compile("adam", "mse")
        for size in (8, 5, 8, 6, 7, 9, 10):
            before = model.get_weights()[0]
            model.fit(RNG.random((4, size, size, 3)), np.ones((4, 2)), verbose=0,
                      validation_data=(RNG.random((2, 4, 4, 3)), np.ones((2, 2))))
            assert not np.array_equal(model.get_weights()[0], before)
        assert model.optimizer.iterations == 7
        assert len(model._training_programs) <= 4

    def test_what_cannot_be_open_says_so(self) -> None:
        x = Input((None, None, 3))
        with pytest.raises(ShapeError, match=r"^head: cannot take images of any size: the shape of its kernel follows"):
            layers.Dense(2, name="head")(layers.Flatten()(x))
        with pytest.raises(ShapeError, match="leaves sizes open"):
            _ = self.network().graph

    def test_a_sequential_one(self) -> None:
        model = Sequential([Input((None, 4)), layers.Conv1D(3, 3), layers.GlobalMaxPooling1D()])
        assert model.output_shape == (None, 3)
        assert model.predict(np.ones((2, 9, 4)), verbose=0).shape == (2, 3)
        assert model.predict(np.ones((2, 5, 4)), verbose=0).shape == (2, 3)
        with pytest.raises(ShapeError, match=r"does not fit"):
            model.predict(np.ones((2, 2, 4)), verbose=0)


class TestBadInput:
    def test_shapes_that_do_not_connect_name_both_layers(self) -> None:
        a = layers.Conv2D(3, 3, name="left")(Input((8, 8, 2)))
        b = layers.Conv2D(3, 5, name="right")(Input((8, 8, 2)))
        message = r"^total: cannot combine \(6, 6, 3\) and \(4, 4, 3\) .*3\) from left and \(None, 4, 4, 3\) from right"
        with pytest.raises(ShapeError, match=message):
            layers.Add(name="total")([a, b])
        with pytest.raises(ShapeError, match=r"^wide: a 9x9 kernel does not fit a 6x6 input.*from left"):
            layers.Conv2D(1, 9, name="wide")(a)

    def test_a_disconnected_graph(self) -> None:
        x, other = Input((3,), name="x"), Input((3,), name="other")
        with pytest.raises(StriateError, match=r"is disconnected: add needs the input 'other', .*\(x\)"):
            Model(x, layers.Add(name="add")([x, other]))

    def test_two_layers_of_one_name(self) -> None:
        x = Input((3,))
        with pytest.raises(StriateError, match=r"two layers are called 'same' \(Dense and Flatten\)"):
            Model(x, layers.Flatten(name="same")(layers.Dense(2, name="same")(x)))

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda x: Model(np.ones((2, 3)), x), "inputs: got array"),
            (lambda x: Model(x, layers.Dense(2, name="d")), r"outputs: got <Dense .*call the layer, as d\(x\)"),
            (lambda x: Model([], x), "inputs: got .*at least one"),
            (lambda x: Model([x, x], x), "one tensor is there twice"),
            (lambda x: layers.Add()(x), r"got SymbolicTensor, expected a list"),
            (lambda x: layers.Add()([x, np.ones((1, 3))]), "got ndarray beside symbolic tensors"),
            (lambda x: layers.Dense(2)([x, x]), "takes one input, got 2"),
            (lambda x: layers.Dense(2, name="d").output, "d: has never been called"),
            (lambda x: layers.Concatenate(axis=3)([Input((2, 3)), Input((2, 3))]), "axis=3 for images of shape"),
            (lambda x: Model(x, layers.Dense(2)(x)).predict([np.ones((2, 3))] * 2), "x: got"),
            (lambda x: Model(x, layers.Dense(2)(x))(Input((4,))), r"expected images of shape \(None, 3\)"),
        ],
    )
    def test_wrong_things(self, make: Any, message: str) -> None:
        with pytest.raises(StriateError, match=message):
            make(Input((3,)))

    @pytest.mark.parametrize(
        "function",
        [
            np.mean, lambda x: x[0], lambda x: 3, lambda x: x + np.ones(2), lambda x: x / 0, lambda x: x * (x == 0),
            lambda x: x if x else 0, lambda x: [x][0] + True, lambda x: layers.Dense(2)(x),
        ],
    )
    def test_a_layer_of_code(self, function: Any) -> None:
        with pytest.raises(UnavailableError, match=r"keras\.layers\.Lambda: .*; operators|divided by"):
            layers.Lambda(function)(Input((3,)))

    def test_a_mistake_in_such_a_layer(self) -> None:
        with pytest.raises(NameError, match="nowhere"):
            layers.Lambda(lambda x: x / nowhere)(Input((3,)))  # type: ignore[name-defined]  # noqa: F821
        with pytest.raises(StriateError, match="Lambda: got None, expected a function"):
            layers.Lambda(None)

    def test_code_in_a_subclass(self) -> None:
        for base in (layers.Dense, striate.Sequential):
            with pytest.raises(UnavailableError, match=r"Mine: defines call\(\), but .* says already"):
                type("Mine", (base,), {"call": lambda self, x: x})

    def test_a_subclass_of_model(self) -> None:
        mine = type("Mine", (Model,), {"__init__": lambda self, x, y: Model.__init__(self, x, y)})
        with pytest.raises(StriateError, match=r"Mine: got inputs and outputs for a subclass of Model.*Functional"):
            mine(Input((3,)), Input((3,)))

"""The mean of several networks: what it says, how it is scored, and what cannot be one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import layers
from striate.errors import DataError, NotCompiledError, ShapeError, StriateError
from training.networks import data, small


@pytest.fixture(scope="module")
def members() -> list[Any]:
    """Three trained networks of two architectures."""
    x, y = data()
    made = []
    for seed in range(3):
        striate.utils.set_random_seed(seed)
        model = small(striate)
        if seed == 2:
            model = striate.Sequential(
                [layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(5, activation="softmax")], name="flat"
            )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=1 + seed, verbose=0)
        made.append(model)
    return made


def mean(members: list[Any], x: Any, weights: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3)) -> Any:
    each = zip(members, weights, strict=True)
    return np.sum([weight * member.predict(x, verbose=0).astype(np.float64) for member, weight in each], axis=0)


def test_the_mean_of_the_members(members: list[Any]) -> None:
    x, _ = data(40, seed=1)
    ensemble = striate.Ensemble(members)
    result = ensemble.predict(x, verbose=0)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, mean(members, x), atol=1e-7)
    np.testing.assert_allclose(result.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(result, ensemble.predict(x, batch_size=7, verbose=0))
    np.testing.assert_allclose(ensemble(x).numpy(), result, atol=1e-6)


def test_weights(members: list[Any]) -> None:
    x, _ = data(40, seed=1)
    result = striate.Ensemble(members, weights=[3, 0, 1]).predict(x, verbose=0)
    np.testing.assert_allclose(result, mean(members, x, (0.75, 0, 0.25)), atol=1e-7)
    alone = striate.Ensemble(members, weights=[0, 1, 0]).predict(x, verbose=0)
    np.testing.assert_array_equal(alone, members[1].predict(x, verbose=0))


def test_evaluate(members: list[Any]) -> None:
    x, y = data(45, seed=1)
    ensemble = striate.Ensemble(members)
    loss, accuracy = ensemble.evaluate(x, y, batch_size=16)
    answer = mean(members, x)
    assert loss == pytest.approx(-np.log(answer[np.arange(45), y]).mean(), rel=1e-5)
    assert accuracy == pytest.approx((answer.argmax(axis=1) == y).mean())
    whole = ensemble.evaluate(x, y, members=True)
    assert (whole["loss"], whole["accuracy"]) == (pytest.approx(loss), accuracy)
    for member, result in zip(members, whole["members"], strict=True):
        assert result == pytest.approx(member.evaluate(x, y, verbose=0, return_dict=True), rel=1e-5)
    weights = np.linspace(0, 2, 45)
    weighted = ensemble.evaluate(x, y, sample_weight=weights, return_dict=True)
    expected = (-np.log(answer[np.arange(45), y]) * weights).mean()
    assert weighted == {"loss": pytest.approx(expected, rel=1e-5), "accuracy": accuracy}


def test_better_than_its_members_on_fashion_mnist() -> None:
    (x, y), (x_test, y_test) = striate.datasets.fashion_mnist.load_data(subset=True)

    def make() -> Any:
        model = striate.Sequential(
            [
                layers.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.Conv2D(6, 5, activation="relu"),
                layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax"),
            ]
        )  # fmt: skip
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    ensemble = striate.Ensemble.train(make, x[:4000], y[:4000], members=4, seed=5, epochs=2, verbose=0)
    result = ensemble.evaluate(x_test, y_test, members=True)
    accuracies = [member["accuracy"] for member in result["members"]]
    assert len(set(accuracies)) > 1
    assert result["accuracy"] >= np.mean(accuracies) > 0.7
    assert result["loss"] <= np.mean([member["loss"] for member in result["members"]])  # holds for any convex loss


def test_the_same_seed_trains_the_same_ensemble(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = data(30)

    def make() -> Any:
        model = small(striate)
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    a, b = (striate.Ensemble.train(make, x, y, members=2, seed=3, verbose=0) for _ in range(2))
    for one, other in zip(a, b, strict=True):
        for before, after in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(before, after)
    assert not np.array_equal(a.members[0].get_weights()[0], a.members[1].get_weights()[0])
    assert capsys.readouterr().out == ""
    striate.Ensemble.train(make, x, y, members=2, seed=3, verbose=2)
    assert "member 2 of 2" in capsys.readouterr().out


def test_several_inputs_and_outputs() -> None:
    def make(units: int) -> Any:
        a, b = layers.Input((4,), name=f"a{units}"), layers.Input((3,), name=f"b{units}")
        h = layers.Concatenate()([layers.Dense(units)(a), b])
        yes, value = layers.Dense(1, activation="sigmoid", name="yes")(h), layers.Dense(2, name="value")(h)
        return striate.Model([a, b], {"yes": yes, "value": value})

    members = [make(2), make(5)]
    members[0].compile("sgd", {"yes": "binary_crossentropy", "value": "mse"}, loss_weights={"yes": 2.0, "value": 0.5})
    rng = np.random.default_rng(0)
    x = [rng.random((9, 4)).astype(np.float32), rng.random((9, 3)).astype(np.float32)]
    y = {"yes": rng.integers(0, 2, (9, 1)), "value": rng.random((9, 2))}
    ensemble = striate.Ensemble(members)
    outputs = ensemble.predict({"a2": x[0], "b2": x[1]}, verbose=0)
    for name in ("yes", "value"):
        expected = np.mean([member.predict(x, verbose=0)[name] for member in members], axis=0)
        np.testing.assert_allclose(outputs[name], expected, atol=1e-6)
    result = ensemble.evaluate(x, y, return_dict=True, members=True)
    assert result["members"][0] == pytest.approx(members[0].evaluate(x, y, verbose=0, return_dict=True), rel=1e-5)
    assert result["loss"] == pytest.approx(2 * result["yes_loss"] + 0.5 * result["value_loss"], rel=1e-6)
    members[0].compile("sgd", {"yes": "binary_crossentropy", "value": None}, metrics={"value": "mae"})
    weights = {"yes": rng.random(9)}
    result = ensemble.evaluate(x, y, sample_weight=weights, return_dict=True, members=True)
    expected = members[0].evaluate(x, y, sample_weight=weights, verbose=0, return_dict=True)
    assert result["members"][0] == pytest.approx(expected, rel=1e-5)


def test_what_it_is(members: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    ensemble = striate.Ensemble(members, name="three")
    assert len(ensemble) == 3
    assert list(ensemble) == members
    assert (ensemble.input_shape, ensemble.output_shape) == ((None, 8, 8, 1), (None, 5))
    assert ensemble.count_params() == sum(member.count_params() for member in members)
    ensemble.summary()
    text = capsys.readouterr().out
    for word in ('Ensemble: "three"', "flat (Sequential)", "0.3333", f"{ensemble.count_params():,}"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 80
    ensemble.summary(details=True)
    assert "conv2d" in capsys.readouterr().out


def test_symbolic_tensors_are_sent_elsewhere(members: list[Any]) -> None:
    with pytest.raises(StriateError, match="Average"):
        striate.Ensemble(members)(layers.Input((8, 8, 1)))


def other(shape: tuple[int, ...], classes: int) -> Any:
    return striate.Sequential([layers.Input(shape), layers.Flatten(), layers.Dense(classes)], name="other")


def test_what_cannot_be_an_ensemble(members: list[Any]) -> None:
    wrong: list[tuple[Any, str]] = [
        ([], "expected a list of models"),
        (members[0], "expected a list of models"),
        ([members[0], "lenet"], "member 1 is 'lenet'"),
        ([members[0], members[1], members[0]], "twice"),
        ([members[0], striate.Sequential([layers.Dense(3)], name="open")], "member 1, open, is not built"),
        ([striate.Ensemble(members)], "expected a model"),
    ]
    for value, message in wrong:
        with pytest.raises(StriateError, match=message):
            striate.Ensemble(value)
    with pytest.raises(ShapeError, match=r"1, other, takes \(None, 8, 9, 1\), but member 0, .* \(None, 8, 8, 1\)"):
        striate.Ensemble([members[0], other((8, 9, 1), 5)])
    with pytest.raises(ShapeError, match=r"member 1, other, puts out \(None, 4\), but member 0, .* \(None, 5\)"):
        striate.Ensemble([members[0], other((8, 8, 1), 4)])
    bad: list[tuple[Any, str]] = [
        ([1, 2], "2 weights for 3"), ([1, -1, 1], "0 or more"), ([0, 0, 0], "not all 0"), (["a", 1, 1], "3 numbers"),
        ([np.nan, 1, 1], "0 or more"), (3, "3 numbers"),
    ]  # fmt: skip
    for weights, message in bad:
        with pytest.raises(StriateError, match=message):
            striate.Ensemble(members, weights=weights)


def test_data_that_do_not_fit(members: list[Any]) -> None:
    ensemble = striate.Ensemble(members)
    x, y = data(20)
    with pytest.raises(StriateError, match="steps=2 is for what gives batches, got ndarray"):
        ensemble.predict(x, verbose=0, steps=2)
    with pytest.raises(StriateError, match="members=True is for arrays"):
        ensemble.evaluate(iter([(x, y)]), members=True)
    with pytest.raises(StriateError, match="got a generator as x, which can be gone through once"):
        striate.Ensemble.train(lambda: members[0], ((x, y) for _ in range(3)))
    with pytest.raises(ShapeError, match=r"x: got images of shape \(7, 8, 1\)"):
        ensemble.predict(x[:, 1:], verbose=0)
    with pytest.raises(DataError, match="index"):
        ensemble.predict(np.where(x == x[3, 3, 3, 0], np.nan, x), verbose=0)
    with pytest.raises(ShapeError, match="19 labels for 20 images"):
        ensemble.evaluate(x, y[1:])
    with pytest.raises(DataError, match="y"):
        ensemble.evaluate(x, y + 1)
    with pytest.raises(NotCompiledError, match="first member, other"):
        striate.Ensemble([other((8, 8, 1), 5)]).evaluate(x, y)


def test_training_needs_compiled_models() -> None:
    x, y = data(20)
    with pytest.raises(StriateError, match="not compiled"):
        striate.Ensemble.train(lambda: small(striate), x, y, members=2, verbose=0)
    with pytest.raises(StriateError, match="make returned None"):
        striate.Ensemble.train(lambda: None, x, y, members=2, verbose=0)  # type: ignore[arg-type,return-value]
    with pytest.raises(StriateError, match="members: got 0"):
        striate.Ensemble.train(lambda: small(striate), x, y, members=0, verbose=0)


@pytest.mark.parametrize("kind", ["dataset", "generator", "flow"])
def test_batches_are_as_arrays(members: list[Any], kind: str) -> None:
    x, y = data(50)
    ensemble = striate.Ensemble(members, weights=range(1, len(members) + 1))
    make: Any = {
        "dataset": lambda: striate.data.Dataset.from_tensor_slices((x, y)).batch(16),
        "generator": lambda: ((x[i : i + 16], y[i : i + 16]) for i in range(0, 50, 16)),
        "flow": lambda: striate.images.ImageDataGenerator().flow(x, y, batch_size=16, shuffle=False),
    }[kind]
    np.testing.assert_allclose(ensemble.predict(make(), verbose=0), ensemble.predict(x, verbose=0), 1e-5, 1e-6)
    expected = ensemble.evaluate(x, y, batch_size=16, return_dict=True)
    found = ensemble.evaluate(make(), return_dict=True)
    assert found.keys() == expected.keys()
    np.testing.assert_allclose(list(found.values()), list(expected.values()), rtol=1e-5)
    listed = ensemble.evaluate(make(), steps=2)
    np.testing.assert_allclose(listed, ensemble.evaluate(x[:32], y[:32], batch_size=16), rtol=1e-5)
    assert len(ensemble.predict(make(), steps=3, verbose=0)) == 48


def test_members_trained_on_a_dataset() -> None:
    x, y = data(40)

    def make() -> Any:
        model = small(striate)
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    batches = striate.data.Dataset.from_tensor_slices((x, y)).batch(8)
    ensemble = striate.Ensemble.train(make, batches, members=2, seed=3, verbose=0, epochs=2)
    assert [len(member.history.history["loss"]) for member in ensemble] == [2, 2]

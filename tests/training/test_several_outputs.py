"""Networks of several inputs and outputs: losses, weights and metrics by output, with the names and values of Keras."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import striate
from striate.errors import StriateError

RNG = np.random.default_rng(5)
A, B = RNG.random((40, 6), dtype=np.float32), RNG.random((40, 3), dtype=np.float32)
CLASSES, VALUES = RNG.integers(0, 4, 40), RNG.random((40, 2), dtype=np.float32)
WEIGHTS = RNG.random(40).astype(np.float32)


def network(api: Any, as_dictionary: bool = False) -> Any:
    a, b = api.Input((6,), name="a"), api.Input((3,), name="b")
    h = api.layers.Dense(8, activation="tanh", name="h")(api.layers.Concatenate()([a, b]))
    kind = api.layers.Dense(4, activation="softmax", name="kind")(h)
    value = api.layers.Dense(2, name="value")(h)
    outputs = {"x": kind, "w": value} if as_dictionary else [kind, value]
    return api.Model([a, b], outputs)


def pair(keras: ModuleType, as_dictionary: bool = False) -> list[Any]:
    theirs, ours = network(keras, as_dictionary), network(striate, as_dictionary)
    ours.set_weights(theirs.get_weights())
    return [theirs, ours]


OTHER = RNG.random(40).astype(np.float32)


@pytest.mark.parametrize("given", [[WEIGHTS, OTHER], (OTHER, WEIGHTS), {"kind": WEIGHTS, "value": OTHER}])
def test_weights_of_images_for_each_output(keras: ModuleType, given: Any) -> None:
    """In training, validation, evaluation and weighted metrics."""
    histories, values = [], []
    for model in pair(keras):
        model.compile("sgd", [SCE, "mse"], weighted_metrics=[["accuracy"], ["mae"]])
        listed = [given["kind"], given["value"]] if isinstance(given, dict) else list(given)
        weights = listed if model.__module__.startswith("keras") else given
        held = ([A[:9], B[:9]], [CLASSES[:9], VALUES[:9]], [array[:9] for array in listed])
        fitted = model.fit(
            [A, B], [CLASSES, VALUES], sample_weight=weights, epochs=2, batch_size=16, shuffle=False, verbose=0,
            validation_data=held,
        )
        histories.append(fitted.history)
        values.append(model.evaluate([A, B], [CLASSES, VALUES], sample_weight=weights, verbose=0))
    assert sorted(histories[0]) == sorted(histories[1])
    for key in histories[0]:
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=2e-5, err_msg=key)
    np.testing.assert_allclose(values[1], values[0], rtol=2e-5)


def test_weights_of_one_output_leave_the_other_as_it_is() -> None:
    found = []
    for given in ({"kind": WEIGHTS}, [WEIGHTS, None], [WEIGHTS, np.ones((40, 1))]):
        model = network(striate)
        model.set_weights([np.full(array.shape, 0.1) for array in model.get_weights()])
        model.compile("sgd", [SCE, "mse"])
        found.append(model.train_on_batch([A, B], [CLASSES, VALUES], sample_weight=given))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"other": WEIGHTS}, r"sample_weight: got a dictionary with \['other'\], but the outputs are"),
        ([WEIGHTS], r"sample_weight: got 1 arrays, expected one for each of the outputs"),
        ([WEIGHTS, WEIGHTS[:3]], r"sample_weight of value: got shape \(3,\), expected .*\(40,\)"),
        ([WEIGHTS, np.ones((40, 2))], r"sample_weight of value: .*weights of each position are not available"),
        ([WEIGHTS, np.full(40, np.nan)], r"sample_weight of value: nan at index"),
    ],
)
def test_weights_that_do_not_fit(given: Any, message: str) -> None:
    model = network(striate)
    model.compile("sgd", [SCE, "mse"])
    before = model.get_weights()
    with pytest.raises(StriateError, match=message):
        model.fit([A, B], [CLASSES, VALUES], sample_weight=given, verbose=0)
    with pytest.raises(StriateError, match=f"validation_data {message}"):
        model.fit([A, B], [CLASSES, VALUES], validation_data=([A, B], [CLASSES, VALUES], given), verbose=0)
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize("loss", [["mse", None], {"kind": "mse", "value": None}])
def test_an_output_without_a_loss_is_measured_and_not_trained(keras: ModuleType, loss: Any) -> None:
    histories, weights = [], []
    hot = np.eye(4, dtype=np.float32)[CLASSES]
    for model in pair(keras):
        model.compile("sgd", loss, metrics=[["mae"], ["mse"]])
        history = model.fit([A, B], [hot, VALUES], epochs=2, batch_size=16, shuffle=False, verbose=0)
        histories.append(history.history)
        weights.append(model.get_weights())
    assert sorted(histories[0]) == sorted(histories[1]) == ["kind_mae", "loss", "value_mse"]
    for key in histories[0]:
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=2e-5, err_msg=key)
    for here, there in zip(weights[1], weights[0], strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("engine", ["native", "torch"])
def test_labels_of_an_output_without_a_loss_may_be_left_out(engine: str) -> None:
    if engine == "torch":
        pytest.importorskip("torch", reason='needs PyTorch: pip install "striate[peers]"')
    found = []
    for y in ([CLASSES, None], [CLASSES], CLASSES, {"kind": CLASSES}, [CLASSES, np.ones((40, 7))]):
        model = network(striate)
        model.set_weights([np.full(array.shape, 0.1) for array in model.get_weights()])
        model.compile("adam", [SCE, None], metrics=[["accuracy"], None], engine=engine)
        found.append(model.fit([A, B], y, epochs=2, shuffle=False, verbose=0, validation_split=0.2).history)
        np.testing.assert_array_equal(model.get_layer("value").get_weights()[0], np.full((8, 2), 0.1, np.float32))
        assert model.predict([A, B], verbose=0)[1].shape == (40, 2)
    assert all(history == found[0] for history in found)
    model.compile("sgd", [SCE, None], metrics=[None, ["mae"]])
    with pytest.raises(StriateError, match="y: the output value has metrics and no loss, so it needs labels"):
        model.fit([A, B], [CLASSES, None], verbose=0)


def test_class_weights_need_a_single_output_as_in_keras(keras: ModuleType) -> None:
    for model in pair(keras):
        model.compile("sgd", [SCE, "mse"])
        with pytest.raises(ValueError, match="class_weight"):
            model.fit([A, B], [CLASSES, VALUES], class_weight={0: 2.0}, verbose=0)


@pytest.mark.parametrize("weights", [[np.nan, 1.0], {"kind": 1.0, "value": np.inf}])
def test_loss_weights_are_finite(weights: Any) -> None:
    model = network(striate)
    with pytest.raises(StriateError, match=r"loss_weights: got .*, expected finite numbers"):
        model.compile("sgd", [SCE, "mse"], loss_weights=weights)


SCE = "sparse_categorical_crossentropy"
SETTINGS: list[dict[str, Any]] = [
    {"loss": [SCE, "mse"]},
    {"loss": {"kind": SCE, "value": "mse"}, "loss_weights": {"kind": 0.3, "value": 2.0}},
    {"loss": [SCE, "mse"], "loss_weights": [0.5, 0.25], "metrics": [["accuracy"], ["mae", "mse"]]},
    {"loss": [SCE, "mse"], "metrics": {"kind": "accuracy", "value": ["mae"]}},
    {"loss": [SCE, "mse"], "metrics": [None, "mae"], "weighted_metrics": [["accuracy"], ["mae"]]},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_history_and_evaluation_as_in_keras(keras: ModuleType, settings: dict[str, Any]) -> None:
    histories, values = [], []
    for model in pair(keras):
        model.compile("sgd", **settings)
        fitted = model.fit(
            [A, B], [CLASSES, VALUES], epochs=2, batch_size=16, shuffle=False, verbose=0, sample_weight=None,
            validation_data=([A[:9], B[:9]], [CLASSES[:9], VALUES[:9]]),
        )
        histories.append(fitted.history)
        values.append(model.evaluate([A, B], [CLASSES, VALUES], verbose=0))
        assert model.predict([A, B], verbose=0)[1].shape == (40, 2)
    assert sorted(histories[0]) == sorted(histories[1])
    for key in histories[0]:
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=2e-5, err_msg=key)
    np.testing.assert_allclose(values[1], values[0], rtol=2e-5)


def test_sample_weights_count_for_all_outputs(keras: ModuleType) -> None:
    found = []
    for model in pair(keras):
        model.compile("sgd", [SCE, "mse"], weighted_metrics=[["accuracy"], ["mae"]])
        weights = [WEIGHTS, WEIGHTS] if model.__module__.startswith("keras") else WEIGHTS
        found.append(model.evaluate([A, B], [CLASSES, VALUES], sample_weight=weights, verbose=0, return_dict=True))
    assert found[0].keys() == found[1].keys()
    for key in found[0]:
        assert found[1][key] == pytest.approx(found[0][key], rel=2e-5), key


def test_dictionaries_of_data_and_outputs(keras: ModuleType) -> None:
    found = []
    for model in pair(keras, as_dictionary=True):
        model.compile("sgd", loss={"x": SCE, "w": "mse"}, metrics={"x": ["accuracy"]})
        x, y = {"a": A, "b": B}, {"x": CLASSES, "w": VALUES}
        history = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history
        found.append(history)
    assert found[0].keys() == found[1].keys()
    for key in found[0]:
        np.testing.assert_allclose(found[1][key], found[0][key], rtol=2e-5, err_msg=key)


def test_one_loss_for_all_outputs() -> None:
    a = striate.Input((3,))
    model = striate.Model(a, [striate.layers.Dense(2, name="p")(a), striate.layers.Dense(2, name="q")(a)])
    model.compile("sgd", "mse")
    history = model.fit(B, [VALUES, VALUES], verbose=0, batch_size=40).history
    assert history["loss"][0] == pytest.approx(history["p_loss"][0] + history["q_loss"][0], rel=1e-6)


def test_callbacks_know_the_directions() -> None:
    model = network(striate)
    model.compile("sgd", [SCE, "mse"], metrics=[["accuracy"], None])
    model.fit([A, B], [CLASSES, VALUES], verbose=0)
    assert model.directions == {
        "kind_accuracy": "up", "loss": "down", "kind_loss": "down", "value_loss": "down",
    }  # fmt: skip


@pytest.mark.parametrize("metrics", ["mae", ["mae"], ["mae", "mse", "acc"]])
def test_names_of_metrics_for_every_output_as_in_keras_2(metrics: Any) -> None:
    model = network(striate)
    model.compile("sgd", "mse", metrics=metrics)
    names = [metrics] if isinstance(metrics, str) else metrics
    wanted = {f"{output}_{name}" for output in ("kind", "value") for name in ["loss", *names]} | {"loss"}
    y = np.eye(4, dtype=np.float32)[CLASSES]
    assert set(model.fit([A, B], [y, VALUES], verbose=0).history) == wanted


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": [SCE]}, "loss: got 1 losses for 2 outputs"),
        ({"loss": {"kind": SCE}}, r"loss: got \['kind'\], expected the outputs \['kind', 'value'\]"),
        ({"loss": [None, None]}, "loss: got .None, None., expected a loss for at least one of the outputs"),
        ({"loss": [SCE, "mse"], "loss_weights": [1]}, "loss_weights: got 1 for 2 losses"),
        ({"loss": "mse", "loss_weights": {"kind": 1}}, "loss_weights: got"),
        ({"loss": [SCE, "mse"], "metrics": [["accuracy"]]}, r"metrics: got \[\['accuracy'\]\] for 2 outputs"),
        ({"loss": "mse", "metrics": [striate.metrics.MeanSquaredError()]}, r"metrics: got \[.*\] for 2 outputs"),
        ({"loss": [SCE, "mse"], "metrics": {"other": "mae"}}, r"metrics: got \['other'\], but the outputs are"),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], message: str) -> None:
    model = network(striate)
    with pytest.raises(StriateError, match=message):
        model.compile("sgd", **settings)
    assert not model.compiled


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": {"kind": SCE}}, r"loss: got \['kind'\], expected the outputs \['last'\]"),
        ({"loss": SCE, "metrics": {"kind": "accuracy"}}, r"metrics: got \['kind'\], but the outputs are"),
        ({"loss": SCE, "loss_weights": [1, 2]}, r"loss_weights: got 2 for 1 losses"),
    ],
)
def test_settings_that_do_not_fit_are_found_as_soon_as_the_outputs_are_known(
    settings: dict[str, Any], message: str
) -> None:
    dense = striate.layers.Dense(4, activation="softmax", name="last")
    model = striate.Sequential([dense])
    model.compile("sgd", **settings)
    with pytest.raises(StriateError, match=message):
        model.fit(A, CLASSES, verbose=0)
    assert not dense.built
    with pytest.raises(StriateError, match=message):
        striate.Sequential([striate.Input((6,)), striate.layers.Dense(4, name="last")]).compile("sgd", **settings)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([A], [CLASSES, VALUES], "x: got 1 arrays, expected a list of 2"),
        ([A, B[:5]], [CLASSES, VALUES], "x: the arrays hold"),
        ([A, A], [CLASSES, VALUES], r"x\[1\]: got images of shape \(6,\), expected \(3,\)"),
        ([A, B], [CLASSES], "y: got 1 arrays, expected a list of 2"),
        ([A, B], {"kind": CLASSES}, r"y: got a dictionary with \['kind'\], expected the outputs"),
        ([A, B], [CLASSES, VALUES[:, :1]], r"y\[1\]: got labels of shape"),
        ({"a": A, "c": B}, [CLASSES, VALUES], r"x: got a dictionary with \['a', 'c'\], expected \['a', 'b'\]"),
    ],
)
def test_data_that_do_not_fit(x: Any, y: Any, message: str) -> None:
    model = network(striate)
    model.compile("sgd", [SCE, "mse"])
    before = model.get_weights()
    with pytest.raises(StriateError, match=message):
        model.fit(x, y, verbose=0)
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))

"""Configurations, shapes and numbers of parameters of every layer, beside Keras's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from striate import layers
from striate.errors import StriateError

from .cases import CASES, Case, label

# What Keras 3.15 writes for options that Striate does not have; older versions of Keras 3 do not know them.
UNWRITTEN = {
    "quantization_config", "renorm", "renorm_clipping", "renorm_momentum", "synchronized", "ragged", "optional",
}  # fmt: skip


def make(case: Case) -> layers.Layer:
    return getattr(layers, case[0])(**case[1])  # type: ignore[no-any-return]


def comparable(config: Any) -> Any:
    """A configuration as JSON gives it back, without the axes that only new versions of Keras write."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            axes = ("input_axes", "output_axes")
            return {key: plain(item) for key, item in value.items() if not (key in axes and item is None)}
        return pytest.approx(value, rel=1e-6) if isinstance(value, float) else value

    return {key: plain(value) for key, value in json.loads(json.dumps(config)).items()}


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_configuration_is_keras_s(keras: Any, case: Case) -> None:
    ours = make(case)
    theirs = getattr(keras.layers, case[0])(**{"name": ours.name, **case[1]})
    expected = {key: value for key, value in theirs.get_config().items() if key not in UNWRITTEN}
    assert comparable(ours.get_config()) == comparable(expected)


@pytest.mark.parametrize("case", CASES, ids=label)
def test_keras_opens_ours_and_we_open_keras_s(keras: Any, case: Case) -> None:
    ours = make(case)
    theirs = keras.layers.deserialize(json.loads(json.dumps(layers.serialize(ours))))
    assert type(theirs).__name__ == type(ours).__name__
    again = layers.deserialize(json.loads(json.dumps(keras.layers.serialize(theirs))))
    assert type(again) is type(ours)
    assert comparable(again.get_config()) == comparable(ours.get_config())


@pytest.mark.parametrize("case", CASES, ids=label)
def test_shapes_and_parameters_are_keras_s(keras: Any, case: Case) -> None:
    shape = case[2]
    ours, theirs = make(case), getattr(keras.layers, case[0])(**case[1])
    expected = tuple(theirs.compute_output_shape((None, *shape)))
    assert ours.compute_output_shape(shape) == expected[1:]
    assert ours.compute_output_shape((None, *shape)) == expected
    assert not ours.built
    ours.build(shape)
    theirs.build((None, *shape))
    assert ours.input_shape == (None, *shape)
    assert ours.output_shape == expected
    assert ours.count_params() == theirs.count_params()
    for group in ("weights", "trainable_weights", "non_trainable_weights"):
        got = [(parameter.name.split("/")[-1], parameter.shape) for parameter in getattr(ours, group)]
        assert got == [(variable.name, tuple(variable.shape)) for variable in getattr(theirs, group)], group


@pytest.mark.parametrize(
    "identifier", [layers.LeakyReLU(0.1), layers.ReLU, layers.ReLU(max_value=6), "relu", layers.Softmax()], ids=str
)
def test_activations_in_layers_survive(keras: Any, identifier: Any) -> None:
    layer = layers.Dense(3, activation=identifier)
    again = layers.deserialize(keras.layers.serialize(keras.layers.deserialize(layers.serialize(layer))))
    assert comparable(again.get_config()) == comparable(layer.get_config())


def test_an_input_layer_s_configuration(keras: Any) -> None:
    ours = layers.InputLayer((28, 28, 1), batch_size=4, dtype="uint8", name="images")
    theirs = keras.layers.InputLayer((28, 28, 1), batch_size=4, dtype="uint8", name="images")
    expected = {key: value for key, value in theirs.get_config().items() if key not in UNWRITTEN}
    assert ours.get_config() == expected
    for form in (layers.serialize(ours), keras.layers.serialize(theirs)):
        again = layers.deserialize(form)
        assert again.get_config() == expected
    assert keras.layers.deserialize(layers.serialize(ours)).get_config() == theirs.get_config()


def test_keras_2_s_forms_of_an_input() -> None:
    assert layers.InputLayer(input_shape=(3, 4)).shape == (3, 4)
    assert layers.InputLayer(batch_input_shape=(None, 3, 4)).batch_shape == (None, 3, 4)
    assert layers.InputLayer(batch_shape=(8, 3, 4)).batch_shape == (8, 3, 4)
    assert layers.Input(5).shape == (None, 5)


def test_the_same_names_as_keras(keras: Any) -> None:
    for name in layers.__all__:
        theirs = getattr(keras.layers, name, None)
        if name in ("get", "AvgPool1D", "AvgPool3D") or getattr(getattr(layers, name), "_registered", None):
            continue
        assert theirs is not None, name
        assert getattr(layers, name).__name__ == theirs.__name__, name


def test_get_and_deserialize() -> None:
    dense = layers.Dense(2)
    assert layers.get(dense) is dense
    assert isinstance(layers.get("Flatten"), layers.Flatten)
    assert isinstance(layers.get(layers.Flatten), layers.Flatten)
    assert isinstance(layers.get(layers.serialize(dense)), layers.Dense)
    assert isinstance(layers.deserialize({"class_name": "MaxPool2D", "config": {}}), layers.MaxPooling2D)


def test_own_classes_only_when_given() -> None:
    class Mine(layers.Dense):
        pass

    form = layers.serialize(Mine(3))
    with pytest.raises(StriateError, match=r"^unknown layer 'Mine': "):
        layers.deserialize(form)
    assert type(layers.deserialize(form, {"Mine": Mine})) is Mine


@pytest.mark.parametrize("name", ["Layer", "Conv", "Pooling", "GlobalPooling", "ZeroPadding", "Input", "Step", "os"])
def test_nothing_but_layers_is_made_from_a_form(name: str) -> None:
    with pytest.raises(StriateError, match=f"^unknown layer '{name}': "):
        layers.deserialize({"class_name": name, "config": {}})


@pytest.mark.parametrize(
    "form", [{}, {"class_name": "Dense"}, {"class_name": 3, "config": {}}, {"class_name": "Dense", "config": 3}]
)
def test_forms_that_are_none(form: dict[str, Any]) -> None:
    with pytest.raises(StriateError, match=r"^layer: got .*, expected a form with class_name and config$"):
        layers.deserialize(form)


def test_a_configuration_without_what_is_needed() -> None:
    with pytest.raises(StriateError, match=r"^Dense: the configuration does not fit: .*units"):
        layers.deserialize({"class_name": "Dense", "config": {}})
    with pytest.raises(StriateError, match=r"^Dense: unknown argument 'unitz'; did you mean 'units'\?$"):
        layers.deserialize({"class_name": "Dense", "config": {"unitz": 3, "units": 2}})

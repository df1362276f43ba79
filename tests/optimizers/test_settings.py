"""Optimizers' arguments, configurations and state: Keras's names and defaults, and clear refusals."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from striate import optimizers, schedules
from striate.errors import StriateError
from striate.graph import UPDATE_SLOTS, Parameter

NAMES = ["SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion"]


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_keras(keras: Any, name: str) -> None:
    def arguments(cls: type) -> list[tuple[str, Any]]:
        parameters = inspect.signature(cls).parameters.values()
        return [(p.name, p.default) for p in parameters if p.kind is not p.VAR_KEYWORD]

    theirs = getattr(keras.optimizers, name)
    theirs = next(cls for cls in theirs.__mro__ if "__init__" in vars(cls) and cls.__name__ == name)
    assert arguments(getattr(optimizers, name)) == arguments(theirs)


@pytest.mark.parametrize("name", NAMES)
def test_configurations_are_keras(keras: Any, name: str) -> None:
    ours = getattr(optimizers, name)(learning_rate=0.25, clipnorm=2.0)
    theirs = keras.optimizers.deserialize(optimizers.serialize(ours))
    assert theirs.get_config() == ours.get_config()
    assert optimizers.deserialize(keras.optimizers.serialize(theirs)).get_config() == ours.get_config()
    assert set(getattr(keras.optimizers, name)().get_config()) == set(ours.get_config())


def test_a_schedule_survives_its_configuration() -> None:
    ours = optimizers.SGD(schedules.ExponentialDecay(0.5, 10, 0.5), momentum=0.9)
    again = optimizers.deserialize(optimizers.serialize(ours))
    assert again.learning_rate_at(10) == 0.25
    assert again.get_config() == ours.get_config()


@pytest.mark.parametrize("name", NAMES)
def test_rules_have_all_numbers_and_slots(name: str) -> None:
    optimizer = getattr(optimizers, name)()
    weight, frozen = Parameter("w", np.ones((2, 3))), Parameter("f", np.ones(3), trainable=False)
    rule = optimizer.rule([weight, frozen])
    assert set(rule.slots) == {id(weight)}
    assert set(rule.slots[id(weight)]) <= set(UPDATE_SLOTS[rule.kind])
    assert all(slot.shape == (2, 3) and slot.dtype == np.float32 for slot in rule.slots[id(weight)].values())
    assert all(isinstance(number, float) for number in rule.numbers.values())
    again = optimizer.rule([weight])
    assert all(again.slots[id(weight)][key] is slot for key, slot in rule.slots[id(weight)].items())


def test_slots_follow_the_options() -> None:
    weight = Parameter("w", np.ones(2))

    def slots(optimizer: optimizers.Optimizer) -> set[str]:
        return set(optimizer.rule([weight]).slots[id(weight)])

    assert slots(optimizers.SGD()) == set()
    assert slots(optimizers.SGD(momentum=0.9)) == {"momentum"}
    assert slots(optimizers.Adam(amsgrad=True)) == {"momentum", "velocity", "velocity_hat"}
    assert slots(optimizers.RMSprop(momentum=0.5, centered=True)) == {"velocity", "momentum", "average_gradient"}
    start = optimizers.Adagrad(initial_accumulator_value=0.25).rule([weight]).slots[id(weight)]["accumulator"]
    np.testing.assert_array_equal(start, [0.25, 0.25])
    assert optimizers.Nadam().rule([weight]).scalars["u_product"].tolist() == [1.0]


def test_learning_rate_is_a_number_a_schedule_or_a_function() -> None:
    optimizer = optimizers.SGD(learning_rate=1)
    optimizer.learning_rate = 0.5
    assert optimizer.learning_rate == 0.5
    optimizer.learning_rate = schedules.PiecewiseConstantDecay([2], [1.0, 0.1])
    optimizer.iterations = 3
    assert optimizer.learning_rate == 0.1
    np.testing.assert_array_equal(optimizer.learning_rates(1, 3), [1.0, 1.0, 0.1])
    with pytest.raises(StriateError, match="follows PiecewiseConstantDecay"):
        optimizer.learning_rate = 0.5
    assert optimizers.SGD(learning_rate=lambda: 0.125).learning_rate == 0.125


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("SGD", {"momentum": 1.5}, "momentum=1.5, expected a number from 0 to 1"),
        ("SGD", {"learning_rate": -0.1}, "learning_rate=-0.1"),
        ("SGD", {"learning_rate": float("nan")}, "learning_rate=nan"),
        ("SGD", {"learning_rate": "fast"}, "learning_rate='fast'"),
        ("Adam", {"beta_1": 1.0}, "beta_1=1.0, expected a number, from 0 to below 1"),
        ("Adam", {"epsilon": -1e-7}, "epsilon"),
        ("Adam", {"clipnorm": 1.0, "clipvalue": 2.0}, "only one of them"),
        ("Adam", {"clipvalue": 0}, "clipvalue=0"),
        ("Adam", {"use_ema": True, "ema_momentum": 1.5}, "ema_momentum=1.5"),
        ("Adam", {"use_ema": True, "ema_overwrite_frequency": 0}, "ema_overwrite_frequency=0"),
        ("Lion", {"beta_1": 0.0}, "expected a number above 0"),
        ("Ftrl", {"learning_rate_power": 0.5}, "learning_rate_power=0.5, expected 0 or less"),
        ("Ftrl", {"beta": -1.0}, "beta=-1.0"),
        ("Adam", {"loss_scale_factor": 2.0}, "loss_scale_factor=2.0 is not available"),
        ("Adam", {"gradient_accumulation_steps": 4}, "gradient_accumulation_steps=4 is not available"),
        ("AdamW", {"weight_decay": None}, "use Adam for none"),
        ("RMSprop", {"rho": -1}, "rho=-1"),
    ],
)
def test_what_is_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(StriateError, match=message):
        getattr(optimizers, name)(**options)


def test_names_in_any_case() -> None:
    assert isinstance(optimizers.get("RMSPROP"), optimizers.RMSprop)
    assert isinstance(optimizers.get(optimizers.Nadam), optimizers.Nadam)
    with pytest.raises(StriateError, match="did you mean 'adam'"):
        optimizers.get("adamm")
    with pytest.raises(StriateError, match="expected an optimizer"):
        optimizers.get(3)  # type: ignore[arg-type]

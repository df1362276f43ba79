"""Constraints on arrays against Keras, and what layers make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import constraints
from striate.errors import StriateError

WEIGHTS = np.random.default_rng(0).normal(size=(3, 4, 2, 5)).astype(np.float32)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("MaxNorm", {}), ("MaxNorm", {"max_value": 0.7, "axis": [0, 1, 2]}), ("NonNeg", {}), ("UnitNorm", {}),
    ("UnitNorm", {"axis": -1}), ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 0.8, "rate": 0.3, "axis": [0, 3]}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_values_and_configurations_are_keras(keras: Any, name: str, arguments: dict[str, Any]) -> None:
    ours, theirs = getattr(constraints, name)(**arguments), getattr(keras.constraints, name)(**arguments)
    np.testing.assert_allclose(ours(WEIGHTS), keras.ops.convert_to_numpy(theirs(WEIGHTS)), rtol=1e-6, atol=1e-7)
    assert ours.get_config() == theirs.get_config()
    form = keras.constraints.serialize(theirs)
    assert constraints.serialize(constraints.get(form)) == form
    assert keras.constraints.deserialize(constraints.serialize(ours)).get_config() == ours.get_config()


def test_names_are_keras(keras: Any) -> None:
    from keras.src.constraints import ALL_OBJECTS_DICT

    for name, theirs in ALL_OBJECTS_DICT.items():
        if theirs.__name__ != "Constraint":
            assert type(constraints.get(name)).__name__ == theirs.__name__
            assert type(constraints.get(getattr(constraints, theirs.__name__))).__name__ == theirs.__name__
    assert constraints.max_norm is constraints.MaxNorm
    assert constraints.get(None) is None


def test_layers_keep_their_constraints_in_their_configurations() -> None:
    layer = striate.layers.Dense(3, kernel_constraint="unit_norm", bias_constraint=constraints.MaxNorm(1.5))
    config = layer.get_config()
    assert config["kernel_constraint"]["class_name"] == "UnitNorm"
    assert config["bias_constraint"]["config"] == {"max_value": 1.5, "axis": 0}
    again = striate.layers.Dense.from_config(config)
    assert again.get_config() == config


def test_training_keeps_to_them() -> None:
    rng = np.random.default_rng(0)
    model = striate.Sequential(
        [striate.Input((6,)), striate.layers.Dense(4, "tanh", kernel_constraint="max_norm"),
         striate.layers.Dense(1, kernel_constraint="non_neg", bias_constraint="unit_norm")]
    )  # fmt: skip
    model.compile(striate.optimizers.SGD(1.0), "mse")
    model.fit(rng.normal(size=(40, 6)), rng.normal(size=40) * 5, epochs=3, verbose=0)
    first, _, second, bias = model.get_weights()
    assert np.linalg.norm(first, axis=0).max() <= 2 * (1 + 1e-6)
    assert second.min() >= 0
    assert abs(bias[0]) == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constraints.MaxNorm(-1.0), "MaxNorm: got max_value=-1.0, expected a number, 0 or more"),
        (lambda: constraints.MinMaxNorm(rate=1.5), "MinMaxNorm: got rate=1.5, expected a number, from 0 to 1"),
        (lambda: constraints.UnitNorm("rows"), "UnitNorm: got axis='rows', expected a whole number or several"),
        (lambda: constraints.UnitNorm(2)(np.ones((2, 2))), r"got axis=2 for weights of shape \(2, 2\)"),
        (lambda: constraints.UnitNorm([0, -2])(np.ones((2, 2))), "expected different axes from -2 to 1"),
        (lambda: constraints.get("maxnrm"), "unknown constraint 'maxnrm': did you mean"),
        (lambda: constraints.get(lambda w: w), "is a constraint of your own"),
        (lambda: striate.layers.Dense(3, kernel_constraint="positive"), "dense.*: kernel_constraint: unknown constr"),
        (
            lambda: striate.layers.Dense(3, bias_constraint=constraints.UnitNorm(1), name="d").build((4,)),
            r"^d: bias_constraint: UnitNorm: got axis=1 for weights of shape \(3,\)",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(StriateError, match=message):
        make()

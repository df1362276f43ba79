"""Schedules against Keras and PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate import optimizers, schedules
from striate.errors import StriateError

CASES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "decay_rate": 0.9, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [10, 50], "values": [1.0, 0.5, 0.1]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 60}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 25, "power": 2.0, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 60}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 60, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 60, "warmup_target": 0.1, "warmup_steps": 20}),
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_every_step_is_keras(keras: Any, name: str, options: dict[str, Any]) -> None:
    ours = getattr(schedules, name)(**options)
    theirs = getattr(keras.optimizers.schedules, name)(**options)
    for step in (*range(0, 100, 5), 10, 11, 50, 51, 1000):
        assert ours(step) == pytest.approx(float(theirs(step)), rel=2e-5, abs=1e-8)
    form = schedules.serialize(ours)
    assert keras.optimizers.schedules.deserialize(form).get_config() == theirs.get_config()
    assert schedules.deserialize(form).get_config() == ours.get_config()


@pytest.mark.parametrize(("total", "fraction"), [(100, 0.3), (40, 0.5), (17, 0.25)])
def test_one_cycle_is_pytorch(torch: Any, total: int, fraction: float) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.4, total_steps=total, pct_start=fraction, cycle_momentum=False
    )
    ours = schedules.OneCycle(0.4, total, warmup_fraction=fraction)
    for step in range(total):
        assert ours(step) == pytest.approx(theirs.get_last_lr()[0], rel=1e-9)
        optimizer.step()
        if step < total - 1:
            theirs.step()
    assert ours(total + 5) == ours(total - 1)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_curve_of_many_steps(name: str, options: dict[str, Any]) -> None:
    schedule = getattr(schedules, name)(**options)
    steps = np.arange(12.0).reshape(3, 4) * 7
    rates = schedule(steps)
    assert (rates.shape, rates.numpy().dtype) == ((3, 4), np.float32)
    np.testing.assert_array_equal(rates, np.vectorize(schedule.after)(steps).astype(np.float32))
    assert schedule(7).numpy() == np.float32(schedule.after(7)) == rates[0, 1]
    assert type(schedule(7).numpy()) is np.float32


def test_constant() -> None:
    assert schedules.constant(0.3)(1000) == 0.3


def test_reachable_where_keras_has_them() -> None:
    from striate.optimizers.schedules import CosineDecay

    assert CosineDecay is schedules.CosineDecay
    assert optimizers.schedules.CosineDecay is schedules.CosineDecay


@pytest.mark.parametrize(
    "make",
    [
        lambda: schedules.CosineDecay(0.1, 0),
        lambda: schedules.CosineDecay("fast", 10),  # type: ignore[arg-type]
        lambda: schedules.ExponentialDecay(float("nan"), 10, 0.9),
        lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]),
        lambda: schedules.PiecewiseConstantDecay([2, 1], [0.1, 0.2, 0.3]),
        lambda: schedules.OneCycle(0.1, 100, warmup_fraction=1.0),
        lambda: schedules.OneCycle(0.1, -1),
        lambda: schedules.deserialize({"class_name": "CosinusDecay", "config": {}}),
    ],
)
def test_what_is_refused(make: Any) -> None:
    with pytest.raises(StriateError):
        make()

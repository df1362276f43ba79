"""The networks of a search: what is shown is what is trained, and what a file says is checked."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from striate.applications import LeNet5
from striate.errors import DataError
from striate.search.lenet import BASELINE, SMALLEST, LeNet, propose, proposed

WIDE = LeNet(9, 2, 31, 3, 2, 17, "same", 99, 61, 0.00123)


class Dice:
    """Answers as an Optuna trial does, at random, and keeps what it answered."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.params: dict[str, Any] = {}

    def suggest_int(self, name: str, low: int, high: int, step: int = 1, log: bool = False) -> int:
        self.params[name] = int(self.rng.choice(np.arange(low, high + 1, step)))
        return int(self.params[name])

    def suggest_float(self, name: str, low: float, high: float, log: bool) -> float:
        self.params[name] = float(np.exp(self.rng.uniform(np.log(low), np.log(high))))
        return float(self.params[name])

    def suggest_categorical(self, name: str, values: tuple[str, ...]) -> str:
        self.params[name] = str(self.rng.choice(values))
        return str(self.params[name])


@pytest.mark.parametrize("network", [BASELINE, WIDE])
def test_the_program_makes_the_network(network: LeNet) -> None:
    space: dict[str, Any] = {}
    exec(compile(network.program((28, 28, 1), 10), "program", "exec"), space)
    shown, trained = space["model"], network.build((28, 28, 1), 10)
    for one, other in zip(shown.layers, trained.layers, strict=True):
        assert {**one.get_config(), "name": ""} == {**other.get_config(), "name": ""}
    assert shown.get_compile_config() == trained.get_compile_config()
    assert shown.optimizer.learning_rate == pytest.approx(network.learning_rate)


def test_the_baseline_is_the_lenet_of_the_lectures() -> None:
    ours, theirs = BASELINE.build((28, 28, 1), 10), LeNet5(modern=True)
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert ours.count_params() == 61_706


@pytest.mark.parametrize("side", [SMALLEST, 13, 28])
def test_whatever_is_proposed_can_be_built(side: int) -> None:
    paddings = set()
    for seed in range(40):
        dice = Dice(seed)
        network = propose(dice, (side, side, 1))
        paddings.add(network.padding2)
        assert network.build((side, side, 1), 3).output_shape == (None, 3)
        assert proposed(dice.params, "study.db") == network
    assert paddings == {"same", "valid"}


def test_the_baseline_can_be_asked_for() -> None:
    assert proposed(BASELINE.settings((28, 28, 1)), "study.db") == BASELINE
    assert proposed(BASELINE.settings((11, 11, 1)), "study.db") == replace(BASELINE, padding2="same")


@pytest.mark.parametrize(
    "change",
    [
        {"kernel1": 10_001}, {"kernel1": 5.0}, {"kernel1": "5"}, {"stride2": 0}, {"learning_rate": 1.0},
        {"learning_rate": float("nan")}, {"padding2": '"); import os #'}, {"units1": None}, {"other": 1},
    ],
)  # fmt: skip
def test_settings_from_elsewhere(change: dict[str, Any]) -> None:
    settings = asdict(BASELINE)
    with pytest.raises(DataError, match=r"study\.db: holds a trial with"):
        proposed(settings | change, "study.db")
    del settings["filters1"]
    with pytest.raises(DataError, match="filters1=None"):
        proposed(settings, "study.db")

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate import regularizers
from striate.errors import StriateError

WEIGHTS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
CASES: list[tuple[str, dict[str, float]]] = [
    ("L1", {"l1": 0.3}), ("L2", {"l2": 0.2}), ("L1L2", {"l1": 0.1, "l2": 0.4}), ("L1", {}), ("L2", {}), ("L1L2", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_penalties_and_configurations_are_keras_s(keras: Any, name: str, arguments: dict[str, float]) -> None:
    ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
    assert ours(WEIGHTS) == pytest.approx(float(theirs(keras.ops.convert_to_tensor(WEIGHTS))), rel=1e-5)
    assert ours.get_config() == pytest.approx(theirs.get_config())
    form = keras.regularizers.serialize(theirs)
    assert regularizers.serialize(regularizers.get(form)) | {"config": 0} == form | {"config": 0}
    again = keras.regularizers.deserialize(regularizers.serialize(ours))
    assert again.get_config() == pytest.approx(ours.get_config())


@pytest.mark.parametrize(
    ("name", "l1", "l2"), [("l1", 0.01, 0), ("L1", 0.01, 0), ("l2", 0, 0.01), ("L2", 0, 0.01), ("l1_l2", 0.01, 0.01)]
)
def test_names(name: str, l1: float, l2: float) -> None:
    found = regularizers.get(name)
    assert found is not None
    assert (found.l1, found.l2) == (l1, l2)


def test_get_passes_objects_classes_and_none() -> None:
    penalty = regularizers.L2(0.5)
    assert regularizers.get(penalty) is penalty
    assert isinstance(regularizers.get(regularizers.L1), regularizers.L1)
    assert regularizers.get(None) is None
    assert regularizers.serialize(None) is None
    assert regularizers.l1 is regularizers.L1
    assert repr(penalty) == "L2(l2=0.5)"


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "0.1", True])
def test_bad_factors(value: Any) -> None:
    with pytest.raises(StriateError, match=r"^L2: got l2=.*, expected a .*number, 0 or more$"):
        regularizers.L2(value)


def test_unknown_names_and_functions() -> None:
    with pytest.raises(StriateError, match=r"^unknown regularizer 'L4': known are L1, L1L2, L2, l1, l1_l2, l1l2, l2$"):
        regularizers.get("L4")
    with pytest.raises(StriateError, match="functions of your own cannot be used as penalties"):
        regularizers.get(lambda x: x)  # type: ignore[arg-type]
    with pytest.raises(StriateError, match="expected a form with class_name and config"):
        regularizers.get({"l2": 0.1})

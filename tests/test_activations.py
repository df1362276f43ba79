from __future__ import annotations

from typing import Any

import pytest

from striate import activations
from striate.errors import StriateError


@pytest.mark.parametrize("name", sorted(activations._FUNCTIONS.keys() - {"scaled_tanh"}))
def test_names_are_keras_s(keras: Any, name: str) -> None:
    theirs = getattr(keras.activations, name)
    ours = activations.get(name)
    assert ours.__name__ == theirs.__name__
    assert activations.serialize(ours) == keras.activations.serialize(theirs)
    assert activations.get(activations.serialize(ours)) is ours
    assert getattr(activations, name) is ours


def test_get() -> None:
    assert activations.get(None) is activations.linear
    assert activations.get(activations.relu) is activations.relu
    assert activations.deserialize("swish") is activations.silu
    form = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}
    assert activations.get(form) is activations.relu
    assert activations.get({"class_name": "gelu", "config": {}}) is activations.gelu


def test_errors() -> None:
    with pytest.raises(StriateError, match=r"^unknown activation 'sigmiod': did you mean 'sigmoid'"):
        activations.get("sigmiod")
    with pytest.raises(StriateError, match=r"^unknown activation 'zzz': known are celu, elu, "):
        activations.get("zzz")
    for wrong in (len, 3, [], {"x": 1}):
        with pytest.raises(StriateError, match=r"activation"):
            activations.get(wrong)  # type: ignore[arg-type]

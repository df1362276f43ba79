"""What is absent on purpose has a reason that says what to use."""

from __future__ import annotations

from typing import Any

import pytest

from striate import activations, layers
from striate.programs.absent import reason


def test_every_layer_of_keras_is_here_or_has_a_reason(keras: Any) -> None:
    absent = {name for name in vars(keras.layers) if not name.startswith("_") and not hasattr(layers, name)}
    assert {name for name in absent if reason(f"keras.layers.{name}") is None} == set()


def test_every_activation_of_keras_is_here(keras: Any) -> None:
    names = {name for name in vars(keras.activations) if not name.startswith("_")}
    assert {name for name in names if not hasattr(activations, name)} == set()


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("RandomHue", "preprocessing_function"), ("MixUp", "preprocessing_function"), ("Pipeline", "keras.Sequential"),
        ("MelSpectrogram", "Conv2D"), ("LocallyConnected2D", "come nearest"),
        ("local.LocallyConnected1D", "come nearest"), ("SpectralNormalization", "MaxNorm"),
        ("Masking", "numpy.pad"), ("Merge", "keras.layers.concatenate"), ("InputSpec", "checks its input's shape"),
    ],
)  # fmt: skip
def test_reasons(name: str, instead: str) -> None:
    assert instead in (reason(f"keras.layers.{name}") or "")


def test_what_is_there_needs_none() -> None:
    for name in layers.__all__:
        assert reason(f"keras.layers.{name}") is None, name

"""What is absent on purpose has a reason that says what to use."""

from __future__ import annotations

from typing import Any

import pytest

from striate import activations, layers
from striate.programs.absent import reason
from striate.programs.elsewhere import exists, read
from striate.programs.names import Absent, look_up


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


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("keras.utils.io_utils.HDF5Matrix", "h5py.File"), ("keras.models.model_from_yaml", "model_from_json"),
        ("tensorflow.examples.tutorials.mnist", "keras.datasets.mnist"),
    ],
)  # fmt: skip
def test_reasons_of_other_names(name: str, instead: str) -> None:
    assert instead in (reason(name) or "")


def test_what_is_there_needs_none() -> None:
    for name in layers.__all__:
        assert reason(f"keras.layers.{name}") is None, name


def test_the_namespaces_say_what_there_is_instead() -> None:
    import striate.keras as keras
    import striate.tensorflow as tf

    for place, name in ((keras.layers, "LSTM"), (keras.callbacks, "BackupAndRestore"), (tf, "GradientTape")):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'; instead: ") as caught:
            getattr(place, name)
        assert (caught.value.name, caught.value.obj) == (name, place)
    with pytest.raises(AttributeError, match=r"has no attribute 'Dnse'$"):
        keras.layers.Dnse  # noqa: B018


@pytest.mark.parametrize("name", [
    "keras.layers.LSTM", "keras.tree", "tensorflow.raw_ops", "tensorflow.train.Checkpoint", "Sequential.export",
    "keras.layers.core.MaxoutDense", "keras.utils.np_utils.probas_to_classes", "tensorflow.data.Dataset.window",
    "Adam.minimize", "keras.utils.vis_utils.model_to_dot", "tensorflow.examples", "keras.layers.core.LambdaMerge",
])  # fmt: skip
def test_names_of_other_libraries_are_known(name: str) -> None:
    assert exists(name)


@pytest.mark.parametrize(
    "name", ["keras.layers.Dnse", "keras.layerss", "tensorflow.nn.reluu", "Sequential.sumary", "keras.Sequentia", "x"]
)
def test_slips_are_told_apart(name: str) -> None:
    assert not exists(name)


def test_every_name_of_keras_is_here_or_known_to_be_elsewhere(keras: Any) -> None:
    places = [
        "layers", "utils", "callbacks", "models", "losses", "metrics", "optimizers", "initializers", "regularizers",
        "backend",
    ]  # fmt: skip
    names = [f"keras.{place}.{name}" for place in places for name in vars(getattr(keras, place)) if name[0] != "_"]
    assert len(names) > 400
    assert [name for name in names if not _is_here(name) and not exists(name)] == []


def _is_here(name: str) -> bool:
    try:
        look_up(name)
    except Absent:
        return False
    return True


def test_tables_are_read() -> None:
    assert read("# c: x\na.b: c d\n    e\nf: g\n") == {"a.b": {"c", "d", "e"}, "f": {"g"}}

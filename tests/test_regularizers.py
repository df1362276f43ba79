from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate import regularizers
from striate.errors import StriateError, UnavailableError
from striate.keras import backend, ops

WEIGHTS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("L1", {"l1": 0.3}), ("L2", {"l2": 0.2}), ("L1L2", {"l1": 0.1, "l2": 0.4}), ("L1", {}), ("L2", {}), ("L1L2", {}),
    ("OrthogonalRegularizer", {}), ("OrthogonalRegularizer", {"factor": 0.3, "mode": "columns"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_penalties_and_configurations_are_keras_s(keras: Any, name: str, arguments: dict[str, Any]) -> None:
    ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
    assert ours(WEIGHTS) == pytest.approx(float(theirs(keras.ops.convert_to_tensor(WEIGHTS))), rel=1e-5)
    assert close(ours.get_config(), theirs.get_config())
    form = keras.regularizers.serialize(theirs)
    assert regularizers.serialize(regularizers.get(form)) | {"config": 0} == form | {"config": 0}
    again = keras.regularizers.deserialize(regularizers.serialize(ours))
    assert close(again.get_config(), ours.get_config())


def close(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Keras keeps some factors in float32."""
    return ours.keys() == theirs.keys() and all(
        ours[key] == theirs[key] if isinstance(ours[key], str) else ours[key] == pytest.approx(theirs[key])
        for key in ours
    )


def test_orthogonality_is_for_matrices() -> None:
    penalty = regularizers.OrthogonalRegularizer()
    with pytest.raises(StriateError, match=r"c: kernel_regularizer: OrthogonalRegularizer takes weights of two dim"):
        striate.layers.Conv2D(3, 2, kernel_regularizer=penalty, name="c").build((5, 5, 1))
    with pytest.raises(StriateError, match="activity_regularizer: OrthogonalRegularizer is for weights"):
        striate.layers.Dense(3, activity_regularizer=penalty)
    with pytest.raises(StriateError, match=r"got weights of shape \(3,\)"):
        penalty(np.ones(3))
    with pytest.raises(StriateError, match="mode='row'"):
        regularizers.OrthogonalRegularizer(mode="row")
    assert penalty(np.ones((1, 3))) == 0


def test_every_name_that_keras_knows(keras: Any) -> None:
    from keras.src.regularizers import ALL_OBJECTS_DICT

    for name, theirs in ALL_OBJECTS_DICT.items():
        if theirs.__name__ != "Regularizer":
            assert type(regularizers.get(name)).__name__ == theirs.__name__


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
    with pytest.raises(StriateError, match=r"^unknown regularizer 'L4': known are L1, L1L2, L2, .* l1, l1_l2, "):
        regularizers.get("L4")
    with pytest.raises(StriateError, match="got 3, expected one of L1, L2"):
        regularizers.get(3)  # type: ignore[arg-type]
    with pytest.raises(StriateError, match="expected a form with class_name and config"):
        regularizers.get({"l2": 0.1})


class Half(regularizers.Regularizer):
    def __call__(self, x: Any) -> Any:
        return 0.5 * ops.sum(ops.square(x))


@pytest.mark.parametrize(
    ("penalty", "l1", "l2"),
    [
        (lambda w: 1e-3 * ops.sum(ops.abs(w)), 1e-3, 0.0),
        (lambda w: 0.01 * backend.sum(backend.square(w)) + 0.02 * backend.sum(backend.abs(w)), 0.02, 0.01),
        (lambda w: backend.mean(backend.square(w)), 0.0, 1 / 12), (Half(), 0.0, 0.5), (Half, 0.0, 0.5),
        (lambda w: 0.0, 0.0, 0.0),
    ],
)  # fmt: skip
def test_penalties_of_your_own(penalty: Any, l1: float, l2: float) -> None:
    layer = striate.layers.Dense(4, kernel_regularizer=penalty)
    with pytest.raises(UnavailableError, match="is code of your own"):
        layer.get_config()
    layer.build((None, 3))
    assert layer.kernel.l1 == pytest.approx(l1, rel=1e-5)
    assert layer.kernel.l2 == pytest.approx(l2, rel=1e-5)
    again = striate.layers.Dense.from_config(layer.get_config())
    again.build((None, 3))
    assert (again.kernel.l1, again.kernel.l2) == (layer.kernel.l1, layer.kernel.l2)


@pytest.mark.parametrize(
    "penalty",
    [
        lambda w: ops.max(w), lambda w: ops.sum(w), lambda w: ops.sum(w**4), lambda w: 1 + ops.sum(w**2),
        lambda w: -ops.sum(w**2), lambda w: ops.sum(ops.square(w[0])), lambda w: ops.sqrt(ops.sum(ops.square(w))),
    ],
)  # fmt: skip
def test_penalties_that_no_engine_has(penalty: Any) -> None:
    with pytest.raises(UnavailableError, match=r"is not l1 sum\|w\| \+ l2 sum w\^2 for any l1 and l2"):
        striate.layers.Dense(4, kernel_regularizer=penalty).build((None, 3))


def test_penalties_of_outputs_of_your_own() -> None:
    assert striate.layers.Dense(4, activity_regularizer=Half()).activity_regularizer.l2 == 0.5
    with pytest.raises(UnavailableError, match="is not l1 sum"):
        striate.layers.Dense(4, activity_regularizer=lambda y: ops.mean(ops.square(y)))


def test_the_losses_of_layers_and_models(keras: Any) -> None:
    def network(api: Any) -> Any:
        return api.Sequential([
            api.layers.Input((4, 4, 1)),
            api.layers.Conv2D(2, 3, kernel_regularizer="l2", bias_regularizer=api.regularizers.L1(0.1)),
            api.layers.Flatten(), api.layers.Dense(2, kernel_regularizer=api.regularizers.L1L2(0.01, 0.02)),
        ])  # fmt: skip

    ours, theirs = network(striate), network(keras)
    weights = [np.random.default_rng(0).normal(size=w.shape).astype(np.float32) for w in ours.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    np.testing.assert_allclose(ours.losses, [keras.ops.convert_to_numpy(loss) for loss in theirs.losses], rtol=1e-5)
    assert len(ours.losses) == 3
    assert sum(loss.numpy() for loss in ours.losses) > 0
    ours.layers[0].trainable = theirs.layers[0].trainable = False
    assert len(ours.losses) == len(theirs.losses) == 1

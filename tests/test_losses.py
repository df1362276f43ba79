"""Losses on arrays against Keras, and what they refuse."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import striate
from striate import losses
from striate.errors import DataError, ShapeError, StriateError
from striate.graph import LossFunction

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}),
    ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"from_logits": True}),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.3}),
    ("BinaryCrossentropy", {}),
    ("BinaryCrossentropy", {"from_logits": True}),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}),
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("MeanAbsolutePercentageError", {}),
    ("MeanSquaredLogarithmicError", {}),
    ("Huber", {}),
    ("Huber", {"delta": 0.3}),
    ("LogCosh", {}),
    ("CosineSimilarity", {}),
    ("Hinge", {}),
    ("SquaredHinge", {}),
    ("CategoricalHinge", {}),
    ("KLDivergence", {}),
    ("Poisson", {}),
    ("CategoricalFocalCrossentropy", {}),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "alpha": 0.5, "gamma": 1.5, "label_smoothing": 0.1}),
    ("BinaryFocalCrossentropy", {}),
    ("BinaryFocalCrossentropy", {"from_logits": True, "apply_class_balancing": True, "alpha": 0.3, "gamma": 3.0}),
    ("BinaryFocalCrossentropy", {"label_smoothing": 0.1, "gamma": 0.0}),
]
SCORES = ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh", "CosineSimilarity", "Hinge", "SquaredHinge")
SCORES += ("CategoricalHinge",)  # what may be any number


def example(name: str, logits: bool, positions: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Targets and outputs of 7 images and 5 classes."""
    rng = np.random.default_rng(3)
    outputs = rng.normal(size=(7, *positions, 5)) * 3
    classes = rng.integers(0, 5, (7, *positions))
    if not logits and name not in SCORES:
        outputs = 1 / (1 + np.exp(-outputs)) if name.startswith("Binary") else np.exp(outputs)
        outputs = outputs if name.startswith("Binary") else outputs / outputs.sum(-1, keepdims=True)
    targets = classes if name.startswith("Sparse") else np.eye(5)[classes]
    return targets, outputs.astype(np.float32)


@pytest.mark.parametrize("positions", [(), (3,)], ids=["images", "positions"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_value_is_keras(
    keras: Any, name: str, options: dict[str, Any], weighted: bool, positions: tuple[int, ...]
) -> None:
    targets, outputs = example(name, options.get("from_logits", False), positions)
    weights = np.linspace(0, 2, 7 * (positions[0] if positions else 1)).reshape(7, *positions) if weighted else None
    if weights is not None and positions:
        weights = np.repeat(weights[:, :1], positions[0], axis=1)
    ours = getattr(losses, name)(**options)(targets, outputs, None if weights is None else weights.reshape(7, -1)[:, 0])
    theirs = getattr(keras.losses, name)(**options)(targets, outputs, weights)
    assert ours == pytest.approx(float(theirs), rel=2e-5 if "Focal" in name else 2e-6)  # Keras computes in float32


def test_certain_and_wrong_is_finite() -> None:
    loss = losses.SparseCategoricalCrossentropy()([1], [[1.0, 0.0]])
    assert loss == pytest.approx(-np.log(losses.EPSILON), rel=1e-6)
    assert losses.BinaryCrossentropy(from_logits=True)([[1.0]], [[-1000.0]]) == pytest.approx(1000)


def test_missing_axis_is_mended_as_in_keras() -> None:
    assert losses.MeanSquaredError()([1.0, 2.0], [[1.0], [3.0]]) == pytest.approx(0.5)
    assert losses.SparseCategoricalCrossentropy()([[0], [1]], [[1.0, 0.0], [0.0, 1.0]]) == pytest.approx(0, abs=2e-7)


def test_functions_that_engines_get() -> None:
    assert losses.get("mse").function() == LossFunction("mean_squared_error")
    assert losses.Huber(0.5).function() == LossFunction("huber", delta=0.5)
    focal = losses.BinaryFocalCrossentropy(True, 0.3, 1.0, from_logits=True)
    engines = LossFunction("binary_focal_crossentropy", True, alpha=0.3, gamma=1.0, apply_class_balancing=True)
    assert focal.function() == engines
    loss = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    assert loss.function() == LossFunction("categorical_crossentropy", True, 0.1)


@pytest.mark.parametrize("name", ["bce", "BCE", "binary_crossentropy", "BinaryCrossentropy"])
def test_names(name: str) -> None:
    assert isinstance(losses.get(name), losses.BinaryCrossentropy)
    assert isinstance(losses.get(losses.BinaryCrossentropy), losses.BinaryCrossentropy)
    assert isinstance(losses.get(losses.binary_crossentropy), losses.BinaryCrossentropy)


@pytest.mark.parametrize(
    ("target_shape", "output_shape", "kind"),
    [((8, 1), (8, 1), "binary_crossentropy"), ((8,), (8, 5), "sparse_categorical_crossentropy"),
     ((8, 1), (8, 5), "sparse_categorical_crossentropy"), ((8, 5), (8, 5), "categorical_crossentropy")],
)  # fmt: skip
def test_crossentropy_follows_shapes(target_shape: Any, output_shape: Any, kind: str) -> None:
    assert losses.resolve("ce", target_shape, output_shape).kind == kind
    assert losses.resolve("crossentropy", target_shape, output_shape).kind == kind


@pytest.mark.parametrize(("name", "options"), CASES)
def test_configurations_are_keras(keras: Any, name: str, options: dict[str, Any]) -> None:
    ours = losses.serialize(getattr(losses, name)(**options))
    theirs = keras.losses.deserialize(ours)
    assert type(theirs).__name__ == name
    if name == "Huber":  # whose delta Keras forgets to write
        assert theirs._fn_kwargs["delta"] == options.get("delta", 1.0)
        return
    assert losses.deserialize(keras.losses.serialize(theirs)).get_config() == ours["config"]


def test_every_name_that_keras_knows_for_these(keras: Any) -> None:
    from keras.src.losses import ALL_OBJECTS_DICT

    absent = {"CTC", "ctc", "Circle", "circle", "Dice", "dice", "Tversky", "tversky", "Loss", "LossFunctionWrapper"}
    for name in set(ALL_OBJECTS_DICT) - absent:
        found = losses.get(name)
        theirs = ALL_OBJECTS_DICT[name]
        if isinstance(theirs, type):
            assert type(found).__name__ == theirs.__name__
            assert found.get_config()["name"] == theirs().name
            ours = inspect.signature(type(found)).parameters
            assert {k: p.default for k, p in ours.items()} == {
                k: p.default for k, p in inspect.signature(theirs).parameters.items()
            }
        else:
            assert found.kind == theirs.__name__
            assert list(inspect.signature(getattr(losses, found.kind)).parameters) == list(
                inspect.signature(theirs).parameters
            )


def test_hinge_takes_yes_and_no_as_signs(keras: Any) -> None:
    scores = np.random.default_rng(0).normal(size=(6, 1))
    yes = np.array([[0.0], [1], [1], [0], [1], [0]])
    for name in ("hinge", "squared_hinge"):
        function = getattr(losses, name)
        np.testing.assert_array_equal(function(yes, scores), function(2 * yes - 1, scores))
        np.testing.assert_allclose(
            function(yes / 2, scores), keras.ops.convert_to_numpy(getattr(keras.losses, name)(yes / 2, scores)), 1e-6
        )


@pytest.mark.parametrize("make", [lambda: losses.Huber(-1.0), lambda: losses.CategoricalFocalCrossentropy(gamma=-1)])
def test_numbers_out_of_range(make: Any) -> None:
    with pytest.raises(StriateError, match="expected a number of 0 or more"):
        make()


def test_unknown_names_say_the_nearest() -> None:
    with pytest.raises(StriateError, match="did you mean 'sparse_categorical_crossentropy'"):
        losses.get("sparse_categorical_crossentropie")
    with pytest.raises(StriateError, match=r"expected a loss of striate\.losses"):
        losses.get(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [{"reduction": "product"}, {"axis": 1}, {"ignore_class": 3}, {"dtype": "float64"}],
)
def test_options_that_networks_do_not_have_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(StriateError, match=str(next(iter(options)))):
        losses.SparseCategoricalCrossentropy(**options)


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, "much", float("nan")])
def test_label_smoothing_out_of_range(smoothing: Any) -> None:
    with pytest.raises(StriateError, match="label_smoothing"):
        losses.CategoricalCrossentropy(label_smoothing=smoothing)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"class numbers of shape \(3,\) do not fit"):
        losses.sparse_categorical_crossentropy([0, 1, 2], np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"targets of shape \(2, 4\)"):
        losses.mean_squared_error(np.ones((2, 4)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="3 sample weights for 2 examples"):
        losses.MeanSquaredError()(np.ones((2, 3)), np.ones((2, 3)), [1, 1, 1])


@pytest.mark.parametrize("wrong", [-1, 3, float("nan"), float("inf")])
def test_class_numbers_that_are_none(wrong: float) -> None:
    with pytest.raises(DataError, match=r"got class numbers from .* for 3 classes; expected 0 to 2"):
        losses.SparseCategoricalCrossentropy()([0, wrong], np.ones((2, 3)))


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("reduction", ["sum", "none", None])
def test_reductions_on_arrays(keras: Any, reduction: str | None, weighted: bool) -> None:
    targets, outputs = example("MeanSquaredError", False, (3,))
    weights = np.linspace(0.5, 2, 7).astype(np.float32)[:, np.newaxis] if weighted else None
    theirs, ours = (
        library.losses.MeanSquaredError(reduction=reduction)(targets.astype(np.float32), outputs, weights)
        for library in (keras, striate)
    )
    assert ours.shape == tuple(theirs.shape)
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-5)


def test_networks_are_trained_with_means() -> None:
    model = striate.Sequential([striate.Input((2,)), striate.layers.Dense(1)])
    with pytest.raises(StriateError, match="MeanSquaredError: got reduction='sum'; networks are trained with"):
        model.compile("sgd", losses.MeanSquaredError(reduction="sum"))
    assert not model.compiled

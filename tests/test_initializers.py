from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate import initializers, random
from striate.errors import ShapeError, StriateError
from striate.lookup import snake_case

CASES: list[tuple[str, dict[str, Any]]] = [
    ("Zeros", {}), ("Ones", {}), ("Constant", {"value": 0.5}), ("Identity", {"gain": 2.0}),
    ("RandomNormal", {"mean": 1.0, "stddev": 0.2, "seed": 3}), ("TruncatedNormal", {"stddev": 0.1}),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0}), ("VarianceScaling", {"scale": 2.0, "mode": "fan_out"}),
    ("VarianceScaling", {"distribution": "uniform", "mode": "fan_avg", "input_axes": [0], "output_axes": [1]}),
    ("GlorotUniform", {}), ("GlorotNormal", {"seed": 9}), ("HeUniform", {}), ("HeNormal", {}), ("LecunUniform", {}),
    ("LecunNormal", {}), ("Orthogonal", {"gain": 0.7}),
]  # fmt: skip
RANDOM = [case for case in CASES if case[0] not in ("Zeros", "Ones", "Constant", "Identity")]
KERNEL = (5, 5, 40, 80)  # 80,000 numbers, fan-in 1000, fan-out 2000


def make(name: str, arguments: dict[str, Any]) -> initializers.Initializer:
    return getattr(initializers, name)(**arguments)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_configurations_go_to_keras_and_back(keras: Any, name: str, arguments: dict[str, Any]) -> None:
    ours, theirs = make(name, arguments), getattr(keras.initializers, name)(**arguments)
    form = keras.initializers.serialize(theirs)
    expected = dict(form["config"])
    if name == "Identity":
        expected = {"gain": 2.0}  # Keras forgets it
    axes = {"input_axes": None, "output_axes": None}  # which we write only if they are given
    assert axes | ours.get_config() == axes | expected
    again = initializers.deserialize(form)
    assert type(again) is type(ours)
    back = keras.initializers.deserialize(initializers.serialize(ours))
    assert type(back) is type(theirs)
    assert back.get_config() == theirs.get_config()


@pytest.mark.parametrize(("name", "arguments"), [case for case in CASES if case[0] not in ("Identity", "Orthogonal")])
def test_mean_deviation_and_bounds_are_keras_s(keras: Any, name: str, arguments: dict[str, Any]) -> None:
    """80,000 numbers: deviations agree to 2 %, eight standard errors; means to 5 standard errors of the difference."""
    if name in ("TruncatedNormal", "VarianceScaling"):  # unseeded, Keras on PyTorch lets some through beyond the limit
        arguments = {**arguments, "seed": 4}
    ours = make(name, arguments)(KERNEL)
    theirs = np.asarray(getattr(keras.initializers, name)(**arguments)(KERNEL, dtype="float32"))
    assert ours.shape == theirs.shape
    assert ours.dtype == np.float32
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02, abs=1e-7)
    assert abs(ours.mean() - theirs.mean()) <= 5 * theirs.std() * math.sqrt(2 / theirs.size) + 1e-7
    if "ormal" not in name or "Truncated" in name:
        assert ours.min() == pytest.approx(theirs.min(), rel=0.01, abs=1e-4)
        assert ours.max() == pytest.approx(theirs.max(), rel=0.01, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("GlorotUniform", 2 / 3000), ("GlorotNormal", 2 / 3000), ("HeUniform", 2 / 1000), ("HeNormal", 2 / 1000),
        ("LecunUniform", 1 / 1000), ("LecunNormal", 1 / 1000), ("VarianceScaling", 1 / 1000),
    ],
)  # fmt: skip
def test_variances_are_those_of_the_papers(name: str, variance: float) -> None:
    values = make(name, {"seed": 1})(KERNEL)
    assert values.var() == pytest.approx(variance, rel=0.03)
    limit = math.sqrt(3 * variance) if "Uniform" in name else 2 * math.sqrt(variance) / 0.8796
    assert np.abs(values).max() <= limit * 1.0001
    assert np.abs(values).max() >= limit * 0.99


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 3), st.floats(0.1, 3))
def test_orthogonal_matrices_are_orthogonal(rows: int, columns: int, window: int, gain: float) -> None:
    matrix = initializers.Orthogonal(gain, seed=1)((window, rows, columns)).reshape(-1, columns).astype(np.float64)
    product = matrix.T @ matrix if len(matrix) >= columns else matrix @ matrix.T
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-5 * gain**2 + 1e-6)


@pytest.mark.parametrize(("name", "arguments"), RANDOM)
def test_seeds(name: str, arguments: dict[str, Any]) -> None:
    arguments = {key: value for key, value in arguments.items() if key != "seed"}
    shape = (4, 6)
    seeded = make(name, {**arguments, "seed": 11})
    np.testing.assert_array_equal(seeded(shape), seeded(shape))
    np.testing.assert_array_equal(seeded(shape), make(name, {**arguments, "seed": 11})(shape))
    assert not np.array_equal(seeded(shape), make(name, {**arguments, "seed": 12})(shape))
    random.set_random_seed(1)
    first, second = make(name, arguments)(shape), make(name, arguments)(shape)
    random.set_random_seed(1)
    np.testing.assert_array_equal(make(name, arguments)(shape), first)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("shape", [(), (3,), (3, 4), (2, 3, 4), (3, 3, 2, 5), (2, 2, 2, 3, 4)])
def test_fans_are_keras_s(keras: Any, shape: tuple[int, ...]) -> None:
    from keras.src.initializers.random_initializers import compute_fans

    assert initializers.compute_fans(shape) == compute_fans(shape)


def test_names_are_keras_s(keras: Any) -> None:
    for name, _ in CASES:
        cls = getattr(initializers, name)
        for alias in (name, snake_case(name)):
            assert type(initializers.get(alias)) is cls
            assert getattr(initializers, alias) is cls
            assert getattr(keras.initializers, alias).__name__ == name
    for alias in ("zero", "one", "normal", "uniform"):
        assert type(initializers.get(alias)).__name__ == type(keras.initializers.get(alias)).__name__


def test_get_takes_arrays_functions_and_classes() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    constant = initializers.get(values)
    assert isinstance(constant, initializers.Constant)
    np.testing.assert_array_equal(constant((2, 3)), values)
    again = initializers.deserialize(initializers.serialize(constant) or {})
    np.testing.assert_array_equal(again((2, 3)), values)
    with pytest.raises(ShapeError, match=r"got an array of shape \(2, 3\) for weights of shape \(4, 2, 3\)$"):
        constant((4, 2, 3))
    assert isinstance(initializers.get(initializers.HeNormal), initializers.HeNormal)
    assert initializers.get(None) is None

    def own(shape: tuple[int, ...], dtype: Any = None) -> Any:
        return np.full(shape, 2.0)

    assert initializers.get(own) is own
    for own in (lambda shape, dtype=None: np.ones(shape), type("Mine", (initializers.Initializer,), {})()):
        with pytest.warns(UserWarning, match="is code of your own, which a configuration cannot hold; GlorotUniform"):
            assert initializers.serialize(own)["class_name"] == "GlorotUniform"


def test_a_seed_generator_s_configuration_is_read(keras: Any) -> None:
    form = keras.initializers.serialize(keras.initializers.HeNormal(seed=keras.random.SeedGenerator(5)))
    found = initializers.deserialize(form)
    assert isinstance(found, initializers.HeNormal)
    assert found.seed == 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.get("he_norml"), "unknown initializer 'he_norml': did you mean 'he_normal'"),
        (lambda: initializers.get(3), 'initializer: got 3, expected a name such as "he_normal"'),
        (lambda: initializers.get({"x": 1}), "initializer: got {'x': 1}, expected a form with class_name and config"),
        (
            lambda: initializers.get({"class_name": "Zeros", "config": {"gain": 1}}),
            "initializer Zeros: ",
        ),
        (lambda: initializers.HeNormal(seed="a"), "HeNormal: got seed='a', expected a whole number or None"),  # type: ignore[arg-type]
        (lambda: initializers.VarianceScaling(0), "VarianceScaling: got scale=0, expected a number above 0"),
        (lambda: initializers.VarianceScaling(mode="in"), "VarianceScaling: got mode='in', expected \"fan_in\""),
        (lambda: initializers.VarianceScaling(distribution="x"), "VarianceScaling: got distribution='x', expected"),
        (lambda: initializers.Orthogonal()((3,)), "Orthogonal: expected weights of at least two dimensions, got shape"),
        (lambda: initializers.Identity()((3, 3, 1)), "Identity: expected two-dimensional weights, got shape (3, 3, 1)"),
    ],
)
def test_errors(make: Any, message: str) -> None:
    with pytest.raises(StriateError) as caught:
        make()
    assert str(caught.value).startswith(message)


def test_dtype() -> None:
    assert initializers.Ones()((2,), dtype="float64").dtype == np.float64
    np.testing.assert_array_equal(initializers.Identity(3.0)((2, 3)), [[3, 0, 0], [0, 3, 0]])

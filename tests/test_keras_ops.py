"""keras.ops and keras.random: on arrays what Keras gives, inside networks layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import striate
from striate.errors import UnavailableError
from striate.keras import ops, random

R = np.random.default_rng(0)
X = R.standard_normal((3, 4)).astype(np.float32)
P = np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)
W = R.integers(0, 4, (3, 4)).astype(np.int32)
LABELS = np.array([1, 0, 3])

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    *((name, (X,), {}) for name in (
        "abs", "absolute", "square", "exp", "expm1", "sin", "cos", "tan", "tanh", "sinh", "arctan", "sign", "floor",
        "ceil", "round", "negative", "sigmoid", "relu", "relu6", "elu", "selu", "gelu", "silu", "softplus", "softsign",
        "softmax", "log_softmax", "hard_sigmoid", "leaky_relu", "erf", "sum", "mean", "max", "min", "prod", "std",
        "var", "any", "all", "argmax", "argmin", "sort", "argsort", "ravel", "transpose", "squeeze", "zeros_like",
        "ones_like", "isnan", "isfinite", "logsumexp", "size", "ndim", "shape", "copy", "norm", "median", "cumsum",
        "count_nonzero", "diag", "trace", "tril",
    )),
    *((name, (np.abs(X),), {}) for name in ("sqrt", "log", "log1p", "rsqrt", "reciprocal")),
    *((name, (X, 0.5), {}) for name in (
        "add", "subtract", "multiply", "divide", "maximum", "minimum", "greater", "less_equal", "equal", "not_equal"
    )),
    *((name, (X,), {"axis": 1}) for name in ("sum", "mean", "max", "min", "argmax", "std", "cumsum", "any", "flip")),
    ("mean", (W,), {}), ("sum", (W,), {"axis": 0}), ("std", (W,), {}), ("mean", (X,), {"axis": 1, "keepdims": True}),
    ("mean", (X > 0,), {}), ("power", (np.abs(X), 2.5), {}), ("clip", (X, -0.5, 0.5), {}), ("cast", (X, "int32"), {}),
    ("where", (X > 0, X, 0.0), {}), ("concatenate", ([X, X],), {"axis": 1}), ("stack", ([X, X],), {}),
    ("reshape", (X, (2, 6)), {}), ("expand_dims", (X, 1), {}), ("one_hot", (LABELS, 4), {}),
    ("repeat", (X, 2), {"axis": 0}), ("tile", (X, (2, 1)), {}), ("pad", (X, ((1, 0), (0, 2))), {}),
    ("pad", (X, ((1, 1), (1, 1))), {"constant_values": 3}),
    ("take", (X, [0, 2]), {"axis": 1}), ("roll", (X, 1), {"axis": 0}),
    ("matmul", (X, X.T), {}), ("dot", (X, X.T), {}), ("tensordot", (X, X), {"axes": 2}), ("outer", (X[0], X[1]), {}),
    ("einsum", ("ij,kj->ik", X, X), {}), ("arange", (5,), {}), ("arange", (0.0, 1.0, 0.25), {}),
    ("linspace", (0.0, 1.0, 5), {}), ("eye", (3,), {}), ("zeros", ((2, 3),), {}), ("ones", ((2,),), {"dtype": "int32"}),
    ("full", ((2, 2), 7), {}), ("full_like", (X, 2.0), {}), ("split", (X, 2), {"axis": 1}), ("normalize", (X,), {}),
    ("swapaxes", (X, 0, 1), {}), ("moveaxis", (X, 0, 1), {}), ("broadcast_to", (X[0], (2, 4)), {}),
    ("top_k", (X, 2), {}), ("in_top_k", (LABELS, X, 2), {}), ("isclose", (X, X + 1e-9), {}),
    ("categorical_crossentropy", (np.eye(4, dtype=np.float32)[LABELS], P), {}),
    ("sparse_categorical_crossentropy", (LABELS, P), {}), ("binary_crossentropy", ((X > 0).astype("float32"), P), {}),
    ("sparse_categorical_crossentropy", (LABELS, X), {"from_logits": True}), ("convert_to_tensor", ([1.5, 2],), {}),
    ("fori_loop", (0, 4, lambda i, total: total + i, 1), {}), ("moments", (X,), {"axes": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "options"), CALLS, ids=[f"{i} {c[0]}" for i, c in enumerate(CALLS)])
def test_arrays(keras: Any, name: str, arguments: Any, options: Any) -> None:
    ours, theirs = getattr(ops, name)(*arguments, **options), getattr(keras.ops, name)(*arguments, **options)
    several = isinstance(theirs, (list, tuple)) and name != "shape"
    for a, b in zip(ours, theirs, strict=True) if several else [(ours, theirs)]:
        expected = keras.ops.convert_to_numpy(b) if hasattr(b, "dtype") else np.asarray(b)
        np.testing.assert_allclose(np.asarray(a), expected, rtol=1e-5, atol=1e-6)
        if hasattr(b, "dtype") and expected.dtype.kind in "fb":
            assert np.asarray(a).dtype == expected.dtype, name


def test_inside_networks() -> None:
    image = striate.Input((4, 4, 3))
    hidden = ops.relu(ops.multiply(image, 2.0) - ops.square(image)) + ops.clip(image, -0.5, 0.5) + ops.gelu(image)
    hidden = hidden + ops.sqrt(ops.square(image) + 1.0) / 2
    means, row = ops.mean(ops.exp(-hidden), axis=(1, 2)), ops.reshape(ops.cast(image, "float32"), (-1, 48))
    model = striate.Model(image, [means, row, ops.sum(ops.log(ops.abs(image) + 1), axis=-1)])
    x = R.standard_normal((2, 4, 4, 3)).astype(np.float32)
    value = np.maximum(2 * x - x**2, 0) + np.clip(x, -0.5, 0.5) + np.asarray(ops.gelu(x)) + np.sqrt(x**2 + 1) / 2
    found = model.predict(x, verbose=0)
    np.testing.assert_allclose(found[0], np.exp(-value).mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_array_equal(found[1], x.reshape(2, 48))
    np.testing.assert_allclose(found[2], np.log(np.abs(x) + 1).sum(axis=-1), rtol=1e-5)
    assert ops.shape(image) == (None, 4, 4, 3)


@pytest.mark.parametrize("name", ["sin", "prod", "cumsum", "argmax", "matmul", "norm", "stop_gradient"])
def test_what_is_no_layer(name: str) -> None:
    image = striate.Input((4,))
    with pytest.raises(UnavailableError, match=f"{name}: got the symbolic tensor"):
        getattr(ops, name)(*([image, image] if name == "matmul" else [image]))


def test_absent_names_say_what_is_near() -> None:
    with pytest.raises(AttributeError, match="NumPy's functions"):
        ops.associative_scan  # noqa: B018


def test_random_numbers() -> None:
    for make in (
        lambda **options: random.normal((2000,), 1.0, 2.0, **options),
        lambda **options: random.uniform((2000,), 0.0, 2.0, **options),
        lambda **options: random.truncated_normal((2000,), 1.0, **options),
        lambda **options: random.gamma((2000,), 1.0, **options),
        lambda **options: random.randint((2000,), 0, 3, **options),
    ):
        assert abs(np.mean(make(seed=3)) - 1) < 0.1
        np.testing.assert_array_equal(make(seed=3), make(seed=3))
        assert not np.array_equal(make(), make())
    seeds, again = random.SeedGenerator(5), random.SeedGenerator(5)
    first, second = (random.normal((3,), seed=seeds) for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, random.normal((3,), seed=again))
    np.testing.assert_array_equal(second, random.normal((3,), seed=again))
    assert sorted(random.shuffle(np.arange(9), seed=1).tolist()) == list(range(9))
    assert np.abs(random.truncated_normal((500,), seed=1)).max() <= 2
    classes = random.categorical(np.log([[0.8, 0.2, 1e-9]]), 1000, seed=1)
    assert classes.shape == (1, 1000)
    assert abs(np.mean(np.asarray(classes) == 0) - 0.8) < 0.05
    assert set(np.unique(np.asarray(random.dropout(np.ones(50, np.float32), 0.5, seed=2)))) == {0.0, 2.0}

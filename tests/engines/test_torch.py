"""The torch engine, which the native one is measured by, against the naive reference."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate import engines
from striate.engines import Engine
from striate.graph.operations import ActivationName, Add, Affine, Concat, PReLU, Reshape, Scale, Softmax, Standardize

from . import reference
from . import strategies as some
from .checks import assert_close, describe, examples
from .networks import Builder
from .strategies import Case


@pytest.fixture(scope="session")
def single(oracle: Any) -> Engine:
    """The torch engine as users get it, in float32; `oracle` is there so that a missing PyTorch is said."""
    return engines.get("torch:cpu")


def check(oracle: Engine, single: Engine, case: Case) -> None:
    for training in (False, True):
        expected = reference.run(case.graph, case.images, training)
        for engine, tolerance in ((oracle, 1e-7), (single, 2e-5)):  # float64 results are rounded to float32, no more
            actual = engine.compile(case.graph).read(case.images, case.graph.nodes, training=training)
            for node, ours, theirs in zip(case.graph.nodes, actual, expected, strict=True):
                assert_close(ours, theirs, describe(node), tolerance)


@pytest.mark.parametrize("kind", ["plain", "grouped", "depthwise"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@examples(5)
def test_conv(
    oracle: Engine, single: Engine, rank: int, kind: Literal["plain", "grouped", "depthwise"], data: st.DataObject
) -> None:
    check(oracle, single, data.draw(some.convolutions(rank, kind)))


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
@examples(8)
def test_pool(oracle: Engine, single: Engine, rank: int, kind: Literal["max", "average"], data: st.DataObject) -> None:
    check(oracle, single, data.draw(some.pools(rank, kind)))


@given(case=st.one_of(some.denses(), some.batch_norms(), some.pads(1), some.pads(2), some.pads(3)))
@examples(40)
def test_dense_batch_norm_and_pad(oracle: Engine, single: Engine, case: Case) -> None:
    check(oracle, single, case)


@given(
    case=st.one_of(
        *(some.combinations(kind) for kind in ("add", "subtract", "multiply", "maximum", "minimum")),
        some.contractions(),
        *(some.normalizations(kind) for kind in ("deviation", "root_mean_square", "length")),
        some.local_responses(),
        *(some.parametrics(kind) for kind in (Scale, PReLU, Standardize)),
        some.embeddings(),
    )
)
@examples(100)
def test_pairs_norms_and_parameters(oracle: Engine, single: Engine, case: Case) -> None:
    check(oracle, single, case)


@pytest.mark.parametrize("function", some.FUNCTIONS)
@given(data=st.data())
@examples(3)
def test_activation(oracle: Engine, single: Engine, function: ActivationName, data: st.DataObject) -> None:
    check(oracle, single, data.draw(some.activations(function)))


def test_the_rest(oracle: Engine, single: Engine) -> None:
    make = Builder(0)
    a, b = make.input(3, 4, 2), make.input(3, 4, 2)
    joined = make.add(Concat(), make.add(Add(), a, b, a), make.add(Affine(0.5, -1.0), b))
    make.add(Softmax(), make.add(Reshape((4, 12)), joined))
    check(oracle, single, some.finish(make, 9))


def test_weights_are_shared_not_copied(single: Engine) -> None:
    make = Builder(0)
    dense = make.dense(make.input(3), 2)
    program = single.compile(make.finish(dense))
    images = make.images(4)
    before = program.predict(images, 4)[0]
    for parameter in make.graph.parameters():
        parameter.value *= 2.0
    np.testing.assert_array_equal(program.predict(images, 4)[0], 2.0 * before)

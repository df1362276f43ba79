"""Results against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.errors import ShapeError
from striate.report import Results


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(2, 7))
def test_against_counting(seed: int, count: int, classes: int) -> None:
    random = np.random.default_rng(seed)
    labels, chances = random.integers(0, classes, count), random.random((count, classes))
    results = Results(labels, chances)
    called = [int(np.argmax(row)) for row in chances]
    pairs = list(zip(labels.tolist(), called, strict=True))
    assert results.accuracy == pytest.approx(sum(a == b for a, b in pairs) / count)
    for i, row in enumerate(results.confusion().tolist()):
        assert row == [pairs.count((i, j)) for j in range(classes)]
    for i, result in enumerate(results.by_class()):
        right, said, there = pairs.count((i, i)), called.count(i), labels.tolist().count(i)
        assert result.precision == pytest.approx(right / said if said else 0)
        assert result.recall == pytest.approx(right / there if there else 0)
        assert (result.name, result.count) == (str(i), there)
    wrong = results.surest_wrong(5)
    assert all(pairs[index][0] != pairs[index][1] for index in wrong)
    assert len(wrong) == min(5, sum(a != b for a, b in pairs))
    confidence = [chances[index].max() for index in wrong]
    assert confidence == sorted(confidence, reverse=True)
    right_ones = results.surest_right(5)
    assert all(pairs[index][0] == pairs[index][1] for index in right_ones)
    assert len({pairs[index][0] for index in right_ones}) == len(right_ones)


def test_one_output_means_two_classes() -> None:
    results = Results([[0], [1], [1]], [[0.2], [0.9], [0.4]], ["no", "yes"])
    assert results.predicted.tolist() == [0, 1, 0]
    assert results.confidence.tolist() == pytest.approx([0.8, 0.9, 0.6])


@pytest.mark.parametrize(
    ("labels", "chances"), [([0, 1], np.eye(3)), ([0, 3, 1], np.eye(3)), ([-1, 0, 0], np.eye(3)), ([], np.ones((0, 3)))]
)
def test_what_does_not_fit(labels: list[int], chances: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="results:"):
        Results(labels, chances)

"""split_dataset, timeseries_dataset_from_array, Progbar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate.data import Dataset
from striate.errors import StriateError
from striate.utils import Progbar, split_dataset, timeseries_dataset_from_array


def test_split_dataset() -> None:
    left, right = split_dataset(np.arange(10), left_size=0.8)
    assert ([int(x) for x in left], [int(x) for x in right]) == (list(range(8)), [8, 9])
    left, right = split_dataset((np.arange(10), np.arange(10) * 2), right_size=3, shuffle=True, seed=1)
    assert (len(left), len(right)) == (7, 3)
    assert all(int(y) == 2 * int(x) for x, y in left)
    assert sorted(int(x) for x, _ in [*left, *right]) == list(range(10))
    left, right = split_dataset(Dataset.range(6), left_size=2, right_size=2)
    assert [int(x) for x in right] == [4, 5]
    for wrong in ({}, {"left_size": 1.5}, {"left_size": 11}, {"left_size": 6, "right_size": 6}):
        with pytest.raises(StriateError, match="split_dataset"):
            split_dataset(np.arange(10), **wrong)


@pytest.mark.parametrize(
    "options",
    [
        {}, {"sequence_stride": 3}, {"sampling_rate": 2}, {"start_index": 4, "end_index": 17}, {"batch_size": None},
        {"sequence_stride": 2, "sampling_rate": 3},
    ],
)  # fmt: skip
def test_windows_over_a_series(options: dict[str, Any]) -> None:
    series, targets = np.arange(20) * 10.0, np.arange(20)
    found = timeseries_dataset_from_array(series, targets, 4, **{"batch_size": 5, **options})
    pairs = list(found if options.get("batch_size", 5) is None else found.unbatch())
    first, last = options.get("start_index", 0), options.get("end_index", 20)
    rate, stride = options.get("sampling_rate", 1), options.get("sequence_stride", 1)
    starts = range(first, last - 3 * rate, stride)
    assert [(x.tolist(), int(y)) for x, y in pairs] == [
        ([(start + rate * k) * 10.0 for k in range(4)], start) for start in starts
    ]


def test_windows_in_random_order() -> None:
    found = timeseries_dataset_from_array(np.arange(20), None, 3, batch_size=4, shuffle=True, seed=1)
    starts = [int(x[0]) for batch in found for x in batch]
    assert sorted(starts) == list(range(18))
    assert starts != sorted(starts)
    with pytest.raises(StriateError, match="does not fit 20"):
        timeseries_dataset_from_array(np.arange(20), None, 30)


def test_progbar(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progbar(4, stateful_metrics=["rate"], interval=0)
    for step in range(1, 5):
        bar.update(step, [("loss", step), ("rate", step)])
    shown = capsys.readouterr().out
    assert shown.endswith("\n")
    last = shown.split("\r")[-1]
    assert "4/4 [====================]" in last
    assert "loss: 2.5000" in last
    assert "rate: 4.0000" in last
    Progbar(2, verbose=0).add(2)
    assert capsys.readouterr().out == ""

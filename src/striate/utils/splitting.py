"""Data sets out of arrays: two parts of one, and windows over a series."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.checks import as_whole, whole
from striate.data import Dataset
from striate.data.structure import stacked
from striate.errors import DataError, StriateError
from striate.random import generator, next_generator


def split_dataset(
    dataset: Any, left_size: float | None = None, right_size: float | None = None, shuffle: bool = False,
    seed: int | None = None, preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Two data sets of a data set's elements: the first of them, and the last.

    Args:
        dataset: a Dataset, an array, or a tuple or list of arrays of one length. All elements are held in memory.
        left_size, right_size: how many elements, or from 0 to 1 which share of them; one may be left to the other.
        shuffle: whether to bring them into random order first.
        seed: of that order; None: follows `set_random_seed`.
        preferred_backend: None or "tensorflow".

    Raises:
        StriateError: sizes that do not fit.
    """
    if preferred_backend not in (None, "tensorflow"):
        raise StriateError(f"split_dataset: got preferred_backend={preferred_backend!r}, expected None")
    if not isinstance(dataset, Dataset):
        given = tuple(dataset) if isinstance(dataset, (tuple, list)) else dataset
        dataset = Dataset.from_tensor_slices(given)
    elements = list(dataset)
    left, right = _sizes(len(elements), left_size, right_size)
    if shuffle:
        random = next_generator() if seed is None else generator(whole("split_dataset", seed, 0, "seed"))
        elements = [elements[place] for place in random.permutation(len(elements))]
    parts = elements[:left], elements[len(elements) - right :]
    first, second = (Dataset.from_tensor_slices(stacked(part, "split_dataset")) for part in parts)
    return first, second


def _sizes(count: int, left: float | None, right: float | None) -> tuple[int, int]:
    """How many elements each part has."""
    if left is None and right is None:
        raise StriateError("split_dataset: give left_size or right_size")
    found = [_size(name, value, count) for name, value in (("left_size", left), ("right_size", right))]
    first = count - (found[1] or 0) if found[0] is None else found[0]
    second = count - first if found[1] is None else found[1]
    if min(first, second) < 1 or first + second > count:
        raise StriateError(
            f"split_dataset: left_size={left}, right_size={right} make {first} and {second} of {count} elements; both "
            "need at least one, together no more than there are"
        )
    return first, second


def _size(name: str, value: float | None, count: int) -> int | None:
    if value is None:
        return None
    number = as_whole(value)
    if number is not None and number > 0:
        return number
    if isinstance(value, (float, np.floating)) and 0 < value < 1:
        return round(value * count)
    raise StriateError(f"split_dataset: got {name}={value!r}, expected a number of elements or a share between 0 and 1")


def timeseries_dataset_from_array(
    data: Any, targets: Any, sequence_length: int, sequence_stride: int = 1, sampling_rate: int = 1,
    batch_size: int | None = 128, shuffle: bool = False, seed: int | None = None, start_index: int | None = None,
    end_index: int | None = None, format: str = "tf",
) -> Dataset:
    """Windows over a series, as a data set of batches.

    Args:
        data: an array whose first axis is time.
        targets: the target of the window that begins at each time, or None.
        sequence_length: times in a window.
        sequence_stride: from the beginning of a window to that of the next.
        sampling_rate: from one time in a window to the next.
        batch_size: windows in a batch; None: no batches.
        shuffle: whether windows come in random order.
        seed: of that order.
        start_index, end_index: the part of the series that is used.
        format: "tf".

    Raises:
        DataError: a series that is too short. StriateError: arguments out of their range.
    """
    if format != "tf":
        raise StriateError(f'timeseries_dataset_from_array: got format={format!r}, expected "tf"')
    name = "timeseries_dataset_from_array"
    length = whole(name, sequence_length, argument="sequence_length")
    stride, rate = (
        whole(name, value, argument=argument)
        for argument, value in (("sequence_stride", sequence_stride), ("sampling_rate", sampling_rate))
    )
    series = np.asarray(data)
    first = whole(name, start_index or 0, 0, "start_index")
    last = len(series) if end_index is None else whole(name, end_index, 1, "end_index")
    if not first < last <= len(series):
        raise StriateError(f"{name}: got start_index={start_index}, end_index={end_index} for {len(series)} times")
    count = last - first - (length - 1) * rate
    answers = None if targets is None else np.asarray(targets)[first:last]
    count = count if answers is None else min(count, len(answers))
    if count < 1:
        raise DataError(f"{name}: a window of {(length - 1) * rate + 1} times does not fit {last - first}")
    part, steps = series[first:last], np.arange(length) * rate

    def window(start: Any) -> Any:
        chosen = part[int(start) + steps]
        return chosen if answers is None else (chosen, answers[int(start)])

    starts = Dataset.from_tensor_slices(np.arange(0, count, stride))
    if shuffle:
        starts = starts.shuffle(len(starts), seed)
    windows = starts.map(window)
    return windows if batch_size is None else windows.batch(batch_size)

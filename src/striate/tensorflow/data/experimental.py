"""Older places of names of tf.data."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from striate.data import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from striate.tensorflow._absent import absent
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor

__all__ = [
    "AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "AutoShardPolicy", "Counter", "cardinality",
    "enumerate_dataset", "get_single_element", "prefetch_to_device", "shuffle_and_repeat", "take_while", "unbatch",
]  # fmt: skip

__getattr__ = absent(__name__)
Transformation = Callable[[Dataset], Dataset]
AutoShardPolicy = SimpleNamespace(OFF=-1, AUTO=0, FILE=1, DATA=2, HINT=3)


def Counter(start: int = 0, step: int = 1, dtype: Any = "int64") -> Dataset:
    """As `Dataset.counter`."""
    return Dataset.counter(start, step, as_dtype(dtype).dtype)


def cardinality(dataset: Dataset) -> Tensor:
    """The number of elements; INFINITE_CARDINALITY or UNKNOWN_CARDINALITY."""
    return dataset.cardinality()


def get_single_element(dataset: Dataset) -> Any:
    """The only element."""
    return dataset.get_single_element()


def unbatch() -> Transformation:
    """For `Dataset.apply`: as `Dataset.unbatch`."""
    return lambda dataset: dataset.unbatch()


def enumerate_dataset(start: int = 0) -> Transformation:
    """For `Dataset.apply`: as `Dataset.enumerate`."""
    return lambda dataset: dataset.enumerate(start)


def take_while(predicate: Callable[..., Any]) -> Transformation:
    """For `Dataset.apply`: as `Dataset.take_while`."""
    return lambda dataset: dataset.take_while(predicate)


def shuffle_and_repeat(buffer_size: int, count: int | None = None, seed: int | None = None) -> Transformation:
    """For `Dataset.apply`: `shuffle`, then `repeat`."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def prefetch_to_device(device: str, buffer_size: int | None = None) -> Transformation:
    """For `Dataset.apply`: the same elements."""
    return lambda dataset: dataset.prefetch(buffer_size)

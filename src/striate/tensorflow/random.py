"""Random tensors (tf.random). They follow `set_seed`; with a seed of its own a call follows that."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.errors import StriateError
from striate.random import generator as _generator
from striate.random import set_random_seed
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import tensor
from striate.tensorflow._creation import sizes
from striate.tensorflow._streams import stream
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, wrapped

__all__ = [
    "categorical", "normal", "set_random_seed", "set_seed", "shuffle", "stateless_normal", "stateless_uniform",
    "truncated_normal", "uniform",
]  # fmt: skip

__getattr__ = absent(__name__)


def set_seed(seed: int) -> None:
    """Make everything random that follows repeatable: weights, shuffles, dropout, and these functions."""
    set_random_seed(seed)


def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed."""
    return _normal(stream(seed), shape, mean, stddev, dtype)


def stateless_normal(
    shape: Any, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """As `normal`; the same two numbers as seed always give the same tensor."""
    return _normal(_stateless(seed), shape, mean, stddev, dtype)


def _normal(random: np.random.Generator, shape: Any, mean: Any, stddev: Any, dtype: Any) -> Tensor:
    values = random.standard_normal(sizes(shape), np.float32)
    return wrapped((np.asarray(mean) + np.asarray(stddev) * values).astype(as_dtype(dtype).dtype))


def uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Equally distributed from minval to below maxval (1); for whole numbers maxval must be given."""
    return _uniform(stream(seed), shape, minval, maxval, dtype)


def stateless_uniform(
    shape: Any, seed: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """As `uniform`; the same two numbers as seed always give the same tensor."""
    return _uniform(_stateless(seed), shape, minval, maxval, dtype)


def _uniform(random: np.random.Generator, shape: Any, low: Any, high: Any, dtype: Any) -> Tensor:
    kind = as_dtype(dtype).dtype
    if kind.kind in "iu":
        if high is None:
            raise StriateError(f"uniform: got dtype={kind} and no maxval; give it for whole numbers")
        return wrapped(random.integers(low, high, sizes(shape), np.int64).astype(kind))
    first, last = np.asarray(low, np.float32), np.asarray(1 if high is None else high, np.float32)
    return wrapped((first + (last - first) * random.random(sizes(shape), np.float32)).astype(kind))


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed; what lies two standard deviations off and more is drawn again."""
    random = stream(seed)
    values = random.standard_normal(sizes(shape), np.float32)
    while (far := np.abs(values) > 2).any():
        values[far] = random.standard_normal(int(far.sum()), np.float32)
    return wrapped((np.asarray(mean) + np.asarray(stddev) * values).astype(as_dtype(dtype).dtype))


def shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """The parts along the first axis in random order."""
    return wrapped(stream(seed).permutation(tensor(value, "shuffle"), axis=0))


def categorical(
    logits: Any, num_samples: int, dtype: Any = None, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Class numbers (n, num_samples), drawn with the probabilities softmax(logits) of each row."""
    scores = tensor(logits, "categorical")
    noise = stream(seed).gumbel(size=(len(scores), int(num_samples), scores.shape[-1]))
    drawn = (scores.view(np.ndarray)[:, np.newaxis] + noise).argmax(axis=-1)
    return wrapped(drawn.astype(np.int64 if dtype is None else as_dtype(dtype).dtype))


def _stateless(seed: Any) -> np.random.Generator:
    keys = np.asarray(seed).reshape(-1).tolist()
    if len(keys) != 2 or not all(isinstance(key, int) for key in keys):
        raise StriateError(f"seed: got {seed!r}, expected two whole numbers")
    return _generator(*(key % 2**64 for key in keys), 2)

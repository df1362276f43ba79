"""Random tensors (tf.random). They follow `set_seed`; with a seed of its own a call follows that."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.checks import whole
from striate.errors import StriateError
from striate.random import generator as _generator
from striate.random import next_generator as _next_generator
from striate.random import set_random_seed
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import tensor
from striate.tensorflow._creation import sizes
from striate.tensorflow._streams import keyed, stream
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, wrapped

__all__ = [
    "Generator", "categorical", "get_global_generator", "normal", "set_random_seed", "set_seed", "shuffle",
    "split", "stateless_normal", "stateless_uniform", "truncated_normal", "uniform",
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
    return _normal(keyed(seed), shape, mean, stddev, dtype)


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
    return _uniform(keyed(seed), shape, minval, maxval, dtype)


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


def split(seed: Any, num: int = 2, alg: Any = "auto_select") -> Tensor:
    """(num, 2): seeds that follow from one, for functions that take two numbers."""
    return wrapped(keyed(seed).integers(-(2**31), 2**31, (whole("num", num, 1), 2)).astype(np.int32))


class Generator:
    """A sequence of random numbers of its own; `from_seed` makes one that is the same every time."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """The sequence of a whole number."""
        return cls(_generator(whole("seed", seed, -(2**63)) % 2**64, 3))

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """The next of the global seed's; if there is none, another one each time."""
        return cls(_next_generator())

    def reset_from_seed(self, seed: Any) -> None:
        """Begin the sequence of a whole number."""
        self._random = self.from_seed(seed)._random

    def make_seeds(self, count: int = 1) -> Tensor:
        """(2, count): seeds, each a column, for functions that take two numbers."""
        return wrapped(self._random.integers(-(2**63), 2**63 - 1, (2, whole("count", count, 1)), endpoint=True))

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", name: str | None = None
    ) -> Tensor:
        """Normally distributed."""
        return _normal(self._random, shape, mean, stddev, dtype)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", name: str | None = None
    ) -> Tensor:
        """Equally distributed from minval to below maxval (1); for whole numbers maxval must be given."""
        return _uniform(self._random, shape, minval, maxval, dtype)


def get_global_generator() -> Generator:
    """As `Generator.from_non_deterministic_state`."""
    return Generator.from_non_deterministic_state()

"""`keras.random` of Keras 3: random tensors. They follow `set_random_seed`; a call with a seed follows that."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate import tensorflow as tf
from striate.layers.symbolic import is_symbolic
from striate.random import next_seed
from striate.tensorflow._absent import absent
from striate.tensorflow._arguments import tensor
from striate.tensorflow._creation import sizes
from striate.tensorflow._streams import stream
from striate.tensorflow.dtypes import as_dtype
from striate.tensors import Tensor, wrapped

__all__ = [
    "SeedGenerator", "beta", "binomial", "categorical", "dropout", "gamma", "normal", "randint", "shuffle",
    "truncated_normal", "uniform",
]  # fmt: skip
__getattr__ = absent(__name__)


class SeedGenerator:
    """A sequence of seeds: each call that is given it draws other numbers, the same in every run.

    Args:
        seed: where it begins; None: from the sequence of `set_random_seed`.
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **options: Any) -> None:
        self.seed, self.name = next_seed() & 0xFFFFFFFF if seed is None else int(seed), name
        self._drawn = 0

    def next(self, ordered: bool = True) -> Tensor:
        """The next seed, as two numbers."""
        self._drawn += 1
        return wrapped(np.array([self.seed, self._drawn - 1], np.uint32))


def _stream(seed: Any) -> np.random.Generator:
    if isinstance(seed, SeedGenerator):
        return np.random.default_rng([int(number) for number in seed.next()])
    return stream(None) if seed is None else np.random.default_rng(seed)


def _handed_out(values: Any, dtype: Any) -> Tensor:
    return wrapped(np.asarray(values).astype(as_dtype(dtype or "float32").dtype))


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Normally distributed."""
    return _handed_out(_stream(seed).normal(mean, stddev, sizes(shape)), dtype)


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Normally distributed; what lies two standard deviations off and more is drawn again."""
    drawn, random = np.full(sizes(shape), np.inf), _stream(seed)
    while (far := np.abs(drawn) > 2).any():
        drawn[far] = random.normal(size=int(far.sum()))
    return _handed_out(mean + stddev * drawn, dtype)


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Equally distributed from minval to below maxval."""
    return _handed_out(_stream(seed).uniform(minval, maxval, sizes(shape)), dtype)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Whole numbers from minval to below maxval."""
    return _handed_out(_stream(seed).integers(minval, maxval, sizes(shape)), dtype)


def gamma(shape: Any, alpha: float, dtype: Any = None, seed: Any = None) -> Tensor:
    """Gamma distributed with scale 1."""
    return _handed_out(_stream(seed).gamma(alpha, 1.0, sizes(shape)), dtype)


def beta(shape: Any, alpha: float, beta: float, dtype: Any = None, seed: Any = None) -> Tensor:
    """Beta distributed, as Mixup draws its shares."""
    return _handed_out(_stream(seed).beta(alpha, beta, sizes(shape)), dtype)


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """How many of `counts` trials come off."""
    return _handed_out(_stream(seed).binomial(np.asarray(counts, np.int64), probabilities, sizes(shape)), dtype)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Classes (rows, num_samples), each with the probability that softmax(logits) gives it."""
    scores = np.asarray(tensor(logits, "categorical"), np.float64)
    noise = -np.log(-np.log(_stream(seed).uniform(1e-300, 1, (len(scores), num_samples, scores.shape[-1]))))
    return _handed_out((scores[:, None] + noise).argmax(axis=-1), dtype)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """The parts along an axis in another order."""
    return wrapped(_stream(seed).permutation(np.asarray(tensor(x, "shuffle")), axis=axis))


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Each number is 0 with probability `rate`, else 1 / (1 - rate) times as large."""
    if is_symbolic(inputs):
        return tf.nn.dropout(inputs, rate, noise_shape, None if isinstance(seed, SeedGenerator) else seed)
    values = np.asarray(tensor(inputs, "dropout"))
    kept = _stream(seed).random(values.shape if noise_shape is None else sizes(noise_shape)) >= rate
    return _handed_out(values * kept / (1 - rate), values.dtype)

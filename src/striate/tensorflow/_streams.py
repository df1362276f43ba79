"""Random numbers of tf.random and tf.image."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.random import Generator

from striate.checks import whole
from striate.errors import StriateError
from striate.random import generator, next_generator, seedings

Seed = int | Generator | None
_counts: Counter[int] = Counter()
_seedings = 0


def stream(seed: Seed) -> Generator:
    """New random numbers: the next of the global seed's, of a seed of the call's own, or of a generator.

    Calls with one seed give one number after the other, from the beginning again after `set_seed`.
    """
    global _seedings
    if isinstance(seed, Generator):
        return seed
    if seed is None:
        return next_generator()
    if _seedings != seedings():
        _counts.clear()
        _seedings = seedings()
    key = whole("seed", seed, -(2**63)) % 2**64
    _counts[key] += 1
    return generator(key, _counts[key], 1)


def keyed(seed: Any) -> Generator:
    """The random numbers of two whole numbers, always the same: what "stateless" means.

    Raises:
        StriateError: something else than two whole numbers.
    """
    keys = np.asarray(seed).reshape(-1).tolist()
    if len(keys) != 2 or not all(isinstance(key, int) for key in keys):
        raise StriateError(f"seed: got {seed!r}, expected two whole numbers")
    return generator(*(key % 2**64 for key in keys), 2)

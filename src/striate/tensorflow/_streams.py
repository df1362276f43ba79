"""Random numbers of tf.random and tf.image."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from striate.checks import whole
from striate.random import generator, next_generator, seedings

if TYPE_CHECKING:
    from numpy.random import Generator

_counts: Counter[int] = Counter()
_seedings = 0


def stream(seed: int | None) -> Generator:
    """New random numbers: the next of the global seed's, or of a seed of the call's own.

    Calls with one seed give one number after the other, from the beginning again after `set_seed`.
    """
    global _seedings
    if seed is None:
        return next_generator()
    if _seedings != seedings():
        _counts.clear()
        _seedings = seedings()
    key = whole("seed", seed, -(2**63)) % 2**64
    _counts[key] += 1
    return generator(key, _counts[key], 1)

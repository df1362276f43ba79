"""Random numbers: one global seed, from which every initializer, shuffle and dropout mask follows.

All generators are Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), keyed by whole numbers,
so equal keys give equal numbers on every machine and in any order of use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from striate.errors import StriateError

if TYPE_CHECKING:
    import numpy as np

_seed: int | None = None
_count = 0
_apart: ContextVar[list[int] | None] = ContextVar("apart", default=None)
_seedings = 0


def set_random_seed(seed: int) -> None:
    """Make everything random that follows repeatable, as `keras.utils.set_random_seed` does.

    Also seeds Python's `random` and NumPy's global generator, which programs use to prepare their data. Called at any
    point before `fit`, it settles the shuffles, dropout and other noise of that training, of models made before, too;
    initial weights follow the seed that held when their layers were made.

    Args:
        seed: a whole number from 0 to 2**32 - 1.

    Raises:
        StriateError: the seed is not such a number.
    """
    global _seed, _count, _seedings
    import random as python_random
    from operator import index

    import numpy.random

    try:
        value = index(seed)
    except TypeError:
        raise StriateError(f"set_random_seed: got seed={seed!r}, expected a whole number from 0 to 2**32 - 1") from None
    if not 0 <= value < 2**32:
        raise StriateError(f"set_random_seed: got seed={value}, expected a whole number from 0 to 2**32 - 1")
    _seed, _count = value, 0
    _seedings += 1
    python_random.seed(value)
    numpy.random.seed(value)


def seedings() -> int:
    """How often `set_random_seed` has been called: whoever keeps a seed draws a new one when this changes."""
    return _seedings


def next_generator() -> np.random.Generator:
    """A new generator: the next of the global seed's sequence; from the operating system's entropy if never seeded."""
    global _seed, _count
    apart = _apart.get()
    if apart is not None:
        apart[-1] += 1
        return generator(*apart)
    if _seed is None:
        import secrets

        _seed = secrets.randbits(64)
    _count += 1
    return generator(_seed, _count)


@contextmanager
def sequence_of(*keys: int) -> Iterator[None]:
    """While this lasts, new generators are of a sequence that these numbers decide, not of the global one.

    For work whose place in time is not certain: what it draws depends on the work alone.
    """
    before = _apart.set([*keys, 0])
    try:
        yield
    finally:
        _apart.reset(before)


def next_seed() -> int:
    """A seed from the global sequence, 0 to 2**63 - 1."""
    return int(next_generator().integers(2**63))


def generator(*keys: int) -> np.random.Generator:
    """The generator of some whole numbers (64 bits of each count); other numbers, or as many more, give another one."""
    import numpy.random

    # Two words for each key and their number in front: without, (1,) and (1, 0), (2**32,) and (0, 1) would be one.
    words = [len(keys)]
    for key in keys:
        words += [key & 0xFFFFFFFF, key >> 32 & 0xFFFFFFFF]
    return numpy.random.Generator(numpy.random.Philox(numpy.random.SeedSequence(words)))

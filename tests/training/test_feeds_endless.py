"""Which iterators are known never to end before anything is taken from them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from striate.data import Dataset
from striate.errors import StriateError
from striate.images import ImageDataGenerator
from striate.training.feeds.endless import is_endless
from training.test_feeds import Batches, X, Y, compiled


def plain() -> Iterator[int]:
    while True:
        yield 1


def one() -> Iterator[int]:
    i = 0
    while 1:
        for i in range(3):
            if i == 2:
                break  # leaves the inner loop only
        with open("/dev/null"):
            try:
                yield i
            finally:
                i += 1


def counting() -> Iterator[int]:
    for i in itertools.count():
        yield i + 1


def imported() -> Iterator[int]:
    for i in count(3):
        yield from [i, i]


def helper_inside() -> Iterator[int]:
    while True:

        def give() -> int:
            return 3

        yield give()


flows = ImageDataGenerator()
flow = flows.flow(X, Y, batch_size=8)


def of_flow() -> Iterator[Any]:
    for x, y in flows.flow(X, Y):
        yield x, [y, y]


def of_flow_in_a_variable() -> Iterator[Any]:
    images, masks = 1, 2
    pairs = zip(flows.flow(X, seed=1), flows.flow(X, seed=1), strict=False)
    for images, masks in pairs:
        yield masks, images


def of_argument(given: Any) -> Iterator[Any]:
    for i, batch in enumerate(given):
        yield batch, i


def of_argument_replaced(given: Any) -> Iterator[Any]:
    given = list(range(3))
    yield from given
    for batch in given:
        yield batch + 1


def of_two(given: Any) -> Iterator[Any]:
    if X.ndim == 2:
        given = [1]
    for batch in given:
        yield batch + 1


def of_itself() -> Iterator[Any]:
    loop = enumerate(loop)  # noqa: F821
    for batch in loop:
        yield batch + 1


class Method:
    def batches(self) -> Iterator[int]:
        while True:
            yield 1

    def count(self) -> Iterator[int]:
        yield 1

    def own_count(self) -> Iterator[int]:
        for i in self.count():
            yield i + 1


def returning(n: int) -> Iterator[int]:
    while True:
        yield n
        if n > 3:
            return


def breaking(n: int) -> Iterator[int]:
    while True:
        yield n
        if n > 3:
            break


def breaking_in_else() -> Iterator[int]:
    while True:
        for i in range(3):
            yield i
        else:
            break


def raising() -> Iterator[int]:
    while True:
        yield 1
        raise KeyError


def asking(wanted: bool) -> Iterator[int]:
    while wanted:
        yield 1


def spinning_first() -> Iterator[int]:
    while True:
        break
    yield 1


def caught() -> Iterator[int]:
    while True:
        try:
            yield 1
        except ValueError:
            break


def typed(body: str) -> Any:
    """A generator whose source nobody has."""
    space: dict[str, Any] = {}
    exec(f"def made():\n {body}\n", space)
    return space["made"]()


ENDLESS: list[Callable[[], Any]] = [
    plain, one, counting, imported, helper_inside, Method().batches,
    lambda: itertools.cycle([1]), lambda: itertools.count(), lambda: itertools.repeat(1),
    lambda: zip(plain(), counting(), strict=False), lambda: map(str, plain()), lambda: enumerate(plain()),
    lambda: (i + 1 for i in plain()), lambda: ((i, j) for i, j in zip(plain(), counting(), strict=False)),
    lambda: typed("while True:\n  yield 1"), lambda: typed("i = 0\n while 1:\n  i += 1\n  for j in range(i): yield j"),
    lambda: typed("while True:\n  try: yield 1\n  finally: pass"),
    of_flow, of_flow_in_a_variable, lambda: of_argument(flow), lambda: of_argument(plain()),
]  # fmt: skip
NOT_KNOWN: list[Callable[[], Any]] = [
    lambda: returning(3), lambda: breaking(3), breaking_in_else, raising, lambda: asking(True), spinning_first, caught,
    Method().own_count, lambda: itertools.repeat(1, 3), lambda: zip(plain(), [1], strict=False),
    lambda: map(max, plain(), [1]), lambda: iter([1]), lambda: (i for i in [1]), lambda: [1],
    lambda: typed("while True:\n  yield 1\n  if len('a') > 1: return"), lambda: typed("yield 1"),
    lambda: typed("while True:\n  try: yield 1\n  except ValueError: break"),
    lambda: typed("while True:\n  yield 1\n  raise KeyError"), lambda: typed("for i in [1]: yield i"),
    lambda: typed("while not print():\n  yield 1"),
    lambda: of_argument([1, 2]), lambda: of_argument(iter([1])), lambda: of_argument_replaced(flow),
    lambda: of_two(flow), of_itself,
]  # fmt: skip


def test_iterators_of_data_sets() -> None:
    dataset = Dataset.from_tensor_slices((X, Y)).batch(8)
    assert not is_endless(iter(dataset))
    assert is_endless(iter(dataset.repeat()))
    with pytest.raises(StriateError, match="x: the DatasetIterator never ends, so steps_per_epoch"):
        compiled().fit(iter(dataset.repeat()), verbose=0)


@pytest.mark.parametrize("make", ENDLESS)
def test_endless(make: Callable[[], Any]) -> None:
    iterator = make()
    assert is_endless(iterator)
    next(iterator)
    assert is_endless(iterator)


@pytest.mark.parametrize("make", NOT_KNOWN)
def test_not_known_to_be_endless(make: Callable[[], Any]) -> None:
    assert not is_endless(make())


def test_iterators_of_images_begin_again_without_end() -> None:
    flow = ImageDataGenerator().flow(X, Y, batch_size=8)
    assert is_endless(zip(flow, flow, strict=False))
    model = compiled()
    with pytest.raises(StriateError, match="x: the zip never ends, so steps_per_epoch"):
        model.fit(zip(flow, flow, strict=False), verbose=0)
    model.fit(flow, verbose=0)  # its length is known
    assert model.optimizer.iterations == 7


def test_iterables_that_give_endless_iterators() -> None:
    class Loader:
        def __iter__(self) -> Iterator[Any]:
            while True:
                yield X[:8], Y[:8]

    model = compiled()
    with pytest.raises(StriateError, match=r"x: the Loader never ends, so steps_per_epoch=... must say how many"):
        model.fit(Loader(), verbose=0)
    with pytest.raises(StriateError, match=r"validation_data: the Loader never ends, so validation_steps=... must"):
        model.fit(X, Y, validation_data=Loader(), verbose=0)
    assert model.optimizer.iterations == 0
    model.fit(Loader(), steps_per_epoch=3, epochs=2, verbose=0)
    assert model.optimizer.iterations == 6


def test_nothing_is_taken_from_what_is_refused() -> None:
    batches = itertools.cycle(Batches(X, Y))
    model = compiled()
    for call in (
        lambda: model.fit(batches), lambda: model.evaluate(batches), lambda: model.predict(batches),
        lambda: model.fit(X, Y, validation_data=batches),
    ):  # fmt: skip
        with pytest.raises(StriateError, match=r"the cycle never ends, so .*steps.*=... must say how many"):
            call()  # type: ignore[no-untyped-call]
    assert next(batches)[0].shape == (8, 8, 8, 1)
    assert (next(batches)[0] == X[8:16]).all()

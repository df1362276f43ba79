"""Data sets as pipelines: what comes, in which order, and how often."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from striate.arrays import Tensor
from striate.data import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset, TensorSpec
from striate.errors import DataError, ShapeError, StriateError
from striate.random import next_generator, set_random_seed


def numbers(dataset: Dataset) -> list[Any]:
    return [value.tolist() for value in dataset]


def ten() -> Dataset:
    return Dataset.range(10)


def slices(count: int = 10) -> Dataset:
    return Dataset.from_tensor_slices((np.arange(count * 4, dtype=np.float32).reshape(count, 2, 2), np.arange(count)))


# Sources


def test_slices_are_views_that_cannot_be_written() -> None:
    x = np.arange(12.0).reshape(3, 4)
    rows = list(Dataset.from_tensor_slices(x))
    assert all(isinstance(row, Tensor) and np.shares_memory(row, x) for row in rows)
    with pytest.raises(ValueError, match="read-only"):
        rows[0][...] = 1
    x[0, 0] = 7
    assert rows[0].numpy()[0] == 7


def test_structures() -> None:
    dataset = Dataset.from_tensor_slices(({"a": [1, 2], "b": np.zeros((2, 3))}, (["x", "y"],)))
    first = next(iter(dataset))
    assert first[0]["a"].numpy() == 1
    assert first[1][0].numpy() == b"x"
    assert dataset.element_spec == (
        {"a": TensorSpec((), np.int32), "b": TensorSpec((3,), np.float64)},
        (TensorSpec((), object),),
    )
    assert numbers(Dataset.from_tensor_slices([[1, 2], [3, 4]])) == [[1, 2], [3, 4]]
    assert numbers(Dataset.from_tensors([1, 2])) == [[1, 2]]


def test_generators_begin_anew_each_time() -> None:
    def squares(count: int) -> Iterator[tuple[int, list[float]]]:
        for i in range(count):
            yield i, [i * i, 0.5]

    signature = (TensorSpec((), np.int64), TensorSpec((None,), np.float32))
    dataset = Dataset.from_generator(squares, args=[3], output_signature=signature)
    for _ in range(2):
        assert [(int(a), b.tolist()) for a, b in dataset] == [(0, [0, 0.5]), (1, [1, 0.5]), (2, [4, 0.5])]
    assert dataset.element_spec == signature
    assert next(iter(dataset))[0].dtype == np.int64
    older = Dataset.from_generator(lambda: squares(2), (np.int32, np.float64), ((), (2,)))
    assert next(iter(older))[1].dtype == np.float64
    assert next(iter(Dataset.from_generator(lambda: squares(2))))[0].dtype == np.int32


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        (TensorSpec((3,), np.float32), r"yielded TensorSpec\(shape=\(2,\)"),
        ((TensorSpec((), np.float32),), "expected"),
        ({"a": TensorSpec((), np.float32)}, "expected"),
    ],
)
def test_generators_that_do_not_keep_their_signature(signature: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        list(Dataset.from_generator(lambda: iter([np.zeros(2)]), output_signature=signature))


def test_range_zip_concatenate_enumerate() -> None:
    assert numbers(Dataset.range(2, 9, 3)) == [2, 5, 8]
    both = Dataset.zip((ten(), {"twice": ten().map(lambda x: 2 * x)}))
    assert [(int(a), int(b["twice"])) for a, b in both.take(2)] == [(0, 0), (1, 2)]
    assert len(Dataset.zip(ten(), ten().repeat())) == 10
    assert numbers(Dataset.range(2).concatenate(Dataset.range(5, 7))) == [0, 1, 5, 6]
    assert [(int(i), int(x)) for i, x in Dataset.range(5, 7).enumerate(start=1)] == [(1, 5), (2, 6)]


def test_list_files(tmp_path: Any) -> None:
    for name in ("b.txt", "a.txt", "c.jpg"):
        (tmp_path / name).write_text(name)
    names = [value.numpy().decode()[-5:] for value in Dataset.list_files(str(tmp_path / "*.txt"), shuffle=False)]
    assert names == ["a.txt", "b.txt"]
    assert len(Dataset.list_files([str(tmp_path / "*.txt"), str(tmp_path / "*.jpg")])) == 3
    with pytest.raises(DataError, match="no file is called"):
        Dataset.list_files(str(tmp_path / "*.png"))


# Selection


def test_selection() -> None:
    assert numbers(ten().skip(7)) == [7, 8, 9]
    assert numbers(ten().take(2).repeat(2)) == [0, 1, 0, 1]
    assert numbers(ten().shard(3, 1)) == [1, 4, 7]
    assert numbers(ten().take_while(lambda x: x < 2)) == [0, 1]
    assert numbers(ten().filter(lambda x: x % 4 == 0)) == [0, 4, 8]
    assert numbers(ten().repeat().skip(9).take(3)) == [9, 0, 1]
    assert numbers(ten().take(0).repeat()) == []


CARDINALITIES: list[tuple[Callable[[Dataset], Dataset], int]] = [
    (lambda d: d, 10),
    (lambda d: d.batch(3), 4),
    (lambda d: d.batch(3, drop_remainder=True), 3),
    (lambda d: d.repeat(), INFINITE_CARDINALITY),
    (lambda d: d.repeat(2), 20),
    (lambda d: d.repeat(0), 0),
    (lambda d: d.filter(lambda *x: True), UNKNOWN_CARDINALITY),
    (lambda d: d.batch(3).unbatch(), UNKNOWN_CARDINALITY),
    (lambda d: d.shard(3, 1), 3),
    (lambda d: d.take(3), 3),
    (lambda d: d.take(-1), 10),
    (lambda d: d.skip(4), 6),
    (lambda d: d.skip(-1), 0),
    (lambda d: d.repeat().take(5), 5),
    (lambda d: d.repeat().skip(5), INFINITE_CARDINALITY),
    (lambda d: d.repeat().batch(3), INFINITE_CARDINALITY),
    (lambda d: Dataset.zip((d, d.repeat())), 10),
    (lambda d: d.concatenate(d), 20),
    (lambda d: d.concatenate(d.repeat()), INFINITE_CARDINALITY),
    (lambda d: d.flat_map(lambda *x: d), UNKNOWN_CARDINALITY),
    (lambda d: d.filter(lambda *x: True).repeat(), INFINITE_CARDINALITY),
    (lambda d: d.filter(lambda *x: True).take(3), UNKNOWN_CARDINALITY),
    (lambda d: d.shuffle(4).cache().prefetch(2).map(lambda *x: 0), 10),
]


@pytest.mark.parametrize("case", range(len(CARDINALITIES)))
def test_cardinality(case: int) -> None:
    made, expected = CARDINALITIES[case][0](slices()), CARDINALITIES[case][1]
    assert made.cardinality() == expected
    assert made.cardinality().numpy() == expected
    if expected >= 0:
        assert len(made) == expected == len(list(made))
    else:
        with pytest.raises(TypeError, match="no len"):
            len(made)


# Order


@pytest.mark.parametrize("source", [ten, lambda: Dataset.from_tensor_slices(np.arange(10))])
@pytest.mark.parametrize("buffer", [1, 3, 10, 100])
def test_shuffling_loses_nothing_and_holds_no_more_than_its_buffer(source: Any, buffer: int) -> None:
    order = numbers(source().shuffle(buffer, seed=1))
    assert sorted(order) == list(range(10))
    assert all(value < place + buffer for place, value in enumerate(order))
    assert (order == list(range(10))) == (buffer == 1)


def test_orders_follow_the_seed() -> None:
    dataset = ten().shuffle(10, seed=3)
    orders = [numbers(dataset) for _ in range(3)]
    assert orders[0] != orders[1] != orders[2]
    again = ten().shuffle(10, seed=3)
    assert [numbers(again) for _ in range(3)] == orders
    assert numbers(ten().shuffle(10, seed=4)) != orders[0]
    assert numbers(ten().shuffle(10, seed=3).repeat(2)) == orders[0] + orders[1]
    fixed = ten().shuffle(10, seed=3, reshuffle_each_iteration=False)
    assert numbers(fixed) == numbers(fixed) == numbers(fixed.repeat(2))[10:]


def test_orders_follow_the_global_seed() -> None:
    dataset = ten().shuffle(10)
    found = []
    for seed in (1, 1, 2):
        set_random_seed(seed)
        found.append((numbers(dataset), numbers(dataset)))
    assert found[0] == found[1] != found[2]
    assert found[0][0] != found[0][1]


def test_every_order_is_as_likely() -> None:
    set_random_seed(0)
    firsts = np.bincount([int(next(iter(Dataset.range(4).shuffle(4)))) for _ in range(2000)], minlength=4)
    assert (abs(firsts - 500) < 100).all()


def test_whole_batches_are_gathered_in_the_same_order_as_single_rows() -> None:
    rows = [int(label) for _, label in slices(50).shuffle(20, seed=5).repeat(2)]
    batches = [label.tolist() for _, label in slices(50).shuffle(20, seed=5).repeat(2).batch(8)]
    assert [label for batch in batches for label in batch] == rows
    x, label = next(iter(slices(50).shuffle(50, seed=5).batch(8)))
    np.testing.assert_array_equal(x[:, 0, 0] / 4, label)
    plain = next(iter(slices().batch(4)))[0]
    assert not plain.flags.owndata
    assert not plain.flags.writeable


def test_caching_keeps_the_first_order() -> None:
    calls = []
    dataset = ten().shuffle(10).map(lambda x: calls.append(1) or x).cache()
    next(iter(dataset))
    first = numbers(dataset)
    assert numbers(dataset) == first
    assert len(calls) == 11  # what was not gone through to the end is not kept
    shuffled = slices().shuffle(10).cache()
    assert [x.tolist() for _, x in shuffled.batch(4)] == [x.tolist() for _, x in shuffled.batch(4)]


def test_asking_for_the_specification_keeps_nothing() -> None:
    cached = ten().shuffle(10, seed=2).cache()
    assert cached.batch(20).map(lambda x: x).element_spec == TensorSpec((None,), np.int64)
    assert numbers(cached) == numbers(ten().shuffle(10, seed=2))


# Changes


def test_what_a_function_draws_depends_on_its_element_alone() -> None:
    def drawn(during: Callable[[], Any] = lambda: None) -> list[float]:
        set_random_seed(5)
        values = []
        for value in ten().map(lambda x: next_generator().random() + next_generator().random()):
            values.append(float(value))
            during()
        return values

    quiet = drawn()
    assert len(set(quiet)) == 10
    assert drawn(during=next_generator) == quiet  # whatever else draws meanwhile
    set_random_seed(5)
    several = ten().shuffle(5).map(lambda x: next_generator().random())
    assert numbers(several) != numbers(several)


def test_functions_get_tensors() -> None:
    kinds = []

    def scaled(image: Any, label: Any) -> tuple[Any, Any]:
        kinds.append((type(image), type(label)))
        image = image / np.float32(255)
        image += 1
        return image, label.numpy() + 0.5

    image, label = next(iter(slices().map(scaled, num_parallel_calls=-1, deterministic=False)))
    assert kinds == [(Tensor, Tensor)]
    assert image.dtype == np.float32
    assert image[0, 1] == np.float32(1) / np.float32(255) + np.float32(1)
    assert label.numpy() == 0.5
    made = next(iter(ten().map(lambda x: {"x": x, "y": [1, 2.5]})))
    assert [made["y"][1].dtype, made["y"][0].dtype] == [np.float32, np.int32]


def test_errors_in_functions_keep_their_traceback() -> None:
    def wrong(x: Any) -> Any:
        return x / {}["missing"]

    with pytest.raises(KeyError, match="missing") as caught:
        list(ten().map(wrong))
    assert caught.traceback[-1].name == "wrong"
    with pytest.raises(DataError, match="map: got None"):
        list(ten().map(lambda x: None))


def test_batches() -> None:
    assert numbers(ten().batch(4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert numbers(ten().batch(4, drop_remainder=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert numbers(ten().batch(4).batch(2, drop_remainder=True)) == [[[0, 1, 2, 3], [4, 5, 6, 7]]]
    assert numbers(ten().batch(4).unbatch()) == list(range(10))
    assert numbers(ten().repeat(2).batch(8)) == [list(range(8)), [8, 9, *range(6)], [6, 7, 8, 9]]
    named = next(iter(Dataset.zip({"a": ten(), "b": (ten(),)}).batch(2)))
    assert named["b"][0].tolist() == [0, 1]
    with pytest.raises(ShapeError, match=r"shapes \(1,\) and \(2,\)"):
        list(Dataset.from_generator(lambda: iter([np.zeros(1), np.zeros(2)])).batch(2))


def test_padded_batches() -> None:
    ragged = Dataset.range(1, 4).map(lambda n: (np.full(int(n), 7, np.int32), "a"))
    x, text = next(iter(ragged.padded_batch(3, padding_values=(-1, None))))
    assert x.tolist() == [[7, -1, -1], [7, 7, -1], [7, 7, 7]]
    assert text.tolist() == [b"a"] * 3
    x, _ = next(iter(ragged.padded_batch(2, padded_shapes=([4], []))))
    assert x.tolist() == [[7, 0, 0, 0], [7, 7, 0, 0]]
    with pytest.raises(ShapeError, match="does not fit"):
        list(ragged.padded_batch(3, padded_shapes=([2], [])))


def test_interleaving() -> None:
    def several(x: Any) -> Dataset:
        return Dataset.from_tensors(x).repeat(6)

    found = numbers(Dataset.range(1, 6).interleave(several, cycle_length=2, block_length=4))
    expected = "111122221122333344443344555555"  # as TensorFlow's documentation has it
    assert "".join(map(str, found)) == expected
    assert numbers(Dataset.range(3).flat_map(lambda x: Dataset.range(x))) == [0, 0, 1]


def test_reduce_and_apply() -> None:
    assert ten().reduce(np.int64(0), lambda total, x: total + x).numpy() == 45
    assert numbers(ten().apply(lambda d: d.take(1))) == [0]
    assert list(ten().take(2).as_numpy_iterator()) == [0, 1]
    assert ten().take(1).get_single_element() == 0


def test_iterators_in_words_of_tensorflow() -> None:
    batches = slices().batch(4)
    iterator = iter(batches)
    assert iterator.get_next()[1].tolist() == [0, 1, 2, 3]
    assert iterator.next()[1].numpy().tolist() == [4, 5, 6, 7]
    assert [y.tolist() for _, y in iterator] == [[8, 9]]
    with pytest.raises(StopIteration):  # tf.errors.OutOfRangeError
        iterator.get_next()
    image, label = batches.as_numpy_iterator().next()
    assert not isinstance(image, Tensor)
    assert label.tolist() == [0, 1, 2, 3]
    assert iter(ten().repeat()).endless
    assert not iter(ten().repeat(2)).endless


def test_specifications() -> None:
    batches = slices().batch(3)
    x, y = TensorSpec((None, 2, 2), np.float32), TensorSpec((None,), np.int64)
    assert batches.element_spec == (x, y)
    assert batches.map(lambda a, b: (a * 2, b)).element_spec == (x, y)
    assert slices().batch(3, drop_remainder=True).element_spec[1] == TensorSpec((3,), np.int64)
    assert batches.unbatch().shuffle(3).element_spec == slices().element_spec
    assert repr(slices().shuffle(3).batch(2)) == "<Dataset from_tensor_slices -> shuffle -> batch>"


def test_asking_for_the_specification_changes_no_order() -> None:
    one, other = (ten().shuffle(10, seed=1).map(lambda x: x) for _ in range(2))
    assert one.element_spec == TensorSpec((), np.int64)
    assert numbers(one) == numbers(other)


# Memory


def test_an_epoch_takes_constant_memory() -> None:
    x = np.zeros((2000, 100, 100), np.uint8)  # 20 MB
    dataset = Dataset.from_tensor_slices((x, np.arange(2000))).shuffle(2000).batch(10)
    tracemalloc.start()
    for _ in dataset:
        pass
    for _ in Dataset.from_tensor_slices(x).map(lambda image: image / np.float32(255)).shuffle(20).batch(10):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


# Wrong use


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Dataset(np.zeros(3)), "from_tensor_slices"),  # type: ignore[arg-type]
        (lambda: Dataset.from_tensor_slices((np.zeros(3), np.zeros(4))), "3, 4 examples"),
        (lambda: Dataset.from_tensor_slices(3), "single value 3"),
        (lambda: Dataset.from_tensor_slices(()), "got nothing"),
        (lambda: Dataset.from_tensor_slices((np.zeros(3), None)), "got None"),
        (lambda: Dataset.from_generator(iter([1])), "lambda: generator"),  # type: ignore[arg-type]
        (lambda: list(Dataset.from_generator(lambda: 3)), "use yield"),  # type: ignore[arg-type, return-value]
        (lambda: Dataset.range(1, 2, 0), "range"),
        (lambda: ten().batch(0), "batch: got batch_size=0"),
        (lambda: ten().batch(2.5), "batch_size=2.5"),  # type: ignore[arg-type]
        (lambda: ten().shuffle(0), "buffer_size=0"),
        (lambda: ten().take(-2), "take: got count=-2"),
        (lambda: ten().take("a"), "take: got count='a'"),  # type: ignore[arg-type]
        (lambda: ten().repeat(1.5), "count=1.5"),  # type: ignore[arg-type]
        (lambda: ten().shard(3, 3), "0 to 2"),
        (lambda: ten().map(3), "map: got a int"),  # type: ignore[arg-type]
        (lambda: ten().cache("file"), "memory only"),
        (lambda: ten().repeat().cache(), "before repeat"),
        (lambda: ten().concatenate([1]), "expected a Dataset"),  # type: ignore[arg-type]
        (lambda: list(ten().flat_map(lambda x: [x])), "expected a Dataset"),
        (lambda: list(ten().filter(lambda x: x)), "True or False"),
        (lambda: list(ten().unbatch()), "unbatch"),
        (lambda: ten().get_single_element(), "several"),
        (lambda: ten().take(0).map(lambda x: x).element_spec, "empty"),
    ],
)
def test_wrong_use(wrong: Callable[[], Any], message: str) -> None:
    with pytest.raises(StriateError, match=message):
        wrong()


def test_counters_have_no_end() -> None:
    import striate.tensorflow as tf

    assert numbers(Dataset.counter(3, 2).take(4)) == [3, 5, 7, 9]
    counter = tf.data.experimental.Counter()
    assert int(counter.cardinality()) == tf.data.INFINITE_CARDINALITY
    assert [(int(a), (int(b), int(c))) for a, (b, c) in Dataset.zip((Dataset.range(5, 7), (counter, counter)))] == [
        (5, (0, 0)), (6, (1, 1))
    ]  # fmt: skip
    with pytest.raises(StriateError, match="start"):
        Dataset.counter("a")  # type: ignore[arg-type]


# Windows


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((3,), [[0, 1, 2], [3, 4, 5], [6]]), ((3, None, 1, True), [[0, 1, 2], [3, 4, 5]]),
        ((3, 1, 1, True), [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6]]),
        ((2, 3), [[0, 1], [3, 4], [6]]), ((2, 1, 3), [[0, 3], [1, 4], [2, 5], [3, 6], [4], [5], [6]]),
        ((2, 1, 3, True), [[0, 3], [1, 4], [2, 5], [3, 6]]), ((9, 1, 1, True), []), ((1, 9), [[0]]),
    ],
)  # fmt: skip
def test_windows(arguments: tuple[Any, ...], expected: list[list[int]]) -> None:
    """As TensorFlow's documentation has them."""
    windows = Dataset.range(7).window(*arguments)
    for _ in range(2):
        assert [numbers(window) for window in windows] == expected
    assert windows.cardinality() == len(expected)


def test_windows_as_series_are_cut() -> None:
    pairs = Dataset.range(10).window(4, shift=2, drop_remainder=True).flat_map(lambda window: window.batch(4))
    made = pairs.map(lambda window: (window[:-1], window[-1])).batch(2)
    assert [(x.tolist(), y.tolist()) for x, y in made] == [
        ([[0, 1, 2], [2, 3, 4]], [3, 5]), ([[4, 5, 6], [6, 7, 8]], [7, 9]),
    ]  # fmt: skip
    both = slices(5).window(2).flat_map(lambda x, y: Dataset.zip((x.batch(2), y.batch(2))))
    assert [y.tolist() for _, y in both] == [[0, 1], [2, 3], [4]]
    with pytest.raises(DataError, match="windows are data sets"):
        _ = ten().window(2).element_spec
    with pytest.raises(StriateError, match="window: got size=0"):
        ten().window(0)

"""Batches of changing sizes: of their own, of their images; weights come and go; what Datasets and others give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import striate
from striate.data import Dataset
from striate.errors import DataError, ShapeError, StriateError
from striate.random import set_random_seed
from training.networks import data
from training.test_feeds import Batches, Blocks, _no_thread_is_left, compiled, endless, fitted, same_bits  # noqa: F401

X, Y = data(50)
SIZED = st.tuples(st.integers(1, 9), st.booleans(), st.sampled_from([8, 11]))


def open_network(images: int = 1) -> Any:
    set_random_seed(5)
    layers = striate.layers
    model = striate.Sequential(
        [
            striate.Input((None, None, 1)), layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3), layers.Dense(5, activation="softmax"),
        ]
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
    return model


def batch_of(rng: np.random.Generator, count: int, weighted: bool, side: int) -> tuple[Any, ...]:
    labels = rng.integers(0, 5, count)
    weights = (rng.random(count).astype(np.float32),) if weighted else ()
    return (rng.random((count, side, side, 1)).astype(np.float32), labels, *weights)


@settings(max_examples=25, deadline=None)
@given(st.lists(SIZED, min_size=1, max_size=12))
def test_batches_of_any_sizes_are_the_steps_of_train_on_batch(sized: list[Any]) -> None:
    rng = np.random.default_rng(len(sized))
    batches = [batch_of(rng, *one) for one in sized]
    model = open_network()
    history = model.fit(iter(batches), verbose=0)
    other = open_network()
    losses = [other.train_on_batch(*batch, return_dict=True)["loss"] for batch in batches]
    assert same_bits(model, other)
    mean = np.average(losses, weights=[len(batch[0]) for batch in batches])
    assert history.history["loss"][0] == pytest.approx(mean, rel=1e-6)
    results = model.evaluate(iter(batches), verbose=0, return_dict=True)
    alone = [other.evaluate(*batch[:2], sample_weight=(*batch, None)[2], verbose=0) for batch in batches]
    assert results["loss"] == pytest.approx(np.average([a[0] for a in alone], weights=[len(b[0]) for b in batches]))
    predicted = model.predict(iter(batches), verbose=0)
    np.testing.assert_array_equal(predicted, np.concatenate([other.predict(b[0], verbose=0) for b in batches]))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 3), st.integers(1, 9), st.booleans())
def test_steps_of_arrays_are_those_of_an_endless_stream(
    count: int, size: int, epochs: int, steps: int, blocks: bool
) -> None:
    """As long as no data end within an epoch."""
    x, y = data(count)
    passes = -(-count // size)
    steps = max(s for s in range(1, passes + 1) if passes % s == 0 and s <= max(steps, 1))
    options: dict[str, Any] = {"epochs": epochs, "steps_per_epoch": steps, "verbose": 0, "shuffle": False}
    model, history = fitted(x, y, batch_size=size, **options)
    other, got = fitted(Blocks(x, y, size=size) if blocks else endless(x, y, size=size), **options)
    assert got.history == history.history
    assert same_bits(model, other)
    assert model.optimizer.iterations == epochs * steps


def test_a_metric_of_your_own_survives_a_new_size_of_images() -> None:
    """One object measures all sizes, so it must not be reset where a program for another size is made."""
    model = open_network()
    metric = striate.metrics.SparseCategoricalAccuracy(name="own")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[metric])
    rng = np.random.default_rng(0)
    batches = [batch_of(rng, 7, False, side) for side in (8, 9, 10, 11, 12, 13)]
    expected = np.mean([model.predict(x, verbose=0).argmax(-1) == y for x, y in batches])
    assert model.evaluate(iter(batches), verbose=0)[1] == pytest.approx(expected)


def test_outputs_of_several_sizes_make_no_array() -> None:
    model = striate.Sequential([striate.Input((None, None, 1)), striate.layers.Conv2D(2, 3)])
    with pytest.raises(ShapeError, match=r"predict: the outputs .* \(6, 6, 2\) and \(9, 9, 2\), and make no array"):
        model.predict(iter([np.zeros((2, 8, 8, 1)), np.zeros((2, 11, 11, 1))]), verbose=0)
    x = np.random.default_rng(0).random((2, 8, 8, 1))
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(iter([(x, x[:, 1:-1, 1:-1] * [1, 1]), (x[:, :5, :5], x[:, :3, :3] * [1, 1])]), verbose=0)
    assert model.optimizer.iterations == 2


def test_labels_of_another_kind_than_the_first() -> None:
    set_random_seed(0)
    model = striate.Sequential([striate.Input((8, 8, 1)), striate.layers.Flatten(), striate.layers.Dense(5)])
    model.compile("sgd", "crossentropy", metrics=["accuracy"])
    batches = [(X[:8], Y[:8]), (X[:8], np.eye(5)[Y[:8]])]
    with pytest.raises(ShapeError, match=r"^epoch 1, batch 2: y: got labels of shape \(8, 5\), but those of the first"):
        model.fit(iter(batches), verbose=0)


def test_a_network_without_a_shape_is_built_by_the_first_batch_alike() -> None:
    def run(*args: Any, **options: Any) -> Any:
        set_random_seed(2)
        layers = [striate.layers.Flatten(), striate.layers.Dense(5, activation="softmax")]
        model = striate.Sequential(layers)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(*args, epochs=2, verbose=0, **options)
        return model

    expected = run(X, Y, batch_size=8, shuffle=False)
    assert same_bits(run(Batches(X, Y), shuffle=False), expected)
    assert same_bits(run(endless(X, Y), steps_per_epoch=7), expected)
    assert same_bits(run(Batches(X, Y)), run(Batches(X, Y)))
    model = striate.Sequential([striate.layers.Flatten(), striate.layers.Dense(5)])
    np.testing.assert_array_equal(model.predict(Batches(X), verbose=0), model.predict(X, verbose=0))


def test_shuffling_changes_the_order_of_the_batches_of_a_sequence_alone() -> None:
    shuffled, plain = Batches(X, Y), Batches(X, Y)
    model, _ = fitted(shuffled, epochs=2)
    fitted(plain, epochs=2, shuffle=False)
    assert plain.asked == [*range(7), *range(7)]
    first, second = shuffled.asked[:7], shuffled.asked[7:]
    assert sorted(first) == sorted(second) == list(range(7))
    assert first != second
    assert same_bits(model, fitted(Batches(X, Y), epochs=2)[0])
    again = compiled()
    again.fit(Batches(X, Y), epochs=1, verbose=0)
    again.fit(Batches(X, Y), epochs=2, initial_epoch=1, verbose=0)
    assert same_bits(model, again)
    assert plain.ended == 2


class Growing(Batches):
    """A batch more with each epoch."""

    begun = 0

    def __len__(self) -> int:
        return 2 + self.ended

    def on_epoch_begin(self) -> None:
        self.begun += 1


def test_the_number_of_batches_may_change_between_epochs() -> None:
    given = Growing(X, Y)
    model = compiled()
    model.fit(given, epochs=3, verbose=0)
    assert model.optimizer.iterations == 2 + 3 + 4
    assert given.begun == given.ended == 3


class Endless(striate.utils.PyDataset):
    """A PyDataset of Keras 3 without an end."""

    num_batches = None

    def __getitem__(self, index: int) -> Any:
        part = slice(8 * (index % 7), 8 * (index % 7) + 8)
        return X[part], Y[part]


def test_a_dataset_by_number_without_end() -> None:
    with pytest.raises(StriateError, match="x: the Endless never ends, so steps_per_epoch="):
        compiled().fit(Endless(), verbose=0)
    assert same_bits(fitted(Endless(), steps_per_epoch=7)[0], fitted(X, Y, batch_size=8, shuffle=False)[0])


class Minimal:
    """No PyDataset, but with what one has."""

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> Any:
        return X[8 * index : 8 * index + 8], Y[8 * index : 8 * index + 8]


def test_anything_with_a_length_and_batches_by_number() -> None:
    assert same_bits(fitted(Minimal(), shuffle=False)[0], fitted(X, Y, batch_size=8, shuffle=False)[0])


def test_data_sets() -> None:
    batches = Dataset.from_tensor_slices((X, Y)).batch(8)
    expected, history = fitted(X, Y, batch_size=8, shuffle=False, validation_data=(X, Y))
    for data_set, options in ((batches, {}), (batches.repeat(), {"steps_per_epoch": 7})):
        model, got = fitted(data_set, validation_data=batches.prefetch(2), **options)
        assert same_bits(model, expected)
        assert got.history == history.history
    assert model.evaluate(batches, verbose=0) == model.evaluate(X, Y, batch_size=8, verbose=0)
    np.testing.assert_array_equal(model.predict(batches, verbose=0), model.predict(X, verbose=0))
    shuffled = [Dataset.from_tensor_slices((X, Y)).shuffle(50, seed=1).batch(8) for _ in range(3)]
    assert not same_bits(fitted(shuffled[0])[0], expected)
    assert same_bits(fitted(shuffled[1])[0], fitted(shuffled[2])[0])
    for call in (model.fit, model.evaluate, model.predict):
        with pytest.raises(StriateError, match=r"x: the Dataset never ends, so steps.*=\.\.\. must say how many"):
            call(batches.repeat())
    with pytest.raises(ShapeError, match=r"the Dataset gives single images; put \.batch\(32\) after it"):
        model.fit(Dataset.from_tensor_slices((X, Y)))
    with pytest.raises(StriateError, match="validation_data: the Dataset never ends, so validation_steps"):
        model.fit(batches, validation_data=batches.repeat(), verbose=0)


def test_a_data_loader_of_pytorch(torch: Any) -> None:
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    loader = torch.utils.data.DataLoader(pairs, batch_size=8)
    assert same_bits(fitted(loader)[0], fitted(X, Y, batch_size=8, shuffle=False)[0])


def test_embedded_rows_are_checked_in_every_batch() -> None:
    model = striate.Sequential(
        [striate.Input((3,)), striate.layers.Embedding(10, 4), striate.layers.Flatten(), striate.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    good, y = np.zeros((4, 3), np.int64), np.zeros(4)
    with pytest.raises(DataError, match=r"^epoch 1, batch 3: embedding.*got 10 at index \(0, 0\)"):
        model.fit(iter([(good, y), (good, y), (good + 10, y)]), verbose=0)
    assert model.optimizer.iterations == 2
    with pytest.raises(DataError, match=r"^batch 2: embedding"):
        model.predict(iter([good, good - 1]), verbose=0)


def test_arrays_of_other_kinds_are_arrays_still() -> None:
    import array

    model = striate.Sequential([striate.Input((1,)), striate.layers.Dense(1)])
    model.compile("sgd", "mse")
    numbers = array.array("f", range(6))
    model.fit(np.asarray(numbers)[:, None], numbers, verbose=0)
    assert model.predict(numbers, verbose=0).shape == (6, 1)


def images(count: int) -> Iterator[Any]:
    for _ in range(count):
        yield list(X[:8])


def test_images_in_a_list() -> None:
    model = compiled()
    assert model.predict(images(3), verbose=0).shape == (24, 5)
    assert model.predict(((list(X[:8]), list(Y[:8])) for _ in range(3)), verbose=0).shape == (24, 5)

"""What all iterators share, on arrays: order, epochs, seeds, blocks; and `flow` against Keras."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate.engines.image_warp import as_array
from striate.errors import StriateError
from striate.images import ImageDataGenerator, NumpyArrayIterator
from striate.utils import set_random_seed

ALL = {
    "rotation_range": 20, "width_shift_range": 0.1, "height_shift_range": 2.5, "shear_range": 5.0, "zoom_range": 0.2,
    "channel_shift_range": 10.0, "brightness_range": (0.5, 1.5), "horizontal_flip": True, "vertical_flip": True,
    "rescale": 0.5,
}  # fmt: skip


@pytest.fixture
def arrays(rng: np.random.Generator) -> tuple[Any, Any]:
    return rng.integers(0, 256, (23, 8, 9, 3)).astype(np.uint8), np.arange(23)


def test_batches_go_on_without_end(arrays: Any) -> None:
    x, y = arrays
    batches = ImageDataGenerator().flow(x, y, batch_size=5, shuffle=False)
    assert (batches.n, batches.batch_size, len(batches)) == (23, 5, 5)
    labels = [batches.next()[1].tolist() for _ in range(6)]
    assert labels == [list(range(i, min(i + 5, 23))) for i in (0, 5, 10, 15, 20)] + [[0, 1, 2, 3, 4]]
    assert batches.batch_index == 1
    assert batches.total_batches_seen == 6
    batches.reset()
    assert next(batches)[1].tolist() == [0, 1, 2, 3, 4]
    assert [len(batch[1]) for batch, _ in zip(batches, range(5))] == [5, 5, 5, 3, 5]  # noqa: B905 (endless)


def test_every_epoch_has_every_image_in_an_order_of_its_own(arrays: Any) -> None:
    x, y = arrays
    batches = ImageDataGenerator().flow(x, y, batch_size=4, seed=1)
    epochs = [np.concatenate([next(batches)[1] for _ in range(len(batches))]).tolist() for _ in range(3)]
    assert all(sorted(epoch) == list(range(23)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert batches.index_array.tolist() == epochs[-1]  # until the next one begins
    assert next(batches)[1].tolist() == batches.index_array[:4].tolist() != epochs[-1][:4]


def test_one_block_is_the_same_as_its_batches_one_by_one(arrays: Any) -> None:
    x, y = arrays
    generator = ImageDataGenerator(**ALL)
    for sizes in ([1] * 10, [5, 5], [3, 2, 4, 1], [2, 9, 9]):
        single, blocks = (generator.flow(x, y, batch_size=5, seed=9) for _ in range(2))
        expected = [next(single) for _ in range(10)]
        taken = [blocks.take(size) for size in sizes]
        assert all(weights is None for _, _, weights in taken)
        images, labels = (np.concatenate([batch[i] for batch in expected]) for i in (0, 1))
        count = sum(len(block[0]) for block in taken)
        np.testing.assert_array_equal(np.concatenate([as_array(block[0]) for block in taken]), images[:count])
        np.testing.assert_array_equal(np.concatenate([block[1] for block in taken]), labels[:count])
    assert [len(blocks.take(3)[0]) for _ in range(3)] == [15, 8, 15]  # never beyond the end of an epoch


def test_batches_by_number_are_those_of_the_epoch(arrays: Any) -> None:
    x, y = arrays
    generator = ImageDataGenerator(**ALL)
    one, other = (generator.flow(x, y, batch_size=6, seed=2) for _ in range(2))
    for _ in range(2):
        expected = [next(one) for _ in range(4)]
        for i in (3, 0, -4, 2, 1):
            np.testing.assert_array_equal(other[i][0], expected[i % 4][0])
        other.on_epoch_end()
        other.on_epoch_end()  # once is enough
    with pytest.raises(IndexError, match="length 4"):
        other[4]
    with pytest.raises(StriateError, match="number of a batch"):
        other["0"]


def test_threads_do_not_matter(arrays: Any) -> None:
    x, y = arrays
    generator = ImageDataGenerator(**ALL)
    expected = [generator.flow(x, y, batch_size=3, seed=4)[i][0] for i in range(8)]
    batches = generator.flow(x, y, batch_size=3, seed=4)
    with ThreadPoolExecutor(4) as pool:
        for made, wanted in zip(pool.map(lambda i: batches[i][0], range(8)), expected, strict=True):
            np.testing.assert_array_equal(made, wanted)


def test_seeds(arrays: Any) -> None:
    x, y = arrays
    generator = ImageDataGenerator(**ALL)
    first, same, other = (next(generator.flow(x, y, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], same[0])
    assert not np.array_equal(first[1], other[1])
    found = []
    for seed in (5, 5, 6):
        set_random_seed(seed)
        found.append(next(generator.flow(x, y))[0])
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_images_and_masks_with_one_seed_stay_together(arrays: Any) -> None:
    x, _ = arrays
    options: Any = {"rotation_range": 40, "horizontal_flip": True, "zoom_range": 0.3}
    one, two = (ImageDataGenerator(**options).flow(images, seed=3, batch_size=7) for images in (x, x[..., :1]))
    for image, mask, _ in zip(one, two, range(8)):  # noqa: B905 (endless)
        np.testing.assert_array_equal(image[..., :1], mask)


def test_every_image_gets_a_transform_of_its_own(arrays: Any) -> None:
    same = np.repeat(arrays[0][:1], 30, axis=0)
    made, _, _ = ImageDataGenerator(rotation_range=90).flow(same, batch_size=10, seed=1).take(3)
    assert len({image.tobytes() for image in as_array(made)}) == 30


@pytest.mark.parametrize("subset", ["training", "validation", None])
def test_flow_equals_keras(legacy: Any, arrays: Any, subset: str | None) -> None:
    x, y = arrays
    weights = np.linspace(0, 1, 23)
    options: Any = {"rescale": 1 / 255, "samplewise_center": True, "validation_split": 0.3}
    flow: Any = {"batch_size": 4, "shuffle": False, "subset": subset, "sample_weight": None if subset else weights,
                 "ignore_class_split": True}  # fmt: skip
    ours = ImageDataGenerator(**options).flow(x, y, **flow)
    theirs = legacy.ImageDataGenerator(**options).flow(x, y, **flow)
    assert (len(ours), ours.n) == (len(theirs), theirs.n)
    for made, expected, _ in zip(ours, theirs, range(8)):  # noqa: B905 (endless)
        assert len(made) == len(expected)
        for a, b in zip(made, expected, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_other_inputs_pass_unchanged(arrays: Any) -> None:
    x, y = arrays
    beside = [y * 2.0, y[:, None] * [1, 1]]
    batches = ImageDataGenerator().flow((x, beside), y, batch_size=4, shuffle=False)
    assert not hasattr(batches, "take")
    (images, *others), labels = batches[1]
    np.testing.assert_array_equal(images, x[4:8])
    assert [other.tolist() for other in others] == [other[4:8].tolist() for other in beside]
    assert labels.tolist() == [4, 5, 6, 7]


def test_channels_first(arrays: Any) -> None:
    x, _ = arrays
    last = ImageDataGenerator(**ALL).flow(x, seed=1)
    first = ImageDataGenerator(data_format="channels_first", **ALL).flow(x.transpose(0, 3, 1, 2), seed=1)
    np.testing.assert_array_equal(next(first), next(last).transpose(0, 3, 1, 2))


def test_the_users_function_sees_each_image_after_its_transform(arrays: Any) -> None:
    x, _ = arrays
    seen = []

    def function(image: Any) -> Any:
        seen.append(image.copy())
        return image + 1000

    options: Any = {"horizontal_flip": True}
    plain = next(ImageDataGenerator(**options).flow(x, seed=1, batch_size=6))
    generator = ImageDataGenerator(preprocessing_function=function, rescale=0.1, **options)
    made = next(generator.flow(x, seed=1, batch_size=6))
    np.testing.assert_array_equal(seen, plain)
    np.testing.assert_allclose(made, (plain + 1000) * 0.1, rtol=1e-6)
    with pytest.raises(StriateError, match="preprocessing_function"):
        next(ImageDataGenerator(preprocessing_function=lambda image: image[:4]).flow(x))


def test_images_are_saved(arrays: Any, tmp_path: Path) -> None:
    x, _ = arrays
    batches = ImageDataGenerator().flow(
        x, batch_size=4, shuffle=False, save_to_dir=tmp_path / "made", save_prefix="a", save_format="png"
    )
    made = [next(batches), next(batches)]
    files = sorted((tmp_path / "made").iterdir(), key=lambda file: int(file.name.split("_")[1]))
    assert [file.name.split("_")[:2] for file in files] == [["a", str(i)] for i in range(8)]
    spread = made[0][1] - made[0][1].min()
    np.testing.assert_allclose(np.asarray(Image.open(files[1])), spread * 255 / spread.max(), atol=1)


@pytest.mark.parametrize("wrong", [
    {"x": np.zeros((3, 4, 4))}, {"x": np.zeros((0, 4, 4, 1))}, {"x": [["a"]]}, {"x": np.full((2, 3, 3, 1), np.nan)},
    {"x": (np.zeros((2, 3, 3, 1)), np.zeros(3))}, {"y": np.zeros(5)}, {"y": 3}, {"sample_weight": np.zeros(2)},
    {"batch_size": 0}, {"batch_size": 2.5}, {"shuffle": "yes"}, {"seed": -1}, {"seed": 1.5}, {"subset": "test"},
    {"save_to_dir": "a", "save_format": "exe"}, {"save_to_dir": "a", "save_prefix": "../x"},
], ids=str)  # fmt: skip
def test_what_does_not_fit_is_refused(
    wrong: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StriateError):
        ImageDataGenerator(validation_split=0.5).flow(**{"x": np.zeros((4, 5, 5, 1)), **wrong})
    assert not list(tmp_path.iterdir())


def test_both_parts_of_a_split_need_the_same_classes() -> None:
    x, y = np.zeros((10, 4, 4, 1)), np.repeat([0, 1], 5)
    with pytest.raises(StriateError, match="shuffle them"):
        ImageDataGenerator(validation_split=0.4).flow(x, y, subset="training")
    with pytest.raises(StriateError, match=r"validation_split=0\.01 of 10 images leaves none for validation"):
        ImageDataGenerator(validation_split=0.01).flow(x, y, subset="validation", ignore_class_split=True)
    for subset in ("training", "validation"):
        with pytest.raises(StriateError, match=f'got subset="{subset}", but no split; give'):
            ImageDataGenerator().flow(x, subset=subset)


def test_unusual_channels_are_warned_about() -> None:
    with pytest.warns(UserWarning, match="2 channels"):
        NumpyArrayIterator(np.zeros((2, 4, 4, 2)), None, ImageDataGenerator())

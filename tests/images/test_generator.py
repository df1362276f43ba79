"""ImageDataGenerator: its arguments, its transforms and its standardisation, against Keras and against plain NumPy."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from striate.errors import StriateError
from striate.images import ImageDataGenerator
from striate.utils import set_random_seed

TRANSFORMS = [
    {},
    {"theta": 33.0},
    {"tx": 2.5, "ty": -1.0},
    {"shear": 20.0},
    {"zx": 0.7, "zy": 1.3},
    {"theta": -15.0, "tx": 1.5, "ty": 2.0, "shear": 10.0, "zx": 1.2, "zy": 0.9},
    {"theta": 40.0, "flip_horizontal": True},
    {"theta": 40.0, "shear": 5.0, "flip_horizontal": True, "flip_vertical": True},
    {"channel_shift_intensity": 37.5},
    {"theta": 10.0, "channel_shift_intensity": -60.0, "flip_vertical": True},
    {"brightness": 0.35},
    {"brightness": 1.8},
    {"theta": 25.0, "channel_shift_intensity": 20.0, "brightness": 1.3, "flip_horizontal": True},
]


@pytest.mark.parametrize("transform", TRANSFORMS, ids=str)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
def test_apply_transform_equals_keras(
    legacy: Any, rng: np.random.Generator, transform: dict[str, Any], channels: int, fill_mode: str
) -> None:
    image = rng.integers(0, 256, (12, 12, channels)).astype(np.float32)
    options: dict[str, Any] = {"fill_mode": fill_mode, "cval": 9.0}
    expected = legacy.ImageDataGenerator(**options).apply_transform(image.copy(), transform)
    made = ImageDataGenerator(**options).apply_transform(image, transform)
    wrong = np.abs(made - expected) > 1e-3
    if "brightness" in transform:  # rounded down to bytes: a sum's last bit may decide
        assert wrong.mean() < 0.02
        assert np.abs(made - expected).max() < 3
    else:
        assert not wrong.any()


@pytest.mark.parametrize("transform", TRANSFORMS, ids=str)
def test_values_beyond_bytes_are_spread_for_brightness(
    legacy: Any, rng: np.random.Generator, transform: dict[str, Any]
) -> None:
    image = rng.uniform(-300, 500, (11, 11, 3)).astype(np.float32)
    expected = legacy.ImageDataGenerator().apply_transform(image.copy(), transform)
    made = ImageDataGenerator().apply_transform(image, transform)
    assert np.abs(made - expected).max() < (7 if "brightness" in transform else 1e-3)  # a byte is 800 / 255
    assert (np.abs(made - expected) > 1e-3).mean() < 0.02


def test_order_zero_and_channels_first_equal_keras(legacy: Any, rng: np.random.Generator) -> None:
    image = rng.integers(0, 256, (3, 14, 14)).astype(np.float32)
    options: dict[str, Any] = {"interpolation_order": 0, "data_format": "channels_first"}
    transform = {"theta": 31.0, "zx": 0.8, "zy": 0.9, "tx": 1.25, "flip_horizontal": True}
    expected = legacy.ImageDataGenerator(**options).apply_transform(image.copy(), transform)
    np.testing.assert_array_equal(ImageDataGenerator(**options).apply_transform(image, transform), expected)


def test_images_that_are_not_square_turn_about_their_middle() -> None:
    image = np.zeros((5, 9, 1), np.float32)
    image[2, 4] = 1
    turned = ImageDataGenerator(fill_mode="constant").apply_transform(image, {"theta": 90.0})
    np.testing.assert_allclose(turned, image, atol=1e-6)


@pytest.mark.parametrize(("argument", "axis"), [("width_shift_range", 1), ("height_shift_range", 0)])
def test_shifts_go_along_their_axis(argument: str, axis: int) -> None:
    image = np.zeros((7, 9, 1), np.float32)
    image[3, 4] = 1
    generator = ImageDataGenerator(fill_mode="constant", **{argument: [2]})
    for seed in range(5):
        row, column, _ = (int(i) for i in np.argwhere(generator.random_transform(image, seed))[0])
        moved = [row - 3, column - 4]
        assert abs(moved[axis]) == 2
        assert moved[1 - axis] == 0


@pytest.mark.parametrize(("value", "expected"), [
    (0.25, lambda v: (np.abs(v) <= 0.25 * 8).all() and np.abs(v).max() > 1),
    (3.0, lambda v: (np.abs(v) <= 3).all() and np.abs(v).max() > 2 and not np.array_equal(v, np.round(v))),
    (1.0, lambda v: (np.abs(v) <= 1).all() and np.abs(v).max() > 0.5),
    (3, lambda v: set(v) == {-2.0, -1.0, 0.0, 1.0, 2.0}),
    ([-4, 0, 1], lambda v: set(v) == {-4.0, -1.0, 0.0, 1.0, 4.0}),
    ([0.25, 0.5], lambda v: set(v) == {-4.0, -2.0, 2.0, 4.0}),
    (0, lambda v: not v.any()),
])  # fmt: skip
def test_shift_ranges(value: Any, expected: Any) -> None:
    generator = ImageDataGenerator(width_shift_range=value)
    assert expected(np.array([generator.get_random_transform((6, 8, 1), seed)["tx"] for seed in range(200)]))


def test_ranges_of_random_transforms() -> None:
    generator = ImageDataGenerator(
        rotation_range=30, shear_range=10.0, zoom_range=(0.5, 0.9), channel_shift_range=5.0,
        brightness_range=(0.2, 0.4), horizontal_flip=True,
    )  # fmt: skip
    drawn = [generator.get_random_transform((6, 8, 3), seed) for seed in range(300)]
    for name, low, high in (("theta", -30, 30), ("shear", -10, 10), ("zx", 0.5, 0.9), ("zy", 0.5, 0.9),
                            ("channel_shift_intensity", -5, 5), ("brightness", 0.2, 0.4)):  # fmt: skip
        values = np.array([transform[name] for transform in drawn])
        assert low <= values.min() < low + (high - low) / 10
        assert high - (high - low) / 10 < values.max() <= high
    assert 100 < sum(transform["flip_horizontal"] for transform in drawn) < 200
    assert not any(transform["flip_vertical"] for transform in drawn)
    assert drawn[0]["zx"] != drawn[0]["zy"]
    assert generator.get_random_transform((6, 8, 3), 5) == generator.get_random_transform((6, 8, 3), 5)


def test_the_global_seed_decides_where_no_other_is_given() -> None:
    generator, drawn = ImageDataGenerator(rotation_range=90), []
    for seed in (3, 3, 4):
        set_random_seed(seed)
        drawn.append([generator.get_random_transform((4, 4, 1))["theta"] for _ in range(2)])
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0][0] != drawn[0][1]


@pytest.mark.parametrize("options", [
    {"rescale": 1 / 255}, {"samplewise_center": True},
    {"samplewise_center": True, "samplewise_std_normalization": True},
    {"featurewise_center": True}, {"featurewise_center": True, "featurewise_std_normalization": True},
    {"featurewise_center": True, "zca_whitening": True, "zca_epsilon": 1e-2},
    {"rescale": 0.5, "preprocessing_function": lambda image: image[::-1] * 2},
    {"featurewise_center": True, "featurewise_std_normalization": True, "data_format": "channels_first"},
], ids=lambda options: "-".join(options))  # fmt: skip
def test_standardize_and_fit_equal_keras(legacy: Any, rng: np.random.Generator, options: dict[str, Any]) -> None:
    sample = rng.integers(0, 256, (60, 6, 6, 3)).astype(np.float32)
    if options.get("data_format"):
        sample = sample.transpose(0, 3, 1, 2)
    ours, theirs = ImageDataGenerator(**options), legacy.ImageDataGenerator(**options)
    ours.fit(sample)
    theirs.fit(sample)
    if ours.zca_whitening:
        np.testing.assert_allclose(ours.zca_whitening_matrix, theirs.zca_whitening_matrix, rtol=1e-2, atol=1e-4)
        assert np.cov(np.concatenate([ours.standardize(x.copy()) for x in sample]).reshape(60, -1).T)[0, 1] < 1
    for x in sample[:5]:
        np.testing.assert_allclose(ours.standardize(x.copy()), theirs.standardize(x.copy()), rtol=1e-3, atol=2e-3)
    batches = ours.flow(sample, batch_size=5, shuffle=False)
    expected = theirs.flow(sample, batch_size=5, shuffle=False)
    np.testing.assert_allclose(next(batches), next(expected), rtol=1e-3, atol=2e-3)


def test_whitening_makes_numbers_uncorrelated(rng: np.random.Generator) -> None:
    sample = (rng.normal(size=(500, 12)) @ rng.normal(size=(12, 12))).reshape(500, 2, 2, 3).astype(np.float32)
    generator = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
    generator.fit(sample)
    flat = generator.standardize(sample.copy()).reshape(500, -1)
    np.testing.assert_allclose(flat.T @ flat / 500, np.eye(12), atol=1e-3)


def test_fit_to_augmented_images(rng: np.random.Generator) -> None:
    sample = np.zeros((4, 8, 8, 1), np.float32)
    sample[:, :, :4] = 100
    options: Any = {"featurewise_center": True, "width_shift_range": [4], "fill_mode": "constant", "cval": 50}
    generator, other = ImageDataGenerator(rescale=2, **options), ImageDataGenerator(rescale=2, **options)
    generator.fit(sample, augment=True, rounds=50, seed=1)
    assert 25 < generator.mean.item() < 125  # half of each image is cval, the other half 0 or 2 * 100
    other.fit(sample, augment=True, rounds=50, seed=1)
    assert other.mean == generator.mean
    other.fit(sample)
    assert other.mean.item() == 100


def test_statistics_can_be_set(rng: np.random.Generator) -> None:
    generator = ImageDataGenerator(featurewise_center=True)
    generator.mean = np.array([123.68, 116.779, 103.939], np.float32)
    x = rng.integers(0, 256, (2, 4, 4, 3)).astype(np.uint8)
    np.testing.assert_allclose(next(generator.flow(x, shuffle=False)), x - generator.mean, rtol=1e-6)


def test_statistics_of_other_images_are_refused(rng: np.random.Generator) -> None:
    generator = ImageDataGenerator(featurewise_center=True)
    generator.fit(rng.normal(size=(5, 4, 4, 3)))
    with pytest.raises(StriateError, match=r"got images of shape \(4, 4, 1\), but those of the data .* \(1, 1, 3\)"):
        next(generator.flow(rng.normal(size=(2, 4, 4, 1))))


def test_missing_statistics_are_warned_about(rng: np.random.Generator) -> None:
    generator = ImageDataGenerator(featurewise_center=True)
    x = rng.normal(size=(2, 4, 4, 3)).astype(np.float32)
    with pytest.warns(UserWarning, match="hasn't been fit"):
        np.testing.assert_array_equal(next(generator.flow(x, shuffle=False)), x)


@pytest.mark.parametrize(("given", "switched_on", "switched_off"), [
    ("zca_whitening", "featurewise_center", "featurewise_std_normalization"),
    ("featurewise_std_normalization", "featurewise_center", None),
    ("samplewise_std_normalization", "samplewise_center", None),
])  # fmt: skip
def test_overrides(given: str, switched_on: str, switched_off: str | None) -> None:
    options: dict[str, Any] = {given: True, **({switched_off: True} if switched_off else {})}
    with pytest.warns(UserWarning, match="overrides setting of"):
        generator = ImageDataGenerator(**options)
    assert getattr(generator, switched_on)
    assert switched_off is None or not getattr(generator, switched_off)


@pytest.mark.parametrize("wrong", [
    {"rotation_range": -1}, {"rotation_range": "20"}, {"rotation_range": np.nan}, {"rotation_range": True},
    {"width_shift_range": -0.1}, {"width_shift_range": []}, {"width_shift_range": ["a"]},
    {"height_shift_range": np.inf},
    {"brightness_range": 0.5}, {"brightness_range": (0.5,)}, {"brightness_range": (-1, 1)}, {"shear_range": -3},
    {"zoom_range": 1.5}, {"zoom_range": -0.1}, {"zoom_range": (0.5, 1, 2)}, {"zoom_range": (0, 1)}, {"zoom_range": "x"},
    {"channel_shift_range": -1}, {"fill_mode": "mirror"}, {"fill_mode": None}, {"cval": np.nan}, {"cval": "0"},
    {"horizontal_flip": "yes"}, {"vertical_flip": 2}, {"rescale": "1/255"}, {"rescale": np.inf},
    {"preprocessing_function": 3}, {"data_format": "last"}, {"validation_split": 1}, {"validation_split": -0.1},
    {"interpolation_order": 2}, {"interpolation_order": 3}, {"interpolation_order": 1.0}, {"dtype": "text"},
    {"dtype": "uint8", "rescale": 2}, {"zca_epsilon": -1}, {"featurewise_center": None},
    {"zoom_range": 1}, {"zoom_range": np.array(0.5)}, {"zoom_range": 10**400}, {"brightness_range": np.array(0.5)},
    {"brightness_range": (0, 1e300)}, {"brightness_range": ((1, 2), (3, 4))}, {"cval": 1e300}, {"cval": 1 + 0j},
    {"rescale": 1e300}, {"channel_shift_range": 1e300}, {"rotation_range": None}, {"shear_range": (1, 2)},
    {"width_shift_range": (True, False)}, {"validation_split": np.array([0.1, 0.2])}, {"validation_split": "0.2"},
    {"validation_split": False}, {"data_format": np.array(["channels_last"] * 2)},
], ids=str)  # fmt: skip
def test_arguments_outside_their_meaning_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(StriateError, match=next(iter(wrong))):
        ImageDataGenerator(**wrong)


def test_a_zoom_that_could_show_a_single_point_is_refused_for_what_it_is() -> None:
    with pytest.raises(StriateError, match=r"got zoom_range=1, expected a number from 0 to below 1"):
        ImageDataGenerator(zoom_range=1)


def test_unknown_arguments_are_refused_with_the_nearest_names() -> None:
    with pytest.raises(StriateError, match=r"'rotation'.*rotation_range"):
        ImageDataGenerator(rotation=20)


def test_attributes_may_be_changed_and_are_checked_again(rng: np.random.Generator) -> None:
    generator = ImageDataGenerator()
    generator.rotation_range = "far"  # type: ignore[assignment]
    with pytest.raises(StriateError, match="rotation_range"):
        next(generator.flow(rng.normal(size=(2, 4, 4, 3))))


def test_transforms_outside_their_meaning_are_refused(rng: np.random.Generator) -> None:
    generator, image = ImageDataGenerator(), rng.normal(size=(4, 4, 3))
    for wrong in ({"angle": 3}, {"theta": np.nan}, {"tx": None}, {"brightness": -1}, {"zx": "1"}):
        with pytest.raises(StriateError, match=next(iter(wrong))):
            generator.apply_transform(image, wrong)
    with pytest.raises(StriateError, match="three dimensions"):
        generator.apply_transform(image[0], {})
    with pytest.raises(StriateError, match="that of one image"):
        generator.get_random_transform((4, 4))
    with pytest.raises(StriateError, match="2 channels"):
        generator.apply_transform(image[..., :2], {"brightness": 0.5})


def test_data_that_cannot_be_fitted_is_refused(rng: np.random.Generator) -> None:
    generator = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
    for wrong in (np.zeros((3, 4, 4)), np.zeros((0, 4, 4, 3))):
        with pytest.raises(StriateError, match="expected images"):
            generator.fit(wrong)
    for other in ("images", [["a"]], np.full((2, 4, 4, 3), np.nan)):
        with pytest.raises(StriateError, match="x"):
            generator.fit(other)
    with pytest.raises(StriateError, match="smaller images"):
        generator.fit(np.zeros((1, 224, 224, 3), np.uint8))
    generator.fit(rng.normal(size=(9, 4, 4, 3)))
    with pytest.raises(StriateError, match="48 numbers"):
        generator.standardize(rng.normal(size=(5, 5, 3)))


def test_types(rng: np.random.Generator) -> None:
    x = rng.integers(0, 256, (3, 6, 6, 3)).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert next(ImageDataGenerator(dtype="float64", rescale=0.5).flow(x)).dtype == np.float64
        assert next(ImageDataGenerator(dtype="uint8", horizontal_flip=True).flow(x)).dtype == np.uint8
        assert next(ImageDataGenerator().flow(x.astype(np.int64))).dtype == np.float32
    turned = ImageDataGenerator().apply_transform(x[0], {"theta": 20})
    assert turned.dtype == np.uint8
    floating = ImageDataGenerator().apply_transform(x[0].astype(np.float64), {"theta": 20})
    assert floating.dtype == np.float64
    assert np.abs(turned - floating).max() <= 0.5

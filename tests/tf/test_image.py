"""tf.image and tf.io: sizes, colours, flips, files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import striate.tensorflow as tf
from striate.errors import DataError, StriateError

R = np.random.default_rng(2)
ONE = R.integers(0, 256, (6, 7, 3)).astype(np.uint8)
BATCH = R.integers(0, 256, (2, 6, 7, 3)).astype(np.uint8)


@pytest.mark.parametrize("size", [(12, 14), (3, 5), (6, 20)])
@pytest.mark.parametrize("method", ["bilinear", "nearest"])
def test_resize(keras: Any, method: str, size: tuple[int, int]) -> None:
    floats = BATCH.astype(np.float32)
    layer = keras.layers.Resizing(*size, interpolation=method)
    theirs = keras.ops.convert_to_numpy(layer(floats))
    np.testing.assert_allclose(tf.image.resize(floats, size, method=method), theirs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("method", ["bicubic", "area", "lanczos3", "gaussian", "mitchellcubic"])
def test_other_methods_keep_flat_images(method: str) -> None:
    flat = np.full((6, 7, 3), 9.0, np.float32)
    for size in ((12, 5), (3, 9)):
        np.testing.assert_allclose(tf.image.resize(flat, size, method, antialias=True), 9, rtol=1e-5)
    halves = tf.image.resize(ONE[:, :6], (3, 3), "area")
    np.testing.assert_allclose(halves, ONE[:, :6].reshape(3, 2, 3, 2, 3).mean(axis=(1, 3)), rtol=1e-5)


def test_types_and_proportions() -> None:
    assert tf.image.resize(ONE, (3, 3)).dtype == np.float32
    assert tf.image.resize(ONE, (3, 3), "nearest").dtype == np.uint8
    assert tf.image.resize(ONE, (12, 12), preserve_aspect_ratio=True).shape == (10, 12, 3)
    assert tf.image.resize_with_pad(ONE, 12, 12).shape == (12, 12, 3)


def test_flips_and_turns() -> None:
    assert (tf.image.flip_left_right(BATCH) == BATCH[:, :, ::-1]).all()
    assert (tf.image.flip_up_down(ONE) == ONE[::-1]).all()
    assert (tf.image.rot90(ONE) == np.rot90(ONE)).all()
    assert (tf.image.transpose(ONE) == ONE.transpose(1, 0, 2)).all()


def test_parts() -> None:
    assert (tf.image.central_crop(ONE, 0.5) == ONE[1:5, 1:6]).all()
    assert (tf.image.crop_to_bounding_box(ONE, 1, 2, 3, 4) == ONE[1:4, 2:6]).all()
    padded = tf.image.pad_to_bounding_box(ONE, 1, 2, 10, 12)
    assert (padded[1:7, 2:9] == ONE).all()
    assert padded.sum() == ONE.sum()
    both = tf.image.resize_with_crop_or_pad(ONE, 4, 9)
    assert (both[:, 1:8] == ONE[1:5]).all()
    for wrong in (lambda: tf.image.crop_to_bounding_box(ONE, 4, 0, 3, 3), lambda: tf.image.central_crop(ONE, 0)):
        with pytest.raises(StriateError):
            wrong()


def test_colours() -> None:
    floats = ONE / np.float32(255)
    np.testing.assert_allclose(tf.image.convert_image_dtype(ONE, tf.float32), floats, rtol=1e-6)
    assert (tf.image.convert_image_dtype(floats, tf.uint8) == ONE).all()
    np.testing.assert_allclose(
        tf.image.rgb_to_grayscale(floats)[..., 0], floats @ np.float32([0.2989, 0.587, 0.114]), rtol=1e-5
    )
    assert tf.image.grayscale_to_rgb(ONE[..., :1]).shape == (6, 7, 3)
    brighter = tf.image.adjust_brightness(ONE, 0.2).astype(int)
    assert abs(brighter - np.minimum(ONE.astype(int) + 51, 255)).max() <= 1
    mean = floats.mean(axis=(0, 1))
    np.testing.assert_allclose(tf.image.adjust_contrast(floats, 2.0), mean + 2 * (floats - mean), atol=1e-5)
    np.testing.assert_allclose(tf.image.hsv_to_rgb(tf.image.rgb_to_hsv(floats)), floats, atol=1e-5)
    np.testing.assert_allclose(tf.image.adjust_hue(floats, 0.0), floats, atol=1e-5)
    grey = tf.image.adjust_saturation(floats, 0.0)
    np.testing.assert_allclose(grey, np.repeat(floats.max(axis=-1, keepdims=True), 3, axis=-1), atol=1e-5)
    standard = tf.image.per_image_standardization(ONE)
    np.testing.assert_allclose([standard.mean(), standard.std()], [0, 1], atol=1e-5)


def test_random_changes_follow_the_seed() -> None:
    def changed() -> list[Any]:
        tf.random.set_seed(3)
        return [
            tf.image.random_flip_left_right(BATCH), tf.image.random_brightness(ONE, 0.2), tf.random.normal((2,)),
            tf.image.random_contrast(ONE, 0.5, 1.5), tf.image.random_crop(ONE, (3, 3, 3)), tf.random.uniform((2,)),
            tf.random.normal((2,), seed=7), tf.random.normal((2,), seed=7),
        ]  # fmt: skip

    first, second = changed(), changed()
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (first[-1] != first[-2]).any()
    flips = [bool((tf.image.random_flip_up_down(ONE) == ONE).all()) for _ in range(50)]
    assert 10 < sum(flips) < 40


def test_random_numbers() -> None:
    tf.random.set_seed(0)
    many = tf.random.normal((10000,), 2.0, 3.0)
    np.testing.assert_allclose([many.mean(), many.std()], [2, 3], atol=0.1)
    assert abs(tf.random.truncated_normal((10000,))).max() <= 2
    whole = tf.random.uniform((1000,), 3, 6, dtype=tf.int32)
    assert set(whole.tolist()) == {3, 4, 5}
    assert sorted(tf.random.shuffle(np.arange(9)).tolist()) == list(range(9))
    drawn = tf.random.categorical(np.log([[0.5, 0.5, 1e-9]]), 1000)
    assert 400 < (drawn == 0).sum() < 600
    np.testing.assert_array_equal(tf.random.stateless_uniform((3,), (1, 2)), tf.random.stateless_uniform((3,), (1, 2)))


STATELESS: dict[str, tuple[Any, ...]] = {
    "flip_left_right": (), "flip_up_down": (), "brightness": (0.3,), "contrast": (0.2, 0.9), "saturation": (0.2, 0.9),
    "hue": (0.3,), "crop": ((3, 4, 3),),
}  # fmt: skip


@pytest.mark.parametrize("name", STATELESS)
def test_stateless_changes_follow_their_seed_alone(name: str) -> None:
    change, numbers = getattr(tf.image, f"stateless_random_{name}"), STATELESS[name]
    tf.random.set_seed(1)
    first = change(ONE, *numbers, seed=(1, 2))
    tf.random.set_seed(2)
    np.testing.assert_array_equal(change(ONE, *numbers, seed=tf.constant([1, 2])), first)
    others = {change(ONE, *numbers, seed=(i, 0)).tobytes() for i in range(20)}
    assert len(others) > 1
    with pytest.raises(StriateError, match="two whole numbers"):
        change(ONE, *numbers, seed=3)


def test_generators_and_seeds_that_follow_from_one() -> None:
    one, other = tf.random.Generator.from_seed(123, alg="philox"), tf.random.Generator.from_seed(123)
    assert one.make_seeds(2).shape == (2, 2)
    np.testing.assert_array_equal(one.normal((3,)), [*other.make_seeds(2)[:0], *other.normal((3,))])
    assert 2 <= one.uniform((), 2, 5) < 5
    assert one.uniform((4,), maxval=9, dtype="int64").dtype == np.int64
    other.reset_from_seed(123)
    np.testing.assert_array_equal(other.make_seeds(1), tf.random.Generator.from_seed(123).make_seeds(1))
    seeds = tf.random.split((1, 2), num=3)
    assert (seeds.shape, seeds.dtype, len(np.unique(seeds))) == ((3, 2), np.int32, 6)
    np.testing.assert_array_equal(seeds, tf.random.split((1, 2), num=3))
    assert tf.random.get_global_generator().normal(()).shape == ()


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(ONE).save(path)
    raw = tf.io.read_file(str(path))
    assert raw.numpy() == path.read_bytes()
    assert (tf.io.decode_png(raw) == ONE).all()
    assert tf.image.decode_image(raw, channels=1).shape == (6, 7, 1)
    assert tf.io.decode_image(raw, dtype=tf.float32).max() <= 1
    assert (tf.io.decode_png(tf.io.encode_png(ONE)) == ONE).all()
    smooth = np.repeat(np.linspace(0, 255, 32).astype(np.uint8)[:, None, None], 32, axis=1).repeat(3, axis=2)
    assert abs(tf.io.decode_jpeg(tf.io.encode_jpeg(smooth), channels=3).astype(int) - smooth).max() < 6
    tf.io.write_file(str(tmp_path / "new" / "b.bin"), b"ab\0")
    assert tf.io.read_file(tmp_path / "new" / "b.bin").numpy() == b"ab\0"
    animation = io.BytesIO()
    pages = [Image.fromarray(ONE), Image.fromarray(ONE[::-1])]
    pages[0].save(animation, "GIF", save_all=True, append_images=pages[1:])
    assert tf.io.decode_image(animation.getvalue()).shape == (2, 6, 7, 3)


def test_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.png"):
        tf.io.read_file(str(tmp_path / "none.png"))
    whole = tf.io.encode_png(ONE).numpy()
    for raw in (b"", b"no image", whole[:60]):
        with pytest.raises(DataError, match="decode_png"):
            tf.io.decode_png(raw)
    with pytest.raises(DataError, match="BMP"):
        tf.io.decode_bmp(whole)
    with pytest.raises(DataError, match="array of numbers"):
        tf.io.decode_png(ONE)
    huge = io.BytesIO()
    Image.new("1", (30000, 30000)).save(huge, "PNG")
    with pytest.raises(DataError, match="pixels"):
        tf.io.decode_png(huge.getvalue())


def test_pictures_in_a_pipeline(tmp_path: Path) -> None:
    for kind, value in (("cats", 10), ("dogs", 200)):
        (tmp_path / kind).mkdir()
        for i in range(3):
            Image.fromarray(np.full((9, 8, 3), value + i, np.uint8)).save(tmp_path / kind / f"{i}.png")
    names = np.array(["cats", "dogs"])

    def read(path: Any) -> tuple[Any, Any]:
        label = tf.argmax(tf.strings.split(path, "/")[-2] == names)
        image = tf.io.decode_png(tf.io.read_file(path), channels=3)
        image = tf.image.random_flip_left_right(tf.image.resize(image, [4, 4])) / 255.0
        image.set_shape([4, 4, 3])
        return image, label

    files = tf.data.Dataset.list_files(str(tmp_path / "*" / "*.png"), shuffle=False)
    images, labels = next(iter(files.map(read, num_parallel_calls=tf.data.AUTOTUNE).batch(6)))
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(images[:, 0, 0, 0], np.array([10, 11, 12, 200, 201, 202]) / 255, rtol=1e-5)

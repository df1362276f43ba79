"""Functions of one image: files, arrays, transforms; against Keras where it has them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from striate import images
from striate.errors import StriateError
from striate.utils import array_to_img, img_to_array, load_img, save_img, set_random_seed


@pytest.fixture
def photograph(tmp_path: Path, rng: np.random.Generator) -> Path:
    Image.fromarray(rng.integers(0, 256, (20, 33, 3), np.uint8)).save(tmp_path / "photograph.png")
    return tmp_path / "photograph.png"


@pytest.mark.parametrize("options", [
    {}, {"color_mode": "grayscale"}, {"color_mode": "rgba"}, {"target_size": (7, 9)},
    {"target_size": [40, 40], "interpolation": "bilinear"}, {"target_size": (8, 8), "interpolation": "lanczos"},
    {"target_size": (10, 30), "keep_aspect_ratio": True, "interpolation": "box"},
    {"target_size": (30, 10), "keep_aspect_ratio": True},
], ids=str)  # fmt: skip
def test_load_img_equals_keras(keras: Any, photograph: Path, options: dict[str, Any]) -> None:
    for source in (photograph, str(photograph), io.BytesIO(photograph.read_bytes())):
        made, expected = load_img(source, **options), keras.utils.load_img(source, **options)
        assert (made.mode, made.size) == (expected.mode, expected.size)
        np.testing.assert_array_equal(made, expected)


def test_load_img_of_every_mode(tmp_path: Path, keras: Any) -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"):
        path = tmp_path / f"{mode.replace(';', '')}.{'tif' if mode == 'CMYK' else 'png'}"
        Image.new(mode, (5, 4)).save(path)
        for color_mode in ("grayscale", "rgb", "rgba"):
            made, expected = load_img(path, color_mode=color_mode), keras.utils.load_img(path, color_mode=color_mode)
            assert made.mode == expected.mode
            np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("wrong", [
    {"color_mode": "bgr"}, {"interpolation": "cubic"}, {"target_size": 7}, {"target_size": (1, 2, 3)}, {"path": 3},
    {"path": "nowhere.png"}, {"path": "."}, {"path": io.BytesIO(b"not an image")},
], ids=lambda wrong: "-".join(wrong))  # fmt: skip
def test_load_img_refuses(photograph: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(StriateError):
        load_img(**{"path": photograph, **wrong})


@pytest.mark.parametrize("data_format", [None, "channels_last", "channels_first"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("scale", [True, False])
def test_arrays_and_images_equal_keras(
    keras: Any, rng: np.random.Generator, data_format: str | None, channels: int, scale: bool
) -> None:
    for low, high in ((0, 255), (-3, 3), (0, 0.5), (0, 1000)):
        if high == 1000 and channels > 1 and not scale:
            continue  # undefined in Keras
        x = rng.uniform(max(low, 0) if not scale else low, high, (5, 6, channels))
        x = x.transpose(2, 0, 1) if data_format == "channels_first" else x
        made = array_to_img(x, data_format, scale=scale)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONWARNINGS", "ignore")
            expected = keras.utils.array_to_img(x, data_format, scale=scale)
        assert made.mode == expected.mode
        np.testing.assert_array_equal(made, expected)
        back = img_to_array(made, data_format)
        assert back.dtype == np.float32
        np.testing.assert_array_equal(back, keras.utils.img_to_array(expected, data_format))


def test_arrays_that_are_no_images_are_refused() -> None:
    for wrong in (np.zeros((4, 4)), np.zeros((4, 4, 2)), np.zeros((0, 4, 3)), np.full((4, 4, 3), np.nan)):
        with pytest.raises(StriateError):
            array_to_img(wrong)
    with pytest.raises(StriateError, match="two or three dimensions"):
        img_to_array(np.zeros(4))
    with pytest.raises(StriateError, match="data_format"):
        img_to_array(np.zeros((4, 4)), data_format="last")


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.jpg", "ü ß.jpeg"])
@pytest.mark.parametrize("channels", [1, 3])
def test_save_img(tmp_path: Path, rng: np.random.Generator, name: str, channels: int) -> None:
    grey = np.repeat(np.repeat(rng.integers(0, 256, (2, 2, 1)), 8, 0), 8, 1)
    x = np.repeat(grey, channels, 2).astype(np.float32)
    save_img(tmp_path / name, x, scale=False)
    back = img_to_array(load_img(tmp_path / name, color_mode="grayscale" if channels == 1 else "rgb"))
    np.testing.assert_allclose(back, x, atol=0 if name in ("a.png", "a.bmp") else 40)


def test_save_img_to_files_and_without_alpha(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    save_img(buffer, np.zeros((3, 3, 1)), file_format="png")
    assert load_img(buffer).size == (3, 3)
    with pytest.warns(UserWarning, match="RGBA"):
        save_img(tmp_path / "a.jpg", np.zeros((3, 3, 4)))
    for wrong in (tmp_path / "a.unknown", tmp_path / "nowhere" / "a.png"):
        with pytest.raises(StriateError, match="save_img"):
            save_img(wrong, np.zeros((3, 3, 3)))


AXES: dict[str, Any] = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}


@pytest.mark.parametrize("axes", [{}, AXES, {"row_axis": 1, "col_axis": 0, "channel_axis": 2}], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_apply_affine_transform_equals_keras(
    legacy: Any, rng: np.random.Generator, axes: dict[str, Any], dtype: str
) -> None:
    x = rng.uniform(0, 255, (12, 12, 12)).astype(dtype)
    sheared = {"shear": 15, "zx": 0.8, "fill_mode": "reflect"}
    for options in ({"theta": 30}, {"tx": 2, "ty": 3.5, "order": 0}, sheared, {}):
        made = images.apply_affine_transform(x, **axes, **options)
        assert made.dtype == x.dtype
        np.testing.assert_allclose(made, legacy.apply_affine_transform(x, **axes, **options), atol=1e-3)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.7])
def test_brightness_is_pillows(rng: np.random.Generator, scale: bool, factor: float) -> None:
    x = rng.integers(0, 256, (9, 8, 3)).astype(np.float32)
    x[0, 0], x[0, 1] = 0, 255
    made = images.apply_brightness_shift(x, factor, scale)
    expected = ImageEnhance.Brightness(Image.fromarray(x.astype(np.uint8))).enhance(factor)
    np.testing.assert_array_equal(made, np.asarray(expected, np.float32))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_brightness_and_channel_shift_equal_keras(legacy: Any, rng: np.random.Generator, channels: int) -> None:
    for low, high in ((0, 255), (-20, 300), (0, 1)):
        x = rng.uniform(low, high, (7, 7, channels)).astype(np.float32)
        for scale in (True, False):
            made, expected = (module.apply_brightness_shift(x, 1.4, scale) for module in (images, legacy))
            assert (np.abs(made - expected) > 1e-3).mean() < 0.03
            assert np.abs(made - expected).max() <= 2 * max(high - low, 255) / 255
        np.testing.assert_allclose(
            images.apply_channel_shift(x, 0.25, 2), legacy.apply_channel_shift(x, 0.25, 2), atol=1e-4
        )


def test_random_functions_follow_the_seed_and_their_range(rng: np.random.Generator) -> None:
    x = rng.uniform(0, 255, (9, 9, 1)).astype(np.float32)
    for function, arguments in (
        (images.random_rotation, (40,)), (images.random_shift, (0.3, 0.3)), (images.random_shear, (30,)),
        (images.random_zoom, ((0.5, 0.8),)), (images.random_brightness, ((0.2, 0.8),)),
        (images.random_channel_shift, (50,)),
    ):  # fmt: skip
        axes = AXES if function not in (images.random_brightness, images.random_channel_shift) else {}
        made = []
        for seed in (1, 1, 2):
            set_random_seed(seed)
            made.append(function(x, *arguments, **axes))  # type: ignore[operator]
        np.testing.assert_array_equal(made[0], made[1])
        assert not np.array_equal(made[0], made[2])
        assert made[0].shape == x.shape
    np.testing.assert_array_equal(images.random_rotation(x, 0, **AXES), x)
    np.testing.assert_array_equal(images.random_zoom(x, (1, 1), **AXES), x)


def test_random_shifts_go_along_their_axis() -> None:
    x = np.zeros((9, 9, 1), np.float32)
    x[4, :] = 1
    np.testing.assert_array_equal(images.random_shift(x, 0.4, 0.0, **AXES), x)
    assert not np.array_equal(images.random_shift(x, 0.0, 0.4, **AXES), x)


def test_flip_axis(rng: np.random.Generator) -> None:
    x = rng.normal(size=(3, 4, 2))
    np.testing.assert_array_equal(images.flip_axis(x, 1), x[:, ::-1])


@pytest.mark.parametrize("call", [
    lambda x: images.apply_affine_transform(x[0]), lambda x: images.apply_affine_transform(x, row_axis=0),
    lambda x: images.apply_affine_transform(x, order=2, theta=1), lambda x: images.apply_affine_transform(x, theta="a"),
    lambda x: images.apply_affine_transform(x, fill_mode="mirror"), lambda x: images.random_rotation(x, -1),
    lambda x: images.random_shift(x[0], 1, 1), lambda x: images.random_zoom(x, 0.5),
    lambda x: images.random_zoom(x, (0, 1)),
    lambda x: images.random_brightness(x, (-1, 1)), lambda x: images.random_brightness(x, 2),
    lambda x: images.apply_brightness_shift(x, -1), lambda x: images.apply_brightness_shift(x[..., :2], 1),
    lambda x: images.apply_channel_shift(x, np.nan), lambda x: images.apply_channel_shift(x[:0], 1),
])  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any) -> None:
    with pytest.raises(StriateError):
        call(np.zeros((4, 5, 3), np.float32))

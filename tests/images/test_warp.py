"""The native affine warp against scipy.ndimage, position by position."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate.engines import _native
from striate.engines.image_warp import FILL_MODES, WarpedImages, warp_images
from striate.errors import StriateError

SHAPES = [(28, 28, 1), (9, 100, 3), (13, 7, 4), (5, 6, 2), (6, 5, 7), (1, 1, 1), (2, 70, 1), (1, 9, 3)]


def random_matrices(rng: np.random.Generator, n: int, height: int, width: int) -> Any:
    matrices = np.array([1, 0, 0, 0, 1, 0]) + rng.normal(0, 0.4, (n, 6))
    matrices[:, 2] *= height
    matrices[:, 5] *= width
    matrices[0] = [1, 0, 0, 0, 1, 0]
    matrices[1] = [-1, 0, height - 1, 0, 1, 0]
    matrices[2] = [1, 0, 1.5, 0, 1, -2.5]
    matrices[3] *= 40  # far away: many turns of wrap and reflect
    return matrices


def by_scipy(ndimage: Any, image: Any, matrix: Any, order: int, mode: str, cval: float) -> Any:
    m = matrix.reshape(2, 3)
    channels = [
        ndimage.affine_transform(channel.astype(np.float32), m[:, :2], m[:, 2], order=order, mode=mode, cval=cval)
        for channel in np.moveaxis(image, -1, 0)
    ]
    return np.stack(channels, -1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mode", FILL_MODES)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_equals_scipy(ndimage: Any, rng: np.random.Generator, shape: Any, mode: str, dtype: Any) -> None:
    images = rng.integers(0, 256, (6, *shape)).astype(dtype)
    order, matrices = rng.integers(0, 6, 12), random_matrices(rng, 12, *shape[:2])
    for interpolation_order in (0, 1):
        warped = WarpedImages(
            images, order, matrices, fill_mode=mode, cval=-7.5, interpolation_order=interpolation_order
        )
        made = warp_images(warped)
        expected = [
            by_scipy(ndimage, images[i], matrix, interpolation_order, mode, -7.5)
            for i, matrix in zip(order, matrices, strict=True)
        ]
        np.testing.assert_allclose(made, expected, atol=2e-4)


@pytest.mark.parametrize("instruction_set", ["baseline", "avx2", "avx512"])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_same_bits_for_any_number_of_threads(rng: np.random.Generator, instruction_set: str, threads: int) -> None:
    try:
        one, many = (_native.Engine(count, instruction_set) for count in (1, threads))
    except ValueError:
        pytest.skip(f"this processor has no {instruction_set}")
    images = rng.integers(0, 256, (50, 33, 31, 3)).astype(np.uint8)
    results = []
    for engine in (one, many):
        output = np.full((203, 33, 31, 3), np.nan, np.float32)
        warped = _native.WarpedImages(
            images=images, order=np.arange(203) % 50, matrices=random_matrices(np.random.default_rng(1), 203, 33, 31),
            shifts=np.linspace(-50, 50, 203, dtype=np.float32), brightness=np.linspace(0, 2, 203, dtype=np.float32),
            fill=1, fill_value=0.0, nearest=False, scale=0.5,
        )  # fmt: skip
        engine.warp_images(warped, output)
        results.append(output)
    assert np.isfinite(results[0]).all()
    assert results[0].tobytes() == results[1].tobytes()


@pytest.mark.parametrize("mode", FILL_MODES)
@pytest.mark.parametrize("value", [1e300, -1e300, 1e18, 3e9, 1e-300])
def test_huge_matrices_stay_within_the_image(rng: np.random.Generator, mode: str, value: float) -> None:
    images = rng.integers(1, 256, (1, 8, 9, 3)).astype(np.uint8)
    matrices = np.array([[value, 0, 0, 0, value, 0], [0, 0, value, 0, 0, value], [value] * 6])
    for order in (0, 1):
        warped = WarpedImages(
            images, np.zeros(3, np.int64), matrices, fill_mode=mode, cval=3.0, interpolation_order=order
        )
        made = warp_images(warped)
        assert made.min() >= 1
        assert made.max() <= 255


def test_what_does_not_fit_is_refused(rng: np.random.Generator) -> None:
    images, order = rng.integers(0, 256, (4, 5, 6, 1)).astype(np.uint8), np.zeros(3, np.int64)
    for wrong in ({"order": np.array([4])}, {"order": np.array([-1])}, {"images": images[0]}, {"images": images / 2},
                  {"images": images[:, ::2]}, {"images": images[:, :0]}, {"matrices": np.zeros((2, 6))},
                  {"matrices": np.full((3, 6), np.nan)}, {"shifts": np.zeros(2, np.float32)}):  # fmt: skip
        arguments: Any = {"images": images, "order": order, **wrong}
        with pytest.raises(StriateError):
            WarpedImages(**arguments)
    assert warp_images(WarpedImages(images, order[:0])).shape == (0, 5, 6, 1)


def test_the_native_side_refuses_too(rng: np.random.Generator) -> None:
    engine, images = _native.Engine(1, ""), np.zeros((4, 5, 6, 1), np.uint8)
    good: Any = {
        "images": images, "order": np.zeros(2, np.int64), "matrices": None, "shifts": None, "brightness": None,
        "fill": 1, "fill_value": 0.0, "nearest": False, "scale": 1.0,
    }  # fmt: skip
    engine.warp_images(_native.WarpedImages(**good), np.zeros((2, 5, 6, 1), np.float32))
    for wrong in ({"order": np.array([0, 4])}, {"fill": 4},
                  {"images": images.astype(np.float64)}, {"matrices": np.zeros((1, 6))},
                  {"brightness": np.zeros(1, np.float32)}):  # fmt: skip
        with pytest.raises(ValueError):  # noqa: PT011
            _native.WarpedImages(**{**good, **wrong})
    with pytest.raises(ValueError):  # noqa: PT011
        engine.warp_images(_native.WarpedImages(**good), np.zeros((3, 5, 6, 1), np.float32))

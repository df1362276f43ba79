"""Images made on the spot, and what the tests compare with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def ndimage() -> Any:
    """scipy.ndimage, or a skip that says which extra is missing."""
    return pytest.importorskip("scipy.ndimage", reason='needs SciPy: pip install "striate[test]"')


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def legacy(keras: Any, ndimage: Any) -> Any:
    """What is left of keras.preprocessing.image in Keras 3, or a skip."""
    return pytest.importorskip("keras.src.legacy.preprocessing.image", reason="this Keras has no ImageDataGenerator")


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Three classes of PNG files of different sizes, with folders in folders and files that are no images."""
    root = tmp_path / "photographs"
    for name, count in (("ants", 7), ("bees", 5), ("wasps", 4)):
        (root / name / "inner").mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(0, 256, (rng.integers(5, 30), rng.integers(5, 30), 3), np.uint8)
            place = root / name / "inner" if i == 2 else root / name
            Image.fromarray(pixels).save(place / f"{name}_{i}.png")
        (root / name / "notes.txt").write_text("no image")
    Image.new("RGB", (3, 3)).save(root / "loose.png")
    return root

"""A folder of its own with a tiny Fashion-MNIST, and no other data set in sight."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty, with a home beside it."""
    here = tmp_path / "here"
    here.mkdir()
    paths = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))  # a relative one would not survive the change of folder
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path / "data"))
    for name in ("KERAS_HOME", "XDG_CACHE_HOME", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("striate.datasets.storage.SYSTEM_FOLDER", tmp_path / "system")
    monkeypatch.setattr("urllib.request.urlopen", _no_network)
    return here


@pytest.fixture
def fashion(tmp_path: Path) -> Path:
    """80 + 40 images whose class is the row that is bright, so that a network learns them in a moment."""
    folder = tmp_path / "data" / "fashion-mnist"
    folder.mkdir(parents=True)
    for prefix, count in (("train", 80), ("t10k", 40)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.random.default_rng(count).integers(0, 40, (count, 28, 28), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2 * label + 3 : 2 * label + 6] = 255
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            (folder / f"{prefix}-{kind}-ubyte").write_bytes(head + array.tobytes())
    return folder


def _no_network(*arguments: object, **options: object) -> object:
    raise OSError("Network is unreachable")

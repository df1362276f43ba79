"""Small data sets under the names of the well-known ones; each class has a bright stripe of its own."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import numpy as np

TRAINING, TEST = 320, 80


def images(count: int, shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count).astype(np.uint8)
    found = rng.integers(0, 120, (count, *shape)).astype(np.uint8)
    for image, label in zip(found, labels, strict=True):
        image[2 * label + 3 : 2 * label + 6] = 230
    return found, labels


def write(folder: Path) -> None:
    """Write mnist.npz, Fashion-MNIST's IDX files and CIFAR-10's batches; and each as NAME-small.npz for the peers."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, shape) in enumerate((("mnist", (28, 28)), ("fashion", (28, 28)), ("cifar10", (32, 32, 3)))):
        (x, y), (x_test, y_test) = images(TRAINING, shape, number), images(TEST, shape, number + 10)
        if name == "cifar10":
            y, y_test = y[:, None], y_test[:, None]
        arrays = {"x_train": x, "y_train": y, "x_test": x_test, "y_test": y_test}
        np.savez(folder / f"{name}-small.npz", **arrays)
        if name == "mnist":
            np.savez(folder / "mnist.npz", **arrays)
        elif name == "fashion":
            _write_idx(folder / "fashion-mnist", "train", x, y)
            _write_idx(folder / "fashion-mnist", "t10k", x_test, y_test)
        else:
            _write_batches(folder / "cifar-10-batches-py", arrays)


def _write_idx(folder: Path, prefix: str, images: np.ndarray, labels: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
        head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        (folder / f"{prefix}-{kind}-ubyte").write_bytes(head + array.tobytes())


def _write_batches(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    folder.mkdir(exist_ok=True)
    parts = [slice(i * TRAINING // 5, (i + 1) * TRAINING // 5) for i in range(5)]
    batches = {f"data_batch_{i + 1}": (arrays["x_train"][p], arrays["y_train"][p]) for i, p in enumerate(parts)}
    for name, (x, y) in {**batches, "test_batch": (arrays["x_test"], arrays["y_test"])}.items():
        flat = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
        (folder / name).write_bytes(pickle.dumps({b"data": flat, b"labels": y.ravel().tolist()}, protocol=4))

"""Makes src/striate/datasets/embedded/: the first 1,000 training and 200 test images of each class of Fashion-MNIST.

    python tools/make_subset.py            (needs the whole data set, see striate.datasets.fashion_mnist)

Lossless PNG. The training part, 7.84 MB raw, in the forms tried: .npz (deflate) 4.35 MB, PNG as a square mosaic 4.05,
as one strip of 28 columns 3.95, lossless WebP 3.94, PNG with a row for each class 3.86 MB (chosen).
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from striate.datasets import fashion_mnist
from striate.datasets.arrays import Bytes
from striate.datasets.subset import CLASSES, FOLDER, mosaic, unmosaic


def main() -> None:
    """Write both parts."""
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    write("train", x_train, y_train, 1000)
    write("test", x_test, y_test, 200)


def write(part: str, images: Bytes, labels: Bytes, count: int) -> None:
    """Write the first `count` images of each class, and check that they come back."""
    chosen = np.concatenate([np.flatnonzero(labels == label)[:count] for label in range(CLASSES)])
    picture = mosaic(images[chosen], labels[chosen])
    path = FOLDER / f"fashion-mnist-{part}.png"
    Image.fromarray(picture).save(path, compress_level=9)
    back, back_labels = unmosaic(np.asarray(Image.open(path)))
    for label in range(CLASSES):
        assert np.array_equal(back[back_labels == label], images[labels == label][:count]), label
    print(f"{path.name}: {len(back):,} images, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

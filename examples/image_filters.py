"""Filters of image processing are convolutions, and a deep network learns its own (document 004).

The document's 7x7 image is blurred with its cross; a photograph's edges come from Sobel's kernels. Then the arithmetic
of sizes, (W - F + 2P) / S + 1, beside what the layers make of it, what moves when the image moves (equivariance) and
what pooling makes of that (invariance), and the deep network of the last page.

    python examples/image_filters.py [--quick]
"""

from __future__ import annotations

import numpy as np
from common import accuracy, asked_to_be_quick, clothes

import striate
from striate import layers
from striate.errors import ShapeError

IMAGE = np.array([
    [130, 136, 53, 44, 231, 67, 108], [130, 89, 77, 58, 250, 154, 130], [208, 239, 120, 111, 112, 181, 22],
    [203, 223, 59, 79, 28, 57, 67], [164, 140, 215, 235, 66, 30, 204], [97, 159, 50, 110, 104, 76, 7],
    [207, 150, 58, 47, 152, 81, 237],
], np.float32)  # fmt: skip


def filtered(images: np.ndarray, *kernels: np.ndarray, padding: str = "same") -> np.ndarray:
    """(n, height, width) through given kernels: (n, height, width, kernels)."""
    weights = np.stack(kernels, axis=-1)[:, :, np.newaxis].astype(np.float32)
    layer = layers.Conv2D(len(kernels), weights.shape[:2], padding=padding, use_bias=False)
    layer.build((None, *images.shape[1:], 1))
    layer.set_weights([weights])
    return np.asarray(layer(images[..., np.newaxis].astype(np.float32)))


def filters(boot: np.ndarray) -> None:
    """Blur and edges: the same layer, other numbers."""
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]) / 5
    blurred = filtered(IMAGE[np.newaxis], cross)[0, :, :, 0]
    print("The cross blurs the first row to", *(f"{value:.1f}" for value in blurred[0]))
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    edges = filtered(boot[np.newaxis], sobel, sobel.T)[0]
    strength = np.hypot(edges[..., 0], edges[..., 1])
    row, column = np.unravel_index(strength.argmax(), strength.shape)
    print(f"Sobel's strongest edge on the boot: {strength.max():.0f} in row {row}, column {column}.")


def sizes() -> None:
    """The formula and the layers agree; what does not fit is said so."""
    print("\n W  F  P  S   (W - F + 2P) / S + 1   the layer")
    examples = (7, 3, 0, 1), (7, 3, 0, 2), (7, 3, 0, 3), (7, 3, 1, 1), (32, 5, 2, 1), (227, 11, 0, 4)
    for width, size, pad, stride in examples:
        formula = (width - size + 2 * pad) / stride + 1
        stack = [layers.ZeroPadding2D(pad)] * bool(pad) + [layers.Conv2D(1, size, strides=stride)]
        made = striate.Sequential([layers.Input((width, width, 1)), *stack]).output_shape[1]
        remark = "" if formula == made else "   (the last column is left out)"
        print(f"{width:3} {size:2} {pad:2} {stride:2}   {formula:20.4g}   {made:9}{remark}")
    try:
        striate.Sequential([layers.Input((5, 5, 1)), layers.Conv2D(1, 7, name="conv")])
    except ShapeError as error:
        print(f"A filter that is too large: {error}")


def movement(boot: np.ndarray) -> None:
    """A convolution's output moves along with its input; what pooling puts out moves less."""
    moved = np.roll(boot, 1, axis=1)
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    before, after = filtered(np.stack([boot, moved]), kernel)
    same = np.array_equal(np.roll(before, 1, axis=1)[:, 2:-2], after[:, 2:-2])
    print(f"\nThe boot moves by a pixel, and so does what the convolution makes of it: {same}.")
    maps = np.maximum(np.stack([before, after]), 0)
    pooled = np.asarray(layers.MaxPooling2D(4)(maps))
    changed = [np.mean(pair[0][pair[0] > 0] != pair[1][pair[0] > 0]) for pair in (maps, pooled)]
    print(f"Of its numbers above 0 that changes {changed[0]:.0%}, after pooling 4x4 {changed[1]:.0%}.")


def deep(quick: bool) -> None:
    """Pooling halves the image twice and filters double: 64, then twice 128, then twice 256 (Geron 2019)."""
    (x, y), (x_test, y_test) = clothes(*((400, 200) if quick else (4000, 1000)), quick=True)
    striate.utils.set_random_seed(1)
    model = striate.Sequential([layers.Input((28, 28, 1)), layers.Rescaling(1 / 255)])
    for filters, kernel in ((64, 7), (0, 0), (128, 3), (128, 3), (0, 0), (256, 3), (256, 3), (0, 0)):
        conv = layers.Conv2D(filters or 1, kernel or 1, activation="relu", padding="same")
        model.add(conv if filters else layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    for units in (128, 64):
        model.add(layers.Dense(units, activation="relu"))
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10, activation="softmax"))
    print(f"\nThe deep network: {model.count_params():,} parameters.")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    losses = model.fit(x, y, epochs=2 if quick else 4, verbose=0).history["loss"]
    print(f"{len(x):,} images: loss {losses[0]:.2f} in the first epoch, {losses[-1]:.2f} in the last; "
          f"test accuracy {accuracy(model, x_test, y_test):.1%}.")  # fmt: skip


if __name__ == "__main__":
    quick = asked_to_be_quick(__doc__.splitlines()[0])
    boot = striate.datasets.fashion_mnist.load_data(subset=True)[1][0][9]
    filters(boot)
    sizes()
    movement(boot)
    deep(quick)

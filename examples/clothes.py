"""What a convolution does to one image, and why networks for images begin with it (document 000).

Three steps: the arithmetic of one pixel, kernels made by hand on one boot, and classifiers of clothes: the document's
two, without and with a convolution, and a third. The document asks: what if the thing is not in the middle? Moved by
three pixels, which is nothing to the eye, clothes are lost on the dense network, and half of them on the one with a
convolution, too: the dense layer behind it has learnt where things are. The third one has convolutions and pooling all
the way and takes of each map the largest number, wherever it is.

    python examples/clothes.py [--quick]
"""

from __future__ import annotations

import numpy as np
from common import accuracy, asked_to_be_quick, clothes

import striate
from striate import layers


def convolve(image: np.ndarray, kernel: list[list[float]]) -> np.ndarray:
    """One channel through one kernel: a Conv2D whose weights are given and not learnt."""
    layer = layers.Conv2D(1, 3, use_bias=False)
    layer.build((None, *image.shape, 1))
    layer.set_weights([np.array(kernel, np.float32).reshape(3, 3, 1, 1)])
    return np.asarray(layer(image[np.newaxis, :, :, np.newaxis].astype(np.float32)))[0, :, :, 0]


def draw(image: np.ndarray) -> None:
    """Every second row, in characters from dark to bright."""
    ramp = " .:-=+*#%@"
    scaled = (len(ramp) - 1) * np.clip(image / image.max(), 0, 1)
    for row in scaled[::2]:
        print("   ", "".join(ramp[int(value)] for value in row).rstrip())


def one_pixel() -> None:
    """The worked pixel of the document: nine products and their sum."""
    patch = np.array([[0, 64, 128], [48, 192, 144], [42, 226, 168]])
    kernel = [[-1, 0, -2], [0.5, 4.5, -1.5], [1.5, 2, -3]]
    print(f"The pixel 192 becomes {convolve(patch, kernel)[0, 0]:g}.")


def one_boot(image: np.ndarray) -> None:
    """A kernel whose weights differ from left to right sees upright edges; transposed, lying ones."""
    upright = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    lying = np.transpose(upright).tolist()
    for name, kernel in (("upright", upright), ("lying", lying)):
        print(f"\nIts {name} edges:")
        draw(np.abs(convolve(image, kernel)))


def bodies() -> dict[str, list[layers.Layer]]:
    """What lies between the pixels and the classes."""
    return {
        "dense": [layers.Flatten(), layers.Dense(128, activation="relu")],
        "convolution": [
            layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
            layers.Dense(128, activation="relu"),
        ],
        "all convolutions": [
            layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(), layers.Conv2D(64, 3, activation="relu"), layers.GlobalMaxPooling2D(),
        ],
    }  # fmt: skip


def classifiers(quick: bool) -> None:
    """On images where they are and moved to the right."""
    (x, y), (x_test, y_test) = clothes(*((4000, 1000) if quick else (60000, 10000)), quick)
    moved = np.zeros_like(x_test)
    moved[:, :, 3:] = x_test[:, :, :-3]
    print(f"\n{len(x):,} images        parameters   in the middle   moved 3 pixels")
    for name, body in bodies().items():
        striate.utils.set_random_seed(1)
        top = layers.Dense(10, activation="softmax")
        model = striate.Sequential([layers.Input((28, 28, 1)), layers.Rescaling(1 / 255), *body, top])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=2 if quick else 5, verbose=0)
        results = f"{accuracy(model, x_test, y_test):13.1%}   {accuracy(model, moved, y_test):14.1%}"
        print(f"{name:16} {model.count_params():12,}   {results}")


if __name__ == "__main__":
    quick = asked_to_be_quick(__doc__.splitlines()[0])
    one_pixel()
    boot = striate.datasets.fashion_mnist.load_data(subset=True)[1][0][9]
    print("\nAn ankle boot:")
    draw(boot)
    one_boot(boot)
    classifiers(quick)

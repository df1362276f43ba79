"""From LeNet to AlexNet, and four of the questions that students asked (document 003).

The table of AlexNet comes out of the network itself, with what the document's does not say: how many pixels one number
of each layer sees. Then the questions. Must a filter be square? Does a network take images of several sizes? Do more
filters learn more? And can a network learn its filter size and stride? (For the last one in earnest: striate search.)

    python examples/architectures.py [--quick]
"""

from __future__ import annotations

import numpy as np
from common import accuracy, asked_to_be_quick, clothes

import striate
from striate import applications, layers
from striate.graph import outlines
from striate.models.receptive import receptive_fields


def table(model: striate.Model) -> None:
    """Each layer with its output and the square of pixels on which one number of it depends."""
    fields = receptive_fields(model.graph)
    for layer in model.layers:
        nodes = [node for node in model.graph.nodes if node.name == layer.name]
        if nodes and type(layer).__name__ not in ("Activation", "Dropout", "Flatten", "InputLayer"):
            shape = "x".join(str(size) for size in layer.output_shape[1:])
            field = fields[nodes[-1]]
            sees = "the whole image" if field is None else f"{field.size[0]}x{field.size[1]} pixels"
            print(f"  [{shape}]".ljust(18) + f"{layer.name:12} sees {sees}")
    print(f"  {model.count_params():,} parameters")


def pooling() -> None:
    """The document's 4x4 example: the largest of each 2x2."""
    numbers = np.array([[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]], np.float32)
    pooled = np.asarray(layers.MaxPooling2D(2)(numbers[np.newaxis, :, :, np.newaxis]))
    print("\nThe largest of each 2x2:", pooled[0, :, :, 0].astype(int).tolist())


def train(body: list[layers.Layer], data, epochs: int) -> tuple[float, striate.Model]:
    """Test accuracy of some convolutions with the largest over all places behind them, so that any image size fits."""
    (x, y), (x_test, y_test) = data
    striate.utils.set_random_seed(1)
    top = [layers.GlobalMaxPooling2D(), layers.Dense(10, activation="softmax")]
    model = striate.Sequential([layers.Input((None, None, 1)), layers.Rescaling(1 / 255), *body, *top])
    model.compile(striate.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[..., np.newaxis], y, epochs=epochs, batch_size=32, verbose=0)
    return accuracy(model, x_test[..., np.newaxis], y_test), model


def stack(filters: int, kernel: int | tuple[int, int], stride: int = 1) -> list[layers.Layer]:
    """Two convolutions, pooling between them."""
    first = layers.Conv2D(filters, kernel, strides=stride, padding="same", activation="relu")
    return [first, layers.MaxPooling2D(), layers.Conv2D(2 * filters, 3, padding="same", activation="relu")]


def questions(quick: bool) -> None:
    """Answered by training small networks on clothes."""
    data = clothes(*((2000, 1000) if quick else (10000, 2000)), quick=True)
    epochs = 2 if quick else 6

    print("\n3. Must a filter be square? 21 numbers in each filter of the first layer:")
    for kernel in ((1, 21), (21, 1), (3, 7), (7, 3)):
        print(f"   {kernel[0]:2} high, {kernel[1]:2} wide: {train(stack(8, kernel), data, epochs)[0]:.1%}")

    print("5. Do more filters learn more?")
    for filters in (2, 4, 8, 16):
        result, model = train(stack(filters, 5), data, epochs)
        print(f"   {filters:2} filters, {model.count_params():6,} parameters: {result:.1%}")

    print("7. Can a network learn its filter size and stride? Not by gradients, but by trying:")
    tried = {(k, s): train(stack(8, k, s), data, epochs)[0] for s in (1, 2) for k in (3, 5, 7)}
    for (kernel, stride), result in tried.items():
        print(f"   {kernel}x{kernel}, stride {stride}: {result:.1%}")
    best = max(tried, key=lambda sizes: tried[sizes])
    print(f"   best here: {best[0]}x{best[0]}, stride {best[1]}")

    print("8. Images of several sizes, one network:")
    _, model = train(stack(8, 5), data, epochs)
    image = data[1][0][:1, :, :, np.newaxis]
    for height, width in ((28, 28), (40, 28), (56, 90)):
        larger = np.zeros((1, height, width, 1), np.uint8)
        larger[:, :28, :28] = image
        print(f"   {height}x{width}: {model.predict(larger, verbose=0).shape[1]} probabilities")


if __name__ == "__main__":
    quick = asked_to_be_quick(__doc__.splitlines()[0])
    print("LeNet-5 (1998)")
    table(applications.LeNet5())
    print("\nAlexNet (2012)")
    with outlines():  # shapes without numbers: nothing of its 60 million parameters is made
        table(applications.AlexNet())
    pooling()
    questions(quick)

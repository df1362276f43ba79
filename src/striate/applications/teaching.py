"""Networks of pages that show a network at work in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from striate.layers import Layer
    from striate.models import Sequential


def ConvNetJS(
    input_shape: Sequence[int] = (32, 32, 3), classes: int = 10, page: bool = False, name: str = "convnetjs"
) -> Sequential:
    """The CIFAR-10 network of ConvNetJS (Karpathy 2014), as lectures describe it or as its page runs it.

    As the lectures do: three times conv 10@3x3, ReLU, conv 10@3x3, ReLU, maximum pooling 2x2; then a dense layer and
    softmax. 7 layers with weights, 6,440 parameters.

    page: conv 16@5x5, 20@5x5 and 20@5x5, each with ReLU and maximum pooling 2x2; then a dense layer and softmax.
    4 layers with weights, 22,466 parameters.

    Args:
        input_shape: (height, width, channels), at least 8x8.
        classes: width of the softmax.
        page: the network of https://cs.stanford.edu/people/karpathy/convnetjs/demo/cifar10.html.
        name: the model's name.
    """
    from striate import layers

    body: list[Layer] = []
    for block, (filters, size) in enumerate(((16, 5), (20, 5), (20, 5)) if page else ((10, 3),) * 3, 1):
        for i in range(1 if page else 2):
            body.append(layers.Conv2D(filters, size, padding="same", name=f"conv{block}" + f"_{i + 1}" * (not page)))
            body.append(layers.ReLU(name=f"relu{block}" + f"_{i + 1}" * (not page)))
        body.append(layers.MaxPooling2D(name=f"pool{block}"))
    body += [layers.Flatten(name="flatten"), layers.Dense(classes, activation="softmax", name="fc")]
    return _row(input_shape, body, name)


def TinyVGG(input_shape: Sequence[int] = (64, 64, 3), classes: int = 10, name: str = "tiny_vgg") -> Sequential:
    """The network of CNN Explainer: twice conv 10@3x3, ReLU, conv 10@3x3, ReLU, maximum pooling 2x2; a dense layer.

    19,920 parameters; the layers' names are those of CNN Explainer's program.
    (Wang et al. 2020, "CNN Explainer: Learning convolutional neural networks with interactive visualization")

    Args:
        input_shape: (height, width, channels), at least 16x16.
        classes: width of the softmax.
        name: the model's name.
    """
    from striate import layers

    body: list[Layer] = []
    for block in (1, 2):
        for i in (1, 2):
            body.append(layers.Conv2D(10, 3, name=f"conv_{block}_{i}"))
            body.append(layers.Activation("relu", name=f"relu_{block}_{i}"))
        body.append(layers.MaxPooling2D(name=f"max_pool_{block}"))
    body += [layers.Flatten(name="flatten"), layers.Dense(classes, activation="softmax", name="output")]
    return _row(input_shape, body, name)


def DigitVisualizer(
    input_shape: Sequence[int] = (32, 32, 1), classes: int = 10, name: str = "digit_visualizer"
) -> Sequential:
    """The network that one draws digits for: 6@5x5, pooling, 16@5x5, pooling, 120, 100 and `classes` units, ReLU.

    63,802 parameters.
    (Harley 2015, "An interactive node-link visualization of convolutional neural networks")

    Args:
        input_shape: (height, width, channels), at least 16x16.
        classes: width of the softmax.
        name: the model's name.
    """
    from striate import layers

    body: list[Layer] = [
        layers.Conv2D(6, 5, activation="relu", name="conv1"),
        layers.MaxPooling2D(name="pool1"),
        layers.Conv2D(16, 5, activation="relu", name="conv2"),
        layers.MaxPooling2D(name="pool2"),
        layers.Flatten(name="flatten"),
        layers.Dense(120, activation="relu", name="fc1"),
        layers.Dense(100, activation="relu", name="fc2"),
        layers.Dense(classes, activation="softmax", name="output"),
    ]
    return _row(input_shape, body, name)


def _row(input_shape: Sequence[int], body: list[Layer], name: str) -> Sequential:
    from striate.layers import Input
    from striate.models import Sequential

    return Sequential([Input(input_shape), *body], name=name)

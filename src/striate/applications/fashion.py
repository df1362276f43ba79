"""The demo's network: small, with batch normalisation, good for 92 % of Fashion-MNIST within seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from striate.models import Sequential


def fashion_demo(
    input_shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10, include_preprocessing: bool = True
) -> Sequential:
    """Four times conv 3x3, batch normalisation (Ioffe and Szegedy 2015) and ReLU; 16, 32, 32 and 64 filters; pooling.

    Args:
        input_shape: (height, width, channels), at least 8x8.
        classes: width of the softmax.
        include_preprocessing: begin with x / 255, so that the network takes pixels as they are.
    """
    from striate import layers
    from striate.models import Sequential

    model = Sequential(name="fashion_demo")
    model.add(layers.Input(input_shape))
    if include_preprocessing:
        model.add(layers.Rescaling(1 / 255))
    for block in ((16,), (32, 32), (64,)):
        for filters in block:
            model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))  # the normalisation's beta is its bias
            model.add(layers.BatchNormalization(momentum=0.9))
            model.add(layers.ReLU())
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(classes, activation="softmax"))
    return model

"""ZFNet, which came of looking at what AlexNet's filters see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.applications.alexnet import ended, normalised
from striate.applications.frame import Activation, Frame, InputShape, Weights

if TYPE_CHECKING:
    from striate.models import Model


def ZFNet(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "zfnet",
    wide: bool = True,
) -> Model:
    """ZFNet: AlexNet with a first layer that looks closer, 107,627,624 parameters.

    CONV1 96@7x7 stride 2, MAX POOL1 3x3 stride 2, NORM1, CONV2 256@5x5 stride 2, MAX POOL2, NORM2, then 512, 1,024 and
    512 3x3 filters in CONV3 to CONV5 as lectures and the paper's table 3 have it, MAX POOL3, FC6, FC7, FC8.
    (Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks")

    Args:
        include_top: whether the network ends in its dense layers.
        weights: None (random) or a file for `load_weights`.
        input_tensor: a symbolic tensor to begin at in place of a new `Input`.
        input_shape: (height, width, channels), at least 53x53; (224, 224, 3) if not given, any size without the top.
        pooling: without the top: None, "avg" or "max" over the last maps.
        classes: width of the classifier.
        classifier_activation: of the classifier; None for logits.
        name: the model's name.
        wide: False: 384, 384 and 256 filters in CONV3 to CONV5, as in the paper's figure 3; 62,357,608 parameters.

    Raises:
        StriateError: arguments that do not fit each other.
    """
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name,
        smallest=53, fixed_size=True,
    )  # fmt: skip
    return _zfnet(frame, wide)


def _zfnet(frame: Frame, wide: bool) -> Model:
    from striate import layers

    filters = (512, 1024, 512) if wide else (384, 384, 256)
    x = layers.ZeroPadding2D(1, name="conv1_pad")(frame.start())
    x = layers.Conv2D(96, 7, strides=2, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    x = normalised(x, "norm1")
    x = layers.Conv2D(256, 5, strides=2, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool2")(x)
    x = normalised(x, "norm2")
    for i, count in enumerate(filters, 3):
        x = layers.Conv2D(count, 3, padding="same", activation="relu", name=f"conv{i}")(x)
    return ended(frame, layers.MaxPooling2D(3, strides=2, name="pool3")(x))

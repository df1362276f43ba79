"""AlexNet, which won ImageNet's competition of 2012 and began what came after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.applications.frame import Activation, Frame, InputShape, Weights

if TYPE_CHECKING:
    from striate.models import Model


def AlexNet(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "alexnet",
    two_towers: bool = False,
) -> Model:
    """AlexNet, layer by layer as lectures list it: 62,378,344 parameters; 60,965,224 in two towers.

    CONV1 96@11x11 stride 4, MAX POOL1 3x3 stride 2, NORM1, CONV2 256@5x5 pad 2, MAX POOL2, NORM2, CONV3 384@3x3 pad 1,
    CONV4 384@3x3, CONV5 256@3x3, MAX POOL3, FC6 and FC7 of 4,096 units with dropout 0.5, FC8. ReLU throughout. (The
    paper normalises before it pools; lists and programs since then mostly pool first, which changes no shape.)
    (Krizhevsky, Sutskever and Hinton 2012, "ImageNet classification with deep convolutional neural networks")

    Args:
        include_top: whether the network ends in its dense layers.
        weights: None (random) or a file for `load_weights`.
        input_tensor: a symbolic tensor to begin at in place of a new `Input`.
        input_shape: (height, width, channels), at least 67x67; (227, 227, 3) if not given, any size without the top.
        pooling: without the top: None, "avg" or "max" over the last maps.
        classes: width of the classifier.
        classifier_activation: of the classifier; None for logits.
        name: the model's name.
        two_towers: as in the paper, CONV2, CONV4 and CONV5 see only half of the maps each (two groups), which is how
            the network was split between two graphics cards.

    Raises:
        StriateError: arguments that do not fit each other.
    """
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name,
        size=227, smallest=67, fixed_size=True,
    )  # fmt: skip
    return _alexnet(frame, two_towers)


def _alexnet(frame: Frame, two_towers: bool) -> Model:
    from striate import layers

    groups = 2 if two_towers else 1
    x = layers.Conv2D(96, 11, strides=4, activation="relu", name="conv1")(frame.start())
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    x = normalised(x, "norm1")
    x = layers.Conv2D(256, 5, padding="same", groups=groups, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool2")(x)
    x = normalised(x, "norm2")
    x = layers.Conv2D(384, 3, padding="same", activation="relu", name="conv3")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=groups, activation="relu", name="conv4")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=groups, activation="relu", name="conv5")(x)
    return ended(frame, layers.MaxPooling2D(3, strides=2, name="pool3")(x))


def normalised(x: Any, name: str) -> Any:
    """The paper's response normalisation: y_c = x_c / (2 + 1e-4 sum of x_j^2 over five neighbouring maps)^0.75."""
    from striate import layers

    return layers.LocalResponseNormalization(2, bias=2.0, alpha=1e-4, beta=0.75, name=name)(x)


def ended(frame: Frame, x: Any) -> Model:
    """Two dense layers of 4,096 units with dropout and the classifier, or what the frame has in their place."""
    from striate import layers

    if not frame.include_top:
        return frame.model(frame.pooled(x))
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        x = layers.Dense(4096, activation="relu", name=name)(x)
        x = layers.Dropout(0.5, name=f"drop{name[-1]}")(x)
    return frame.model(frame.classifier(x, "fc8"))

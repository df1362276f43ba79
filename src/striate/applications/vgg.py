"""VGG: 3x3 convolutions and nothing else, 11 to 19 layers deep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.applications.frame import Activation, Frame, InputShape, Weights

if TYPE_CHECKING:
    from striate.models import Model

# Convolutions in each of the five blocks (Simonyan and Zisserman 2015, table 1: A, B, D and E).
BLOCKS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def VGG16(
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "vgg16",
) -> Model:
    """VGG with 16 layers: 138,357,544 parameters for 224x224x3 and 1,000 classes.

    Five blocks of 3x3 convolutions with 64, 128, 256, 512 and 512 filters, each block ending in 2x2 maximum pooling;
    two dense layers of 4,096 units; the classifier. Images go through `vgg16.preprocess_input` first.
    (Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image recognition")

    Args:
        include_top: whether the network ends in its dense layers.
        weights: None (random), "imagenet" (trained, as Keras has published them) or a file for `load_weights`.
        input_tensor: a symbolic tensor to begin at in place of a new `Input`.
        input_shape: (height, width, channels), at least 32x32; (224, 224, 3) if not given, any size without the top.
        pooling: without the top: None, "avg" or "max" over the last maps.
        classes: width of the classifier.
        classifier_activation: of the classifier; None for logits.
        name: the model's name.

    Raises:
        StriateError: arguments that do not fit each other.
        ModelFileError: weights that can neither be found nor downloaded.
    """
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name, fixed_size=True
    )
    return _vgg(16, frame, "vgg16")


def VGG19(
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "vgg19",
) -> Model:
    """VGG with 19 layers: 143,667,240 parameters; arguments as for `VGG16`."""
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name, fixed_size=True
    )
    return _vgg(19, frame, "vgg19")


def VGG11(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "vgg11",
) -> Model:
    """VGG with 11 layers: 132,863,336 parameters; arguments as for `VGG16`, but no published weights."""
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name, fixed_size=True
    )
    return _vgg(11, frame)


def VGG13(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "vgg13",
) -> Model:
    """VGG with 13 layers: 133,047,848 parameters; arguments as for `VGG16`, but no published weights."""
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name, fixed_size=True
    )
    return _vgg(13, frame)


def _vgg(depth: int, frame: Frame, published: str | None = None) -> Model:
    from striate import layers

    x = frame.start()
    for block, count in enumerate(BLOCKS[depth], 1):
        filters = min(32 * 2**block, 512)
        for i in range(1, count + 1):
            x = layers.Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{i}")(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    if frame.include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        x = frame.classifier(x)
    else:
        x = frame.pooled(x)
    return frame.model(x, published and frame.kernels_file(published))

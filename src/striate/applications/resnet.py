"""Residual networks: each block adds what it computes to what it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.applications.frame import Activation, Frame, InputShape, Weights
from striate.applications.imagenet_utils import caffe_pixels as preprocess_input
from striate.applications.imagenet_utils import decode_predictions

if TYPE_CHECKING:
    from striate.models import Model

__all__ = ["ResNet18", "ResNet34", "ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]

# Blocks in each of the four stacks (He et al. 2016, table 1).
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
EPSILON = 1.001e-5  # of the batch normalisations, as in keras.applications


def ResNet50(
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "resnet50",
) -> Model:
    """ResNet with 50 layers: 25,636,712 parameters.

    A 7x7 convolution, maximum pooling, then 3, 4, 6 and 3 bottlenecks of 1x1, 3x3 and 1x1 convolutions with 64, 128,
    256 and 512 filters (the last of each with four times as many), mean pooling, the classifier. As in Keras the first
    convolution of a stack has the stride, and convolutions have biases. Images go through `resnet.preprocess_input`.
    (He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition")

    Args:
        include_top: whether the network ends in its classifier.
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
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    return _resnet(50, frame, "resnet50")


def ResNet101(
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "resnet101",
) -> Model:
    """ResNet with 101 layers: 44,707,176 parameters; arguments as for `ResNet50`."""
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    return _resnet(101, frame, "resnet101")


def ResNet152(
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "resnet152",
) -> Model:
    """ResNet with 152 layers: 60,419,944 parameters; arguments as for `ResNet50`."""
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    return _resnet(152, frame, "resnet152")


def ResNet18(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "resnet18",
) -> Model:
    """ResNet with 18 layers: 11,689,512 parameters that are trained, and 9,600 moving means and variances.

    Its blocks are of two 3x3 convolutions without biases. Arguments as for `ResNet50`, but no published weights.
    """
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    return _resnet(18, frame)


def ResNet34(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "resnet34",
) -> Model:
    """ResNet with 34 layers: 21,797,672 parameters that are trained, and 17,024 moving means and variances.

    Its blocks are of two 3x3 convolutions without biases. Arguments as for `ResNet50`, but no published weights.
    """
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    return _resnet(34, frame)


def _resnet(depth: int, frame: Frame, published: str | None = None) -> Model:
    from striate import layers

    block, use_bias = (_basic, False) if depth < 50 else (_bottleneck, True)
    x = layers.ZeroPadding2D(3, name="conv1_pad")(frame.start())
    x = layers.Conv2D(64, 7, strides=2, use_bias=use_bias, name="conv1_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, name="conv1_bn")(x)
    x = layers.Activation("relu", name="conv1_relu")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stack, count in enumerate(BLOCKS[depth]):
        for i in range(count):
            stride = 2 if stack > 0 and i == 0 else 1
            x = block(x, 64 * 2**stack, stride, f"conv{stack + 2}_block{i + 1}")
    if frame.include_top:
        x = frame.classifier(layers.GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = frame.pooled(x, ("avg_pool", "max_pool"))
    return frame.model(x, published and frame.kernels_file(published))


def _bottleneck(x: Any, filters: int, stride: int, name: str) -> Any:
    """1x1, 3x3 and 1x1 convolutions beside the shortcut, which is a 1x1 convolution where shapes change."""
    from striate import layers

    shortcut = x
    if stride > 1 or x.shape[-1] != 4 * filters:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_0_bn")(shortcut)
    x = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_1_bn")(x)
    x = layers.Activation("relu", name=f"{name}_1_relu")(x)
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_2_bn")(x)
    x = layers.Activation("relu", name=f"{name}_2_relu")(x)
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_3_bn")(x)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _basic(x: Any, filters: int, stride: int, name: str) -> Any:
    """Two 3x3 convolutions beside the shortcut; one row and column of zeros around, as in the paper's own program."""
    from striate import layers

    shortcut = x
    if stride > 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=stride, use_bias=False, name=f"{name}_0_conv")(x)
        shortcut = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_0_bn")(shortcut)
    x = layers.ZeroPadding2D(1, name=f"{name}_1_pad")(x)
    x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_1_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_1_bn")(x)
    x = layers.Activation("relu", name=f"{name}_1_relu")(x)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_2_bn")(x)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)

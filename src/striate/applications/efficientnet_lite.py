"""EfficientNet-Lite: EfficientNet for processors without much arithmetic, without squeeze-and-excitation and swish."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from striate.applications.frame import Activation, Frame, InputShape, Weights
from striate.applications.mobilenet_v2 import divisible

if TYPE_CHECKING:
    from striate.models import Model

# (kernel, blocks, filters, expansion, stride of the first) (Tan and Le 2019, table 1).
STACKS = (
    (3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1), (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)  # fmt: skip
# width, depth, image size, dropout of each (the authors' efficientnet_lite_builder.py).
VARIANTS = {
    0: (1.0, 1.0, 224, 0.2),
    1: (1.0, 1.1, 240, 0.2),
    2: (1.1, 1.2, 260, 0.3),
    3: (1.2, 1.4, 280, 0.3),
    4: (1.4, 1.8, 300, 0.3),
}


def EfficientNetLite0(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "efficientnet_lite0",
) -> Model:
    """EfficientNet-Lite0: 4,652,008 parameters that are trained, and 42,016 moving means and variances.

    A 3x3 convolution, sixteen blocks as in MobileNetV2 with 3x3 or 5x5 windows, a 1x1 convolution, the classifier;
    min(max(x, 0), 6) throughout. The larger ones have more filters and more blocks; the first and the last convolution
    stay as they are. Images are scaled by (x - 127) / 128. Their training also left out whole blocks at random
    (stochastic depth), which is not done here.
    (Tan and Le 2019, "EfficientNet: Rethinking model scaling for convolutional neural networks"; Liu et al. 2020)

    Args:
        include_top: whether the network ends in its classifier.
        weights: None (random) or a file for `load_weights`.
        input_tensor: a symbolic tensor to begin at in place of a new `Input`.
        input_shape: (height, width, channels), at least 32x32; 224 to 300 pixels square if not given, any size without
            the top.
        pooling: without the top: None, "avg" or "max" over the last maps.
        classes: width of the classifier.
        classifier_activation: of the classifier; None for logits.
        name: the model's name.

    Raises:
        StriateError: arguments that do not fit each other.
    """
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name,
        size=VARIANTS[0][2],
    )  # fmt: skip
    return _efficientnet_lite(0, frame)


def EfficientNetLite1(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "efficientnet_lite1",
) -> Model:
    """EfficientNet-Lite1: 5,416,680 parameters that are trained; arguments as for `EfficientNetLite0`."""
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name,
        size=VARIANTS[1][2],
    )  # fmt: skip
    return _efficientnet_lite(1, frame)


def EfficientNetLite2(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "efficientnet_lite2",
) -> Model:
    """EfficientNet-Lite2: 6,092,072 parameters that are trained; arguments as for `EfficientNetLite0`."""
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name,
        size=VARIANTS[2][2],
    )  # fmt: skip
    return _efficientnet_lite(2, frame)


def EfficientNetLite3(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "efficientnet_lite3",
) -> Model:
    """EfficientNet-Lite3: 8,197,096 parameters that are trained; arguments as for `EfficientNetLite0`."""
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name,
        size=VARIANTS[3][2],
    )  # fmt: skip
    return _efficientnet_lite(3, frame)


def EfficientNetLite4(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "efficientnet_lite4",
) -> Model:
    """EfficientNet-Lite4: 13,006,568 parameters that are trained; arguments as for `EfficientNetLite0`."""
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name,
        size=VARIANTS[4][2],
    )  # fmt: skip
    return _efficientnet_lite(4, frame)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """(x - 127) / 128 for images of pixels from 0 to 255, arrays or symbolic; `data_format` makes no difference."""
    import numpy as np

    from striate.layers import Rescaling
    from striate.layers.symbolic import SymbolicTensor

    if isinstance(x, SymbolicTensor):
        return Rescaling(1 / 128, -127 / 128)(x)
    return (np.asarray(x, dtype=np.float32) - 127) / 128


def _efficientnet_lite(number: int, frame: Frame) -> Model:
    from striate import layers

    width, depth, _, dropout = VARIANTS[number]
    x = _conv(frame.start(), 32, 3, "stem", stride=2)
    for stack, (size, count, filters, expansion, stride) in enumerate(STACKS, 1):
        ends = stack in (1, len(STACKS))  # which are not made deeper
        for i in range(count if ends else math.ceil(depth * count)):
            name = f"block{stack}{chr(ord('a') + i)}"
            x = _block(x, divisible(filters * width), size, expansion, stride if i == 0 else 1, name)
    x = _conv(x, 1280, 1, "top")
    if frame.include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = frame.classifier(layers.Dropout(dropout, name="top_dropout")(x))
    else:
        x = frame.pooled(x, ("avg_pool", "max_pool"))
    return frame.model(x)


def _block(x: Any, filters: int, size: int, expansion: int, stride: int, name: str) -> Any:
    """Wider, depthwise, narrow; added to its input where shapes agree."""
    from striate import layers

    start, channels = x, x.shape[-1]
    if expansion > 1:
        x = _conv(x, expansion * channels, 1, f"{name}_expand")
    x = layers.DepthwiseConv2D(size, strides=stride, padding="same", use_bias=False, name=f"{name}_dwconv")(x)
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    x = layers.ReLU(6.0, name=f"{name}_activation")(x)
    x = _conv(x, filters, 1, f"{name}_project", activation=False)
    if stride == 1 and channels == filters:
        return layers.Add(name=f"{name}_add")([x, start])
    return x


def _conv(x: Any, filters: int, size: int, prefix: str, stride: int = 1, activation: bool = True) -> Any:
    """Convolution, batch normalisation, min(max(x, 0), 6)."""
    from striate import layers

    x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False, name=f"{prefix}_conv")(x)
    x = layers.BatchNormalization(name=f"{prefix}_bn")(x)
    return layers.ReLU(6.0, name=f"{prefix}_activation")(x) if activation else x

"""MobileNetV2: blocks that widen, convolve each map by itself, and narrow again; shortcuts between the narrow ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.applications.frame import Activation, Frame, InputShape, Weights
from striate.applications.imagenet_utils import decode_predictions
from striate.applications.imagenet_utils import tf_pixels as preprocess_input
from striate.applications.mobilenet import trained_size
from striate.errors import StriateError

if TYPE_CHECKING:
    from striate.models import Model

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

# (filters, blocks, stride of the first) (Sandler et al. 2018, table 2).
STACKS = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))
SIZES, ALPHAS = (96, 128, 160, 192, 224), (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)  # of published weights


def MobileNetV2(
    input_shape: InputShape = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNetV2: 3,538,984 parameters for alpha = 1 and 1,000 classes.

    Seventeen blocks of a 1x1 convolution to six times as many maps, a depthwise 3x3 and a 1x1 convolution without a
    nonlinearity. Images go through `mobilenet_v2.preprocess_input` first.
    (Sandler, Howard, Zhu, Zhmoginov and Chen 2018, "MobileNetV2: Inverted residuals and linear bottlenecks")

    Args:
        input_shape: (height, width, channels), at least 32x32; (224, 224, 3) if not given, any size without the top.
        alpha: multiplies the number of filters everywhere; the results are multiples of eight.
        include_top: whether the network ends in its classifier.
        weights: None (random), "imagenet" (trained, as Keras has published them) or a file for `load_weights`.
        input_tensor: a symbolic tensor to begin at in place of a new `Input`.
        pooling: without the top: None, "avg" or "max" over the last maps.
        classes: width of the classifier.
        classifier_activation: of the classifier; None for logits.
        name: the model's name; mobilenetv2_1.00_224 if not given.

    Raises:
        StriateError: arguments that do not fit each other.
        ModelFileError: weights that can neither be found nor downloaded.
    """
    from striate import layers

    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name or "mobilenetv2"
    )
    if weights == "imagenet" and alpha not in ALPHAS:
        known = ", ".join(map(str, ALPHAS))
        raise StriateError(f'{frame.name}: got alpha={alpha} with weights="imagenet"; there are weights for {known}')
    x = _body(frame.start(), alpha)
    x = frame.classifier(layers.GlobalAveragePooling2D()(x)) if include_top else frame.pooled(x)
    rows = trained_size(frame, SIZES)
    ending = "" if include_top else "_no_top"
    file_name = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{rows}{ending}.h5"
    return frame.model(x, file_name, name or f"mobilenetv2_{alpha:0.2f}_{rows}")


def _body(x: Any, alpha: float) -> Any:
    from striate import layers

    x = layers.Conv2D(divisible(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
    x = _normalised(x, "bn_Conv1")
    x = layers.ReLU(6.0, name="Conv1_relu")(x)
    number = 0
    for filters, count, stride in STACKS:
        for i in range(count):
            x = _block(x, divisible(int(filters * alpha)), stride if i == 0 else 1, number)
            number += 1
    x = layers.Conv2D(divisible(1280 * max(alpha, 1.0)), 1, use_bias=False, name="Conv_1")(x)
    x = _normalised(x, "Conv_1_bn")
    return layers.ReLU(6.0, name="out_relu")(x)


def _block(x: Any, filters: int, stride: int, number: int) -> Any:
    """Wider by a factor of six (the first block is not), depthwise, narrow; added to its input where shapes agree."""
    from striate import layers

    start, channels = x, x.shape[-1]
    prefix = f"block_{number}_" if number else "expanded_conv_"
    if number:
        x = layers.Conv2D(6 * channels, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = _normalised(x, f"{prefix}expand_BN")
        x = layers.ReLU(6.0, name=f"{prefix}expand_relu")(x)
    if stride == 2:
        x = layers.ZeroPadding2D(_halving(x), name=f"{prefix}pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(3, strides=stride, use_bias=False, padding=padding, name=f"{prefix}depthwise")(x)
    x = _normalised(x, f"{prefix}depthwise_BN")
    x = layers.ReLU(6.0, name=f"{prefix}depthwise_relu")(x)
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _normalised(x, f"{prefix}project_BN")
    if channels == filters and stride == 1:
        return layers.Add(name=f"{prefix}add")([start, x])
    return x


def _normalised(x: Any, name: str) -> Any:
    from striate import layers

    return layers.BatchNormalization(epsilon=1e-3, momentum=0.999, name=name)(x)


def _halving(x: Any) -> tuple[tuple[int, int], ...]:
    """Zeros for a 3x3 window of stride 2: one after an even size, one on both sides of an odd one; open counts as even.

    Keras looks at the height alone to see whether sizes are open.
    """
    height, width = x.shape[1:3]
    if height is None:
        return ((0, 1), (0, 1))
    return tuple((size % 2, 1) for size in (height, width))


def divisible(value: float, by: int = 8) -> int:
    """The nearest multiple, at least `by`, and not less than nine tenths of the value."""
    rounded = max(by, int(value + by / 2) // by * by)
    return rounded + by if rounded < 0.9 * value else rounded

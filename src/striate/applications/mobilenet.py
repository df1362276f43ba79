"""MobileNet: each convolution is one of every map by itself, then one across maps at each position."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from striate.applications.frame import Activation, Frame, InputShape, Weights
from striate.applications.imagenet_utils import decode_predictions
from striate.applications.imagenet_utils import tf_pixels as preprocess_input
from striate.errors import StriateError

if TYPE_CHECKING:
    from striate.models import Model

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

# (filters, stride) of the thirteen blocks (Howard et al. 2017, table 1).
BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip
SIZES, ALPHAS = (128, 160, 192, 224), {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}  # of published weights


def MobileNet(
    input_shape: InputShape = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 1e-3,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNet: 4,253,864 parameters for alpha = 1 and 1,000 classes.

    A 3x3 convolution, then thirteen blocks of a depthwise 3x3 and a 1x1 convolution, each with batch normalisation and
    min(max(x, 0), 6). Images go through `mobilenet.preprocess_input` first.
    (Howard et al. 2017, "MobileNets: Efficient convolutional neural networks for mobile vision applications")

    Args:
        input_shape: (height, width, channels), at least 32x32; (224, 224, 3) if not given, any size without the top.
        alpha: multiplies the number of filters everywhere.
        depth_multiplier: maps that a depthwise convolution makes of each one.
        dropout: before the classifier.
        include_top: whether the network ends in its classifier.
        weights: None (random), "imagenet" (trained, as Keras has published them) or a file for `load_weights`.
        input_tensor: a symbolic tensor to begin at in place of a new `Input`.
        pooling: without the top: None, "avg" or "max" over the last maps.
        classes: width of the classifier.
        classifier_activation: of the classifier; None for logits.
        name: the model's name; mobilenet_1.00_224 if not given.

    Raises:
        StriateError: arguments that do not fit each other.
        ModelFileError: weights that can neither be found nor downloaded.
    """
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name or "mobilenet"
    )
    if weights == "imagenet" and (depth_multiplier != 1 or alpha not in ALPHAS):
        raise StriateError(
            f'{frame.name}: got alpha={alpha} and depth_multiplier={depth_multiplier} with weights="imagenet"; there '
            f"are weights for alpha {', '.join(map(str, ALPHAS))} and depth_multiplier 1"
        )
    x = _body(frame.start(), alpha, depth_multiplier)
    x = _top(x, frame, dropout) if include_top else frame.pooled(x)
    rows = trained_size(frame, SIZES)
    file_name = f"mobilenet_{ALPHAS.get(alpha)}_{rows}_tf{'' if include_top else '_no_top'}.h5"
    return frame.model(x, file_name, name or f"mobilenet_{alpha:0.2f}_{rows}")


def trained_size(frame: Frame, sizes: tuple[int, ...]) -> int | None:
    """The image size that names a network: its own, but one of those with published weights if they are wanted."""
    rows, columns, _ = frame.shape
    if frame.weights == "imagenet" and (rows != columns or rows not in sizes):
        warnings.warn(
            f"{frame.name}: there are no weights for images of {rows}x{columns}; those for 224x224 are taken",
            stacklevel=3,
        )
        return 224
    return rows


def _body(x: Any, alpha: float, depth_multiplier: int) -> Any:
    from striate import layers

    x = layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(x)
    x = layers.BatchNormalization(name="conv1_bn")(x)
    x = layers.ReLU(6.0, name="conv1_relu")(x)
    for i, (filters, stride) in enumerate(BLOCKS, 1):
        x = _block(x, int(filters * alpha), depth_multiplier, stride, i)
    return x


def _block(x: Any, filters: int, depth_multiplier: int, stride: int, number: int) -> Any:
    """A depthwise 3x3 and a 1x1 convolution; where it halves the size, zeros go after each dimension only."""
    from striate import layers

    if stride > 1:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(
        3, strides=stride, padding=padding, depth_multiplier=depth_multiplier, use_bias=False, name=f"conv_dw_{number}"
    )(x)
    x = layers.BatchNormalization(name=f"conv_dw_{number}_bn")(x)
    x = layers.ReLU(6.0, name=f"conv_dw_{number}_relu")(x)
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    x = layers.BatchNormalization(name=f"conv_pw_{number}_bn")(x)
    return layers.ReLU(6.0, name=f"conv_pw_{number}_relu")(x)


def _top(x: Any, frame: Frame, dropout: float) -> Any:
    from striate import layers

    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(frame.classes, 1, padding="same", name="conv_preds")(x)
    x = layers.Reshape((frame.classes,), name="reshape_2")(x)
    return layers.Activation(frame.classifier_activation, name="predictions")(x)

"""Inception v3: kernels of several sizes side by side, their maps concatenated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.applications.frame import Activation, Frame, InputShape, Weights
from striate.applications.imagenet_utils import decode_predictions
from striate.applications.imagenet_utils import tf_pixels as preprocess_input

if TYPE_CHECKING:
    from striate.models import Model

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]


def InceptionV3(
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "inception_v3",
) -> Model:
    """Inception v3: 23,851,784 parameters for 299x299x3 and 1,000 classes.

    Eleven blocks of branches in which 5x5 convolutions are two 3x3 ones and 7x7 convolutions are 1x7 and 7x1. Images go
    through `inception_v3.preprocess_input`. Most layers have the names that are made up in order, as in Keras.
    (Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016, "Rethinking the Inception architecture for computer vision")

    Args:
        include_top: whether the network ends in its classifier.
        weights: None (random), "imagenet" (trained, as Keras has published them) or a file for `load_weights`.
        input_tensor: a symbolic tensor to begin at in place of a new `Input`.
        input_shape: (height, width, channels), at least 75x75; (299, 299, 3) if not given, any size without the top.
        pooling: without the top: None, "avg" or "max" over the last maps.
        classes: width of the classifier.
        classifier_activation: of the classifier; None for logits.
        name: the model's name.

    Raises:
        StriateError: arguments that do not fit each other.
        ModelFileError: weights that can neither be found nor downloaded.
    """
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name,
        size=299, smallest=75,
    )  # fmt: skip
    return _inception_v3(frame)


def _inception_v3(frame: Frame) -> Model:
    from striate import layers

    x = _unit(frame.start(), 32, 3, 3, stride=2, padding="valid")
    x = _unit(x, 32, 3, 3, padding="valid")
    x = _unit(x, 64, 3, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _unit(x, 80, 1, 1, padding="valid")
    x = _unit(x, 192, 3, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    for i, pooled in enumerate((32, 64, 64)):
        x = _block_of_5x5(x, pooled, f"mixed{i}")
    x = _smaller_17x17(x, "mixed3")
    for i, filters in enumerate((128, 160, 160, 192), 4):
        x = _block_of_7x7(x, filters, f"mixed{i}")
    x = _smaller_8x8(x, "mixed8")
    for i in range(2):
        x = _block_of_3x3(x, f"mixed9_{i}", f"mixed{9 + i}")
    top = frame.include_top
    x = frame.classifier(layers.GlobalAveragePooling2D(name="avg_pool")(x)) if top else frame.pooled(x)
    return frame.model(x, frame.kernels_file("inception_v3"))


def _unit(x: Any, filters: int, rows: int, columns: int, stride: int = 1, padding: str = "same") -> Any:
    """Convolution, batch normalisation without a scale, ReLU."""
    from striate import layers

    x = layers.Conv2D(filters, (rows, columns), strides=stride, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(scale=False)(x)
    return layers.Activation("relu")(x)


def _row(x: Any, *units: tuple[int, int, int]) -> Any:
    """Units of (filters, rows, columns), one after the other."""
    for filters, rows, columns in units:
        x = _unit(x, filters, rows, columns)
    return x


def _pooled(x: Any, filters: int) -> Any:
    """Mean pooling that keeps the size, and a 1x1 unit."""
    from striate import layers

    return _unit(layers.AveragePooling2D(3, strides=1, padding="same")(x), filters, 1, 1)


def _beside(*branches: Any, name: str | None = None) -> Any:
    from striate import layers

    return layers.Concatenate(name=name)(list(branches))


def _block_of_5x5(x: Any, pooled: int, name: str) -> Any:
    return _beside(
        _unit(x, 64, 1, 1),
        _row(x, (48, 1, 1), (64, 5, 5)),
        _row(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        _pooled(x, pooled),
        name=name,
    )


def _smaller_17x17(x: Any, name: str) -> Any:
    from striate import layers

    return _beside(
        _unit(x, 384, 3, 3, 2, "valid"),
        _unit(_row(x, (64, 1, 1), (96, 3, 3)), 96, 3, 3, 2, "valid"),
        layers.MaxPooling2D(3, strides=2)(x),
        name=name,
    )


def _block_of_7x7(x: Any, n: int, name: str) -> Any:
    return _beside(
        _unit(x, 192, 1, 1),
        _row(x, (n, 1, 1), (n, 1, 7), (192, 7, 1)),
        _row(x, (n, 1, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)),
        _pooled(x, 192),
        name=name,
    )


def _smaller_8x8(x: Any, name: str) -> Any:
    from striate import layers

    return _beside(
        _unit(_unit(x, 192, 1, 1), 320, 3, 3, 2, "valid"),
        _unit(_row(x, (192, 1, 1), (192, 1, 7), (192, 7, 1)), 192, 3, 3, 2, "valid"),
        layers.MaxPooling2D(3, strides=2)(x),
        name=name,
    )


def _block_of_3x3(x: Any, inner: str, name: str) -> Any:
    def split(y: Any, name: str | None = None) -> Any:
        return _beside(_unit(y, 384, 1, 3), _unit(y, 384, 3, 1), name=name)

    return _beside(
        _unit(x, 320, 1, 1),
        split(_unit(x, 384, 1, 1), inner),
        split(_row(x, (448, 1, 1), (384, 3, 3))),
        _pooled(x, 192),
        name=name,
    )

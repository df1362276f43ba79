"""GoogLeNet: kernels of several sizes side by side, and classifiers in the middle of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.applications.frame import Activation, Frame, InputShape, Weights

if TYPE_CHECKING:
    from striate.models import Model


def GoogLeNet(
    include_top: bool = True,
    weights: Weights = None,
    input_tensor: Any = None,
    input_shape: InputShape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Activation = "softmax",
    name: str = "googlenet",
    auxiliary: bool = True,
) -> Model:
    """GoogLeNet, the first Inception network: 13,378,280 parameters, 6,998,552 without the auxiliary classifiers.

    Nine blocks of 1x1, 3x3 and 5x5 convolutions and maximum pooling side by side, with local response normalisation
    before the first. Two auxiliary classifiers branch off blocks 4a and 4d; they help to train and are of no further
    use. The model's outputs are [main, first auxiliary, second auxiliary]; the paper weighs their losses 1, 0.3, 0.3:

        model.compile("sgd", "sparse_categorical_crossentropy", loss_weights=[1, 0.3, 0.3])

    Names and biases are those of the authors' network for Caffe.
    (Szegedy et al. 2015, "Going deeper with convolutions")

    Args:
        include_top: whether the network ends in its classifiers.
        weights: None (random) or a file for `load_weights`.
        input_tensor: a symbolic tensor to begin at in place of a new `Input`.
        input_shape: (height, width, channels), at least 65x65 with the auxiliary classifiers, else 32x32;
            (224, 224, 3) if not given, any size without the top.
        pooling: without the top: None, "avg" or "max" over the last maps.
        classes: width of the classifiers.
        classifier_activation: of the classifiers; None for logits.
        name: the model's name.
        auxiliary: whether there are the auxiliary classifiers; only with the top.

    Raises:
        StriateError: arguments that do not fit each other.
    """
    frame = Frame(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name,
        smallest=65 if auxiliary and include_top else 32, fixed_size=auxiliary,
    )  # fmt: skip
    return _googlenet(frame, auxiliary and include_top)


# Filters of each block: 1x1, reduction before 3x3, 3x3, reduction before 5x5, 5x5, after pooling (the paper's table 1).
BLOCKS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _googlenet(frame: Frame, auxiliary: bool) -> Model:
    from striate import layers

    outputs: list[Any] = []
    x = _stem(frame.start())
    for block, filters in BLOCKS.items():
        x = _inception(x, filters, f"inception_{block}")
        if block in ("3b", "4e"):
            x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"pool{int(block[0])}_3x3_s2")(x)
        if block in ("4a", "4d") and auxiliary:
            outputs.append(_auxiliary(x, frame, f"loss{len(outputs) + 1}"))
    if not frame.include_top:
        return frame.model(frame.pooled(x))
    x = layers.GlobalAveragePooling2D(name="pool5_7x7_s1")(x)
    x = layers.Dropout(0.4, name="pool5_drop_7x7_s1")(x)
    main = frame.classifier(x, "loss3_classifier")
    return frame.model([main, *outputs] if outputs else main)


def _stem(x: Any) -> Any:
    from striate import layers

    x = _conv(x, 64, 7, "conv1_7x7_s2", strides=2)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1_3x3_s2")(x)
    x = _normalised(x, "pool1_norm1")
    x = _conv(x, 64, 1, "conv2_3x3_reduce")
    x = _conv(x, 192, 3, "conv2_3x3")
    x = _normalised(x, "conv2_norm2")
    return layers.MaxPooling2D(3, strides=2, padding="same", name="pool2_3x3_s2")(x)


def _normalised(x: Any, name: str) -> Any:
    from striate import layers

    return layers.LocalResponseNormalization(2, bias=1.0, alpha=1e-4 / 5, beta=0.75, name=name)(x)


def _conv(x: Any, filters: int, size: int, name: str, strides: int = 1) -> Any:
    from striate import layers

    return layers.Conv2D(filters, size, strides=strides, padding="same", activation="relu", name=name)(x)


def _inception(x: Any, filters: tuple[int, ...], name: str) -> Any:
    """1x1, 3x3 and 5x5 convolutions and maximum pooling, side by side; 1x1 convolutions keep the maps few."""
    from striate import layers

    pooled = layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x)
    branches = [
        _conv(x, filters[0], 1, f"{name}_1x1"),
        _conv(_conv(x, filters[1], 1, f"{name}_3x3_reduce"), filters[2], 3, f"{name}_3x3"),
        _conv(_conv(x, filters[3], 1, f"{name}_5x5_reduce"), filters[4], 5, f"{name}_5x5"),
        _conv(pooled, filters[5], 1, f"{name}_pool_proj"),
    ]
    return layers.Concatenate(name=f"{name}_output")(branches)


def _auxiliary(x: Any, frame: Frame, name: str) -> Any:
    """A small classifier on the maps in the middle: it gives the layers before it a gradient of its own."""
    from striate import layers

    x = layers.AveragePooling2D(5, strides=3, name=f"{name}_ave_pool")(x)
    x = _conv(x, 128, 1, f"{name}_conv")
    x = layers.Flatten(name=f"{name}_flatten")(x)
    x = layers.Dense(1024, activation="relu", name=f"{name}_fc")(x)
    x = layers.Dropout(0.7, name=f"{name}_drop_fc")(x)
    return frame.classifier(x, f"{name}_classifier")

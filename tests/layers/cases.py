"""Every layer with several sets of arguments, and the shape of an image to give it."""

from __future__ import annotations

from typing import Any

Case = tuple[str, dict[str, Any], tuple[int, ...]]

CONVOLUTIONS: list[Case] = [
    ("Conv1D", {"filters": 3, "kernel_size": 4}, (11, 2)),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, (9, 2)),
    ("Conv1D", {"filters": 2, "kernel_size": 3, "padding": "causal", "strides": 2}, (10, 2)),
    ("Conv2D", {"filters": 4, "kernel_size": 3}, (8, 9, 3)),
    ("Conv2D", {"filters": 4, "kernel_size": (2, 5), "padding": "SAME", "activation": "relu"}, (8, 9, 3)),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": (2, 1), "padding": "same"}, (8, 9, 1)),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 3, "use_bias": False}, (7, 7, 6)),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "dilation_rate": (2, 3), "activation": "tanh"}, (9, 10, 2)),
    (
        "Conv2D",
        {
            "filters": 2, "kernel_size": [3, 1], "kernel_regularizer": "l2", "bias_regularizer": "l1",
            "kernel_initializer": "he_normal", "bias_initializer": "ones", "trainable": False, "name": "first",
        },
        (6, 6, 2),
    ),
    ("Conv3D", {"filters": 2, "kernel_size": (2, 3, 1), "strides": 2, "padding": "same"}, (5, 6, 4, 2)),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 4}, (5, 2)),
    ("Conv1DTranspose", {"filters": 2, "kernel_size": 2, "strides": 3, "padding": "same"}, (5, 2)),
    ("Conv1DTranspose", {"filters": 2, "kernel_size": 2, "strides": 3}, (5, 2)),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, (4, 5, 3)),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": (2, 3), "dilation_rate": 2, "activation": "relu"}, (4, 5, 3)),
    (
        "Conv2DTranspose",
        {
            "filters": 2, "kernel_size": 5, "strides": (2, 3), "padding": "same", "output_padding": (1, 2),
            "use_bias": False, "kernel_regularizer": "l2",
        },
        (4, 3, 2),
    ),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 0}, (4, 3, 2)),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": (2, 3, 1), "strides": 2, "padding": "same"}, (3, 2, 4, 2)),
    ("DepthwiseConv1D", {"kernel_size": 3}, (9, 4)),
    ("DepthwiseConv1D", {"kernel_size": 2, "depth_multiplier": 3, "padding": "same", "dilation_rate": 2}, (9, 4)),
    ("DepthwiseConv2D", {"kernel_size": 3}, (7, 8, 5)),
    ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2}, (7, 8, 3)),
    (
        "DepthwiseConv2D",
        {
            "kernel_size": (2, 3), "use_bias": False, "activation": "relu", "depthwise_initializer": "he_uniform",
            "depthwise_regularizer": "l2", "trainable": False, "name": "alone",
        },
        (6, 6, 2),
    ),
    ("SeparableConv1D", {"filters": 5, "kernel_size": 3, "strides": 2}, (9, 4)),
    ("SeparableConv2D", {"filters": 6, "kernel_size": 3, "activation": "relu"}, (7, 8, 5)),
    (
        "SeparableConv2D",
        {
            "filters": 4, "kernel_size": (3, 2), "strides": 2, "padding": "same", "depth_multiplier": 2,
            "use_bias": False, "depthwise_regularizer": "l1", "pointwise_regularizer": "l2",
            "pointwise_initializer": "orthogonal",
        },
        (8, 7, 3),
    ),
    ("SeparableConv2D", {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "bias_initializer": "ones"}, (7, 8, 2)),
]  # fmt: skip
POOLINGS: list[Case] = [
    (f"{kind}Pooling{rank}D", arguments, (*(7, 8, 6)[:rank], 3))
    for kind in ("Max", "Average")
    for rank in (1, 2, 3)
    for arguments in (
        {"pool_size": 2}, {"pool_size": 3, "strides": 2, "padding": "same"}, {"pool_size": 3, "strides": 1},
    )
] + [
    (f"Global{kind}Pooling{rank}D", arguments, (*(7, 8, 6)[:rank], 3))
    for kind in ("Max", "Average")
    for rank in (1, 2, 3)
    for arguments in ({}, {"keepdims": True})
]  # fmt: skip
DENSE: list[Case] = [
    ("Dense", {"units": 5}, (7,)),
    ("Dense", {"units": 5, "activation": "softmax", "use_bias": False}, (7,)),
    (
        "Dense",
        {"units": 2, "activation": "gelu", "kernel_regularizer": "l1", "kernel_initializer": "orthogonal"},
        (3, 4, 7),
    ),
]
ACTIVATIONS: list[Case] = [
    ("Activation", {"activation": name}, (4, 3))
    for name in (
        "linear", "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "sigmoid", "hard_sigmoid", "sparse_sigmoid",
        "log_sigmoid", "tanh", "hard_tanh", "softplus", "softsign", "silu", "swish", "mish", "gelu", "exponential",
        "softmax", "log_softmax", "hard_silu", "hard_swish", "squareplus", "sparse_plus", "hard_shrink", "soft_shrink",
        "tanh_shrink",
    )
] + [
    ("ReLU", {}, (5,)),
    ("ReLU", {"max_value": 1.5, "negative_slope": 0.25, "threshold": 0.5}, (4, 6)),
    ("ReLU", {"max_value": 6}, (4, 6)),
    ("LeakyReLU", {}, (4, 6)),
    ("LeakyReLU", {"negative_slope": 0.05}, (4, 6)),
    ("PReLU", {}, (6,)),
    ("PReLU", {"shared_axes": [1, 2], "alpha_initializer": "ones", "alpha_regularizer": "l2"}, (4, 5, 3)),
    ("PReLU", {"shared_axes": 2}, (4, 5, 3)),
    ("ELU", {}, (6,)),
    ("ELU", {"alpha": 0.3}, (6,)),
    ("Softmax", {}, (3, 4)),
    ("Softmax", {"axis": 2}, (3, 4)),
    ("Softmax", {"axis": [1, 2]}, (3, 4)),
    ("Softmax", {"axis": [1, 3]}, (3, 4, 2)),
    ("Softmax", {"axis": (-3, -1, 2)}, (3, 4, 2)),
    ("Softmax", {"axis": [1]}, (3, 4, 2)),
]  # fmt: skip
OTHERS: list[Case] = [
    ("BatchNormalization", {}, (4, 5, 3)),
    ("BatchNormalization", {"axis": 3, "momentum": 0.5, "epsilon": 0.1, "scale": False}, (4, 5, 3)),
    ("BatchNormalization", {"center": False, "gamma_regularizer": "l2", "gamma_initializer": "zeros"}, (6,)),
    ("Dropout", {"rate": 0.25}, (4, 4)),
    ("Dropout", {"rate": 0.0, "seed": 3}, (4, 4)),
    ("Dropout", {"rate": 0.5, "noise_shape": (None, 1, 4)}, (4, 4)),
    ("AlphaDropout", {"rate": 0.2, "noise_shape": (1, None, 1), "seed": 3}, (4, 4)),
    ("AlphaDropout", {"rate": 0.2}, (4,)),
    ("SpatialDropout1D", {"rate": 0.2, "seed": 1}, (6, 3)),
    ("SpatialDropout2D", {"rate": 0.2}, (4, 5, 3)),
    ("SpatialDropout3D", {"rate": 0.2, "name": "maps"}, (4, 5, 2, 3)),
    ("GaussianNoise", {"stddev": 0.2, "seed": 7}, (4, 5)),
    ("GaussianDropout", {"rate": 0.2}, (4, 5)),
    ("ActivityRegularization", {}, (4,)),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.02, "name": "small"}, (4, 3)),
    ("Rescaling", {"scale": 1 / 255, "offset": -0.5}, (4, 4, 1)),
    ("Rescaling", {"scale": [0.5, 2.0, -1.0], "offset": [1.0, 0.0, 3.0]}, (4, 5, 3)),
    ("Rescaling", {"scale": 0.25, "offset": [1.0, -2.0]}, (2,)),
    ("Rescaling", {"scale": [2.0], "name": "twice"}, (4, 3)),
    ("Identity", {}, (3, 2)),
    ("Flatten", {}, (3, 4, 2)),
    ("Reshape", {"target_shape": (4, 6)}, (3, 4, 2)),
    ("Reshape", {"target_shape": (2, -1, 3)}, (3, 4, 2)),
    ("ZeroPadding1D", {"padding": 2}, (4, 3)),
    ("ZeroPadding1D", {"padding": (0, 3)}, (4, 3)),
    ("ZeroPadding1D", {"padding": (2, 1)}, (4, 3)),
    ("ZeroPadding2D", {"padding": 1}, (4, 5, 2)),
    ("ZeroPadding2D", {"padding": (2, 0)}, (4, 5, 2)),
    ("ZeroPadding2D", {"padding": ((1, 0), (0, 2))}, (4, 5, 2)),
    ("ZeroPadding2D", {"padding": ((0, 3), (2, 1))}, (4, 5, 2)),
    ("ZeroPadding3D", {"padding": (1, 0, 2)}, (3, 4, 5, 2)),
    ("ZeroPadding3D", {"padding": ((1, 0), (0, 2), (3, 1))}, (3, 4, 2, 2)),
]
# With one value to choose from, what is random in Keras and here is the same.
AUGMENTATIONS: list[Case] = [
    ("RandomRotation", {"factor": (0.1, 0.1)}, (6, 7, 2)),
    ("RandomRotation", {"factor": (-0.3, -0.3), "fill_mode": "constant", "fill_value": 0.7, "seed": 1}, (5, 8, 1)),
    ("RandomRotation", {"factor": (0.2, 0.2), "fill_mode": "wrap", "interpolation": "nearest"}, (6, 7, 2)),
    ("RandomRotation", {"factor": (0.45, 0.45), "fill_mode": "nearest"}, (9, 4, 3)),
    ("RandomRotation", {"factor": 0}, (4, 4, 3)),
    ("RandomZoom", {"height_factor": (0.3, 0.3)}, (6, 7, 2)),
    ("RandomZoom", {"height_factor": (-0.4, -0.4), "width_factor": (0.6, 0.6), "fill_mode": "wrap"}, (6, 7, 2)),
    ("RandomZoom", {"height_factor": [0.9, 0.9], "fill_mode": "constant", "interpolation": "nearest"}, (7, 8, 1)),
    ("RandomTranslation", {"height_factor": (0.15, 0.15), "width_factor": (-0.35, -0.35)}, (6, 7, 2)),
    ("RandomTranslation", {"height_factor": (-0.9, -0.9), "width_factor": (1, 1), "fill_mode": "wrap"}, (6, 7, 2)),
    (
        "RandomTranslation",
        {"height_factor": (0.3, 0.3), "width_factor": 0, "fill_mode": "constant", "fill_value": -1.0},
        (6, 7, 2),
    ),
    ("RandomContrast", {"factor": 0.0, "value_range": (-1, 2.5), "seed": 5}, (6, 7, 2)),
    ("RandomBrightness", {"factor": (0.1, 0.1), "value_range": (2, -3)}, (6, 7, 2)),
    ("RandomBrightness", {"factor": [-0.2, -0.2], "data_format": "channels_last"}, (6, 7, 2)),
    ("RandomCrop", {"height": 6, "width": 7, "seed": 5}, (6, 7, 2)),
]  # fmt: skip
# What is left to chance, or differs between Keras's backends: configurations and shapes alone can be compared.
RANDOM: list[Case] = [
    ("Resizing", {"height": 3, "width": 9, "interpolation": "lanczos3"}, (8, 7, 2)),
    ("Resizing", {"height": 3, "width": 9, "interpolation": "lanczos5", "antialias": True}, (8, 7, 2)),
    ("UpSampling2D", {"size": (2, 3), "interpolation": "bicubic"}, (3, 4, 2)),
    ("UpSampling2D", {"interpolation": "LANCZOS5", "data_format": "channels_first"}, (2, 3, 4)),
    ("RandomFlip", {}, (6, 7, 2)),
    ("RandomFlip", {"mode": "horizontal", "seed": 3}, (6, 7, 2)),
    ("RandomRotation", {"factor": 0.2}, (6, 7, 2)),
    ("RandomRotation", {"factor": (0.3, -0.2)}, (6, 7, 2)),
    ("RandomZoom", {"height_factor": 0.2, "width_factor": (0.1, -0.2), "name": "closer"}, (6, 7, 2)),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": (-0.1, 0.2)}, (6, 7, 2)),
    ("RandomContrast", {"factor": 0.3}, (6, 7, 2)),
    ("RandomContrast", {"factor": (0.5, 0.2)}, (6, 7, 2)),
    ("RandomBrightness", {"factor": 0.3}, (6, 7, 2)),
    ("RandomCrop", {"height": 5, "width": 4, "seed": 3}, (6, 7, 2)),
    ("RandomCrop", {"height": 9, "width": 4, "seed": 3, "trainable": False}, (6, 7, 2)),
]
NORMALIZATIONS: list[Case] = [
    ("LayerNormalization", {}, (6,)),
    ("LayerNormalization", {"axis": [1, 2, 3], "epsilon": 1e-5}, (4, 5, 3)),
    ("LayerNormalization", {"axis": (1, 3), "center": False, "gamma_regularizer": "l2"}, (4, 5, 3)),
    ("LayerNormalization", {"axis": (-2, -1), "scale": False, "beta_initializer": "ones"}, (4, 5, 3)),
    ("LayerNormalization", {"axis": 2, "scale": False, "center": False}, (4, 3)),
    ("GroupNormalization", {"groups": 3}, (4, 5, 12)),
    ("GroupNormalization", {"groups": 1, "epsilon": 1e-5, "scale": False}, (3, 2, 2, 4)),
    ("GroupNormalization", {"groups": 2, "axis": 1, "center": False}, (4, 5, 3)),
    ("GroupNormalization", {"groups": 4, "gamma_initializer": "zeros"}, (8,)),
    ("RMSNormalization", {}, (4, 5)),
    ("RMSNormalization", {"axis": [1, 2], "epsilon": 1e-3}, (4, 5)),
    ("UnitNormalization", {}, (4, 5)),
    ("UnitNormalization", {"axis": [1, 2]}, (4, 5, 2)),
]
SIZES: list[Case] = [
    ("Cropping1D", {"cropping": 1}, (5, 3)),
    ("Cropping1D", {"cropping": (0, 3)}, (5, 3)),
    ("Cropping2D", {"cropping": ((1, 0), (0, 2))}, (4, 5, 2)),
    ("Cropping2D", {}, (4, 5, 2)),
    ("Cropping3D", {"cropping": (1, 0, 1)}, (3, 4, 5, 2)),
    ("UpSampling1D", {"size": 3}, (4, 3)),
    ("UpSampling2D", {}, (3, 4, 2)),
    ("UpSampling2D", {"size": (3, 2), "interpolation": "bilinear"}, (3, 4, 2)),
    ("UpSampling2D", {"size": (1, 4), "interpolation": "bilinear"}, (1, 5, 1)),
    ("UpSampling3D", {"size": (1, 2, 3)}, (2, 3, 2, 2)),
    ("Resizing", {"height": 5, "width": 9}, (7, 4, 3)),
    ("Resizing", {"height": 3, "width": 3, "interpolation": "nearest"}, (8, 7, 2)),
    ("Resizing", {"height": 6, "width": 4, "crop_to_aspect_ratio": True}, (5, 9, 2)),
    ("Resizing", {"height": 4, "width": 7, "pad_to_aspect_ratio": True, "fill_value": 1.5}, (9, 5, 2)),
    ("Resizing", {"height": 3, "width": 9, "antialias": True}, (8, 7, 2)),
    ("Resizing", {"height": 3, "width": 5, "interpolation": "bicubic", "antialias": True}, (9, 8, 2)),
    ("CenterCrop", {"height": 3, "width": 4}, (6, 7, 2)),
    ("CenterCrop", {"height": 5, "width": 4}, (4, 7, 2)),
    ("Permute", {"dims": (2, 1)}, (4, 3)),
    ("Permute", {"dims": (3, 1, 2)}, (4, 3, 2)),
    ("Permute", {"dims": (4, 2, 1, 3)}, (2, 3, 4, 5)),
    ("RepeatVector", {"n": 3}, (5,)),
] + [
    (f"Adaptive{kind}Pooling{rank}D", {"output_size": size}, (*(7, 8, 5)[:rank], 3))
    for kind in ("Average", "Max")
    for rank, size in ((1, 3), (1, 9), (2, 3), (2, (1, 5)), (3, (2, 3, 5)))
]
_LAST: list[Case] = [
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "same"}, (9, 2)),
    ("Conv2D", {"filters": 4, "kernel_size": (2, 5), "strides": (2, 1), "activation": "relu"}, (8, 9, 3)),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2, "padding": "same", "use_bias": False}, (6, 5, 2)),
    ("Conv3D", {"filters": 2, "kernel_size": 2}, (4, 3, 5, 2)),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, (4, 5, 3)),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}, (7, 8, 3)),
    ("SeparableConv1D", {"filters": 3, "kernel_size": 3}, (7, 4)),
    ("SeparableConv2D", {"filters": 6, "kernel_size": 3, "padding": "same"}, (7, 8, 5)),
    ("MaxPooling1D", {"pool_size": 2}, (7, 3)),
    ("MaxPooling2D", {"pool_size": 2, "padding": "same"}, (7, 8, 3)),
    ("AveragePooling2D", {"pool_size": (2, 3), "strides": 1}, (7, 8, 3)),
    ("AveragePooling3D", {"pool_size": 2}, (4, 5, 6, 2)),
    ("GlobalAveragePooling2D", {}, (4, 5, 3)),
    ("GlobalMaxPooling3D", {"keepdims": True}, (4, 5, 2, 3)),
    ("AdaptiveAveragePooling2D", {"output_size": 3}, (5, 7, 2)),
    ("Flatten", {}, (3, 4, 2)),
    ("ZeroPadding2D", {"padding": ((1, 0), (0, 2))}, (4, 5, 2)),
    ("ZeroPadding3D", {"padding": 1}, (2, 3, 2, 2)),
    ("Cropping2D", {"cropping": ((1, 0), (0, 2))}, (4, 5, 2)),
    ("UpSampling2D", {"interpolation": "bilinear"}, (3, 4, 2)),
    ("UpSampling3D", {}, (2, 3, 2, 2)),
    ("Resizing", {"height": 5, "width": 9}, (7, 4, 3)),
    ("CenterCrop", {"height": 3, "width": 4}, (6, 7, 2)),
]
# Images with the channels first.
FIRST: list[Case] = [
    (name, {**arguments, "data_format": "channels_first"}, (shape[-1], *shape[:-1]))
    for name, arguments, shape in _LAST
]
AXES: list[Case] = [
    ("BatchNormalization", {"axis": 1}, (3, 4, 5)),
    ("BatchNormalization", {"axis": -2, "scale": False}, (4, 3, 5)),
    ("Softmax", {"axis": 1}, (3, 4)),
    ("Softmax", {"axis": -3}, (3, 4, 2)),
]
MOVED = SIZES + FIRST + AXES
FIXED = CONVOLUTIONS + POOLINGS + DENSE + ACTIVATIONS + NORMALIZATIONS + OTHERS + MOVED + AUGMENTATIONS
CASES = FIXED + RANDOM


def label(case: Case) -> str:
    """Shown as the test's name."""
    name, arguments, _ = case
    return f"{name}-{'-'.join(f'{key}={value}' for key, value in arguments.items())}"[:80]

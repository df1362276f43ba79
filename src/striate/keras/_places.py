"""The table of places: which modules of Striate hold the names of each module of Keras, of all its eras.

A name is looked for in the modules of its place from left to right. Modules of Keras 1 and 2 that divided what is one
module now (`keras.layers.convolutional`) have all names of that one.
"""

from __future__ import annotations

_LAYERS, _OPTIMIZERS = "layers", "optimizers"
_LAYER_FILES = (
    "activation", "advanced_activations", "convolutional", "convolutional.conv2d", "core", "embeddings",
    "experimental", "experimental.preprocessing", "merge", "merging", "noise", "normalization",
    "normalization.batch_normalization", "pooling", "preprocessing", "preprocessing.image_preprocessing",
    "regularization", "reshaping",
)  # fmt: skip

PLACES: dict[str, str] = {
    "activations": "activations",
    "applications": "applications",
    **{
        f"applications.{name}": f"applications.{name}"
        for name in (
            "imagenet_utils", "inception_v3", "mobilenet", "mobilenet_v2", "resnet", "resnet50", "vgg16", "vgg19"
        )
    },
    "callbacks": "callbacks",
    "config": "settings keras.backend",
    "constraints": "constraints",
    "datasets": "datasets",
    **{f"datasets.{name}": f"datasets.{name}" for name in ("cifar10", "cifar100", "fashion_mnist", "mnist")},
    "engine": "layers models",
    **{
        f"engine.{name}": "layers models"
        for name in ("base_layer", "input_layer", "sequential", "topology", "training")
    },
    "initializations": "initializers",
    "initializers": "initializers",
    "layers": _LAYERS,
    **{f"layers.{name}": _LAYERS for name in _LAYER_FILES},
    "losses": "losses",
    "metrics": "metrics",
    "mixed_precision": "keras._mixed_precision",
    "mixed_precision.experimental": "keras._mixed_precision",
    "models": "models",
    "objectives": "losses",
    "optimizer_v2": _OPTIMIZERS,
    **{f"optimizer_v2.{name}": _OPTIMIZERS for name in ("adam", "gradient_descent", "rmsprop")},
    "optimizers": _OPTIMIZERS,
    **{
        f"optimizers.{name}_v2": _OPTIMIZERS
        for name in ("adadelta", "adagrad", "adam", "adamax", "gradient_descent", "nadam", "rmsprop")
    },
    "optimizers.experimental": _OPTIMIZERS,
    "optimizers.legacy": _OPTIMIZERS,
    "optimizers.schedules": "schedules",
    "preprocessing": "images",
    "preprocessing.image": "images",
    "regularizers": "regularizers",
    "saving": "models utils.registration",
    "utils": "utils",
    "utils.data_utils": "utils",
    "utils.generic_utils": "utils",
    "utils.image_utils": "utils",
    "utils.layer_utils": "utils",
    "utils.np_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.visualize_util": "utils",
    "wrappers": "",
    "wrappers.scikit_learn": "keras._scikit_learn",
}  # fmt: skip

_SHORT = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "kld": "kl_divergence",
}  # fmt: skip
_FORMER = {
    **_SHORT,
    **{short.upper(): name for short, name in _SHORT.items()},
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
}

# Convolutions under their longer names are read as in Keras 1.
_KERAS1 = {
    f"{place}.{name}": f"keras._keras1.{name}"
    for place in ("layers", *(f"layers.{file}" for file in _LAYER_FILES))
    for name in ("AtrousConvolution2D", "Convolution2D", "Convolution3D", "SeparableConvolution2D", "ThresholdedReLU")
}

NAMES: dict[str, str] = {
    **_KERAS1,
    "Initializer": "initializers.Initializer",
    "Input": "layers.Input",
    "Layer": "layers.Layer",
    "Loss": "losses.Loss",
    "Metric": "metrics.Metric",
    "Model": "models.Model",
    "Optimizer": "optimizers.Optimizer",
    "Regularizer": "regularizers.Regularizer",
    "Sequential": "models.Sequential",
    "constraints.maxnorm": "constraints.max_norm",
    "constraints.nonneg": "constraints.non_neg",
    "constraints.unitnorm": "constraints.unit_norm",
    "initializations.normal": "initializers.random_normal",
    "initializations.uniform": "initializers.random_uniform",
    "initializers.normal": "initializers.random_normal",
    "initializers.uniform": "initializers.random_uniform",
    "layers.merge.()": "keras._graphs.merge",
    **{f"losses.{name}": f"losses.{now}" for name, now in _FORMER.items()},
    **{f"metrics.{name}": f"metrics.{now}" for name, now in _FORMER.items()},
    "models.Input": "layers.Input",
    **{
        f"optimizers.{name.lower()}": f"optimizers.{name}"
        for name in ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")
    },
    "regularizers.activity_l1": "regularizers.l1",
    "regularizers.activity_l1l2": "regularizers.l1_l2",
    "regularizers.activity_l2": "regularizers.l2",
    "regularizers.l1l2": "regularizers.l1_l2",
    "utils.visualize_util.plot": "utils.plot_model",
    **{f"objectives.{name}": f"losses.{now}" for name, now in _FORMER.items()},
}

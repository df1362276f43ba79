"""Names that layers and their arguments had in Keras 1, and in early Keras 2, brought up to date.

Constructors take them as they take today's (`accepting`), and files of those times are read by them (`updated`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any

from striate.errors import StriateError
from striate.layers.naming import arguments_of

_CLASSES = {
    **{f"Convolution{n}D": f"Conv{n}D" for n in (1, 2, 3)},
    **{f"AtrousConvolution{n}D": f"Conv{n}D" for n in (1, 2)},
    "Deconvolution2D": "Conv2DTranspose", "SeparableConvolution2D": "SeparableConv2D",
    "BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization",
    "ThresholdedReLU": "ReLU",
}  # fmt: skip
_MERGES = {"sum": "Add", "mul": "Multiply", "concat": "Concatenate", "ave": "Average", "max": "Maximum", "dot": "Dot"}
_ARGUMENTS = {
    "output_dim": "units", "nb_filter": "filters", "filter_length": "kernel_size", "pool_length": "pool_size",
    "stride": "strides", "subsample": "strides", "subsample_length": "strides", "border_mode": "padding",
    "dim_ordering": "data_format", "atrous_rate": "dilation_rate", "bias": "use_bias", "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer", "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint", "beta_init": "beta_initializer", "gamma_init": "gamma_initializer",
    "concat_axis": "axis", "dot_axes": "axes",
}  # fmt: skip
_BY_CLASS = {
    "Embedding": {"output_dim": "output_dim", "init": "embeddings_initializer"},
    "LocalResponseNormalization": {"bias": "bias"},  # a number, and no older than today's name
    "PReLU": {"init": "alpha_initializer"}, "LeakyReLU": {"alpha": "negative_slope"}, "Dropout": {"p": "rate"},
    "ThresholdedReLU": {"theta": "threshold"}, "GaussianDropout": {"p": "rate"}, "GaussianNoise": {"sigma": "stddev"},
    "SpatialDropout1D": {"p": "rate"}, "SpatialDropout2D": {"p": "rate"}, "SpatialDropout3D": {"p": "rate"},
}  # fmt: skip
_VALUES = {"tf": "channels_last", "th": "channels_first", "default": None}
_SIZES = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))
_INITIALIZERS = {
    "normal": {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.05}},
    "uniform": {"class_name": "RandomUniform", "config": {"minval": -0.05, "maxval": 0.05}},
    "zero": "zeros", "one": "ones",
}  # fmt: skip
_WITHOUT_MEANING = {
    "input_dtype", "input_dim", "weights", "output_shape", "arguments", "node_indices", "tensor_indices",
    "output_mask", "output_mask_type", "output_shape_type", "mode_type",
}  # fmt: skip
# How, not what, a layer computes: keywords of tf.keras and Keras 3 that mean nothing here.
_OF_ENGINES = {"autocast", "dynamic", "implementation"}
_OF_ENGINES_BY_CLASS = {"BatchNormalization": {"fused"}}
FORMER = {
    "mode", "fused", *_OF_ENGINES, *_ARGUMENTS, *(name for names in _BY_CLASS.values() for name in names),
    *(name for names in _SIZES for name in names),
}  # fmt: skip


def accepting(constructor: Callable[..., None]) -> Callable[..., None]:
    """A layer's constructor that also takes its arguments under the names of Keras 1.

    A keyword of today, or of the class's own, is never taken for a former one.
    """

    @wraps(constructor)
    def __init__(self: object, *arguments: Any, **options: Any) -> None:
        if not FORMER.isdisjoint(options):
            arguments, options = _modern(_own_class(type(self)), arguments, options)
        constructor(self, *arguments, **options)

    return __init__


def together(rank: int, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The filters, and one kernel size in place of a whole number for each dimension, as Keras 1 had them."""
    sizes = arguments[1 : 1 + rank]
    if rank > 1 and len(sizes) == rank and all(isinstance(size, int) for size in sizes):
        return (arguments[0], sizes, *arguments[1 + rank :])
    return arguments


def _modern(
    cls: type, arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call of a constructor in today's words."""
    known = _known(cls)
    ignored = _OF_ENGINES | _OF_ENGINES_BY_CLASS.get(cls.__name__, set())
    options = {key: value for key, value in options.items() if key not in ignored or key in known}
    former = {key: value for key, value in options.items() if key in FORMER and key not in known}
    if not former:
        return arguments, options
    renamed = updated(cls.__name__, former)[1]
    kept = {key: value for key, value in options.items() if key not in former}
    for key in renamed:
        if key in kept:
            raise StriateError(f"{cls.__name__}: got {key} twice, once under its former name; leave one out")
    return together(getattr(cls, "rank", 1), arguments), kept | renamed


@cache
def _known(cls: type) -> frozenset[str]:
    return frozenset(arguments_of(cls))


def _own_class(cls: type) -> type:
    """The nearest class that is not a user's own."""
    return next(base for base in cls.__mro__ if base.__module__.startswith("striate."))


def updated(class_name: str, config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A layer's class and configuration with today's names; what has them already stays as it is.

    Raises:
        StriateError: a mode that no layer has any more.
    """
    config = dict(config)
    mode = config.pop("mode", None)
    if class_name == "Merge":
        if mode not in _MERGES:
            raise StriateError(f"Merge: mode={mode!r}; there are layers for {', '.join(_MERGES)}")
        class_name = _MERGES[mode]
        config = {key: value for key, value in config.items() if key != "concat_axis" or mode == "concat"}
        config = {key: value for key, value in config.items() if key != "dot_axes" or mode == "dot"}
        config.pop("layers", None)
    elif class_name.startswith("BatchNormalization") and mode not in (None, 0):
        raise StriateError(f"{class_name}: mode={mode}; only mode 0 (each channel by itself) exists today")
    elif mode is not None and not class_name.startswith("BatchNormalization"):
        config["mode"] = mode
    for sizes in _SIZES:
        if all(size in config for size in sizes):
            config["kernel_size"] = [config.pop(size) for size in sizes]
    names = _ARGUMENTS | _BY_CLASS.get(class_name, {})
    if class_name == "LeakyReLU" and "negative_slope" in config:
        names.pop("alpha")
    made = {
        names.get(key, key): _value(names.get(key, key), value)
        for key, value in config.items()
        if key not in _WITHOUT_MEANING or (class_name == "Embedding" and key == "input_dim")
    }
    return _CLASSES.get(class_name, class_name), made


def _value(argument: str, value: Any) -> Any:
    """A regularizer or constraint in Keras 1 is {"name": ..., numbers}; orderings and initializers had other names."""
    if argument == "data_format":
        return _VALUES.get(value, value)
    if argument.endswith("_initializer") and isinstance(value, str):
        return _INITIALIZERS.get(value, value)
    if argument.endswith("_regularizer") and isinstance(value, Mapping) and "class_name" not in value:
        return {"class_name": "L1L2", "config": {key: value.get(key, 0.0) for key in ("l1", "l2")}}
    if argument.endswith("_constraint") and isinstance(value, Mapping) and "class_name" not in value:
        numbers = {"max_value" if key == "m" else key: number for key, number in value.items() if key != "name"}
        return {"class_name": value.get("name"), "config": numbers}
    return value

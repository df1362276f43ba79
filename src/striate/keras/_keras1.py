"""Layers as Keras 1 spelled them: `Convolution2D(32, 3, 3)` has filters of 3x3; `Conv2D` reads a stride of 3."""

from __future__ import annotations

import warnings
from typing import Any

from striate import layers
from striate.layers.former import FORMER, together


class _Spelling(type(layers.Layer)):  # type: ignore[misc]
    """Metaclass of names under which today's layers are made: their objects are of today's class."""

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        made = together(cls.rank, arguments)
        if len(made) < len(arguments) and FORMER.isdisjoint(options):
            sizes = "x".join(map(str, made[1]))
            warnings.warn(
                f"{cls.__name__}{arguments} is read as in Keras 1: a kernel of {sizes}. For strides of "
                f"{arguments[2]} write {cls.today.__name__}({arguments[0]}, {arguments[1]}, strides={arguments[2]})",
                stacklevel=2,
            )
        if "today" in vars(cls):
            return cls.today(*made, **options)
        return super().__call__(*made, **options)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.today) if "today" in vars(cls) else super().__instancecheck__(instance)


class Convolution2D(layers.Conv2D, metaclass=_Spelling):
    """`Conv2D(filters, (rows, columns))`, also written `Convolution2D(filters, rows, columns)`."""

    today = layers.Conv2D


class AtrousConvolution2D(layers.Conv2D, metaclass=_Spelling):
    """`Conv2D` with `atrous_rate`, today's `dilation_rate`."""

    today = layers.Conv2D


class Convolution3D(layers.Conv3D, metaclass=_Spelling):
    """`Conv3D(filters, (depth, rows, columns))`, also written `Convolution3D(filters, depth, rows, columns)`."""

    today = layers.Conv3D


class SeparableConvolution2D(layers.SeparableConv2D, metaclass=_Spelling):
    """`SeparableConv2D(filters, (rows, columns))`, also with rows and columns one after the other."""

    today = layers.SeparableConv2D


def ThresholdedReLU(theta: float = 1.0, **options: Any) -> layers.ReLU:
    """`ReLU(threshold=theta)`: x from theta on, else 0."""
    return layers.ReLU(threshold=theta, **options)

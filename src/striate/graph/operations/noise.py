"""Numbers that training makes random: dropout and noise. In inference all of them do nothing.

Random numbers are Philox, keyed by the seed, `stream`, the step, the image's place in the batch and the element: they
depend neither on threads nor on how a batch is divided.
"""

from __future__ import annotations

from dataclasses import dataclass

from striate.errors import ShapeError
from striate.graph.operations.base import Operation
from striate.graph.operations.movement import Reshape
from striate.graph.shapes import Shape


@dataclass(frozen=True)
class OnlyInTraining(Operation):
    """What does nothing in inference."""

    def in_inference(self, *inputs: Shape) -> Operation:
        return Reshape(self.output_shape(*inputs))


@dataclass(frozen=True)
class Masked(OnlyInTraining):
    """What dropout and alpha dropout share: a random mask, each of whose elements falls with probability `rate`.

    noise_shape: the mask's shape for one image; where it has a size of 1 the mask is the same along that axis. Empty
        for the image's own shape. shared_by_batch: one mask for all images of a batch.
    """

    rate: float
    stream: int = 0
    noise_shape: Shape = ()
    shared_by_batch: bool = False

    def output_shape(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        fits = len(self.noise_shape) == len(shape) and all(
            size in (1, n) for size, n in zip(self.noise_shape, shape, strict=True)
        )
        if self.noise_shape and not fits:
            raise ShapeError(
                f"noise_shape {self.noise_shape} (without the batch) does not fit an input of shape {shape}; "
                "each size must be 1 or the input's"
            )
        return shape


@dataclass(frozen=True)
class Dropout(Masked):
    """In training each element is zero with probability `rate`, else divided by 1 - rate (Srivastava et al. 2014)."""


@dataclass(frozen=True)
class AlphaDropout(Masked):
    """Dropout that keeps mean 0 and variance 1 (Klambauer et al. 2017).

    In training y = a x + b where the mask stays and a s + b where it falls, with s = -1.7581, the limit of selu,
    a = ((1 - rate) (1 + rate s^2))^-1/2 and b = -a s rate.
    """


@dataclass(frozen=True)
class GaussianNoise(OnlyInTraining):
    """In training y = x + stddev n, or x (1 + stddev n) if `multiplicative`, with normal numbers n of variance 1."""

    stddev: float
    stream: int = 0
    multiplicative: bool = False

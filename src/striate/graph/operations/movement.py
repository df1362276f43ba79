"""Numbers in other places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from striate.errors import ShapeError
from striate.graph.operations.base import Operation, check_spatial
from striate.graph.shapes import Padding, Shape, describe, element_count


@dataclass(frozen=True)
class Pad(Operation):
    """A border of one number before and after each spatial dimension; a negative size takes so much away instead."""

    padding: Padding
    value: float = 0.0

    def output_shape(self, *inputs: Shape) -> Shape:
        check_spatial(len(self.padding), inputs[0])
        sizes = tuple(n + before + after for n, (before, after) in zip(inputs[0], self.padding, strict=False))
        if min(sizes) < 1:
            image = describe(inputs[0][:-1])
            raise ShapeError(f"cannot take {self._taken()} away from a {image} input: nothing would be left")
        return (*sizes, inputs[0][-1])

    def _taken(self) -> str:
        return describe([max(-before - after, 0) for before, after in self.padding])


@dataclass(frozen=True)
class Permute(Operation):
    """The axes in another order: axis i of y is axis order[i] of x. Axes are counted from 0, without the batch."""

    order: tuple[int, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        if sorted(self.order) != list(range(len(inputs[0]))):
            raise ShapeError(f"cannot put the axes of an input of shape {inputs[0]} in the order {self.order}")
        return tuple(inputs[0][axis] for axis in self.order)

    def undoes(self, other: Operation) -> bool:
        """Whether this brings back what another permutation started from."""
        if not isinstance(other, Permute) or len(other.order) != len(self.order):
            return False
        return all(other.order[axis] == i for i, axis in enumerate(self.order))


ResizeMethod = Literal["nearest", "linear", "cubic", "lanczos3", "lanczos5"]


@dataclass(frozen=True)
class Resize(Operation):
    """Images of other sizes. Along a dimension of n inputs, output i of m lies at the input's place (i + 1/2) n / m.

    nearest: y[i] = x[floor((i + 1/2) n / m)]. The others are means of the inputs around that place, weighted by a
    function of the distance d of their centres; what lies beyond the border does not count.
    linear: 1 - |d| up to 1; in two dimensions also called bilinear.
    cubic: piecewise, up to 2, with slope -1/2 at 1 (Keys 1981).
    lanczos3, lanczos5: sinc(d) sinc(d / r) up to r = 3, 5 (Duchon 1979).
    antialias: where there are fewer outputs than inputs, d is taken times m / n, so that every input counts.
    """

    sizes: Shape
    method: ResizeMethod = "nearest"
    antialias: bool = False

    def output_shape(self, *inputs: Shape) -> Shape:
        check_spatial(len(self.sizes), inputs[0])
        return (*self.sizes, inputs[0][-1])


@dataclass(frozen=True)
class Reshape(Operation):
    """The same elements, in row order, in another shape."""

    shape: Shape

    def output_shape(self, *inputs: Shape) -> Shape:
        if element_count(self.shape) != element_count(inputs[0]):
            raise ShapeError(
                f"cannot reshape {inputs[0]} ({element_count(inputs[0])} elements) "
                f"to {self.shape} ({element_count(self.shape)} elements)"
            )
        return self.shape


LARGEST_SELECTION = 1 << 22  # channels, which are listed one by one


@dataclass(frozen=True)
class Select(Operation):
    """Chosen channels in a chosen order, each as often as wanted: y[p, i] = x[p, channels[i]]."""

    channels: tuple[int, ...]

    @classmethod
    def among(cls, name: str, channels: range, times: int = 1) -> Select:
        """The channels of a range, the whole range so many times; `name` is what the error begins with.

        Raises:
            ShapeError: more than can be listed, as only a mistake or a hostile file asks for.
        """
        count = len(channels) * times
        if count > LARGEST_SELECTION:
            raise ShapeError(f"{name}: cannot choose {count} numbers; at most {LARGEST_SELECTION:,} can be listed")
        return cls(tuple(channels) * times)

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = inputs[0]
        if not self.channels or not 0 <= min(self.channels) <= max(self.channels) < (shape or (0,))[-1]:
            raise ShapeError(f"cannot select the channels {self.channels} of an input of shape {shape}")
        return (*shape[:-1], len(self.channels))

"""A layer that brings data to mean 0 and variance 1 once for all: Normalization."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate import initializers
from striate.arrays import AnyArray, check_finite, numeric_array
from striate.errors import DataError, ShapeError, StriateError
from striate.graph import Parameter, Shape, operations
from striate.layers import arguments
from striate.layers.base import Layer, Step
from striate.layers.shapes import OpenShape

Exact = NDArray[np.float64]
PIECE = 1 << 20  # numbers at a time in float64


class Normalization(Layer):
    """y = (x - mean) / max(sqrt(variance), 1e-7), with the mean and variance of a data set.

    They are given, or found by `adapt`; until then the output is the input. They are not trained.

    Args:
        axis: the axis or axes whose places have a mean and variance each; the batch is axis 0. -1: the channels.
            None: one for all.
        mean, variance: numbers, or arrays that broadcast to the sizes of those axes; both or none.
        invert: y = mean + max(sqrt(variance), 1e-7) x instead.
        **options: `name`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
    """

    mean: Parameter
    variance: Parameter
    _never_trainable = frozenset({"mean", "variance", "count"})

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: ArrayLike | None = None,
        variance: ArrayLike | None = None,
        invert: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        given = () if axis is None else axis if isinstance(axis, (list, tuple)) else (axis,)
        self.axis = tuple(arguments.axis(self.name, item) for item in given)
        self.invert = arguments.flag(self.name, "invert", invert)
        if (mean is None) != (variance is None):
            raise StriateError(f"{self.name}: got mean={mean!r} and variance={variance!r}, expected both or none")
        self.input_mean = None if mean is None else self._statistic("mean", mean)
        self.input_variance = None if variance is None else self._statistic("variance", variance)
        if self.input_variance is not None and (self.input_variance < 0).any():
            raise StriateError(f"{self.name}: got variance={variance!r}, expected numbers of at least 0")
        self.mean_initializer = self._start(self.input_mean, initializers.Zeros())
        self.variance_initializer = self._start(self.input_variance, initializers.Ones())
        self.count_initializer = initializers.Zeros()
        if self.input_mean is not None:
            self._fixed = frozenset({"mean", "variance", "count"})

    def _statistic(self, argument: str, value: ArrayLike) -> Exact:
        try:
            array = np.asarray(value, dtype=np.float64)
        except (ValueError, TypeError):
            raise StriateError(f"{self.name}: got {argument}={value!r}, expected a number or an array") from None
        if array.ndim > len(self.axis) or not np.isfinite(array).all():
            raise StriateError(
                f"{self.name}: got {argument} of shape {array.shape}, expected finite numbers for axis={self.axis}"
            )
        return array

    def _start(self, given: Exact | None, otherwise: initializers.Initializer) -> initializers.InitializerFunction:
        return otherwise if given is None else self._given("a mean and variance", given)

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        axes = arguments.image_axes(self.name, self.axis, shape)
        return [Step("standardize", operations.Standardize(axes, 1e-7, self.invert))]

    def _needed_shapes(self, shapes: Sequence[OpenShape]) -> dict[str, Shape]:
        """Mean and variance, and for Keras's files a count that stays 0."""
        return {**super()._needed_shapes(shapes), "count": ()}

    def adapt(self, data: Any) -> None:
        """Take the mean and the (biased) variance of a data set.

        Args:
            data: an array, examples first; or batches: a list or an iterable of arrays or of pairs of which the first
                is the array.

        Raises:
            StriateError: mean and variance were given to the layer.
            DataError, ShapeError: not numbers, not finite, or of a shape that does not fit. Nothing is changed then.
        """
        if self.input_mean is not None:
            raise StriateError(f"{self.name}: has been given its mean and variance; leave them out to adapt it to data")
        count, mean, squares = 0, np.zeros(()), np.zeros(())
        shape: Shape = ()
        for batch in _batches(data, self.name):
            shape = self._fitting(batch.shape[1:], shape if count else None)
            over = tuple(d for d in range(batch.ndim) if d - 1 not in arguments.image_axes(self.name, self.axis, shape))
            for piece in _pieces(batch):
                n = piece.size // max(np.prod([piece.shape[d] for d in range(piece.ndim) if d not in over]), 1)
                own = piece.mean(over, dtype=np.float64)
                delta = own - mean  # the parallel formula of Chan, Golub and LeVeque
                squares = squares + piece.var(over, dtype=np.float64) * n + delta**2 * (count * n / (count + n))
                mean = mean + delta * (n / (count + n))
                count += int(n)
        if not count:
            raise DataError(f"{self.name}: adapt got no data, expected at least one example")
        self.build((None, *shape))
        self.mean.assign(mean)
        self.variance.assign(squares / count)

    def _fitting(self, shape: Shape, first: Shape | None) -> Shape:
        """The shape of a batch's images, if it has the sizes of the first batch's along the axes."""
        axes = arguments.image_axes(self.name, self.axis, shape)
        before = first if first is not None else self._built_shapes[0] if self._built_shapes else shape
        if len(before) != len(shape) or any(before[axis] != shape[axis] for axis in axes):
            raise ShapeError(f"{self.name}: adapt got images of shape {shape}, expected {tuple(before)} as before")
        return shape

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, in the form in which Keras writes it."""
        given = {"mean": self.input_mean, "variance": self.input_variance}
        lists = {key: None if value is None else value.tolist() for key, value in given.items()}
        return Layer.get_config(self) | {"axis": self.axis, "invert": self.invert} | lists


def _batches(data: Any, name: str) -> Iterator[AnyArray]:
    """The arrays of a data set, checked; a list of lists of numbers is one array."""
    single = hasattr(data, "shape") or isinstance(data, (str, bytes)) or not isinstance(data, Iterable)
    if isinstance(data, (list, tuple)) and data:
        single = not isinstance(data[0], tuple) and not hasattr(data[0], "shape")
    for batch in [data] if single else data:
        array = numeric_array(batch[0] if isinstance(batch, tuple) else batch, name)
        if len(array):
            check_finite(array, name)
            yield array


def _pieces(batch: AnyArray) -> Iterator[NDArray[Any]]:
    """A batch in parts of about a million numbers."""
    step = max(PIECE * len(batch) // batch.size, 1)
    for start in range(0, len(batch), step):
        yield np.asarray(batch[start : start + step])

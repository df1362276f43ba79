"""The layers of the first convolutional networks: connection tables, trainable subsampling, radial basis functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from striate import constraints, initializers, regularizers
from striate.errors import ShapeError, StriateError
from striate.graph import Shape, operations
from striate.graph.shapes import resolve_padding
from striate.layers import arguments
from striate.layers.activation import ActivationLike, activation_steps, find_activation
from striate.layers.base import Layer, Step


class TableConv2D(Layer):
    """Convolution in which each output map sees only the input maps that a table gives it (LeCun et al. 1989, 1998).

    y[p, m] = activation(bias_m + sum over c in connections[m], taps t: x[p + t, c] k_m[t, c])

    Maps with equally many connections n share one kernel of shape (*kernel_size, n, maps), kept as `kernel_n` with
    `bias_n`: a selection of channels and a convolution in as many groups as there are maps. There are
    sum over m of (n_m * taps + 1) parameters.

    Args:
        connections: for each output map the channels that it sees, such as ((0, 1, 2), (1, 2, 3)).
        kernel_size: size of the window: one number, or two.
        padding: "valid" (none) or "same" (zeros).
        activation: a name, a function of `striate.activations`, or an activation layer.
        kernel_initializer, bias_initializer: how they start.
        kernel_regularizer, bias_regularizer: penalties on them.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an empty table, a map without connections, or one that names a channel twice.
    """

    _module, _registered = "striate.layers", "TableConv2D"
    _arguments = (
        "connections", "kernel_size", "padding", "activation", "kernel_initializer", "bias_initializer",
        "kernel_regularizer", "bias_regularizer", "activity_regularizer",
    )  # fmt: skip

    def __init__(
        self,
        connections: Sequence[Sequence[int]],
        kernel_size: int | Sequence[int],
        padding: str = "valid",
        activation: ActivationLike = None,
        kernel_initializer: initializers.InitializerLike = "glorot_uniform",
        bias_initializer: initializers.InitializerLike = "zeros",
        kernel_regularizer: regularizers.RegularizerLike = None,
        bias_regularizer: regularizers.RegularizerLike = None,
        activity_regularizer: regularizers.RegularizerLike = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.connections = _table(self.name, connections)
        self.kernel_size = arguments.sizes(self.name, "kernel_size", kernel_size, 2)
        self.padding = arguments.padding_mode(self.name, padding)
        self.activation = find_activation(self.name, activation)
        self._parameter("kernel", kernel_initializer, initializers.GlorotUniform, kernel_regularizer)
        self._parameter("bias", bias_initializer, initializers.Zeros, bias_regularizer)
        stems = {f"{key}_{count}": key for count in self._groups() for key in ("kernel", "bias")}
        self._stems = stems  # type: ignore[misc] # the class's in other layers; here it depends on the table

    def _groups(self) -> dict[int, list[int]]:
        """By number of connections, the maps that have as many."""
        groups: dict[int, list[int]] = {}
        for index, channels in enumerate(self.connections):
            groups.setdefault(len(channels), []).append(index)
        return groups

    def steps(self, shape: Shape) -> list[Step]:
        """For each number of connections a selection and a grouped convolution, side by side; then the activation."""
        arguments.check_rank(self.name, shape, 2)
        highest = max(max(channels) for channels in self.connections)
        if highest >= shape[-1]:
            raise ShapeError(f"{self.name}: connections name channel {highest}, but the input has {shape[-1]} channels")
        groups = self._groups()
        steps: list[Step] = []
        parts: list[int] = []
        for count, maps in groups.items():
            chosen = tuple(channel for index in maps for channel in self.connections[index])
            own = {key: f"{key}_{count}" for key in ("kernel", "bias")}
            steps.append(Step(f"select_{count}", operations.Select(chosen), takes=(0,)))
            steps.append(Step(f"conv_{count}", self._conv(shape, len(maps)), own))
            parts.append(len(steps))
        order = [index for maps in groups.values() for index in maps]
        in_order = order == sorted(order)
        steps.append(Step("maps" if in_order else "concat", operations.Concat(), takes=tuple(parts)))
        if not in_order:
            steps.append(Step("maps", operations.Select(tuple(order.index(index) for index in range(len(order))))))
        return [*steps, *activation_steps(self.activation, (*shape[:-1], len(self.connections)))]

    def _conv(self, shape: Shape, maps: int) -> operations.Conv:
        ones = (1, 1)
        padding = resolve_padding(self.padding, shape[:-1], self.kernel_size, ones, ones)
        return operations.Conv(self.kernel_size, ones, padding, ones, maps, maps)


class Subsampling2D(Layer):
    """y[p, c] = activation(w_c * sum over the window of x[., c] + b_c): a weight and a bias for each map (LeCun 1989).

    The weights are kept as `kernel`, of shape (1, 1, 1, channels), and start at 1 / (elements of the window), so that
    the layer starts as mean pooling. There are 2 * channels parameters.

    Args:
        pool_size: size of the window, which also is how far it moves: one number, or two.
        activation: a name, a function of `striate.activations`, or an activation layer.
        kernel_initializer, bias_initializer: how they start.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties on them and on the output.
        **options: `name`, `trainable`, `input_shape`.
    """

    _module, _registered = "striate.layers", "Subsampling2D"
    _arguments = (
        "pool_size", "activation", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
        "activity_regularizer",
    )  # fmt: skip

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        activation: ActivationLike = None,
        kernel_initializer: initializers.InitializerLike = None,
        bias_initializer: initializers.InitializerLike = "zeros",
        kernel_regularizer: regularizers.RegularizerLike = None,
        bias_regularizer: regularizers.RegularizerLike = None,
        activity_regularizer: regularizers.RegularizerLike = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.pool_size = arguments.sizes(self.name, "pool_size", pool_size, 2)
        self.activation = find_activation(self.name, activation)
        start = kernel_initializer or initializers.Constant(1 / self._area())
        self._parameter("kernel", start, initializers.Ones, kernel_regularizer)
        self._parameter("bias", bias_initializer, initializers.Zeros, bias_regularizer)

    def _area(self) -> int:
        return self.pool_size[0] * self.pool_size[1]

    def steps(self, shape: Shape) -> list[Step]:
        """Mean, times the number of elements, a 1x1 convolution of each map by itself, and the activation."""
        arguments.check_rank(self.name, shape, 2)
        channels, ones, none = shape[-1], (1, 1), ((0, 0), (0, 0))
        pool = operations.Pool(self.pool_size, self.pool_size, none, ones, "average")
        weigh = operations.Conv(ones, ones, none, ones, channels, channels)
        return [
            Step("pool", pool), Step("sum", operations.Affine(float(self._area()))), Step("weigh", weigh),
            *activation_steps(self.activation, shape),
        ]  # fmt: skip


class RBF(Layer):
    """y_j = activation(-sum over i of (x_i - centers_ij)^2): units that answer to what is near their centre.

    Minus the squared distance, so that the nearest centre has the largest output. With softmax the outputs are the
    probabilities of classes that are normally distributed around the centres, with variance 1/2 (LeCun et al. 1998).
    There are inputs * units parameters; `trainable=False` keeps the centres as they start.

    Args:
        units: how many.
        activation: a name, a function of `striate.activations`, or an activation layer.
        centers_initializer: how the centres, of shape (inputs, units), start.
        centers_regularizer, activity_regularizer: penalties on them and on the output.
        centers_constraint: what every training step brings them back to (striate.constraints).
        **options: `name`, `trainable`, `input_shape`.
    """

    _module, _registered = "striate.layers", "RBF"
    _arguments = (
        "units", "activation", "centers_initializer", "centers_regularizer", "activity_regularizer",
        "centers_constraint",
    )  # fmt: skip

    def __init__(
        self,
        units: int,
        activation: ActivationLike = None,
        centers_initializer: initializers.InitializerLike = "random_uniform",
        centers_regularizer: regularizers.RegularizerLike = None,
        activity_regularizer: regularizers.RegularizerLike = None,
        centers_constraint: constraints.ConstraintLike = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.units = arguments.whole(self.name, "units", units)
        self.activation = find_activation(self.name, activation)
        self._parameter(
            "centers", centers_initializer, initializers.RandomUniform, centers_regularizer, centers_constraint
        )

    def steps(self, shape: Shape) -> list[Step]:
        """The input once for each unit, minus it plus the centres, the square, its sum with a minus, the activation."""
        if len(shape) != 1:
            raise ShapeError(f"{self.name}: expected one row of numbers, got shape {shape}; use Flatten first")
        whole = operations.Pool(shape, (1,), ((0, 0),), (1,), "average")
        repeat = operations.Select.among(self.name, range(1), self.units)
        return [
            Step("row", operations.Reshape((*shape, 1))), Step("repeat", repeat),
            Step("minus", operations.Affine(-1.0)),
            Step("difference", operations.Scale((0, 1), scale=False), {"beta": "centers"}),
            Step("square", operations.Combine("multiply"), takes=(-1, -1)),
            Step("mean", whole), Step("sum", operations.Affine(-float(shape[0]))),
            Step("units", operations.Reshape((self.units,))),
            *activation_steps(self.activation, (self.units,)),
        ]  # fmt: skip


def _table(layer: str, connections: object) -> tuple[tuple[int, ...], ...]:
    """The connection table as tuples of channels."""
    wrong = f"{layer}: got connections={connections!r}, expected for each output map the channels it sees, such as "
    if not isinstance(connections, Sequence) or isinstance(connections, str) or not connections:
        raise StriateError(f"{wrong}((0, 1, 2), (1, 2, 3))")
    table = []
    for channels in connections:
        if not isinstance(channels, Sequence) or isinstance(channels, str) or not channels:
            raise StriateError(f"{wrong}((0, 1, 2), (1, 2, 3))")
        table.append(arguments.sizes(layer, "connections", channels, len(channels), minimum=0))
        if len(set(table[-1])) < len(channels):
            raise StriateError(f"{layer}: got connections={connections!r}, in which a map names a channel twice")
    return tuple(table)

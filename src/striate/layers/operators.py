"""What operators on symbolic tensors make: `a + b`, `2 * a`, `a[..., 0]` are layers, as everything in a network is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from striate.errors import ShapeError, StriateError, UnavailableError
from striate.graph import Parameter, Shape, operations
from striate.layers import together
from striate.layers.activation import Activation
from striate.layers.arguments import MOST_AXES
from striate.layers.base import Layer, Step
from striate.layers.elementwise import Log, Max, Mean, Min, OverAxes, Reciprocal, Sqrt, Sum
from striate.layers.merging import Add, Concatenate, Maximum, Multiply, Subtract
from striate.layers.naming import automatic_name
from striate.layers.normalization import Rescaling
from striate.layers.symbolic import SymbolicTensor
from striate.tensors import State
from striate.warning import warn

Operator = Literal["Add", "Subtract", "Multiply", "TrueDivide"]
LARGEST_POWER = 16
MOST_CHANNELS = 64  # of which each may have a number of its own


def combined(operator: Operator, a: Any, b: Any) -> Any:
    """a + b, a - b, a b or a / b, of two symbolic tensors or of one and a number."""
    layer = {"Add": Add, "Subtract": Subtract, "Multiply": Multiply}.get(operator)
    if isinstance(a, SymbolicTensor) and isinstance(b, SymbolicTensor):
        if layer is None:
            return Multiply(name=automatic_name("Divide"))([a, Reciprocal()(b)])
        return layer()([a, b])
    tensor, other = (a, b) if isinstance(a, SymbolicTensor) else (b, a)
    if operator == "Add" and isinstance(other, Parameter):
        from striate.layers.products import with_bias

        return with_bias(tensor, other)
    each = _of_each_channel(tensor, other)
    if each is not None:
        parts = [tensor[..., channel : channel + 1] for channel in range(len(each))]
        pairs = zip(parts, each, strict=True)
        return Concatenate()([combined(operator, *((part, n) if tensor is a else (n, part))) for part, n in pairs])
    number = _number(tensor, other)
    if operator == "TrueDivide" and tensor is b:
        return combined("Multiply", number, Reciprocal()(b))
    if operator == "TrueDivide" and number == 0:
        raise StriateError(f"{tensor}: got {a!r} / {b!r}, expected a tensor divided by a number other than 0")
    scale, offset = scaling(operator, number, tensor is b)
    return Rescaling(scale, offset, name=automatic_name(operator))(tensor)


def _of_each_channel(tensor: SymbolicTensor, value: Any) -> list[float] | None:
    """Up to MOST_CHANNELS finite numbers, one for each channel of a tensor; None where it is no such thing."""
    if isinstance(value, (int, float, Parameter)) or not tensor.image_shape:
        return None
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return None
    fits = 1 < numbers.size <= MOST_CHANNELS and numbers.shape[-1] == numbers.size == tensor.image_shape[-1]
    if not fits or not np.isfinite(numbers).all():
        return None
    _told_of_variable(tensor, value)
    return [float(number) for number in numbers.reshape(-1)]


def _told_of_variable(tensor: SymbolicTensor, value: Any) -> None:
    if isinstance(value, State):
        warn(f"{tensor}: takes the variable {value.name!r} as it is now; what it is set to later has no effect here")


def scaling(operator: str, number: float, reversed: bool) -> tuple[float, float]:
    """The scale and offset of `tensor operator number`, or the other way round."""
    if operator == "Add":
        return 1.0, number
    if operator == "Subtract":
        return (-1.0, number) if reversed else (1.0, -number)
    return (number if operator == "Multiply" else 1.0 / number), 0.0


def negative(a: SymbolicTensor) -> Any:
    """-a."""
    return Rescaling(-1.0, name=automatic_name("Negative"))(a)


def absolute(a: SymbolicTensor) -> Any:
    """|a|, as max(a, -a)."""
    return Maximum(name=automatic_name("Absolute"))([a, negative(a)])


def power(a: SymbolicTensor, exponent: Any) -> Any:
    """a ** exponent; exponents that are not whole are for numbers above 0."""
    number = _number(a, exponent)
    if number < 0:
        return Reciprocal()(power(a, -number))
    if number == 0.5:
        return Sqrt()(a)
    if not number.is_integer() or number > LARGEST_POWER:
        return Activation("exponential")(number * Log()(a))
    if number == 0:
        raise StriateError(f"{a}: got the exponent 0, which makes 1 of every number; leave it out")
    return a if number == 1 else Multiply(name=automatic_name("Power"))([a] * int(number))


def reduced(kind: str, a: SymbolicTensor, axis: Any, keepdims: bool) -> Any:
    """The "sum", "mean", "max", "min", "std" or "variance" over axes of each image."""
    layers: dict[str, type[OverAxes]] = {"sum": Sum, "mean": Mean, "max": Max, "min": Min}
    whole = together.reduced(kind, a, axis, keepdims)
    if whole is not None:
        return whole
    if axis is None:
        raise UnavailableError(
            "sums over a whole batch inside a network", f"{a}: got no axis, but each image stays by itself",
            f"give axes from 1 to {a.ndim - 1}, as in axis=-1; for gradients of a layer's output see model.gradient.",
        )  # fmt: skip
    given = [int(each) for each in np.reshape(axis, -1)]
    axes: Any = given[0] if len(given) == 1 else given
    if kind in layers:
        return layers[kind](axes, keepdims)(a)
    variance = Mean(axes, keepdims)(power(a - Mean(axes, True)(a), 2))
    return variance if kind == "variance" else Sqrt()(variance)


def product(a: SymbolicTensor, b: Any) -> Any:
    """a @ b, for a weight b of a layer of the user's own."""
    from striate.layers.products import product

    return product(a, b)


def _number(tensor: SymbolicTensor, value: Any) -> float:
    if isinstance(value, Parameter):
        raise UnavailableError(
            "weights of your own beside matmul(x, w) + b", f"{tensor}: got the weight {value.name} beside it",
            "layers that have such weights: Dense, Conv2D, DepthwiseConv2D, BatchNormalization, PReLU, Embedding.",
        )  # fmt: skip
    _told_of_variable(tensor, value)
    single = isinstance(value, (int, float, np.number)) or (isinstance(value, np.ndarray) and value.ndim == 0)
    if not single or isinstance(value, bool) or not np.isfinite(value):
        raise StriateError(
            f"{tensor}: got {type(value).__name__} {str(value)[:40]!r} beside it, expected a symbolic tensor or a "
            "finite number; for constants of several numbers use a layer with weights, such as Normalization"
        )
    return float(value)


class GetItem(Layer):
    """The part of each image that `tensor[key]` names, as NumPy would take it from an array with the batch in front.

    Args:
        key: whole numbers, slices, None (a new axis of one) and ... for the axes; the batch must be taken whole (`:`).
        **options: `name`, `trainable`.

    Raises:
        StriateError: a key of another kind, or one that leaves out images.
        ShapeError: a key that does not fit the images.
    """

    _arguments = ("key",)
    _of_calls = ("key",)
    _module, _registered = "keras.src.ops.numpy", "GetItem"

    def __init__(self, key: Any, **options: Any) -> None:
        super().__init__(**options)
        self._key = _parsed(self.name, key)

    @property
    def key(self) -> list[Any]:
        """The key as Keras writes it."""
        return [_written(part) for part in self._key]

    def get_config(self) -> dict[str, Any]:
        """The name, as Keras writes it, and the key, which stands with the call there."""
        return {"name": self.name, "key": self.key}

    def steps(self, shape: Shape) -> list[Step]:
        """The chosen places of one axis after the other, each brought to the end and back; then the new shape."""
        steps: list[Step] = []
        result: list[int] = []
        axis = 0
        for part in self._expanded(shape):
            if part is None:
                result.append(1)
                continue
            places = self._places(part, axis, shape)
            if places != range(shape[axis]):
                steps += _select(self.name, places, axis, len(shape))
            result += [] if isinstance(part, int) else [len(places)]
            axis += 1
        return [*steps, Step("shape", operations.Reshape(tuple(result)))]

    def _expanded(self, shape: Shape) -> list[Any]:
        """The key for an image, with a part for each of its axes."""
        parts = list(self._key if self._key[0] is Ellipsis else self._key[1:])
        missing = len(shape) - sum(part is not None and part is not Ellipsis for part in parts)
        if missing < 0:
            raise ShapeError(f"{self.name}: the key {self._key} has more axes than images of shape {shape}")
        at = parts.index(Ellipsis) if Ellipsis in parts else len(parts)
        return parts[:at] + [slice(None)] * missing + parts[at + 1 :]

    def _places(self, part: Any, axis: int, shape: Shape) -> range:
        size = shape[axis]
        if isinstance(part, int):
            if not -size <= part < size:
                raise ShapeError(f"{self.name}: the key has {part} for axis {axis + 1}, which has {size} places")
            return range(part % size, part % size + 1)
        places: range = range(size)[part]
        if not places:
            raise ShapeError(f"{self.name}: the key leaves nothing of axis {axis + 1}, which has {size} places")
        return places


def _select(layer: str, places: range, axis: int, rank: int) -> list[Step]:
    chosen = Step(f"select_{axis}", operations.Select.among(layer, places))
    if axis == rank - 1:
        return [chosen]
    there = (*range(axis), *range(axis + 1, rank), axis)
    back = (*range(axis), rank - 1, *range(axis, rank - 1))
    moves = [Step(f"{name}_{axis}", operations.Permute(order)) for name, order in (("to", there), ("from", back))]
    return [moves[0], chosen, moves[1]]


def _parsed(layer: str, key: Any) -> tuple[Any, ...]:
    parts = tuple(_read(layer, part) for part in (key if isinstance(key, (tuple, list)) else (key,)))
    if len(parts) > MOST_AXES + 1:
        raise StriateError(f"{layer}: got a key of {len(parts)} parts, expected at most {MOST_AXES + 1}")
    if not parts or parts.count(Ellipsis) > 1 or parts[0] not in (slice(None), Ellipsis):
        raise StriateError(f'{layer}: got the key {key!r}; the first part is for the batch and must be ":" or "..."')
    return parts


def _read(layer: str, part: Any) -> Any:
    """A part of a key, from Python or as Keras writes it."""
    if isinstance(part, Mapping):
        config = part.get("config")
        if part.get("class_name") == "__ellipsis__":
            return Ellipsis
        if part.get("class_name") == "__slice__" and isinstance(config, Mapping):
            part = slice(config.get("start"), config.get("stop"), config.get("step"))
    whole = isinstance(part, (int, np.integer)) and not isinstance(part, bool)
    if isinstance(part, slice):
        ends = (part.start, part.stop, part.step)
        if part.step != 0 and all(end is None or isinstance(end, (int, np.integer)) for end in ends):
            return part
    elif whole or part is None or part is Ellipsis:
        return int(part) if whole else part
    raise StriateError(f"{layer}: got {part!r} in the key, expected whole numbers, slices, None and ...")


def _written(part: Any) -> Any:
    """A part of a key as Keras writes it."""
    if isinstance(part, slice):
        return {"class_name": "__slice__", "config": {"start": part.start, "stop": part.stop, "step": part.step}}
    return {"class_name": "__ellipsis__", "config": {}} if part is Ellipsis else part

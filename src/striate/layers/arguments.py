"""Checks of the arguments that layers share. Each error names the layer, the argument, what came and what to do."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from types import FunctionType
from typing import Any

import numpy as np

from striate import checks, constraints, initializers, random, regularizers
from striate.checks import as_whole
from striate.errors import ShapeError, StriateError, UnavailableError
from striate.graph import Shape
from striate.layers.former import accepting
from striate.settings import image_data_format

MOST_AXES = 31  # arrays of NumPy 1 have 32, one of which is the batch


def whole(layer: str, argument: str, value: object, minimum: int = 1) -> int:
    """A whole number of at least `minimum`."""
    return checks.whole(layer, value, minimum, argument)


def sizes(layer: str, argument: str, value: object, rank: int, minimum: int = 1) -> tuple[int, ...]:
    """One whole number for each of `rank` dimensions; a single number stands for all."""
    numbers = (value,) * rank if as_whole(value) is not None else value
    if isinstance(numbers, (Sequence, np.ndarray)) and not isinstance(numbers, str) and len(numbers) == rank:
        found = tuple(as_whole(number) for number in numbers)
        if all(number is not None and number >= minimum for number in found):
            return tuple(number for number in found if number is not None)
    many = "" if rank == 1 else f" or {rank} of them"
    raise StriateError(f"{layer}: got {argument}={value!r}, expected a whole number{many}, each at least {minimum}")


def number(layer: str, argument: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number from `low` to `high`, both included."""
    scalar = isinstance(value, (int, float, np.number)) or (isinstance(value, np.ndarray) and value.ndim == 0)
    if not scalar or isinstance(value, bool) or not (math.isfinite(value) and low <= value <= high):
        bounds = [f"at least {low:g}"] * (low > -math.inf) + [f"at most {high:g}"] * (high < math.inf)
        expected = f"a finite number {' and '.join(bounds)}".rstrip()
        raise StriateError(f"{layer}: got {argument}={value!r}, expected {expected}")
    return float(value)


def numbers(layer: str, argument: str, value: Any) -> float | list[float]:
    """A finite number, or a list of them; also an array, as Keras writes it into a configuration."""
    if isinstance(value, dict) and value.get("class_name") == "__numpy__":
        value = value["config"]["value"]
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return number(layer, argument, value)
    if not value:
        raise StriateError(f"{layer}: got {argument}={value!r}, expected a number, or one for each channel")
    return [number(layer, argument, item) for item in value]


def flag(layer: str, argument: str, value: object) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise StriateError(f"{layer}: got {argument}={value!r}, expected True or False")
    return bool(value)


def stream(layer: str, seed: object) -> tuple[int | None, int]:
    """A layer's seed as given, and what keys its random numbers: the seed, or the next of the global sequence."""
    if seed is None:
        return None, random.next_seed() & 0xFFFFFFFF
    given = whole(layer, "seed", seed, 0)
    return given, given & 0xFFFFFFFF


def spell_out(cls: type, names: Sequence[str]) -> None:
    """Give a class of several dimensions the constructor it inherits with Keras's defaults: (1, 1) where 1 would do."""
    function: Any = inspect.unwrap(cls.__init__)  # type: ignore[misc]
    rank: int = cls.rank  # type: ignore[attr-defined]
    code = function.__code__
    optional = code.co_varnames[code.co_argcount - len(function.__defaults__) : code.co_argcount]
    defaults = tuple(
        (value,) * rank if name in names else value
        for name, value in zip(optional, function.__defaults__, strict=True)
    )
    copy = FunctionType(code, function.__globals__, function.__name__, defaults, function.__closure__)
    copy.__annotations__, copy.__kwdefaults__ = function.__annotations__, function.__kwdefaults__
    copy.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = accepting(copy)  # type: ignore[misc]


def padding_mode(layer: str, value: object, allowed: tuple[str, ...] = ("valid", "same")) -> str:
    """"valid" or "same", in any case."""
    if not isinstance(value, str) or value.lower() not in allowed:
        full = isinstance(value, str) and value.lower() == "full"
        hint = "; for full padding put a ZeroPadding layer with padding=kernel_size - 1 before it" if full else ""
        raise StriateError(f"{layer}: got padding={value!r}, expected {' or '.join(map(repr, allowed))}{hint}")
    return value.lower()


def data_format(layer: str, value: object) -> str:
    """Where the channels of the layer's images are: "channels_last" or "channels_first"."""
    if value not in (None, "channels_last", "channels_first"):
        raise StriateError(f'{layer}: got data_format={value!r}; expected "channels_last" or "channels_first"')
    return image_data_format() if value is None else str(value)


def axis(layer: str, value: object) -> int:
    """The number of an axis of a batch: not 0, the batch itself."""
    found = as_whole(value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value)
    if found is None or found == 0:
        raise StriateError(f"{layer}: got axis={value!r}, expected the number of an axis; 0 is the batch, -1 the last")
    return found


def axes(layer: str, value: object) -> int | list[int]:
    """The number of an axis of a batch, or a list of several."""
    if not isinstance(value, (list, tuple)):
        return axis(layer, value)
    if not value:
        raise StriateError(f"{layer}: got axis={value!r}, expected the number of an axis, or of several")
    return [axis(layer, item) for item in value]


def image_axes(layer: str, value: int | Sequence[int], shape: Shape) -> tuple[int, ...]:
    """Axes of a batch as axes of an image of some shape: from 0 without the batch, ascending."""
    found = set()
    for item in [value] if isinstance(value, int) else value:
        place = item - 1 if item > 0 else item + len(shape)
        if not 0 <= place < len(shape):
            raise ShapeError(
                f"{layer}: got axis={value} for images of shape {shape}, expected numbers from 1 to {len(shape)} "
                "(0 is the batch) or from -1 down (-1 is the last)"
            )
        found.add(place)
    return tuple(sorted(found))


def nothing(layer: str, argument: str, value: object, instead: str) -> None:
    """An argument of Keras's that must stay unused."""
    if value not in (None, False):
        raise StriateError(f"{layer}: got {argument}={value!r}, which Striate does not have; {instead}")


def float32(layer: str, value: object) -> str:
    """A dtype or a serialized dtype policy that means float32."""
    found = value
    if isinstance(value, dict):
        found = value.get("config", {}).get("name")
    elif hasattr(value, "name"):  # a dtype or policy object
        found = value.name
    elif isinstance(value, type):
        found = value.__name__
    if found not in (None, "float32"):
        raise StriateError(f'{layer}: got dtype={found!r}, but layers compute in "float32"; leave the argument out')
    return "float32"


def open_shape(layer: str, argument: str, value: object) -> tuple[int | None, ...]:
    """The shape of one image, without the batch: whole numbers of at least 1, None where any size will do."""
    values = (value,) if as_whole(value) is not None else value
    if not isinstance(values, (Sequence, np.ndarray)) or isinstance(values, str):
        raise StriateError(f"{layer}: got {argument}={value!r}, expected a tuple such as (28, 28, 1)")
    if len(values) > MOST_AXES:
        raise StriateError(f"{layer}: got {argument} of {len(values)} sizes, expected at most {MOST_AXES}")
    shape = tuple(None if size is None else as_whole(size) for size in values)
    if any(size is not None and (as_whole(size) or 0) < 1 for size in values):
        raise StriateError(f"{layer}: got {argument}={tuple(values)}, expected whole numbers of at least 1")
    return shape


def image_shape(layer: str, argument: str, value: object) -> tuple[int, ...]:
    """The shape of one image, without the batch: whole numbers of at least 1."""
    shape = open_shape(layer, argument, value)
    if None in shape:
        raise StriateError(
            f"{layer}: got {argument}={shape}, but every size must be known; give numbers, such as (28, 28, 1)"
        )
    return tuple(size for size in shape if size is not None)


def initializer(
    layer: str, argument: str, value: initializers.InitializerLike, default: type[initializers.Initializer]
) -> initializers.InitializerFunction:
    """An initializer; None stands for the default."""
    try:
        return initializers.get(value) or default()
    except StriateError as error:
        raise StriateError(f"{layer}: {argument}: {error}") from None


def constraint(layer: str, argument: str, value: constraints.ConstraintLike) -> constraints.Constraint | None:
    """What weights are kept to, or None."""
    try:
        return constraints.get(value)
    except UnavailableError:
        raise
    except StriateError as error:
        raise StriateError(f"{layer}: {argument}: {error}") from None


def regularizer(layer: str, argument: str, value: regularizers.RegularizerLike) -> regularizers.Regularizer | None:
    """A penalty, or None."""
    try:
        return regularizers.get(value)
    except UnavailableError:
        raise
    except StriateError as error:
        raise StriateError(f"{layer}: {argument}: {error}") from None


def check_rank(layer: str, shape: Shape, rank: int) -> None:
    """Images of `rank` spatial dimensions and channels."""
    if len(shape) == rank + 1:
        return
    hint = ""
    if len(shape) == rank:
        hint = "; if the images have one channel and no axis for it, add one: x[..., numpy.newaxis]"
    raise ShapeError(
        f"{layer}: expected {rank} spatial dimensions and channels (rank {rank + 1} without the batch), "
        f"got shape {shape} (rank {len(shape)}){hint}"
    )

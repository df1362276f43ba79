"""What a layer computes, step by step, and the shapes along the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from striate.errors import ShapeError
from striate.graph import Shape, operations


@dataclass(frozen=True)
class Step:
    """One operation of a layer. The last of a layer bears the layer's name, the others "name/suffix".

    parameters: what the layer calls the operation's parameters, where the names differ.
    takes: which values it is given: 0, 1, ... are the layer's inputs, the numbers after them the results of the steps
        in order; -1 is the result of the step before, -2 that of the one before it. None: the result of the step
        before; for the first step all inputs.
    """

    suffix: str
    operation: operations.Operation
    parameters: Mapping[str, str] = field(default_factory=dict)
    takes: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Placed:
    """A step among the others of its layer: the places of what it takes, their shapes, and the shape it makes."""

    step: Step
    places: tuple[int, ...]
    before: tuple[Shape, ...]
    after: Shape

    @property
    def names(self) -> dict[str, str]:
        """The layer's name of each of the operation's parameters."""
        known = self.step.parameters
        return {key: known.get(key, key) for key in self.step.operation.parameter_shapes(*self.before)}

    @property
    def needed(self) -> dict[str, Shape]:
        """Shapes of those parameters, by the layer's names."""
        known = self.step.parameters
        return {known.get(key, key): size for key, size in self.step.operation.parameter_shapes(*self.before).items()}


def placed(name: str, steps: Sequence[Step], shapes: Sequence[Shape]) -> list[Placed]:
    """The steps of a layer for inputs of some shapes.

    Raises:
        ShapeError: an operation that does not fit; the message starts with the layer's name.
    """
    known = list(shapes)
    found: list[Placed] = []
    for step in steps:
        places = step.takes
        if places is None:
            places = (len(known) - 1,) if found else tuple(range(len(known)))
        places = tuple(place % len(known) for place in places)
        before = tuple(known[place] for place in places)
        try:
            after = step.operation.output_shape(*before)
        except ShapeError as error:
            raise ShapeError(f"{name}: {error}") from None
        found.append(Placed(step, places, before, after))
        known.append(after)
    return found


def channels_to_the_end(axis: int, rank: int) -> tuple[int, ...]:
    """The order of axes in which one is the last."""
    return (*range(axis), *range(axis + 1, rank), axis)


def between_permutations(
    name: str, steps: Sequence[Step], shapes: Sequence[Shape], order: tuple[int, ...]
) -> list[Step]:
    """Steps for inputs whose axes are brought into an order first; the last axis of the result goes back to its place.

    A result of one axis (a flattened image) stays as it is.
    """
    count = len(shapes)
    permute = operations.Permute(order)
    moves = [Step(f"channels_last_{i}", permute, takes=(i,)) for i in range(count)]
    if count == 1:
        moves = [Step("channels_last", permute)]
    moved = [
        step if step.takes is None else replace(step, takes=tuple(p + count if p >= 0 else p for p in step.takes))
        for step in steps
    ]
    if count > 1 and moved[0].takes is None:
        moved[0] = replace(moved[0], takes=tuple(range(count, 2 * count)))
    rank, axis = len(placed(name, [*moves, *moved], shapes)[-1].after), order[-1]
    if rank < 2:
        return [*moves, *moved]
    back = operations.Permute((*range(axis), rank - 1, *range(axis, rank - 1)))
    return [*moves, *moved, Step("channels_first", back)]

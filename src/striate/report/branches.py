"""Where the volumes of a diagram stand: a row that parts into rows, one above the other, and comes together again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass
class Row(Generic[T]):
    """Things side by side, from the left."""

    parts: list[T | Fork[T]] = field(default_factory=list)


@dataclass
class Fork(Generic[T]):
    """Rows one above the other between two things. An empty row is a connection and nothing else."""

    rows: list[Row[T]]


@dataclass(frozen=True)
class Place:
    """The left edge and the axis of a thing."""

    x: float
    y: float


def arranged(start: T, following: Mapping[T, Sequence[T]], end: T) -> tuple[Row[T], list[Row[T]]]:
    """The row from one thing to another, and rows that branch off it and never come back.

    Args:
        start, end: the first and the last.
        following: what comes after each thing; without cycles.
    """
    useful = _leading_to(end, following)
    meeting = _meetings(start, following, end, useful)
    seen: set[T] = set()
    sides: list[Row[T]] = []

    def row(thing: T, stop: T | None) -> Row[T]:
        parts: list[T | Fork[T]] = []
        while thing != stop and thing not in seen:
            seen.add(thing)
            parts.append(thing)
            after = list(dict.fromkeys(following.get(thing, ())))
            onward = [other for other in after if other in useful]
            stray = [other for other in after if other not in useful] if thing in useful else []
            if thing not in useful:
                onward = after[:1]
                stray = after[1:]
            waiting.extend(stray)
            if not onward:
                break
            join = meeting[thing] if thing in useful else onward[0]
            if len(onward) > 1:
                parts.append(Fork([row(other, join) for other in onward]))
            thing = join
        return Row(parts)

    waiting: list[T] = []
    main = row(start, None)
    while waiting:
        side = row(waiting.pop(0), None)
        if side.parts:
            sides.append(side)
    return main, sides


def _leading_to(end: T, following: Mapping[T, Sequence[T]]) -> set[T]:
    before: dict[T, list[T]] = {}
    for thing, others in following.items():
        for other in others:
            before.setdefault(other, []).append(thing)
    useful, waiting = {end}, [end]
    while waiting:
        for thing in before.get(waiting.pop(), ()):
            if thing not in useful:
                useful.add(thing)
                waiting.append(thing)
    return useful


def _meetings(start: T, following: Mapping[T, Sequence[T]], end: T, useful: set[T]) -> dict[T, T]:
    """For each thing the first one after it that every way to the end passes (its immediate post-dominator)."""
    order = _in_order(start, following, useful)
    rank = {thing: place for place, thing in enumerate(order)}
    meeting: dict[T, T] = {}
    for thing in reversed(order):
        after = [other for other in following.get(thing, ()) if other in useful]
        while len(set(after)) > 1:  # move the one that is behind on to where its own ways meet
            after.sort(key=lambda other: rank[other])
            after[0] = meeting[after[0]]
        if after:
            meeting[thing] = after[0]
    return meeting


def _in_order(start: T, following: Mapping[T, Sequence[T]], useful: set[T]) -> list[T]:
    """All things that lead to the end, each before what follows it."""
    done: dict[T, None] = {}
    waiting = [(start, False)]
    while waiting:
        thing, followed = waiting.pop()
        if thing in done:
            continue
        if followed:
            done[thing] = None
            continue
        waiting.append((thing, True))
        waiting += [(other, False) for other in following.get(thing, ()) if other in useful and other not in done]
    return list(reversed(done))


class Layout(Generic[T]):
    """Places for the things of a row.

    Rows of a fork stand above each other, centred on the axis; beside a mere connection, which runs along the axis,
    they stand above it.

    Args:
        sizes: (width, height above the axis, height below it) of each thing.
        gap: between things side by side. lane: between rows one above the other.
    """

    def __init__(self, sizes: Mapping[T, tuple[float, float, float]], gap: float, lane: float) -> None:
        self.sizes, self.gap, self.lane = sizes, gap, lane
        self.places: dict[T, Place] = {}

    def extent(self, part: T | Row[T] | Fork[T]) -> tuple[float, float, float]:
        """Width, height above the axis and height below it."""
        if isinstance(part, Row):
            widths, above, below = zip(*(self.extent(inner) for inner in part.parts), strict=True)
            return sum(widths) + self.gap * (len(widths) - 1), max(above), max(below)
        if isinstance(part, Fork):
            extents = [self.extent(row) for row in part.rows if row.parts]
            width = max((width for width, _, _ in extents), default=0.0)
            height = sum(above + below for _, above, below in extents) + self.lane * max(len(extents) - 1, 0)
            if len(extents) < len(part.rows):
                return width, height + self.lane / 2, self.lane / 2
            return width, height / 2, height / 2
        return self.sizes[part]

    def place(self, part: T | Row[T] | Fork[T], x: float, y: float) -> None:
        """Give everything in a part its place; x is the part's left edge, y its axis."""
        if isinstance(part, Row):
            for inner in part.parts:
                self.place(inner, x, y)
                x += self.extent(inner)[0] + self.gap
        elif isinstance(part, Fork):
            y -= self.extent(part)[1]
            for row in filter(lambda row: row.parts, part.rows):
                _, above, below = self.extent(row)
                self.place(row, x, y + above)
                y += above + below + self.lane
        else:
            self.places[part] = Place(x, y)

"""Which names TensorFlow and Keras have that Striate lacks; a name that none of them has is a slip of the program's."""

from __future__ import annotations

from functools import cache
from importlib import resources

from striate.programs.absent import reason

OBJECTS = "objects"  # attributes of any object, in place of a module


def exists(name: str) -> bool:
    """Whether some TensorFlow or Keras has a name, in full such as keras.layers.LSTM or Sequential.export."""
    last = name.rpartition(".")[2]
    return said(name) is not None or any(last in _table().get(place, ()) for place in [*_places(name), OBJECTS])


def said(name: str) -> str | None:
    """What is said about a full name, in its module or in one above, as modules of former times are; None for none."""
    last = name.rpartition(".")[2]
    return next(filter(None, (reason(f"{place}.{last}") for place in _places(name))), None)


def _places(name: str) -> list[str]:
    """The module that a name is in, and those above."""
    parts = name.split(".")[:-1]
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


@cache
def _table() -> dict[str, frozenset[str]]:
    return read(resources.files("striate.programs").joinpath("elsewhere.txt").read_text("utf-8"))


def read(text: str) -> dict[str, frozenset[str]]:
    """Names by module. A module's names may go on in further, indented lines; # begins a comment."""
    found: dict[str, frozenset[str]] = {}
    place = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            place, _, line = line.partition(":")
        found[place] = found.get(place, frozenset()) | set(line.split())
    return found

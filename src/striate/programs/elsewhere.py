"""Which names TensorFlow and Keras have that Striate lacks; a name that none of them has is a slip of the program's."""

from __future__ import annotations

from functools import cache
from importlib import resources

from striate.programs.absent import reason

OBJECTS = "objects"  # attributes of any object, in place of a module


def exists(name: str) -> bool:
    """Whether some TensorFlow or Keras has a name, in full such as keras.layers.LSTM or Sequential.export."""
    if reason(name) is not None:
        return True
    *places, last = name.split(".")
    modules = [".".join(places[:length]) for length in range(len(places), 0, -1)]
    return any(last in _table().get(place, ()) for place in [*modules, OBJECTS])


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

"""The modules of `striate.keras`, made from the table of places: a name is looked up where Striate has it."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from striate.keras._places import NAMES, PLACES
from striate.programs.absent import absent

ROOT = "striate.keras"


class Namespace(ModuleType):
    """A module of Keras whose names live in modules of Striate, which are imported when a name is first asked for."""

    def __init__(self, place: str) -> None:
        super().__init__(f"{ROOT}.{place}", f"The names of `keras.{place}`.")
        self.__path__: list[str] = []  # so that the modules below it can be imported
        self.__package__ = self.__name__
        self._place = place

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return names_of(self._place)
        return look_up(self, self._place, name)

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *names_of(self._place)})


class CallableNamespace(Namespace):
    """A module under whose name Keras 1 had a function: `from keras.layers import merge` serves both."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """What the function does."""
        return look_up(self, self._place, "()")(*arguments, **options)


def make() -> None:
    """Put a module for each place into `sys.modules`, below `striate.keras`, which must be there."""
    for place in sorted(PLACES):  # parents come before their children
        module = (CallableNamespace if f"{place}.()" in NAMES else Namespace)(place)
        sys.modules[module.__name__] = module
        parent, _, name = place.rpartition(".")
        if parent:
            setattr(sys.modules[f"{ROOT}.{parent}"], name, module)


def look_up(module: ModuleType, place: str, name: str) -> Any:
    """What a name stands for in a place ("" is Keras itself).

    Raises:
        AttributeError: nothing, as for any module.
    """
    elsewhere = NAMES.get(f"{place}.{name}".lstrip("."))
    if elsewhere is not None:
        home, _, own = elsewhere.rpartition(".")
        return getattr(importlib.import_module(f"striate.{home}"), own)
    if not name.startswith("_"):
        for source in sources(place):
            if name in public(source):
                return getattr(source, name)
    raise absent(module, name)


def names_of(place: str) -> list[str]:
    """All names of a place, without the modules below it."""
    start = f"{place}." if place else ""
    further = [name[len(start) :] for name in NAMES if name.startswith(start)]
    own = {name for source in sources(place) for name in public(source)}
    return sorted(own | {name for name in further if name.isidentifier()})


def sources(place: str) -> list[ModuleType]:
    """The modules of Striate that hold a place's names."""
    return [importlib.import_module(f"striate.{source}") for source in PLACES.get(place, "").split()]


def public(module: ModuleType) -> list[str]:
    """The names that a module offers: `__all__`, or else what it defines itself."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return list(listed)
    own = {name: getattr(value, "__module__", module.__name__) for name, value in vars(module).items()}
    return [
        name
        for name, home in own.items()
        if home == module.__name__ and not name.startswith("_") and not isinstance(vars(module)[name], ModuleType)
    ]

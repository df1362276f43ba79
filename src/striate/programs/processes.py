"""Processes that a program starts with multiprocessing: imports are answered there, too."""

from __future__ import annotations

from typing import Any

from striate.programs.answering import answer


class _Answering:
    """Unpickled in the new process, before it imports the program."""

    def __reduce__(self) -> tuple[Any, ...]:
        return answer, ()


def carry_over() -> None:
    """Have imports answered in spawned processes; forked ones have the answerer already."""
    from multiprocessing import spawn

    original = spawn.get_preparation_data

    def get_preparation_data(name: str) -> dict[str, Any]:
        return {**original(name), "striate": _Answering()}

    spawn.get_preparation_data = get_preparation_data

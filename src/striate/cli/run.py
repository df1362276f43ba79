"""`striate run PROGRAM.py`: an existing Keras program, as it is."""

from __future__ import annotations

from typing import Annotated, Optional

import typer


def run(
    program: Annotated[str, typer.Argument(metavar="PROGRAM.py", help="A Python program.", show_default=False)],
    arguments: Annotated[
        Optional[list[str]],  # noqa: UP045 (Typer reads annotations, older ones not this spelling)
        typer.Argument(metavar="ARGS", help="Handed to the program as they are.", show_default=False),
    ] = None,
) -> None:
    """Run a program written for TensorFlow and Keras, neither of which need be installed.

    Options of Striate's own stand before the program; what follows it belongs to the program.
    """
    from striate.programs import runner

    raise typer.Exit(runner.run(program, arguments or []))

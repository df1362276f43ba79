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
    check: Annotated[
        bool,
        typer.Option("--check", help="Only list the names of TensorFlow and Keras that Striate lacks, with lines."),
    ] = False,
) -> None:
    """Run a program written for TensorFlow and Keras, neither of which need be installed.

    Options of Striate's own stand before the program; what follows it belongs to the program.
    """
    if check:
        from striate.programs.check import check as check_program

        report = check_program(program)
        typer.echo(str(report))
        raise typer.Exit(2 if report.lacking else 0)
    from striate.programs import runner

    raise typer.Exit(runner.run(program, arguments or []))

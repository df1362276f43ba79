"""The commands put together, and the one way a command line is run."""

from __future__ import annotations

from typing import Annotated, Optional

import typer
from typer.main import get_command

from striate.cli.demo import demo
from striate.cli.networks import networks
from striate.cli.predict import predict
from striate.cli.run import run as run_program
from striate.cli.search import search
from striate.cli.summary import summary
from striate.cli.train import train
from striate.errors import StriateError
from striate.version import __version__

app = typer.Typer(
    name="striate", add_completion=False, pretty_exceptions_enable=False, no_args_is_help=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)  # fmt: skip
for command in (demo, train, predict, summary, networks, search):
    app.command()(command)
app.command("run", context_settings={"allow_interspersed_args": False})(run_program)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"striate {__version__}")
        raise typer.Exit


@app.callback()
def striate(
    version: Annotated[
        Optional[bool],  # noqa: UP045 (Typer reads annotations, older ones not this spelling)
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
    ] = None,
) -> None:
    """Convolutional networks: fast on an ordinary computer, the same bits every time, nothing hidden."""


def run(arguments: list[str]) -> int:
    """Parse and execute. Typer's own `main` is not used, as it answers mistakes with several lines.

    Raises:
        StriateError: also for every mistake in the arguments themselves.
    """
    command = get_command(app)
    try:
        with command.make_context("striate", arguments or ["--help"]) as context:
            command.invoke(context)
    except Exception as error:
        if not type(error).__module__.startswith(("click", "typer")):
            raise
        if hasattr(error, "format_message"):  # a usage error
            raise StriateError(_one_line(error)) from None
        return int(getattr(error, "exit_code", 1))
    return 0


def _one_line(error: Exception) -> str:
    """The parser's message, with the command that helps."""
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "striate")
    return f"{error.format_message().rstrip('.')}; see {path} --help"  # type: ignore[attr-defined]

"""`striate summary MODEL`: the table of a saved network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def summary(
    model: Annotated[Path, typer.Argument(help="A .keras file, or a folder that `train` made.", show_default=False)],
    details: Annotated[
        bool, typer.Option("--details", help="Also multiply-adds, memory, receptive field and stride.")
    ] = False,
) -> None:
    """Print the table of a saved network."""
    from striate.cli.files import load

    load(model).summary(details=details)

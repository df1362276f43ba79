"""`striate networks`: the networks of the literature, in one table, layer by layer, or as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from striate.applications import Entry
    from striate.models import Model

WIDTH = 80


def networks(
    name: Annotated[
        Optional[str],  # noqa: UP045 (Typer reads annotations, older ones not this spelling)
        typer.Argument(help="A network of the list, or a .keras or .h5 file; without it, all.", show_default=False),
    ] = None,
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plot", help="Draw it into this .svg file.", show_default=False),
    ] = None,
) -> None:
    """List the networks of the literature, show the layers of one, or draw it."""
    from rich.console import Console

    from striate.errors import StriateError

    console = Console(highlight=False, markup=False, emoji=False, width=WIDTH)
    if name is None:
        if plot is not None:
            raise StriateError("--plot: say which network, such as `striate networks vgg16 --plot vgg16.svg`")
        console.print(_list())
        return
    model, source = _find(name)
    if plot is None:
        console.print(f"{model.name}{source}\n\n{_totals(model)}\n")
        console.print(_layers(model))
        return
    from striate.report.diagram import write_diagram

    console.print(write_diagram(model, plot), soft_wrap=True)


def _find(name: str) -> tuple[Model, str]:
    """The network of a name, without numbers, or of a file; and where it is from."""
    from striate.applications import NETWORKS
    from striate.cli.checks import known_name
    from striate.cli.files import load

    if name.endswith((".keras", ".h5", ".hdf5")) or Path(name).is_dir():
        return load(Path(name)), ""
    entry = NETWORKS[known_name("network", name, NETWORKS)]
    return entry.outline(), f" ({entry.paper} {entry.year})"


def _table(*columns: tuple[str, int | None]) -> Table:
    """A table whose first columns hold text; a width limits a column, and all others are numbers."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    for title, width in columns:
        if width is None:
            table.add_column(title, justify="right", no_wrap=True)
        else:
            table.add_column(title, max_width=width, overflow="ellipsis", no_wrap=True)
    return table


def _list() -> Table:
    from striate.applications import NETWORKS

    table = _table(
        ("network", 18), ("year", 4), ("paper", 19), ("input", 9), ("parameters", None), ("mult-adds", None),
        ("sees", None),
    )  # fmt: skip
    for name, entry in NETWORKS.items():
        table.add_row(name, *_row(entry))
    table.caption = (
        "mult-adds: multiplications of a weight and a number, for one image. sees: pixels of the image on which one "
        "number of the last maps depends, in each direction (padding counts)."
    )
    table.caption_justify = "left"
    return table


def _row(entry: Entry) -> list[str]:
    from striate.graph.shapes import describe
    from striate.models.summary import amount

    model = entry.outline()
    cost = amount(sum(node.multiply_adds() for node in model.graph.nodes))
    parameters = f"{model.count_params():,}"
    return [str(entry.year), entry.paper, describe(entry.input_shape), parameters, cost, _last_field(model)]


def _last_field(model: Model) -> str:
    """The receptive field of the last maps."""
    from striate.models.receptive import receptive_fields

    fields = [field for node, field in receptive_fields(model.graph).items() if field and _is_maps(node.shape)]
    return _sees(fields[-1])


def _is_maps(shape: tuple[int, ...]) -> bool:
    """Whether there is more than one place: what pools over the whole image sees all of it."""
    return len(shape) > 1 and max(shape[:-1]) > 1


def _sees(field: Any) -> str:
    """One number for a square field."""
    from striate.graph.shapes import describe

    return str(field.size[0]) if len(set(field.size)) == 1 else describe(field.size)


def _layers(model: Model) -> Table:
    """Every layer with its output, parameters, multiply-adds and receptive field."""
    from striate.graph.shapes import describe
    from striate.models.receptive import receptive_fields
    from striate.models.summary import amount

    table = _table(
        ("layer", 23), ("type", 18), ("output", 11), ("parameters", None), ("mult-adds", None), ("sees", None)
    )
    fields, nodes = receptive_fields(model.graph), model.graph.nodes
    for layer in model.layers:
        own = [node for node in nodes if node.name == layer.name or node.name.startswith(f"{layer.name}/")]
        field = fields[own[-1]] if own else None
        cost = sum(node.multiply_adds() for node in own)
        count = layer.count_params()
        table.add_row(
            layer.name, type(layer).__name__, describe(own[-1].shape) if own else "", f"{count:,}" if count else "",
            amount(cost) if cost else "", "all" if field is None else _sees(field),
        )  # fmt: skip
    return table


def _totals(model: Model) -> str:
    """Parameters, multiply-adds and memory in one line or two."""
    from striate.graph.shapes import element_count
    from striate.models.summary import memory

    nodes = model.graph.nodes
    cost = sum(node.multiply_adds() for node in nodes)
    weights = memory(4 * model.count_params())
    maps = memory(4 * sum(element_count(node.shape) for node in nodes))
    counts = f"{model.count_params():,} parameters ({weights}), {cost:,} multiply-adds for one image"
    return f"{counts},\n{maps} of numbers on the way"

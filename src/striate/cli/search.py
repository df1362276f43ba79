"""`striate search DATASET`: sizes of filters and strides, learnt by training many networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from striate.cli.train import TITLES

if TYPE_CHECKING:
    from rich.console import Console

    from striate.search import Comparison, Outcome

FAMILIES = ("lenet5",)
MINUTES = 5.0
STUDY_FILE, PLOT_FILE, PROGRAM_FILE = "study.db", "search.png", "network.py"


def search(
    dataset: Annotated[str, typer.Argument(help=f"One of {', '.join(TITLES)}.", show_default=False)],
    model: Annotated[str, typer.Option(help=f"Whose sizes to search: {', '.join(FAMILIES)}.")] = "lenet5",
    trials: Annotated[
        Optional[int],  # noqa: UP045 (Typer reads annotations, older ones not this spelling)
        typer.Option(help="Trials in all, those of earlier runs included.", show_default=False),
    ] = None,
    minutes: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help=f"How long to search; {MINUTES:g} if --trials is not given.", show_default=False),
    ] = None,
    epochs: Annotated[int, typer.Option(help="Of each trial.")] = 5,
    batch_size: Annotated[int, typer.Option(help="Images in a step.")] = 64,
    seeds: Annotated[int, typer.Option(help="How often baseline and best are trained for the comparison.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same trials.")] = 42,
    study: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="File that keeps the trials; study.db in the folder if not given.", show_default=False),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder for what is found; runs/search-DATASET if not given.", show_default=False),
    ] = None,
    subset: Annotated[
        bool, typer.Option("--subset", help="fashion_mnist: take the 12,000 images that come with Striate.")
    ] = False,
) -> None:
    """Search kernel sizes, strides, filters, units and learning rate of the lectures' LeNet.

    Running it again goes on where it was. Images for the trials are held back from the training images; the test images
    are looked at once, at the end, to compare the best network with the one of the lectures.
    """
    import importlib

    from rich.console import Console

    from striate.checks import whole
    from striate.cli.checks import above_zero, known_name, writable_folder
    from striate.cli.search_display import SearchDisplay
    from striate.errors import StriateError
    from striate.search import run
    from striate.search.study import check_installed

    dataset = known_name("data set", dataset, TITLES)
    known_name("model", model, FAMILIES)
    for option, value, least in (
        ("--trials", trials, 1), ("--epochs", epochs, 1), ("--batch-size", batch_size, 1), ("--seeds", seeds, 1),
        ("--seed", seed, 0),
    ):  # fmt: skip
        whole(option, least if value is None else value, least)
    above_zero("--minutes", MINUTES if minutes is None else minutes, "5")
    if subset and dataset != "fashion_mnist":
        raise StriateError(f"--subset: only fashion_mnist has one, not {dataset}")
    check_installed()
    folder = writable_folder(out or Path("runs") / f"search-{dataset}{'-subset' * subset}")
    module = importlib.import_module(f"striate.datasets.{dataset}")
    data = module.load_data(subset=True) if subset else module.load_data()
    file = study or folder / STUDY_FILE
    minutes = MINUTES if minutes is None and trials is None else minutes
    console = Console(highlight=False, markup=False, emoji=False)
    title = f"LeNet on {TITLES[dataset]}{', the subset' * subset}"
    with SearchDisplay(console, title, file, trials, minutes, epochs) as display:
        x, y = data[0]
        outcome = run.search(
            x, y, trials=trials, minutes=minutes, epochs=epochs, batch_size=batch_size, seed=seed, study=file,
            watcher=display, data=dataset + "-subset" * subset,
        )  # fmt: skip
    _finish(console, outcome, data, (epochs, batch_size, seed, seeds), folder, title, module.class_names)


def _finish(
    console: Console, outcome: Outcome, data: Any, settings: tuple[int, int, int, int], folder: Path, title: str,
    class_names: tuple[str, ...],
) -> None:
    """Tables, the comparison on the test images, and the files."""
    from striate.cli.search_display import best_table, comparison_table, importance_line
    from striate.cli.training import CLASSES_FILE, MODEL_FILE, with_channels
    from striate.search import BASELINE, compare
    from striate.search.plot import plot

    epochs, batch_size, seed, seeds = settings
    console.print()
    console.print(best_table(outcome))
    console.print(importance_line(outcome), soft_wrap=True)
    plot(outcome, folder / PLOT_FILE, f"{title}: accuracy on the images held back")
    networks = [BASELINE] if outcome.best == BASELINE else [BASELINE, outcome.best]
    count = len(networks) * seeds
    console.print(f"\nnow {count} trainings on all {len(data[0][0]):,} training images, to compare on the test images")
    found = compare(networks, data, epochs, batch_size, seed, seeds)
    console.print()
    console.print(comparison_table(found))
    console.print(_verdict(found), soft_wrap=True)
    best = found[-1]
    program = best.network.program(with_channels(data[0][0]).shape[1:], len(class_names))
    best.model.save(folder / MODEL_FILE)
    (folder / PROGRAM_FILE).write_text(program, encoding="utf-8")
    classes = json.dumps({"class_names": list(class_names)}, ensure_ascii=False, indent=1)
    (folder / CLASSES_FILE).write_text(classes + "\n", encoding="utf-8")
    console.print(f"\n{program}", soft_wrap=True)
    for what, name in (("model", MODEL_FILE), ("program", PROGRAM_FILE), ("plot", PLOT_FILE)):
        console.print(f"{what:7} {folder / name}", soft_wrap=True)


def _verdict(found: list[Comparison]) -> str:
    """One sentence about the test images."""
    if len(found) == 1:
        return "No trial was better than the network of the lectures: search longer."
    base, best = found
    gain = 100 * (best.mean - base.mean)
    if min(best.accuracies) > max(base.accuracies):
        return f"The best is better by {gain:.2f} points, with every seed."
    return f"The means differ by {gain:+.2f} points, no more than seeds make: search longer, or with more seeds."

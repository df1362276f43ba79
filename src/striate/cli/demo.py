"""`striate demo`: a small modern network learns Fashion-MNIST in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from striate.datasets.arrays import Data

EPOCHS, SUBSET_EPOCHS, BATCH_SIZE, LEARNING_RATE = 6, 12, 128, 1e-2


def demo(
    epochs: Annotated[
        Optional[int],  # noqa: UP045 (Typer reads annotations, older ones not this spelling)
        typer.Option(help=f"{EPOCHS}, or {SUBSET_EPOCHS} for the subset, if not given."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same network to the last bit.")] = 42,
    out: Annotated[Path, typer.Option(help="Folder for the model and the report.")] = Path("runs/demo"),
    subset: Annotated[bool, typer.Option("--subset", help="Take the 12,000 images that come with Striate.")] = False,
) -> None:
    """Train a small network on Fashion-MNIST, test it, and write a report."""
    from striate import optimizers
    from striate.applications import fashion_demo
    from striate.checks import whole
    from striate.cli.checks import writable_folder
    from striate.cli.training import Plan, train_and_report
    from striate.datasets import fashion_mnist
    from striate.random import set_random_seed

    whole("--epochs", 1 if epochs is None else epochs, 1), whole("--seed", seed, 0)
    writable_folder(out)
    data, note = _data(subset)
    epochs = epochs or (SUBSET_EPOCHS if note else EPOCHS)
    set_random_seed(seed)
    model = fashion_demo()
    steps = epochs * -(-len(data[0][0]) // BATCH_SIZE)
    schedule = optimizers.schedules.OneCycle(LEARNING_RATE, steps)
    model.compile(optimizers.Adam(schedule), "sparse_categorical_crossentropy", metrics=["accuracy"])
    configuration = {"optimizer": f"Adam, learning rate in one cycle up to {LEARNING_RATE}"}
    title = "fashion_demo on Fashion-MNIST"
    names = fashion_mnist.class_names
    train_and_report(Plan(title, model, data, names, epochs, BATCH_SIZE, seed, out, configuration, note))


def _data(subset: bool) -> tuple[Data, str]:
    """The whole data set, or the embedded subset and a sentence that says so."""
    from striate.datasets import fashion_mnist
    from striate.datasets.storage import DatasetUnavailable

    why = "As asked for"
    if not subset:
        try:
            return fashion_mnist.load_data(), ""
        except DatasetUnavailable:
            why = "Fashion-MNIST is neither on this machine nor to be had from the network"
            typer.echo(f"{why}: using the 12,000 images that come with Striate.", err=True)
    note = f"{why}, only the 10,000 + 2,000 images that come with Striate were used."
    return fashion_mnist.load_data(subset=True), note

"""`striate train DATASET`: any data set with any network that have names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from striate.applications import NETWORKS

TITLES = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "fashion_mnist": "Fashion-MNIST", "mnist": "MNIST"}


def train(
    dataset: Annotated[str, typer.Argument(help=f"One of {', '.join(TITLES)}.", show_default=False)],
    model: Annotated[str, typer.Option(help="A network of `striate networks`.")] = "lenet5_modern",
    epochs: Annotated[int, typer.Option(help="Times to go through all training images.")] = 5,
    batch_size: Annotated[int, typer.Option(help="Images in a step.")] = 32,
    lr: Annotated[float, typer.Option(help="Adam's learning rate.")] = 1e-3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same network to the last bit.")] = 42,
    engine: Annotated[
        Optional[str],  # noqa: UP045 (Typer reads annotations, older ones not this spelling)
        typer.Option(help='"native", or "torch" for PyTorch.', show_default="$STRIATE_ENGINE, else native"),
    ] = None,
    device: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help='Of PyTorch: "cpu", "cuda", "cuda:1", "mps". Implies --engine torch.', show_default=False),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045 (Typer reads annotations, older ones not this spelling)
        typer.Option(help="Folder for the model and the report; runs/DATASET-MODEL if not given.", show_default=False),
    ] = None,
) -> None:
    """Train a network on a data set, test it, and write a report."""
    import importlib

    from striate import engines, optimizers
    from striate.checks import whole
    from striate.cli.checks import above_zero, known_name, writable_folder
    from striate.cli.training import Plan, train_and_report, with_channels
    from striate.random import set_random_seed

    dataset, model = known_name("data set", dataset, TITLES), known_name("model", model, NETWORKS)
    whole("--epochs", epochs, 1), whole("--batch-size", batch_size, 1), whole("--seed", seed, 0)
    above_zero("--lr", lr, "0.001")
    runner = engines.get("torch" if engine is None and device else engine, device=device)
    out = writable_folder(out or Path("runs") / f"{dataset}-{model}")
    entry = NETWORKS[model]
    module = importlib.import_module(f"striate.datasets.{dataset}")
    data = module.load_data()
    shape = with_channels(data[0][0]).shape[1:]
    set_random_seed(seed)
    network = entry.build_for_pixels(shape, len(module.class_names))
    network.compile(optimizers.Adam(lr), "sparse_categorical_crossentropy", metrics=["accuracy"], engine=runner)
    configuration = {"data": TITLES[dataset], "network": model, "optimizer": f"Adam, learning rate {lr:g}"}
    configuration["engine"] = str(runner)
    title = f"{model} on {TITLES[dataset]}"
    train_and_report(Plan(title, network, data, module.class_names, epochs, batch_size, seed, out, configuration))

"""Striate against Keras on TensorFlow and PyTorch, in one run: `make bench`, or `python benchmarks/run.py --help`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import environments
import machine
import tables
from measure import Comparison, Worker, compare, start_up
from networks import NETWORKS, TITLES

FRAMEWORKS = ("striate", "keras", "torch")
KINDS = ("train", "predict", "single")
COSTS = ("import", "memory", "size")

Costs = dict[str, dict[str, float]]  # by kind and framework


def main() -> None:
    options = parse_options()
    given = dict(options.env)
    frameworks = [name for name in FRAMEWORKS if name == "striate" or name in options.peers]
    pythons = {name: environments.python(name, given) for name in frameworks}
    cores = machine.physical_cores()
    environment = environments.clean_environment(cores)
    with tempfile.TemporaryDirectory() as folder:
        source = write_arrays(Path(folder))
        say(f"data: {source}; threads: {cores}")

        def start(name: str) -> Worker:
            program = Path(__file__).with_name("worker.py")
            return Worker(name, pythons[name], program, [folder, str(cores)], environment)

        costs = measure_costs(options, pythons, environment, start)
        workers = [start(name) for name in frameworks]
        comparisons = measure_rates(options, workers)
        versions = {worker.framework: worker.version for worker in workers}
        for worker in workers:
            worker.close()
    facts = {"machine": machine.facts(), "versions": versions, "rounds": options.rounds, "data": source}
    publish(options, comparisons, costs, facts)


def measure_costs(options: argparse.Namespace, pythons: Any, environment: Any, start: Any) -> Costs:
    """Start-up, memory and size: each in fresh processes, before the workers take memory."""
    costs: Costs = {}
    if "import" in options.only:
        costs["import"] = start_up(pythons, environment, 2 if options.quick else 5)
    if "memory" in options.only:
        costs["memory"] = {}
        for name in pythons:
            worker = start(name)
            steps = 20 if options.quick else 600
            costs["memory"][name] = worker.ask("memory", network="lenet5", batch=32, steps=steps)["bytes"]
            worker.close()
    if "size" in options.only:
        costs["size"] = {name: environments.installed_bytes(python) for name, python in pythons.items()}
    for key, values in costs.items():
        say(f"{key}: " + ", ".join(f"{name} {value:.3g}" for name, value in values.items()))
    return costs


def measure_rates(options: argparse.Namespace, workers: list[Worker]) -> list[Comparison]:
    comparisons = []
    for kind in (kind for kind in KINDS if kind in options.only):
        for network in options.networks:
            for batch in [1] if kind == "single" else options.batch:
                comparison = compare(workers, network, kind, batch, options.rounds, options.slice_seconds)
                rates = ", ".join(f"{name} {comparison.rate(name):,.0f}/s" for name in comparison.rates)
                ratios = ", ".join(f"{comparison.ratio(name):.2f}x {name}" for name in options.peers)
                say(f"{kind} {TITLES[network]}, batch {batch}: {rates}; {ratios}")
                comparisons.append(comparison)
    return comparisons


def publish(
    options: argparse.Namespace, comparisons: list[Comparison], costs: Costs, facts: dict[str, Any]
) -> None:
    text = tables.markdown(comparisons, costs, facts)
    print(text)
    if options.no_write:
        return
    tables.write_results(
        {**facts, "costs": costs, "comparisons": [comparison.as_json() for comparison in comparisons]}
    )
    if not tables.write_readme(environments.ROOT / "README.md", text):
        say(f"README.md has no {tables.BEGIN} and {tables.END}; the tables above were not put into it")


def write_arrays(folder: Path) -> str:
    """Fashion-MNIST as float32 from 0 to 1 for all workers; the embedded part, repeated, where the whole is missing."""
    import numpy as np

    from striate.datasets import fashion_mnist
    from striate.errors import DatasetError

    try:
        (x, y), (x_test, _) = fashion_mnist.load_data()
        source = "Fashion-MNIST"
    except DatasetError:
        (x, y), (x_test, _) = fashion_mnist.load_data(subset=True)
        source = "the embedded part of Fashion-MNIST, repeated"
    for name, images, count in (("x_train", x, 60_000), ("x_test", x_test, 10_000)):
        chosen = np.resize(np.arange(len(images)), count)
        np.save(folder / f"{name}.npy", images[chosen][..., np.newaxis].astype(np.float32) / 255)
    np.save(folder / "y_train.npy", np.resize(y, 60_000).astype(np.int32))
    return source


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look in a minute: short slices, two rounds, batch 32")
    parser.add_argument("--networks", type=listed(NETWORKS), default=list(NETWORKS), help=",".join(NETWORKS))
    parser.add_argument("--batch", type=lambda text: [int(part) for part in text.split(",")], help="such as 32,128")
    parser.add_argument("--peers", type=listed(FRAMEWORKS[1:]), default=list(FRAMEWORKS[1:]), help="keras,torch")
    everything = (*KINDS, *COSTS)
    parser.add_argument("--only", type=listed(everything), default=list(everything), help=",".join(everything))
    parser.add_argument("--rounds", type=int, help="how often each framework has its turn (7)")
    parser.add_argument("--slice-seconds", type=float, help="how long a turn lasts, about (1.5)")
    parser.add_argument(
        "--env", action="append", default=[], type=environment_option, metavar="FRAMEWORK=FOLDER",
        help="use this virtual environment; may be repeated",
    )  # fmt: skip
    parser.add_argument("--no-write", action="store_true", help="leave README.md and results.json as they are")
    options = parser.parse_args()
    options.batch = options.batch or ([32] if options.quick else [32, 128])
    options.rounds = options.rounds or (2 if options.quick else 7)
    options.slice_seconds = options.slice_seconds or (0.3 if options.quick else 1.5)
    return options


def listed(allowed: Any) -> Any:
    """A parser of comma-separated names."""

    def parse(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(allowed)}")
        return names

    return parse


def environment_option(text: str) -> tuple[str, Path]:
    name, _, folder = text.partition("=")
    if name not in FRAMEWORKS or not folder:
        raise argparse.ArgumentTypeError(f"{text!r}: expected FRAMEWORK=FOLDER with one of {', '.join(FRAMEWORKS)}")
    return name, Path(folder)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

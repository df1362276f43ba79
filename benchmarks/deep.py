"""Deep networks, Striate against PyTorch eager in channels_last, in one run: a part of `make bench`.

    python benchmarks/deep.py                                          # everything, some minutes
    python benchmarks/deep.py --networks MobileNetV2 --rounds 1 --no-write

Forward pass and training step (plain SGD) of one batch, and the most memory that the process held that did both.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import environments
import machine
import tables
from measure import PAUSE, Comparison, Worker
from run import environment_option, listed, say

FRAMEWORKS = ("striate", "torch")
KINDS = {"forward": "forward", "train": "training step"}
BATCHES = {"deep": 32, "VGG16": 8, "ResNet50": 8, "MobileNetV2": 8}
MARKERS = ("<!-- deep:begin -->", "<!-- deep:end -->")
TITLES = {"deep": "deep, 28x28", **{name: f"{name}, 224x224" for name in BATCHES if name != "deep"}}


def main() -> None:
    options = parse_options()
    cores = machine.physical_cores()
    environment = environments.clean_environment(cores)
    pythons = {name: environments.python(name, dict(options.env)) for name in FRAMEWORKS}
    program = Path(__file__).with_name("deep_worker.py")
    results: dict[str, Any] = {"machine": machine.facts(), "rounds": options.rounds, "networks": {}}
    for network in options.networks:
        workers = [Worker(name, pythons[name], program, [str(cores)], environment) for name in FRAMEWORKS]
        results["versions"] = {worker.framework: worker.version for worker in workers}
        results["networks"][network] = measure(workers, network, options.rounds, options.slice_seconds)
        for worker in workers:
            worker.close()
    text = markdown(results)
    print(text)
    if options.no_write:
        return
    tables.write_results({"deep": results})
    if not tables.write_readme(environments.ROOT / "README.md", text, *MARKERS):
        say(f"README.md has no {' and '.join(MARKERS)}; the table above was not put into it")


def measure(workers: list[Worker], network: str, rounds: int, slice_seconds: float) -> dict[str, Any]:
    """Rates of both kinds, by turns, and the peak memory of the workers, which have run no other network."""
    batch = BATCHES[network]
    built = {worker.framework: worker.ask("build", network=network, batch=batch) for worker in workers}
    parameters = {name: answer["parameters"] for name, answer in built.items()}
    if len(set(parameters.values())) > 1:
        raise SystemExit(f"{network}: not one network: parameters {parameters}")
    found: dict[str, Any] = {"batch": batch, "parameters": parameters["striate"]}
    for kind in KINDS:
        comparison = Comparison(network, kind, batch, {worker.framework: [] for worker in workers})
        units = {}
        for worker in workers:
            units[worker.framework] = max(1, round(slice_seconds / worker.ask("warm_up", kind=kind)["seconds"]))
            time.sleep(PAUSE)
        for turn in range(rounds):
            for worker in workers if turn % 2 else workers[::-1]:
                done = worker.ask("slice", kind=kind, units=units[worker.framework])
                comparison.rates[worker.framework].append(done["images"] / done["seconds"])
                time.sleep(PAUSE)
        found[kind] = comparison.as_json()
        rates = ", ".join(f"{name} {comparison.rate(name):.1f}/s" for name in FRAMEWORKS)
        say(f"{network}, batch {batch}, {KINDS[kind]}: {rates}; {comparison.ratio('torch'):.2f}x PyTorch")
    found["peak_bytes"] = {worker.framework: worker.ask("peak")["bytes"] for worker in workers}
    ours, theirs = (found["peak_bytes"][name] / 1e6 for name in FRAMEWORKS)
    verdict = "at most PyTorch's" if ours <= theirs else "MORE THAN PYTORCH'S"
    say(f"{network}, peak memory: striate {ours:,.0f} MB, torch {theirs:,.0f} MB: {verdict}")
    return found


def markdown(results: dict[str, Any]) -> str:
    """One table: milliseconds a batch and memory, each with the ratio."""
    head = ["Deep networks", "batch"]
    for title in (*(f"{title}, ms" for title in KINDS.values()), "peak memory, MB"):
        head += [f"{title}: Striate", "PyTorch", "Striate / PyTorch" if "memory" in title else "against PyTorch"]
    rows = []
    for network, found in results["networks"].items():
        row = [TITLES[network], str(found["batch"])]
        for kind in KINDS:
            rates = found[kind]["images_per_second"]
            row += [f"{1000 * found['batch'] / rates[name]:,.0f}" for name in FRAMEWORKS]
            row.append(f"**{found[kind]['striate_against']['torch']:.2f}x**")
        peaks = [found["peak_bytes"][name] / 1e6 for name in FRAMEWORKS]
        rows.append([*row, *(f"{peak:,.0f}" for peak in peaks), f"{peaks[0] / peaks[1]:.2f}"])
    note = "PyTorch eager in channels_last; SGD; random images and weights. " + tables.conditions(results)
    return tables.table(head, rows, left=1) + "\n\n" + note


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=listed(BATCHES), default=list(BATCHES), help=",".join(BATCHES))
    parser.add_argument("--rounds", type=int, default=5, help="how often each framework has its turn (5)")
    parser.add_argument("--slice-seconds", type=float, default=2.0, help="how long a turn lasts, about (2)")
    parser.add_argument(
        "--env", action="append", default=[], type=environment_option, metavar="FRAMEWORK=FOLDER",
        help="use this virtual environment; may be repeated",
    )  # fmt: skip
    parser.add_argument("--no-write", action="store_true", help="leave README.md and results.json as they are")
    options = parser.parse_args()
    if options.rounds < 1:
        sys.exit("--rounds: expected at least 1")
    return options


if __name__ == "__main__":
    main()

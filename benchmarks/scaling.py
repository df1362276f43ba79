"""How time and memory of a training step grow with batch, image size, filters and threads: paper beside measurement.

    python benchmarks/scaling.py                          # all tables, about two minutes
    python benchmarks/scaling.py --quick --only batch     # a look
    python benchmarks/scaling.py --write                  # and put them into docs/performance.md, which explains them

Prints Markdown. The paper's side is in cost.py. `kernels` and `winograd` need `make bench-kernels` before.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import cost
import machine as computer
import networks
import numpy as np
from cost import Cost, Machine

import striate
from striate.engines import Examples, Program
from striate.engines.native import NativeEngine
from striate.graph import Graph, LossFunction

SWEEPS = ("networks", "batch", "image", "filters", "threads", "memory", "kernels", "winograd")
ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "performance.md"
BUILT = ROOT / "build" / "native"
MEMORY_BATCHES = (1, 32, 128, 512, 2048)


class Bench:
    """A network compiled for training with Adam, and the time of its steps.

    Random images, a few only: an index picks each of them many times, so no data set is needed.
    """

    def __init__(self, model: Any, threads: int, images: int = 128) -> None:
        self.graph: Graph = model.graph
        self.engine = NativeEngine(threads=threads)
        rule = striate.optimizers.Adam().rule(self.graph.parameters())
        loss = LossFunction("sparse_categorical_crossentropy")
        self.program: Program = self.engine.compile(self.graph, losses=[loss], rule=rule, seed=1)
        rng = np.random.default_rng(1)
        x = rng.random((images, *self.graph.inputs[0].shape), dtype=np.float32)
        y = rng.integers(0, self.graph.outputs[0].shape[-1], images).astype(np.int32)
        self.examples = Examples([x], [y])

    def run(self, batch: int, steps: int) -> float:
        """Seconds of some steps, without what `fit` does around them."""
        order = np.resize(np.arange(len(self.examples), dtype=np.int64), batch * steps)
        rates = np.full(steps, 1e-6)
        start = time.perf_counter()
        self.program.train(self.examples, order, batch, rates, 0)
        return time.perf_counter() - start

    def step_seconds(self, batch: int, slice_seconds: float, rounds: int) -> float:
        """Median over the rounds of the mean seconds of a step."""
        steps = 1
        while (seconds := self.run(batch, steps)) < slice_seconds / 4:
            steps *= 2
        steps = max(1, round(steps * slice_seconds / seconds))
        return median(self.run(batch, steps) / steps for _ in range(rounds))


def main() -> None:
    options = parse_options()
    if options.memory_worker is not None:
        print(*memory_of(*options.memory_worker))
        return
    cores = computer.physical_cores()
    machine = measure_machine(cores)
    results = {"machine": describe(machine, cores)}
    print(results["machine"])
    sweeps: dict[str, Callable[[argparse.Namespace, Machine, int], str]] = {
        "networks": by_network, "batch": by_batch, "image": by_image, "filters": by_filters, "threads": by_threads,
        "memory": by_memory, "kernels": by_kernel, "winograd": by_method,
    }  # fmt: skip
    for name in options.only:
        results[name] = sweeps[name](options, machine, cores)
        print(f"\n{results[name]}", flush=True)
    if options.write:
        write(results)


def describe(machine: Machine, cores: int) -> str:
    return (
        f"{cores} cores, {machine.lanes} lanes. One thread: {machine.peak / 1e9:.0f} GFLOP/s of multiply-adds in "
        f"registers, {machine.near / 1e9:.0f} GB/s in its second-level cache of {machine.cache >> 10:,} KB, "
        f"{machine.far / 1e9:.0f} GB/s beyond it; a barrier takes {1e6 * machine.barrier:.1f} us. "
        f"The model takes {machine.efficiency:.0%} of the peak."
    )


def write(results: dict[str, str]) -> None:
    """Put each result between its two markers."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, result in results.items():
        before, begin, rest = text.partition(f"<!-- {name}:begin -->\n")
        _, end, after = rest.partition(f"<!-- {name}:end -->")
        if not end:
            raise SystemExit(f"{DOCUMENT} has no place for {name}")
        text = f"{before}{begin}{result}\n{end}{after}"
    DOCUMENT.write_text(text, encoding="utf-8")


def measure_machine(cores: int) -> Machine:
    engine = NativeEngine(threads=1)
    near, far = (moved_per_second(bytes_) for bytes_ in (200 << 10, 8 << 20))
    # A step of a network with next to no arithmetic, and a pack for each thread, is nothing but its barriers.
    bench = Bench(striate.Sequential([striate.Input((1,)), striate.layers.Dense(2, activation="softmax")]), cores)
    barrier = bench.step_seconds(cores * engine.lanes, 0.2, 5) / cost.barriers(cost.cost_of(bench.graph, engine.lanes))
    return Machine(engine.lanes, engine.multiply_add_peak(0.5) * 1e9, near, far, barrier, second_level_cache())


def moved_per_second(size: int) -> float:
    """Bytes that b += a reads and writes in a second, for two arrays of so many bytes."""
    a, b = np.zeros(size // 4, np.float32), np.zeros(size // 4, np.float32)
    repeats = (32 << 20) // size

    def once() -> float:
        start = time.perf_counter()
        for _ in range(repeats):
            np.add(a, b, out=b)
        return 3 * size * repeats / (time.perf_counter() - start)

    return median(once() for _ in range(9))


def second_level_cache() -> int:
    """Bytes of one core's second-level cache; 1 MB where the system does not say."""
    try:
        text = Path("/sys/devices/system/cpu/cpu0/cache/index2/size").read_text().strip()
    except OSError:
        return 1 << 20
    return int(text.rstrip("KM")) << (20 if text.endswith("M") else 10)


# What is swept


def by_network(options: argparse.Namespace, machine: Machine, cores: int) -> str:
    rows = []
    for name in networks.NETWORKS:
        bench, costs = prepare(named(name), 1, machine)
        s = cost.step_seconds(costs, 32, 1, machine)
        parts = [s.arithmetic, s.movement, s.parameters]
        measured = bench.step_seconds(32, options.slice_seconds, options.rounds)
        cells = [*map(micro, parts), micro(s.total), micro(measured), ratio(measured, s.total)]
        rows.append([networks.TITLES[name], *cells])
    title = "A step of 32 images on one thread, microseconds"
    head = ["network", "arithmetic", "movement", "parameters", "paper", "measured", "measured / paper"]
    return table(title, head, rows)


def by_batch(options: argparse.Namespace, machine: Machine, cores: int) -> str:
    batches = [1, 16, 17, 32, 128] if options.quick else [1, 4, 8, 16, 17, 32, 48, 64, 128, 256, 512]
    rows = []
    benches = {threads: prepare(named("lenet5"), threads, machine, 512) for threads in sorted({1, cores})}
    for batch in batches:
        row = [str(batch), str(-(-batch // machine.lanes))]
        for threads, (bench, costs) in benches.items():
            paper, measured, off = paper_and_measured(bench, costs, batch, threads, machine, options)
            row += [paper, measured, off, f"{batch / float(measured) * 1e6:,.0f}"]
        rows.append(row)
    head = ["batch", "packs"]
    for threads in benches:
        head += [f"paper, {threads} thread{'s' * (threads > 1)}", "measured", "measured / paper", "images/s"]
    return table("LeNet-5: microseconds a step by batch", head, rows)


def by_image(options: argparse.Namespace, machine: Machine, cores: int) -> str:
    rows = []
    for size in [28, 56] if options.quick else [14, 28, 56, 112, 224]:
        bench, costs = prepare(pyramid(size), 1, machine)
        measured = paper_and_measured(bench, costs, 16, 1, machine, options)
        works_on = cost.pack_bytes(costs, machine.lanes)
        per_pixel = float(measured[1]) / 16 / size**2 * 1e3
        rows.append([f"{size}x{size}", f"{works_on / 1024:,.0f}", *measured, f"{per_pixel:.2f}"])
    title = "Conv 16@3x3, pool, conv 32@3x3, pool, mean, dense 10; batch 16, one thread: microseconds a step by image"
    return table(title, ["image", "activations, KB", "paper", "measured", "measured / paper", "ns a pixel"], rows)


def by_filters(options: argparse.Namespace, machine: Machine, cores: int) -> str:
    rows = []
    for filters in [8, 64] if options.quick else [4, 8, 16, 24, 32, 64, 128, 256]:
        bench, costs = prepare(two_convolutions(filters), 1, machine)
        measured = paper_and_measured(bench, costs, 16, 1, machine, options)
        flops = 2 * machine.lanes * (costs.by_pack + costs.shared)
        rate = flops / float(measured[1]) * 1e6
        reached = [f"{rate / 1e9:.0f}", f"{100 * rate / machine.peak:.0f} %"]
        rows.append([str(filters), f"{flops / 1e6:,.1f}", *measured, *reached])
    title = "Two layers of conv F@3x3 same on 14x14; batch 16, one thread: microseconds a step by filters"
    return table(title, ["filters", "MFLOP", "paper", "measured", "measured / paper", "GFLOP/s", "of the peak"], rows)


def by_threads(options: argparse.Namespace, machine: Machine, cores: int) -> str:
    rows = []
    for name, batch in [(n, b) for n in ("lenet5", "conv64") for b in ([32] if options.quick else [16, 32, 64, 128])]:
        model = named(name)
        one, costs = prepare(model, 1, machine)
        paper = [cost.step_seconds(costs, batch, threads, machine).total for threads in (1, cores, 4, 8, 16)]
        all_, _ = prepare(model, cores, machine)
        seconds = [bench.step_seconds(batch, options.slice_seconds, options.rounds) for bench in (one, all_)]
        speedups = [f"{paper[0] / each:.2f}" for each in paper[1:]]
        rows.append([name, str(batch), f"{seconds[0] / seconds[1]:.2f}", *speedups])
    title = "How many times faster than one thread"
    head = ["network", "batch", f"measured, {cores}", f"paper, {cores}", "paper, 4", "paper, 8", "paper, 16"]
    return table(title, head, rows)


def by_memory(options: argparse.Namespace, machine: Machine, cores: int) -> str:
    rows = []
    for batch in MEMORY_BATCHES[1:3] if options.quick else MEMORY_BATCHES:
        command = [sys.executable, __file__, "--memory-worker", "lenet5", str(batch)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        start, data, end = (float(word) / 1e6 for word in done.stdout.split())
        costs = cost.cost_of(named("lenet5").graph, machine.lanes)
        paper = cost.parameter_bytes(costs, batch, machine.lanes)
        paper += cost.activation_bytes(costs, batch, cores, machine.lanes)
        parts = [f"{start:.0f}", f"{data - start:.0f}", f"{end - data:.1f}", f"{paper / 1e6:.1f}", f"{end:.0f}"]
        rows.append([str(batch), *parts])
    title = "LeNet-5 on 60,000 uint8 images: peak memory of the process, MB"
    return table(title, ["batch", "Python, NumPy, Striate", "images", "training adds", "engine, on paper", "all"], rows)


def by_kernel(options: argparse.Namespace, machine: Machine, cores: int) -> str:
    return f"```\n{printed_by('striate_kernel_benchmark')}\n```"


def by_method(options: argparse.Namespace, machine: Machine, cores: int) -> str:
    return printed_by("striate_winograd_benchmark")


def printed_by(name: str) -> str:
    program = BUILT / name
    if not program.exists():
        raise SystemExit(f"{program} is not built; run make bench-kernels first, or leave it out with --only")
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout.rstrip()


def memory_of(network: str, batch: str) -> tuple[int, int, int]:
    """Peak bytes of this process before there are data, with them, and after some steps of `fit`."""
    model = named(network)
    start = peak_bytes()
    x = np.random.default_rng(1).integers(0, 256, (60_000, *networks.IMAGE_SHAPE), np.uint8)
    y = np.arange(60_000) % networks.CLASSES
    data = peak_bytes()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=int(batch), epochs=1, verbose=0)
    return start, data, peak_bytes()


def peak_bytes() -> int:
    """From /proc where there is one: what getrusage says includes the parent's peak."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


# Networks


def named(name: str) -> Any:
    from keras_like import Framework

    framework = Framework("striate", 0)
    framework.build(name)
    return framework.model


def pyramid(size: int) -> Any:
    layers = striate.layers
    return striate.Sequential([
        striate.Input((size, size, 1)),
        layers.Conv2D(16, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(32, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
        layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax"),
    ])  # fmt: skip


def two_convolutions(filters: int) -> Any:
    layers = striate.layers
    return striate.Sequential([
        striate.Input((14, 14, filters)),
        layers.Conv2D(filters, 3, padding="same", activation="relu"),
        layers.Conv2D(filters, 3, padding="same", activation="relu"),
        layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax"),
    ])  # fmt: skip


# Tables


def prepare(model: Any, threads: int, machine: Machine, images: int = 128) -> tuple[Bench, Cost]:
    return Bench(model, threads, images), cost.cost_of(model.graph, machine.lanes)


def paper_and_measured(
    bench: Bench, costs: Cost, batch: int, threads: int, machine: Machine, options: argparse.Namespace
) -> list[str]:
    """Cells: microseconds on paper, measured, and their ratio."""
    paper = cost.step_seconds(costs, batch, threads, machine).total
    measured = bench.step_seconds(batch, options.slice_seconds, options.rounds)
    return [micro(paper), micro(measured), ratio(measured, paper)]


def micro(seconds: float) -> str:
    return f"{1e6 * seconds:.0f}"


def ratio(measured: float, paper: float) -> str:
    return f"{measured / paper:.2f}"


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, aligned, so that it also reads well as it is."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * (width - 1) + ":" for width in widths], *rows]
    cells = [" | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in lines]
    return "\n".join([f"{title}:", "", *(f"| {line} |" for line in cells)])


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rows, shorter slices")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(SWEEPS), help=",".join(SWEEPS))
    parser.add_argument("--write", action="store_true", help=f"put the tables into {DOCUMENT.relative_to(ROOT)}")
    parser.add_argument("--memory-worker", nargs=2, metavar=("NETWORK", "BATCH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(options.only) - set(SWEEPS)
    if unknown:
        parser.error(f"--only: {', '.join(sorted(unknown))}: expected some of {', '.join(SWEEPS)}")
    options.rounds = 3 if options.quick else 7
    options.slice_seconds = 0.1 if options.quick else 0.3
    return options


if __name__ == "__main__":
    main()

"""Measuring frameworks side by side: each in its own process, strictly one after the other, round by round."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

PAUSE = 0.05  # seconds in which the threads of the one before go to sleep


class Worker:
    """The other end of the pipe of worker.py, or of another such program: `program FRAMEWORK ARGUMENTS...`."""

    def __init__(
        self, framework: str, python: Path, program: Path, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.framework = framework
        self._process = subprocess.Popen(
            [python, program, framework, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(environment),
        )  # fmt: skip
        self.version: str = self.ask("hello")["version"]

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            code = self._process.wait()
            raise SystemExit(f"{self.framework}: the worker ended (code {code}) when asked to {command} {arguments}")
        result: dict[str, Any] = json.loads(answer)
        return result

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@dataclass
class Comparison:
    """Rates of all frameworks in all rounds, in images a second (or calls a second)."""

    network: str
    kind: str
    batch: int
    rates: dict[str, list[float]] = field(default_factory=dict)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)

    def rate(self, framework: str) -> float:
        return median(self.rates[framework])

    def ratio(self, peer: str, to: str = "striate") -> float:
        """How many times faster than a peer: the median of the rounds' ratios, so the machine's slow moments cancel."""
        return median(ours / theirs for ours, theirs in zip(self.rates[to], self.rates[peer], strict=True))

    def as_json(self) -> dict[str, Any]:
        peers = [name for name in self.rates if name != "striate"]
        return {
            "network": self.network, "kind": self.kind, "batch": self.batch,
            "images_per_second": {name: round(self.rate(name), 1) for name in self.rates},
            "striate_against": {name: round(self.ratio(name), 2) for name in peers},
            "rounds": {name: [round(rate, 1) for rate in rates] for name, rates in self.rates.items()},
            "details": self.details,
        }  # fmt: skip


def compare(
    workers: Sequence[Worker], network: str, kind: str, batch: int, rounds: int, slice_seconds: float
) -> Comparison:
    """Prepare all; then in each round each runs a slice of about `slice_seconds`, another one first each time."""
    comparison = Comparison(network, kind, batch)
    units = {}
    for worker in workers:
        ready = worker.ask("prepare", network=network, kind=kind, batch=batch)
        units[worker.framework] = max(1, round(slice_seconds / ready.pop("seconds")))
        comparison.details[worker.framework] = ready
        comparison.rates[worker.framework] = []
        time.sleep(PAUSE)
    parameters = {name: details["parameters"] for name, details in comparison.details.items()}
    if len(set(parameters.values())) > 1:
        raise SystemExit(f"{network}: not one network: parameters {parameters}")
    for turn in range(rounds):
        for i in range(len(workers)):
            worker = workers[(turn + i) % len(workers)]
            done = worker.ask("slice", units=units[worker.framework])
            comparison.rates[worker.framework].append(done["images"] / done["seconds"])
            time.sleep(PAUSE)
    return comparison


def start_up(pythons: Mapping[str, Path], environment: Mapping[str, str], rounds: int) -> dict[str, float]:
    """Median seconds of the import, in fresh processes; the first, which fills the disk's cache, is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in pythons}
    for turn in range(rounds + 1):
        for name, python in pythons.items():
            code = f"import time; t = time.perf_counter(); import {name}; print(time.perf_counter() - t)"
            command = [python, "-c", code]
            result = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(environment))
            if turn:
                seconds[name].append(float(result.stdout.split()[-1]))
    return {name: median(values) for name, values in seconds.items()}

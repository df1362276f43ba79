"""One framework in its own process. Told over a pipe what to run, it sleeps while others are measured.

    python worker.py FRAMEWORK FOLDER CORES

Reads a JSON object a line from standard input and answers each with one on standard output. FOLDER holds the arrays
as .npy files. Commands: prepare (build a network and warm up; answers with the seconds a unit takes), slice (run some
units; answers with images and seconds), memory, quit.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MODULES = {"striate": "keras_like", "keras": "keras_like", "torch": "pytorch"}
_WARM_UP = {"train": 5, "predict": 1, "single": 20}


class Worker:
    """Keeps the framework and the network between commands."""

    def __init__(self, framework: str, folder: Path, cores: int) -> None:
        import numpy as np

        self.framework: Any = importlib.import_module(_MODULES[framework]).Framework(framework, cores)
        self.x, self.y = np.load(folder / "x_train.npy"), np.load(folder / "y_train.npy")
        self.x_test = np.load(folder / "x_test.npy")

    def hello(self) -> dict[str, Any]:
        return {"version": self.framework.version}

    def prepare(self, network: str, kind: str, batch: int) -> dict[str, Any]:
        framework = self.framework
        parameters = framework.build(network)
        if kind == "train":
            details, self.run = framework.prepare_training(self.x, self.y, batch), framework.train
        elif kind == "predict":
            details, self.run = framework.prepare_prediction(self.x_test, batch), framework.predict
        else:
            details, self.run = framework.prepare_single(self.x_test[:1].copy()), framework.single
        units = _WARM_UP[kind]
        self.run(units)
        seconds = self.run(units)[1]
        while seconds < 0.2:
            units *= 2
            seconds = self.run(units)[1]
        return {"parameters": parameters, "seconds": seconds / units, **details}

    def slice(self, units: int) -> dict[str, Any]:
        images, seconds = self.run(units)
        return {"images": images, "seconds": seconds}

    def memory(self, network: str, batch: int, steps: int) -> dict[str, Any]:
        """Peak memory of this process, in bytes, after some training."""
        self.framework.build(network)
        self.framework.prepare_training(self.x, self.y, batch)
        self.framework.train(steps)
        return {"bytes": peak_bytes()}


def peak_bytes() -> int:
    """The most memory this process ever held."""
    status = Path("/proc/self/status")
    if status.exists():  # unlike ru_maxrss it does not remember the parent from before the exec
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def serve(make: Callable[[], Any]) -> None:
    """Make a worker, whose methods are the commands, and answer until told to quit."""
    answers = os.fdopen(os.dup(1), "w")  # frameworks that print to standard output do not disturb the answers
    os.dup2(2, 1)
    worker = make()
    for line in sys.stdin:
        command = json.loads(line)
        name = command.pop("command")
        if name == "quit":
            break
        answers.write(json.dumps(getattr(worker, name)(**command)) + "\n")
        answers.flush()


def main() -> None:
    framework, folder, cores = sys.argv[1:]
    serve(lambda: Worker(framework, Path(folder), int(cores)))


if __name__ == "__main__":
    main()

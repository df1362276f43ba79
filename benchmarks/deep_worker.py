"""One framework with one deep network in its own process: `python deep_worker.py FRAMEWORK CORES`; see worker.py."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import networks
from worker import peak_bytes, serve

_MODULES = {"striate": "deep_striate", "torch": "deep_torch"}
LARGE_IMAGE, LARGE_CLASSES = (224, 224, 3), 1000


class DeepWorker:
    """Keeps the network, and one batch of random images with their labels."""

    def __init__(self, framework: str, cores: int) -> None:
        self.framework: Any = importlib.import_module(_MODULES[framework]).Framework(cores)

    def hello(self) -> dict[str, Any]:
        return {"version": self.framework.version}

    def build(self, network: str, batch: int) -> dict[str, Any]:
        import numpy as np

        small = network in networks.NETWORKS
        shape, classes = (networks.IMAGE_SHAPE, networks.CLASSES) if small else (LARGE_IMAGE, LARGE_CLASSES)
        rng = np.random.default_rng(1)
        x = rng.random((batch, *shape), dtype=np.float32)
        y = rng.integers(0, classes, batch).astype(np.int32)
        self.batch = batch
        return {"parameters": self.framework.build(network, x, y)}

    def warm_up(self, kind: str) -> dict[str, Any]:
        """Seconds of a batch, after one that fetched memory and compiled what is compiled."""
        self.slice(kind, 1)
        return {"seconds": self.slice(kind, 1)["seconds"]}

    def slice(self, kind: str, units: int) -> dict[str, Any]:
        seconds = getattr(self.framework, kind)(units)
        return {"images": units * self.batch, "seconds": seconds}

    def peak(self) -> dict[str, Any]:
        return {"bytes": peak_bytes()}


if __name__ == "__main__":
    serve(lambda: DeepWorker(sys.argv[1], int(sys.argv[2])))

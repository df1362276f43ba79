"""The two engines: the one under test and the one that knows.

STRIATE_TESTED_ENGINE: the engine under test, "native" unless set.
STRIATE_TEST_EFFORT: how many times the usual number of random examples; above 1 they differ from run to run.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from striate import engines
from striate.engines import Engine


@pytest.fixture(scope="session")
def engine() -> Engine:
    return engines.get(os.environ.get("STRIATE_TESTED_ENGINE", "native"))


@pytest.fixture(scope="session")
def oracle() -> Any:
    """PyTorch in float64, so that what differs is the tested engine's rounding."""
    torch = pytest.importorskip("torch", reason='needs PyTorch: pip install "striate[peers]"')
    torch.set_num_threads(1)  # its threads would wait for work on the cores that the tested engine's work on
    from striate.engines.torch import TorchEngine

    return TorchEngine(precision="float64")

"""What all tests share: the optional peers to compare with, and a clean start for each test."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import pytest
from hypothesis import settings

os.environ["KERAS_BACKEND"] = "torch"  # must be set before Keras is first imported

import striate.engines  # noqa: F401 (layers and activations can then be called on arrays)
from striate.layers.base import reset_names

settings.register_profile("striate", deadline=None)  # how long an example takes depends on what else the machine does
settings.load_profile("striate")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests that take more than a few seconds")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes long; run with --slow"))


def _peer(module: str, name: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        pytest.skip(f'needs {name}: pip install "striate[peers]" ({error})')


@pytest.fixture(scope="session")
def torch() -> Any:
    """PyTorch, or a skip that says which extra is missing."""
    return _peer("torch", "PyTorch")


@pytest.fixture(scope="session")
def keras(torch: Any) -> Any:
    """Keras on PyTorch, or a skip that says which extra is missing."""
    return _peer("keras", "Keras")


@pytest.fixture(autouse=True)
def _fresh_names() -> None:
    """Each test's first Conv2D is called conv2d, here and in Keras."""
    reset_names()
    if "keras" in sys.modules and hasattr(sys.modules["keras"], "src"):
        sys.modules["keras"].utils.clear_session(free_memory=False)

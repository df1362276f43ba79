"""The documents' programs run unmodified and print what their headers say."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("arithmetic", "pooling_dense", "functional", "vgg16_fine_tuning")


def load_tool() -> Any:
    spec = importlib.util.spec_from_file_location("listings", ROOT / "tools" / "listings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["listings"] = module
    spec.loader.exec_module(module)
    return module


TOOL = load_tool()
PLACES = [ROOT.parent / "shared", Path("/work/shared")]
SHARED = next((place for place in PLACES if (place / "listings").is_dir()), PLACES[0])
NAMES = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in TOOL.LISTINGS]


@pytest.mark.parametrize("name", NAMES)
def test_listing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (SHARED / "listings").is_dir():
        pytest.skip(f"the documents' programs are not at {SHARED / 'listings'}, which is no part of the project")
    if name == "lab08":
        pytest.importorskip("pandas")
        pytest.importorskip("matplotlib")
    if "STRIATE_DATA" not in os.environ:
        monkeypatch.setenv("STRIATE_DATA", str(SHARED / "data"))
    paths = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent / "poison"), *paths]))
    TOOL.checked(name, SHARED / "listings")

"""What editors and type checkers are told of striate.keras is what its table of places says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import striate
from striate.keras._places import PLACES

STUBS = Path(striate.__file__).parent / "keras"
FORMER = {"engine", "initializations", "objectives", "optimizer_v2", "wrappers"}  # without stubs


def stub(place: str) -> Path:
    folder = STUBS.joinpath(*place.split("."))
    return folder / "__init__.pyi" if folder.is_dir() else folder.with_suffix(".pyi")


@pytest.mark.parametrize("place", sorted(place for place in PLACES if "." not in place and place not in FORMER))
def test_every_place_has_a_stub(place: str) -> None:
    sources = re.findall(r"^from striate\.([\w.]+) import \*$", stub(place).read_text(), re.MULTILINE)
    assert sorted(sources) == sorted(PLACES[place].split())


def test_every_stub_is_a_place() -> None:
    for path in STUBS.rglob("*.pyi"):
        place = ".".join(path.relative_to(STUBS).with_suffix("").parts).removesuffix(".__init__")
        for source in PLACES[place].split():
            assert f"from striate.{source} import *" in path.read_text()


def test_a_type_checker_knows_the_names(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(
        "import striate.keras as keras\n"
        "from striate.keras.layers import Conv2D, Dense\n"
        "from striate.keras.models import Sequential\n"
        "from striate.keras.datasets import mnist\n"
        "from striate.keras.preprocessing.image import ImageDataGenerator\n"
        "from striate.keras.optimizers.schedules import ExponentialDecay\n"
        "model = Sequential([Conv2D(3, 3), Dense(10)])\n"
        "reveal_type(model)\n"
        "Conv2D('many')\n"
        "keras.callbacks.EarlyStopping(patience=2)\n"
    )
    command = [sys.executable, "-m", "mypy", "--config-file", "", "--follow-imports", "silent", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=200)
    assert 'Revealed type is "striate.models.sequential.Sequential"' in done.stdout, done.stdout
    assert set(re.findall(r"py:(\d+): error", done.stdout)) == {"9"}, done.stdout

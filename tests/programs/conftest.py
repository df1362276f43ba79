"""Programs run as users run them: in a process of their own, where importing the real TensorFlow or Keras ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
POISON = HERE / "poison"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Without TensorFlow, Keras and a display."""
    paths = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")}
    return {
        **kept, "PYTHONPATH": os.pathsep.join([str(POISON), *paths]), "HOME": str(tmp_path / "home"), "COLUMNS": "80",
        "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
    }  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    """`striate run` of a text, or of a program's path, in a folder of its own."""

    def run(program: str | Path, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        if isinstance(program, str):
            (tmp_path / "program.py").write_text(program)
            program = Path("program.py")
        command = [sys.executable, "-m", "striate", "run", *options, str(program), *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    return run

"""The examples run as they are called from a shell, and what they print is true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs a checkout, with its examples")


def percents(text: str, line: str) -> list[float]:
    """The percentages in the line that begins so."""
    found = next(row for row in text.splitlines() if row.strip().startswith(line))
    return [float(number) for number in re.findall(r"([\d.]+)%", found)]


def signals(text: str, folder: Path) -> None:
    assert "140 recordings of 10 people" in text
    (dense,), (convolution,) = percents(text, "dense"), percents(text, "convolution in 1-D")
    (mixed,) = percents(text, "Split at random")
    assert dense + 5 < convolution < mixed
    assert convolution > 75
    named, recordings = map(int, re.search(r"in (\d+) of (\d+) recordings", text).groups())  # type: ignore[union-attr]
    assert recordings == 42
    assert named >= 32


def volumes(text: str, folder: Path) -> None:
    flat, volume = percents(text, "each frame by itself"), percents(text, "over three frames")
    assert flat[0] < 60  # chance between the two ways
    assert flat[1] > 90
    assert volume[0] > 80


def clothes(text: str, folder: Path) -> None:
    assert "The pixel 192 becomes 427." in text
    assert re.search(r"convolution +1,386,506", text)
    assert percents(text, "all convolutions")[1] > percents(text, "dense")[1] + 5


def fine_tuning(text: str, folder: Path) -> None:
    assert "358,210 parameters" in text
    assert percents(text, "from nothing")[0] + 10 < percents(text, "frozen convolutions")[0]  # after ten steps
    assert "The frozen convolutions are as they were, to the last bit." in text


def dense_or_convolution(text: str, folder: Path) -> None:
    for count in ("48,000,100", "2,800", "118,980", "61,706"):
        assert count in text
    assert min(percents(text, "LeNet-5  ")) > 60
    assert "LeNet-5 on clothes" in (folder / "lenet5-report.html").read_text(encoding="utf-8")


def architectures(text: str, folder: Path) -> None:
    table = ["227", "55x55x96", "27x27x96", "27x27x256", "13x13x256", "13x13x384", "6x6x256", "4096", "1000"]
    assert all(f"[{shape}]" in text for shape in table[1:])
    for line in ("[28x28x6]", "62,378,344 parameters", "[[6, 8], [3, 4]]", "56x90: 10 probabilities"):
        assert line in text
    assert len(re.findall(r"\dx\d, stride \d: ", text)) == 6
    assert percents(text, "16 filters")[0] > percents(text, "2 filters")[0] + 10


def image_filters(text: str, folder: Path) -> None:
    assert "79.2 81.6 62.0 77.2 118.4 112.0 61.0" in text
    assert re.search(r"7 +3 +0 +3 +2.333 +2 ", text)
    assert re.search(r"227 +11 +0 +4 +55 +55", text)
    assert "so does what the convolution makes of it: True" in text
    changed = percents(text, "Of its numbers")
    assert changed[1] < changed[0]
    assert "1,413,834 parameters" in text


CHECKS: dict[str, Callable[[str, Path], None]] = {
    check.__name__: check
    for check in (signals, volumes, clothes, fine_tuning, dense_or_convolution, architectures, image_filters)
}


@pytest.mark.parametrize("name", CHECKS)
def test_example(name: str, tmp_path: Path) -> None:
    """With the images that come with Striate, wherever it is tested; other tests run beside it."""
    paths = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    alone = {"HOME": str(tmp_path), "STRIATE_DATA": str(tmp_path), "STRIATE_NUM_THREADS": "1"}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **alone}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), "--quick"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    CHECKS[name](done.stdout, tmp_path)


def test_all_examples_are_tested_and_listed() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")} - {"common"}
    assert names == set(CHECKS)
    listed = re.findall(r"\[(\w+)\.py\]\((\w+)\.py\)", (EXAMPLES / "README.md").read_text(encoding="utf-8"))
    assert {name for name, _ in listed} == {target for _, target in listed} == names


def test_embedded_data() -> None:
    data = EXAMPLES / "data"
    assert sum(path.stat().st_size for path in data.iterdir()) < 300_000
    assert "Redistribution and use" in (data / "LICENSE").read_text(encoding="utf-8")

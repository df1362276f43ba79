"""`striate search`, on a tiny data set."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

import striate
from cli.test_arguments import fails
from striate.cli import main

SMALL = ["search", "fashion_mnist", "--epochs", "1", "--batch-size", "16", "--seeds", "1"]


@pytest.fixture
def _extra() -> None:
    pytest.importorskip("optuna", reason='needs Optuna: pip install "striate[search]"')
    pytest.importorskip("matplotlib", reason='needs Matplotlib: pip install "striate[search]"')


@pytest.mark.usefixtures("fashion", "_extra")
def test_search(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--trials", "2"]) == 0
    first = capsys.readouterr()
    assert first.err == ""
    lines = first.out.splitlines()
    assert lines[0] == "LeNet on Fashion-MNIST: 2 trials, 1 epochs each"
    assert [line[:9] for line in lines[2:4]] == ["trial   0", "trial   1"]
    folder = place / "runs" / "search-fashion_mnist"
    names = ["classes.json", "model.keras", "network.py", "search.png", "study.db"]
    assert sorted(path.name for path in folder.iterdir() if path.name[0] != ".") == names
    assert (folder / "network.py").read_text(encoding="utf-8") in first.out
    assert main([*SMALL, "--trials", "5"]) == 0
    second = capsys.readouterr().out.splitlines()
    assert second[1] == f"going on after 2 trials in {folder.relative_to(place) / 'study.db'}"
    assert [line[:9] for line in second[2:5]] == ["trial   2", "trial   3", "trial   4"]
    table = second[next(i for i, line in enumerate(second) if line.startswith("trial  ") and "held back" in line) :]
    assert max(len(line) for line in table[: table.index("")]) <= 80
    assert any(line.startswith("what decides most: ") for line in table)
    rows = {line.split()[0]: line for line in table if line}
    assert "61,706" in rows["lectures"]
    Image.new("L", (28, 28)).save(place / "black.png")
    assert main(["predict", str(folder), "black.png"]) == 0
    model = striate.models.load_model(folder / "model.keras")
    space: dict[str, object] = {}
    exec((folder / "network.py").read_text(encoding="utf-8"), space)
    assert [w.shape for w in space["model"].get_weights()] == [w.shape for w in model.get_weights()]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_extra")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["fashon_mnist"], ["unknown data set", "did you mean 'fashion_mnist'?"]),
        (["mnist", "--model", "alexnet"], ["unknown model 'alexnet'", "lenet5"]),
        (["mnist", "--trials", "0"], ["--trials: got 0"]),
        (["mnist", "--minutes", "0"], ["--minutes: got 0", "above 0"]),
        (["mnist", "--minutes", "nan"], ["--minutes", "above 0"]),
        (["mnist", "--epochs", "0"], ["--epochs: got 0"]),
        (["mnist", "--seeds", "0"], ["--seeds: got 0"]),
        (["mnist", "--seed", "-1"], ["--seed: got -1"]),
        (["mnist", "--subset"], ["--subset: only fashion_mnist"]),
        (["mnist", "--study"], ["--study"]),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], place: Path, options: list[str], words: list[str]) -> None:
    message = fails(capsys, "search", *options)
    for word in words:
        assert word in message
    assert list(place.iterdir()) == []


@pytest.mark.usefixtures("fashion", "_extra")
def test_a_file_that_is_no_study(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / "notes.txt").write_text("text")
    assert main([*SMALL, "--study", "notes.txt"]) == 2
    assert capsys.readouterr().err == "striate: notes.txt: is no study of `striate search`; choose another name\n"


def test_without_the_extra(capsys: pytest.CaptureFixture[str], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)  # type: ignore[arg-type]
    message = fails(capsys, "search", "fashion_mnist")
    assert message == 'striate: search needs Optuna, which is not installed: pip install "striate[search]"\n'
    assert list(place.iterdir()) == []

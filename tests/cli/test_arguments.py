"""Mistakes: one line on standard error, exit code 2, and nothing begun."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import striate.cli.training
from striate.cli import main
from striate.version import __version__


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command line that must end with exit code 2; its one line."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("striate: ")
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trian"], ["trian", "striate --help"]),
        (["train"], ["dataset", "striate train --help"]),
        (["train", "mnist", "--epoch", "3"], ["--epoch"]),
        (["train", "mnist", "--epochs", "0"], ["--epochs: got 0, expected", "at least 1"]),
        (["train", "mnist", "--epochs", "many"], ["--epochs", "integer"]),
        (["train", "mnist", "--batch-size", "0"], ["--batch-size: got 0"]),
        (["train", "mnist", "--seed", "-1"], ["--seed: got -1"]),
        (["train", "mnist", "--lr", "0"], ["--lr", "above 0"]),
        (["train", "mnist", "--lr", "nan"], ["--lr", "above 0"]),
        (["train", "fashon_mnist"], ["unknown data set 'fashon_mnist'", "did you mean 'fashion_mnist'?"]),
        (["train", "imagenet_21k"], ["unknown data set", "cifar10, cifar100, fashion_mnist, mnist"]),
        (["train", "mnist", "--model", "lenet"], ["unknown model 'lenet'", "did you mean 'lenet1' or 'lenet5'"]),
        (["demo", "--epochs", "0"], ["--epochs"]),
        (["demo", "extra"], ["extra"]),
        (["predict", "m.keras"], ["images"]),
        (["predict", "m.keras", "a.png"], ["m.keras: no such model file"]),
        (["summary", "runs/nowhere"], ["runs/nowhere: no such model file"]),
        (["--colour"], ["--colour"]),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], place: Path, arguments: list[str], words: list[str]) -> None:
    message = fails(capsys, *arguments)
    for word in words:
        assert word.lower() in message.lower()
    assert list(place.iterdir()) == []


def test_data_that_are_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    message = fails(capsys, "train", "mnist")
    assert "mnist.npz" in message
    assert "Network is unreachable" in message


@pytest.mark.parametrize("command", [["demo"], ["train", "fashion-mnist"]])
def test_a_folder_that_cannot_be_made(capsys: pytest.CaptureFixture[str], place: Path, command: list[str]) -> None:
    (place / "taken").write_text("a file")
    assert "cannot write there" in fails(capsys, *command, "--out", "taken")
    assert "cannot write there" in fails(capsys, *command, "--out", "taken/below")


@pytest.mark.usefixtures("fashion")
def test_ctrl_c(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(striate.cli.training, "train_and_report", stop)
    assert main(["train", "fashion_mnist"]) == 130
    assert capsys.readouterr().err == "striate: stopped\n"


@pytest.mark.usefixtures("fashion")
def test_our_faults_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(striate.cli.training, "train_and_report", fail)
    with pytest.raises(RuntimeError, match="a fault"):
        main(["train", "fashion_mnist"])


@pytest.mark.parametrize("arguments", [[], ["--help"], ["train", "--help"], ["predict", "--help"]])
def test_help(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "Usage" in captured.out
    assert captured.err == ""


def test_version_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "striate", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"striate {__version__}\n", "")


def test_a_fault_ends_with_1_and_a_traceback() -> None:
    code = "import sys; from striate import cli; from striate.cli import application\n"
    code += "application.get_command = None\nsys.exit(cli.main(['demo']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr

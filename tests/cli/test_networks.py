"""`striate networks`: the list, the layers of one network, pictures, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.applications import NETWORKS
from striate.cli import main


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["networks", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    found = captured.out.splitlines()
    assert max(len(line) for line in found) <= 80
    return [line.rstrip() for line in found]


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(capsys)
    assert found[0].split() == ["network", "year", "paper", "input", "parameters", "mult-adds", "sees"]
    rows = {line.split()[0]: line for line in found[1 : 1 + len(NETWORKS)]}
    assert list(rows) == list(NETWORKS)
    years = [int(row.split()[1]) for row in rows.values()]
    assert years == sorted(years)
    assert rows["vgg16"].split() == [
        "vgg16", "2014", "Simonyan,", "Zisserman", "224x224x3", "138,357,544", "15.5", "G", "212"
    ]  # fmt: skip
    assert "…" not in "".join(found)


def test_the_layers_of_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(capsys, "VGG16")
    assert found[0] == "vgg16 (Simonyan, Zisserman 2014)"
    assert found[2].startswith("138,357,544 parameters (527.79 MB), 15,470,264,320 multiply-adds")
    assert found[5].split() == ["layer", "type", "output", "parameters", "mult-adds", "sees"]
    assert ["fc1", "Dense", "4096", "102,764,544", "103", "M", "all"] in map(str.split, found)
    assert ["block3_conv1", "Conv2D", "56x56x256", "295,168", "925", "M", "24"] in map(str.split, found)
    lines(capsys, "inception-v3"), lines(capsys, "mobilenet_v2")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file(suffix: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(tmp_path / f"m{suffix}")
    NETWORKS["lenet1"].build().save(path)
    assert lines(capsys, path)[2].startswith("2,578 parameters")


def test_a_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines(capsys, "lenet5", "--plot", str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["vgg17"], ["unknown network 'vgg17'", "'vgg16'"]),
        (["m.keras"], ["no such model file"]),
        (["--plot", "a.svg"], ["--plot", "which network"]),
        (["vgg16", "--plot", "a.png"], ["ends in .svg"]),
        (["vgg16", "--plot", "nowhere/a.svg"], ["cannot be written"]),
    ],
)
def test_mistakes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str],
    words: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["networks", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    for word in words:
        assert word in captured.err

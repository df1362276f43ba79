"""The commands do what they say, on a tiny data set."""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import striate
import striate.cli.training
from striate.cli import main
from striate.cli.display import TrainingDisplay, clock
from striate.cli.files import read_image
from striate.cli.predict import probabilities
from striate.errors import DataError


def train(*arguments: str) -> None:
    assert main(["train", "fashion_mnist", "--epochs", "2", "--batch-size", "8", *arguments]) == 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that needs a trained network leaves it for the others."""
    return tmp_path_factory.mktemp("trained") / "run"


@pytest.fixture
def run(fashion: Path, place: Path, trained: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    if not trained.exists():
        train("--epochs", "12", "--out", str(trained), "--lr", "0.003")
        capsys.readouterr()
    return Path(shutil.copytree(trained, place / "run"))


def test_train(fashion: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train()
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert captured.err == ""
    assert max(len(line) for line in lines) <= 80
    assert lines[0] == "lenet5_modern on Fashion-MNIST: 80 images, 61,706 parameters"
    assert [line[:9] for line in lines[1:3]] == ["epoch 1/2", "epoch 2/2"]
    assert all("images/s" in line and "validation" in line for line in lines[1:3])
    assert any(line.startswith("test accuracy ") for line in lines)
    table = lines[lines.index(next(line for line in lines if line.startswith("class "))) :]
    assert table[0].split() == ["class", "precision", "recall", "images"]
    assert [row.split("  ")[0] for row in table[1:11]] == list(striate.datasets.fashion_mnist.class_names)
    folder = place / "runs" / "fashion_mnist-lenet5_modern"
    assert sorted(path.name for path in folder.iterdir()) == ["classes.json", "model.keras", "report.html"]
    report = (folder / "report.html").read_text(encoding="utf-8")
    for text in ("lenet5_modern on Fashion-MNIST", "Ankle boot", "Rescaling", "61,706", "<dt>seed</dt><dd>42</dd>"):
        assert text in report


@pytest.mark.usefixtures("fashion")
def test_the_same_seed_gives_the_same_network(place: Path) -> None:
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        train("--seed", seed, "--out", name, "--epochs", "1")
    a, b, c = (striate.models.load_model(place / name / "model.keras").get_weights() for name in "abc")
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(a[0], c[0])


@pytest.mark.usefixtures("fashion")
def test_train_with_pytorch(place: Path, torch: Any) -> None:
    for name, options in (("a", ()), ("b", ("--engine", "torch:cpu")), ("c", ("--device", "cpu"))):
        train("--out", name, "--seed", "7", *options)
    a, b, c = (striate.models.load_model(place / name / "model.keras").get_weights() for name in "abc")
    for native, named, implied in zip(a, b, c, strict=True):
        np.testing.assert_array_equal(named, implied)
        np.testing.assert_allclose(native, named, atol=1e-3)
    assert "<dt>engine</dt><dd>torch, cpu, float32</dd>" in (place / "c" / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("fashion")
def test_train_on_a_device_that_is_not_there(
    place: Path, torch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "fashion_mnist", "--device", "cuda:99"]) == 2
    assert "device: got 'cuda:99', but here there are only 'cpu'" in capsys.readouterr().err
    assert main(["train", "fashion_mnist", "--engine", "native", "--device", "cuda"]) == 2
    assert 'needs "torch"' in capsys.readouterr().err
    assert not (place / "runs").exists()


def test_predict(run: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, size, colour in (("small.png", 28, False), ("large.jpg", 280, True)):
        pixels = np.zeros((28, 28), np.uint8)
        pixels[3:6] = 255  # class 0
        image = Image.fromarray(pixels).resize((size, size), Image.Resampling.NEAREST)
        (image.convert("RGB") if colour else image).save(place / name)
    assert main(["predict", "run", "small.png", "large.jpg"]) == 0
    captured = capsys.readouterr()
    small, large = captured.out.splitlines()
    assert small.startswith("small.png  T-shirt/top  ")
    assert small.endswith(" %")
    assert large.startswith("large.jpg  T-shirt/top  ")
    assert large.endswith("(280x280 to 28x28, RGB to grey)")
    assert captured.err == ""
    assert main(["predict", str(run / "model.keras"), "small.png", "--invert"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("(inverted)")


@pytest.mark.usefixtures("fashion")
@pytest.mark.parametrize("network", ["mobilenet_v2", "lenet5", "digit_visualizer"])
def test_what_train_has_saved_predict_reads(network: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train("--model", network, "--out", "run", "--epochs", "1", "--batch-size", "40")
    capsys.readouterr()
    Image.new("L", (28, 28)).save(place / "black.png")
    assert main(["predict", "run", "black.png"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("black.png  ")
    assert captured.err == ""
    model = striate.models.load_model(place / "run" / "model.keras")
    assert model.input_shape == (None, 28, 28, 1)
    assert model.optimizer.iterations > 0


def test_predict_without_names(run: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "classes.json").unlink()
    Image.new("L", (28, 28)).save(place / "black.png")
    assert main(["predict", "run", "black.png"]) == 0
    assert "  class " in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "[]", '{"class_names": [1]}', '{"class_names": "abc"}', "[" * 100_000])
def test_predict_with_broken_names(run: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    (run / "classes.json").write_text(content)
    assert main(["predict", "run", "any.png"]) == 2
    assert "classes.json" in capsys.readouterr().err


def test_predict_with_one_file_that_is_no_image(run: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("L", (28, 28)).save(place / "good.png")
    (place / "bad.png").write_text("text")
    assert main(["predict", "run", "good.png", "bad.png"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "striate: bad.png: not an image\n")
    assert main(["predict", "bad.png", "good.png"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_summary(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "run"]) == 0
    assert "61,706" in capsys.readouterr().out
    assert main(["summary", "run/model.keras", "--details"]) == 0
    assert "Multiply-adds" in capsys.readouterr().out


def test_demo_with_the_whole_data_set(
    fashion: Path, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--epochs", "1", "--seed", "3"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("fashion_demo on Fashion-MNIST: 80 images")
    assert captured.err == ""
    assert (place / "runs" / "demo" / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("asked", [False, True])
def test_demo_with_the_subset(asked: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plans: list[Any] = []
    monkeypatch.setattr(striate.cli.training, "train_and_report", plans.append)
    assert main(["demo", *(["--subset"] if asked else [])]) == 0
    captured = capsys.readouterr()
    assert captured.err.count("\n") == (0 if asked else 1)
    assert ("12,000 images that come with Striate" in captured.err) != asked
    (plan,) = plans
    assert len(plan.data[0][0]) == 10_000
    assert "10,000 + 2,000" in plan.note


@pytest.mark.usefixtures("fashion")
def test_a_disk_that_fills_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(path: object, run: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("striate.report.write_report", full)
    assert main(["train", "fashion_mnist", "--epochs", "1"]) == 2
    assert capsys.readouterr().err.endswith("report.html: cannot be written (No space left on device)\n")


def test_the_live_display() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, height=30, color_system=None)
    with TrainingDisplay(console, images=1000, batch_size=10, epochs=2) as display:
        for epoch in range(2):
            display.on_epoch_begin(epoch)
            display._drawn = 0.0
            display.on_train_batch_end(49, {"loss": 0.5, "accuracy": 0.75})
            assert display.seen == 1000 * epoch + 500
            display.on_train_batch_end(99, {"loss": 0.25, "accuracy": 0.875})
            display.on_epoch_end(epoch, {"loss": 0.25, "accuracy": 0.875, "val_accuracy": 0.5})
    shown = screen.getvalue()
    assert "epoch 1/2" in shown
    assert "loss 0.5000  accuracy 75.00 %" in shown
    assert " left" in shown
    assert shown.count("validation 50.00 %") == 2
    assert display.speed == pytest.approx(2000 / display.seconds)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (75, "1:15"), (3723, "1:02:03"), (3599.7, "1:00:00")],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_probabilities() -> None:
    np.testing.assert_allclose(probabilities(np.array([[0.25], [1.0]])), [[0.75, 0.25], [0, 1]])
    np.testing.assert_allclose(probabilities(np.array([[0.25, 0.75]])), [[0.25, 0.75]])
    np.testing.assert_allclose(probabilities(np.array([[0.0, np.log(3)]])), [[0.25, 0.75]])


@pytest.mark.parametrize(
    ("image", "shape", "expected", "done"),
    [
        (Image.new("RGB", (2, 2), (10, 20, 30)), (2, 2, 3), (10, 20, 30), ""),
        (Image.new("L", (2, 2), 7), (2, 2, 3), (7, 7, 7), "grey to RGB"),
        (Image.new("RGBA", (4, 2), (255, 255, 255, 0)), (2, 2, 1), (0,), "4x2 to 2x2, RGBA to grey"),
        (Image.new("RGBA", (2, 2), (1, 2, 3, 4)), (2, 2, 4), (1, 2, 3, 4), ""),
        (Image.fromarray(np.full((2, 2), 0x1234, np.uint16)), (2, 2, 1), (0x12,), "16-bit grey to grey"),
    ],
)
def test_images_are_converted(
    tmp_path: Path, image: Image.Image, shape: tuple[int, int, int], expected: tuple[int, ...], done: str
) -> None:
    image.save(tmp_path / "image.png")
    pixels, changes = read_image(tmp_path / "image.png", shape, invert=False)
    assert pixels.tolist() == [[list(expected)] * shape[1]] * shape[0]
    assert changes == done


def test_images_are_turned_as_the_camera_was_held(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 85], [170, 255]], np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned clockwise by 90 degrees to be seen upright
    image.save(tmp_path / "photo.png", exif=exif)
    pixels, _ = read_image(tmp_path / "photo.png", (2, 2, 1), invert=False)
    assert pixels[..., 0].tolist() == [[170, 0], [255, 85]]


def test_hostile_images(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.new("L", (50, 50)).save(path)
    whole = path.read_bytes()
    for content in (b"", whole[:60], whole[:16] + b"\x00\x01\x00\x00" * 2 + whole[24:]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"image\.png: "):
            read_image(path, (28, 28, 1), invert=False)
    with pytest.raises(DataError, match="no such file"):
        read_image(tmp_path / "missing.png", (28, 28, 1), invert=False)
    with pytest.raises(DataError, match="5 channels"):
        read_image(path, (28, 28, 5), invert=False)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_on_a_terminal(fashion: Path) -> None:
    import subprocess
    import sys

    leader, follower = os.openpty()
    command = [sys.executable, "-m", "striate", "train", "fashion_mnist", "--epochs", "2"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:  # Linux's way to say that the other side is closed
                break
            if not piece:
                break
            shown += piece
    os.close(leader)
    assert process.returncode == 0, shown.decode()
    text = shown.decode()
    for words in ("epoch 2/2", " left", "images/s", "test accuracy"):
        assert words in text


def test_class_names_file(run: Path) -> None:
    names = json.loads((run / "classes.json").read_text(encoding="utf-8"))["class_names"]
    assert names == list(striate.datasets.fashion_mnist.class_names)

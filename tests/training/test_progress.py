"""The progress display: what it says, and that it fits."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pytest

import striate
from striate.training import progress
from training.networks import data, small

LOGS = {"accuracy": 0.91234, "loss": 0.00012345, "val_accuracy": 0.9, "val_loss": 12.5}
X, Y = data()


@pytest.mark.parametrize("width", [80, 60, 40, 20])
@pytest.mark.parametrize("fraction", [0.0, 0.37, 1.0])
def test_live_line_fits(width: int, fraction: float) -> None:
    line = progress.live_line("Epoch 12/100", fraction, "1:05 left", 123456.7, LOGS, width)
    assert len(line) <= width
    assert line.startswith("Epoch 12/100 ")
    if width == 80:
        assert "1:05 left" in line
        assert "accuracy: 0.9123 - loss: 1.2345e-04" in line
        assert line.count("━") + line.count("╺") >= 5


def test_live_line_with_two_metrics_has_everything() -> None:
    line = progress.live_line("Epoch 3/10", 0.5, "8.2s left", 20345.0, {"accuracy": 0.5, "loss": 1.0}, 80)
    assert re.fullmatch(r"Epoch 3/10 ━+╺+ 8.2s left 20,345 images/s - accuracy: 0.5000 - loss: 1.0000", line)


def test_last_line_continues_on_the_next_when_it_is_long() -> None:
    text = progress.wrapped("Epoch 3/10 3.0s 20,345 images/s", progress.items(LOGS), 80)
    assert text.split("\n") == [
        "Epoch 3/10 3.0s 20,345 images/s - accuracy: 0.9123 - loss: 1.2345e-04",
        "    val_accuracy: 0.9000 - val_loss: 12.5000",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0s"), (9.94, "9.9s"), (9.96, "10s"), (59.4, "59s"), (59.6, "1:00"), (65, "1:05"), (7384, "2:03:04")],
)
def test_durations(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text


def run(verbose: Any, **arguments: Any) -> None:
    model = small(striate)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, epochs=2, verbose=verbose, validation_split=0.2, **arguments)
    model.evaluate(X, Y, verbose=verbose)
    model.predict(X, verbose=verbose)


def test_without_a_terminal_each_epoch_leaves_its_last_state(capsys: Any) -> None:
    run("auto")
    lines = capsys.readouterr().out.splitlines()
    assert "\r" not in "".join(lines)
    first_words = [line.split()[0] for line in lines]
    assert first_words == ["Epoch", "val_accuracy:", "Epoch", "val_accuracy:", "Evaluate", "Predict"]
    assert all(len(line) <= 80 for line in lines)
    assert re.match(r"Epoch 1/2 \d\.\ds [\d,]+ images/s - accuracy: 0\.\d{4} - loss: \d\.\d{4}$", lines[0])


def test_verbose_2_is_one_line_for_each_epoch(capsys: Any) -> None:
    run(2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["Epoch", "Epoch", "Evaluate", "Predict"]
    assert "val_loss" in lines[1]


def test_verbose_0_is_silent(capsys: Any) -> None:
    run(0)
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_line_is_redrawn_and_its_end_erased(monkeypatch: Any) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    shown = progress.Progress("Epoch 1/2", 100)
    shown.update(10, {"accuracy": 0.5, "loss": 2.0})
    shown.update(100, {"loss": 1.0})
    shown.finish(100, {"loss": 1.0})
    drawn = screen.getvalue().split("\r")
    assert drawn[0] == ""
    assert "accuracy: 0.5000 - loss: 2.0000" in drawn[1]
    assert len(drawn[2]) >= len(drawn[1])  # spaces over what was longer
    assert drawn[3].strip() == ""
    assert drawn[4].startswith("Epoch 1/2 0.0s")
    assert drawn[4].endswith("loss: 1.0000\n")
    assert all(len(line) <= 79 for line in drawn)


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_errors_begin_on_a_line_of_their_own(monkeypatch: Any, method: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def batches() -> Any:
        yield X[:8], Y[:8]
        yield X[:8], Y[:8]
        raise KeyError("of the user")

    model = small(striate)
    model.compile("sgd", "sparse_categorical_crossentropy")
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    monkeypatch.setattr(sys, "stdout", Terminal())
    with pytest.raises(KeyError):
        getattr(model, method)(batches())
    shown = sys.stdout.getvalue()  # type: ignore[attr-defined]
    assert "batches/s" in shown
    assert re.search(r"\r *\r$", shown)


def test_interactive_logging_can_be_switched_off(capsys: Any) -> None:
    striate.utils.disable_interactive_logging()
    try:
        assert not striate.utils.is_interactive_logging_enabled()
        x, y = data()
        model = small(striate)
        model.compile("sgd", "sparse_categorical_crossentropy")
        for verbose in ("auto", 1, 2):
            model.fit(x, y, verbose=verbose)
            model.predict(x, verbose=verbose)
        striate.utils.Progbar(3).update(3)
        assert capsys.readouterr().out == ""
    finally:
        striate.utils.enable_interactive_logging()
    model.fit(x, y, verbose=2)
    assert "loss" in capsys.readouterr().out

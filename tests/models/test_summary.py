"""summary against Keras's, character by character, and its details."""

from __future__ import annotations

from typing import Any

import pytest

import striate
from striate.errors import StriateError
from striate.models.summary import amount, column_widths, memory


def network(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((28, 28, 3)),
            layers.Conv2D(64, 5, activation="relu", name="conv2d"),
            layers.BatchNormalization(name="batch_normalization"),
            layers.MaxPooling2D(name="max_pooling2d"),
            layers.Conv2D(1024, 3, strides=2, name="a_layer_with_a_name_that_is_too_long_for_any_column"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", trainable=False, name="dense"),
        ],
        name="net",
    )


def text(model: Any, **arguments: Any) -> str:
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line), **arguments)
    return "\n".join(lines).strip()


OPTIONS: list[dict[str, Any]] = [
    {},
    {"line_length": 61},
    {"line_length": 97},
    {"show_trainable": True, "line_length": 92},
    {"positions": [0.5, 0.7, 1.0]},
    {"layer_range": ["batch", "flatten"]},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_text_is_keras(keras: Any, monkeypatch: Any, options: dict[str, Any]) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert text(network(striate), **options) == text(network(keras), **{"line_length": 80, **options})


def test_text_of_a_compiled_and_of_an_unbuilt_model_is_keras(keras: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    texts = []
    for library in (striate, keras):
        model = network(library)
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_weights)
        unbuilt = library.Sequential([library.layers.Dense(3, name="d"), library.layers.Dense(2, name="e")], name="u")
        texts.append([text(model, line_length=80), text(unbuilt, line_length=80)])
    assert texts[0] == texts[1]


def test_details() -> None:
    shown = text(network(striate), details=True)
    lines = shown.splitlines()
    assert all(len(line) <= 110 for line in lines)
    assert len({len(line) for line in lines[1:-6]}) == 1
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if line.startswith("│")]
    rows = {row[0].split(" ")[0]: row[2:] for row in cells if row[2]}
    assert rows["conv2d"] == ["4,864", "2.76 M", "144.00 KB", "5x5", "1x1"]
    assert rows["max_pooling2d"] == ["0", "0", "36.00 KB", "6x6", "2x2"]
    assert rows["dense"] == ["256,010", "256 K", "40.00 B", "all", "-"]
    assert " Multiply-adds for one image: 17,766,400" in lines


def test_details_of_an_unbuilt_model() -> None:
    shown = text(striate.Sequential([striate.layers.Dense(3)]), details=True)
    assert shown.count("?") == 5


def test_numbers() -> None:
    counts = (0, 999, 1000, 12345, 999_600, 1_234_567_890)
    assert [amount(n) for n in counts] == ["0", "999", "1 K", "12.3 K", "1 M", "1.23 G"]
    assert [memory(n) for n in (32, 1668, 3 << 20)] == ["32.00 B", "1.63 KB", "3.00 MB"]
    assert sum(column_widths(80, [0.45, 0.8, 1.0])) == 76


def test_what_is_refused() -> None:
    model = network(striate)
    with pytest.raises(StriateError, match="too short"):
        model.summary(line_length=12)
    with pytest.raises(StriateError, match="expected 3"):
        model.summary(positions=[0.5, 1.0])
    with pytest.raises(StriateError, match="no layers match"):
        model.summary(layer_range=["x", "y"])

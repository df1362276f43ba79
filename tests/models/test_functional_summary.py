"""The table of a network with branches: what each layer is connected to, inner models, open sizes."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import pytest

import striate


def network(api: Any) -> Any:
    lib = api.layers
    a, b = api.Input((4,), name="a"), api.Input((4,), name="b")
    x = api.Input((3,), name="inner_input")
    inner = api.Model(x, [lib.Dense(5, name="p")(x), lib.Dense(6, name="q")(x)], name="inner")
    shared = lib.Dense(3, name="shared")
    p, q = inner(lib.Add(name="sum")([shared(a), shared(b)]))
    return api.Model([a, b], lib.Concatenate(name="beside")([p, q, a]), name="m")


def rows(model: Any, **options: Any) -> list[list[str]]:
    """The cells of each row, with what is continued on further lines put together and without spaces."""
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line), line_length=150, **options)
    found = []
    for line in "\n".join(lines).splitlines():
        cells = re.split("[│┃|]", line)[1:-1]
        if len(cells) > 2:
            found.append([cell.replace(" ", "") for cell in cells])
    return found


def test_the_same_rows_as_keras(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    ours, theirs = network(striate), network(keras)
    assert rows(ours) == rows(theirs)
    assert rows(ours, expand_nested=True) == rows(theirs, expand_nested=True)
    assert ["└q(Dense)", "(None,6)", "24", "-"] in rows(ours, expand_nested=True)


def test_inner_layers_are_indented() -> None:
    lines: list[str] = []
    network(striate).summary(print_fn=lines.append, expand_nested=True)
    assert "│    └ p (Dense)" in lines[0]


def test_costs_of_inner_models_and_shared_layers() -> None:
    cells = {row[0]: row for row in rows(network(striate), details=True, expand_nested=True)}
    assert cells["shared(Dense)"][3] == "24"
    assert cells["inner(Functional)"][3] == "33"
    assert cells["└q(Dense)"][3:5] == ["18", "24.00B"]


def test_open_sizes_have_no_costs() -> None:
    x = striate.Input((None, None, 3))
    model = striate.Model(x, striate.layers.GlobalMaxPooling2D()(striate.layers.Conv2D(4, 3, name="conv")(x)))
    cells = {row[0]: row for row in rows(model, details=True)}
    assert cells["conv(Conv2D)"][1:7] == ["(None,None,None,4)", "112", "?", "?", "?", "?"]

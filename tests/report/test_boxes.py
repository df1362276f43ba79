"""plot_model's boxes: every layer once, in order, within the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate import Input, Model, Sequential, layers, utils
from striate.errors import StriateError
from striate.report import boxes


def branched() -> Model:
    x = Input((8, 8, 3), name="images")
    a = layers.Conv2D(4, 3, padding="same", activation="relu", name="a")(x)
    b = layers.Conv2D(4, 1, name="b")(x)
    inner = Sequential([Input((256,)), layers.Dense(5, name="d"), layers.Dense(2, name="e")], name="inner")
    return Model(x, inner(layers.Flatten(name="flat")(layers.Add(name="add")([a, b]))))


def laid_out(model: Model, expand: bool = False, rankdir: str = "TB", **shown: bool) -> list[boxes.Box]:
    found = boxes._boxes(model, boxes.Shown(**shown), expand)
    width, height = boxes._arrange(found, boxes._font(14), 1.0, rankdir)
    for box in found:
        for place, size, bound in zip(box.place, box.size, (width, height), strict=True):
            assert 0 <= place - size / 2 < place + size / 2 <= bound
    return found


def test_layers_and_their_order() -> None:
    found = laid_out(branched(), names=True)
    assert [box.rows[0] for box in found] == [
        "images (InputLayer)", "a (Conv2D)", "b (Conv2D)", "add (Add)", "flat (Flatten)", "inner (Sequential)"
    ]  # fmt: skip
    assert [box.rank for box in found] == [0, 1, 1, 2, 3, 4]
    assert {box.rows[0] for box in found[3].before} == {"a (Conv2D)", "b (Conv2D)"}
    opened = laid_out(branched(), expand=True, names=True)
    assert [box.rows[0] for box in opened][-2:] == ["d (Dense)", "e (Dense)"]
    assert opened[-2].before[0].rows[0] == "flat (Flatten)"


def test_what_is_written() -> None:
    everything = laid_out(branched(), shapes=True, dtype=True, names=True, activations=True, trainable=True)
    assert everything[1].rows == [
        "a (Conv2D)", "Activation: relu", "Input shape: (None, 8, 8, 3)", "Output shape: (None, 8, 8, 4)",
        "Output dtype: float32", "Trainable",
    ]  # fmt: skip
    assert laid_out(branched())[1].rows == ["Conv2D"]


@pytest.mark.parametrize(("rankdir", "along"), [("TB", 1), ("LR", 0)])
def test_boxes_do_not_overlap_and_follow_each_other(rankdir: str, along: int) -> None:
    found = laid_out(branched(), rankdir=rankdir, names=True, shapes=True)
    for box in found:
        for other in box.before:
            assert other.place[along] + other.size[along] / 2 < box.place[along] - box.size[along] / 2
    a, b = found[1:3]
    assert abs(a.place[1 - along] - b.place[1 - along]) >= (a.size[1 - along] + b.size[1 - along]) / 2


def test_files(tmp_path: Path) -> None:
    sizes = {}
    for dpi in (50, 100):
        path = utils.plot_model(branched(), tmp_path / f"{dpi}.png", show_shapes=True, dpi=dpi)
        assert path == str(tmp_path / f"{dpi}.png")
        with Image.open(path) as image:
            pixels = np.asarray(image)
            sizes[dpi] = image.size
        assert 0.02 < (pixels < 128).mean() < 0.6  # something is drawn
    assert 1.6 < sizes[100][0] / sizes[50][0] < 2.4
    assert utils.plot_model(branched(), tmp_path / "plain").endswith("plain.png")
    assert (tmp_path / "plain.png").exists()
    utils.plot_model(branched(), str(tmp_path / "a.pdf"))
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_large_networks_stay_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "MOST_PIXELS", 200_000)
    deep = Sequential([Input((4,)), *[layers.Dense(4) for _ in range(30)]])
    with Image.open(utils.plot_model(deep, tmp_path / "deep.png", dpi=300)) as image:
        assert image.width * image.height <= 200_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rankdir": "BT"}, '"TB" or "LR"'),
        ({"dpi": 0}, "dpi=0"),
        ({"to_file": "a.docx"}, r"expected \.svg"),
        ({"to_file": "nowhere/a.png"}, "cannot be written"),
        ({"layer_range": ["a", "b"]}, "layer_range"),
    ],
)
def test_wrong_use(options: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StriateError, match=message):
        utils.plot_model(branched(), **options)
    with pytest.raises(StriateError, match="not built"):
        utils.plot_model(Sequential([layers.Dense(2)]))


def test_in_a_notebook_the_picture_is_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import SimpleNamespace

    picture = SimpleNamespace(Image=lambda filename: ("image", filename), SVG=lambda filename: ("svg", filename))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: object()))
    monkeypatch.setitem(sys.modules, "IPython.display", picture)
    assert utils.plot_model(branched(), tmp_path / "a.png")[0] == "image"
    assert utils.plot_model(branched(), tmp_path / "a.svg")[0] == "svg"

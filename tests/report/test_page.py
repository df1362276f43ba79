"""The page: well formed, complete in itself, and safe whatever the names say."""

from __future__ import annotations

import base64
import io
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from striate.report import Results, Run, write_report
from striate.report.curves import chart, charts, epoch_ticks, nice_ticks, tick_label
from striate.report.page import page
from striate.report.pictures import data_uri, image_pixels, kernel_pixels

EVIL = '<script>alert("1")</script>&\'"'
VOID = {"meta", "img", "br", "line", "circle", "path"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that what opens is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str, kind: str = "") -> int:
        return sum(name == tag and kind in (attributes.get("class") or "").split(" ") for name, attributes in self.tags)


def make_run(classes: int = 4, **changes: object) -> Run:
    random = np.random.default_rng(0)
    labels = np.arange(200) % classes
    chances = random.dirichlet(np.ones(classes), 200) + 0.6 * np.eye(classes)[labels]
    fields: dict[str, object] = {
        "title": "A run",
        "history": {"loss": [0.9, 0.5], "accuracy": [0.5, 0.8], "val_loss": [0.8, 0.6], "val_accuracy": [0.6, 0.7]},
        "results": Results(labels, chances, [f"class <{i}>" for i in range(classes)]),
        "images": random.integers(0, 256, (200, 5, 7, 1), np.uint8),
        "kernels": random.normal(size=(3, 3, 1, 6)).astype(np.float32),
        "summary": "Model: <lenet>",
        "facts": {"training time": "18.2 s"},
        "configuration": {"seed": "42"},
    }
    return Run(**{**fields, **changes})  # type: ignore[arg-type]


def test_everything_is_on_the_page() -> None:
    run = make_run()
    html = page(run)
    reader = Reader(html)
    assert reader.count("svg", "chart") == 2
    assert reader.count("path", "training") == reader.count("path", "validation") == 2
    assert reader.count("td", "right") + reader.count("td", "wrong") == 16
    assert reader.count("figure", "wrong") == 18
    assert reader.count("figure", "right") == 4
    assert reader.count("img") == 18 + 4 + 6
    units = "epoch", "loss (nats)", "accuracy (%)", "validation"
    for text in ("A run", "18.2 s", "seed", "42", "Model: <lenet>", *units):
        assert text in reader.text
    index = run.results.surest_wrong(1)[0]
    names, confidence = run.results.class_names, run.results.confidence[index]
    caption = f"{names[run.results.predicted[index]]} {100 * confidence:.0f}% ({names[run.results.labels[index]]})"
    assert caption in reader.text
    for i, row in enumerate(run.results.confusion()):
        assert str(round(100 * row[i] / row.sum())) in reader.text


def test_the_page_loads_nothing() -> None:
    html = page(make_run())
    reader = Reader(html)
    assert not {name for name, _ in reader.tags} & {"script", "link", "iframe", "object", "embed", "form", "base"}
    for _, attributes in reader.tags:
        for name in ("href", "src", "srcset", "action", "xlink:href"):
            assert (attributes.get(name) or "data:image/png;base64,").startswith("data:image/png;base64,")
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?://", html)
    policy = next(a["content"] for tag, a in reader.tags if tag == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_names_are_text_whatever_they_say() -> None:
    base = make_run(2)
    results = Results(base.results.labels, base.results.probabilities, [EVIL, "b"])
    reader = Reader(page(make_run(
        2, title=EVIL, results=results, summary=EVIL, facts={EVIL: EVIL}, configuration={EVIL: EVIL}, note=EVIL,
        history={EVIL: [1.0, 2.0]},
    )))  # fmt: skip
    assert "script" not in {name for name, _ in reader.tags}
    assert reader.text.count(EVIL) >= 8


def test_many_classes_become_a_list_of_pairs() -> None:
    reader = Reader(page(make_run(100)))
    assert reader.count("table", "confusion") == 0
    assert "was called" in reader.text


def test_little_to_show() -> None:
    labels = np.zeros(3, int)
    run = make_run(results=Results(labels, np.eye(2)[labels]), kernels=None, summary="", configuration={}, history={})
    reader = Reader(page(run))
    assert "No image wrong" in reader.text
    assert reader.count("figure", "wrong") == 0


def test_writing_replaces_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    assert write_report(path, make_run(title="first")) == path
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("no")))
    with pytest.raises(OSError, match="no"):
        write_report(path, make_run(title="second"))
    assert "first" in path.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_chart_is_xml_with_its_points_in_place() -> None:
    svg = ElementTree.fromstring(chart("loss", {"training": [1.0, 0.5, 0.0], "validation": [0.5, 0.5, 0.5]}))
    curves = [element.get("d") for element in svg.iter("path")]
    assert curves == ["M62.0 40.0L254.0 148.0L446.0 256.0", "M62.0 148.0L254.0 148.0L446.0 148.0"]
    labels = ["".join(element.itertext()) for element in svg.iter("text")]
    assert labels[0] == "loss"
    assert {"0.0", "0.5", "1.0", "1", "2", "3", "epoch", "training", "validation"} <= set(labels)


def test_what_is_not_finite_leaves_a_gap() -> None:
    svg = chart("loss", {"training": [1.0, math.nan, 2.0, math.inf, 1.5, 1.0]})
    path = re.search(r' d="([^"]*)"', svg)
    assert path is not None
    assert path[1].count("M") == 3
    assert "nan" not in svg
    assert "no finite values" in chart("loss", {"training": [math.nan]})


def test_one_epoch_and_a_thousand() -> None:
    assert chart("loss", {"training": [0.5]}).count("<circle") == 1
    assert chart("loss", {"training": [0.5] * 1000}).count("<circle") == 1


def test_loss_comes_first_and_learning_rates_not_at_all() -> None:
    pictures = charts({"accuracy": [0.5], "learning_rate": [0.1], "loss": [1.0], "val_loss": [1.0]})
    assert [re.search("<text[^>]*>([^<]*)", picture)[1] for picture in pictures] == ["loss", "accuracy"]  # type: ignore[index]


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_ticks_enclose_the_values_and_differ(low: float, span: float) -> None:
    high = low + span
    ticks = nice_ticks(low, high, 5)
    margin = 1e-6 * (ticks[1] - ticks[0])
    assert ticks[0] <= low + margin
    assert ticks[-1] >= high - margin
    assert 2 <= len(ticks) <= 12
    if span > 1e-6 * abs(low):
        assert len({tick_label(tick, ticks) for tick in ticks}) == len(ticks)


@given(st.integers(1, 100_000))
def test_epoch_ticks(epochs: int) -> None:
    ticks = epoch_ticks(epochs)
    assert ticks[0] == 1
    assert len(ticks) <= 11
    assert ticks == sorted(set(ticks))
    assert ticks[-1] <= epochs


def test_pictures_come_back_from_the_page() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    content = base64.b64decode(data_uri(pixels).removeprefix("data:image/png;base64,"))
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), pixels)


def test_images_of_any_kind() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7), np.uint8)
    np.testing.assert_array_equal(image_pixels(image), image)
    np.testing.assert_array_equal(image_pixels(image[..., None]), image)
    assert image_pixels(np.array([[-1.0, 0.0, 1.0]])).tolist() == [[0, 128, 255]]
    assert image_pixels(np.zeros((5, 7, 2))).shape == (5, 7)
    assert image_pixels(np.full((2, 2), np.nan)).tolist() == [[0, 0], [0, 0]]


def test_kernels_blue_below_zero_red_above_on_one_scale() -> None:
    kernels = np.zeros((1, 3, 1, 2), np.float32)
    kernels[0, :, 0, 0] = [-2, 0, 2]
    kernels[0, :, 0, 1] = [-1, 0, 1]
    first, second = kernel_pixels(kernels)
    blue, white, red = first[0].astype(int)
    assert blue[2] > blue[0]
    assert white.tolist() == [255, 255, 255]
    assert red[0] > red[2]
    assert abs(second[0, 0].astype(int) - (blue + 255) / 2).max() <= 1
    assert kernel_pixels(np.zeros((3, 3, 3, 4)))[0].shape == (3, 3, 3)

"""The diagrams: everything is drawn once and to scale, branches are apart, and names can hold anything."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import pytest

from striate import Input, Sequential, applications, layers, utils
from striate.errors import StriateError
from striate.graph import outlines
from striate.models import Model
from striate.report import diagram
from striate.report.branches import Fork, Layout, Row, arranged

SVG = "{http://www.w3.org/2000/svg}"


def drawn(model: Model) -> dict[str, ElementTree.Element]:
    """The groups of a picture by the name of what they show."""
    root = ElementTree.fromstring(diagram.plot(model))
    found = {}
    for group in root.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        assert title is not None
        assert title.text is not None
        found[title.text.split(" (")[0]] = group
    return found


def front(group: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, width and height of a volume's front."""
    path = group.find(f"{SVG}path")
    assert path is not None
    left, top, width, height = re.findall(r"-?[\d.]+", path.get("d") or "")[:4]
    return float(left), float(top), float(width), float(height)


def test_a_row_of_volumes_is_to_scale() -> None:
    found = drawn(_vgg())
    assert list(found)[:3] == ["input_layer", "block1_conv1", "block1_conv2"]
    assert len(found) == 1 + 13 + 5 + 3  # Flatten changes no volume
    boxes = {name: front(group) for name, group in found.items()}
    assert boxes["block1_conv1"][3] == pytest.approx(2 * boxes["block1_pool"][3], abs=0.11)
    assert boxes["block1_conv1"][3] == pytest.approx(4 * boxes["block2_pool"][3], abs=0.21)
    assert boxes["block3_conv1"][2] == pytest.approx(2 * boxes["block2_conv1"][2], abs=0.11)
    assert boxes["fc1"][3] == pytest.approx(4096 / 1000 * boxes["predictions"][3], rel=0.01)
    lefts = [left for left, _, _, _ in boxes.values()]
    assert lefts == sorted(lefts)
    axes = {round(top + height / 2) for _, top, _, height in boxes.values()}
    assert max(axes) - min(axes) <= 1


def _vgg() -> Model:
    with outlines():
        return applications.VGG16(weights=None)


def test_branches_are_apart() -> None:
    with outlines():
        found = drawn(applications.GoogLeNet(weights=None))
    branches = [front(found[f"inception_3a_{name}"]) for name in ("1x1", "3x3_reduce", "5x5_reduce", "pool")]
    assert len({left for left, _, _, _ in branches}) == 1  # side by side in time
    tops = [top for _, top, _, _ in branches]
    assert all(after - before > 60 for before, after in pairwise(tops))
    join = front(found["inception_3a_output"])
    assert all(join[0] > left for left, _, _, _ in branches)
    ends = [front(found[f"{name}_classifier"]) for name in ("loss1", "loss2", "loss3")]
    assert min(ends[0][1], ends[1][1]) > ends[2][1]  # auxiliary classifiers hang below
    assert len(found) == len({front(group)[:2] for group in found.values()})  # no two in one place


@pytest.mark.parametrize("name", applications.NETWORKS)
def test_every_network_is_drawn_whole(name: str) -> None:
    model = applications.NETWORKS[name].outline()
    expected = {layer.name for layer in model.layers if type(layer).__name__ not in diagram.QUIET}
    found = drawn(model)
    assert expected <= set(found)
    text = diagram.plot(model)
    assert f"{model.count_params():,} parameters" in text
    assert "nan" not in text


def test_several_inputs_sequences_and_odd_names() -> None:
    a, b = Input((16, 3), name="a<b>&"), Input((16, 3), name='"quoted"')
    x = layers.Concatenate()([layers.Conv1D(4, 3, padding="same")(a), b])
    model = Model([a, b], [layers.Dense(2, name="left")(layers.Flatten()(x)), layers.Conv1D(1, 1, name="right")(x)])
    found = drawn(model)
    assert {"a<b>&", '"quoted"', "left", "right"} <= set(found)


def test_files(tmp_path: Path) -> None:
    model = Sequential([Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])
    assert utils.plot_model(model, tmp_path / "a.svg", show_shapes=True) == str(tmp_path / "a.svg")
    with pytest.raises(StriateError, match="expected a model"):
        utils.plot_model(3)
    with pytest.raises(StriateError, match="cannot be written"):
        utils.plot_model(model, tmp_path / "nowhere" / "a.svg")
    with pytest.raises(StriateError, match="has no graph yet"):
        utils.plot_model(Sequential([layers.Dense(2)]), tmp_path / "c.svg")
    with pytest.raises(StriateError, match=r"ends in \.svg"):
        diagram.write_diagram(model, tmp_path / "a.png")


def test_the_guide_s_picture_is_what_is_drawn_today() -> None:
    picture = Path(__file__).resolve().parents[2] / "docs" / "images" / "googlenet.svg"
    if not picture.is_file():
        pytest.skip("needs a checkout, with its documents")
    assert picture.read_text(encoding="utf-8") == diagram.plot(applications.NETWORKS["googlenet"].outline())


# The arrangement by itself


def shape(row: Row[str]) -> list[object]:
    return [[shape(inner) for inner in part.rows] if isinstance(part, Fork) else part for part in row.parts]


def test_arrangements() -> None:
    plain = {"a": ["b"], "b": ["c"], "c": []}
    assert shape(arranged("a", plain, "c")[0]) == ["a", "b", "c"]
    residual = {"a": ["b", "d"], "b": ["c"], "c": ["d"], "d": ["e"], "e": []}
    assert shape(arranged("a", residual, "e")[0]) == ["a", [["b", "c"], []], "d", "e"]
    nested = {"a": ["b", "c"], "b": ["d", "e"], "d": ["f"], "e": ["f"], "f": ["g"], "c": ["g"], "g": []}
    assert shape(arranged("a", nested, "g")[0]) == ["a", [["b", [["d"], ["e"]], "f"], ["c"]], "g"]
    main, sides = arranged("a", {"a": ["b", "x"], "b": [], "x": ["y"], "y": []}, "b")
    assert shape(main) == ["a", "b"]
    assert [shape(side) for side in sides] == [["x", "y"]]
    crossed = {"a": ["b", "c"], "b": ["d", "e"], "c": ["d", "e"], "d": ["f"], "e": ["f"], "f": []}
    flat = str(shape(arranged("a", crossed, "f")[0]))
    assert all(flat.count(f"'{name}'") == 1 for name in "abcdef")  # each once, wherever


def test_layout_is_centred_and_without_overlap() -> None:
    row: Row[str] = Row(["a", Fork([Row(["b"]), Row(["c", "d"])]), "e"])
    layout: Layout[str] = Layout(dict.fromkeys("abcde", (10.0, 5.0, 5.0)), gap=4.0, lane=6.0)
    assert layout.extent(row) == (10 + 4 + 24 + 4 + 10, 13.0, 13.0)
    layout.place(row, 0.0, 0.0)
    places = {name: (place.x, place.y) for name, place in layout.places.items()}
    assert places == {"a": (0, 0), "b": (14, -8), "c": (14, 8), "d": (28, 8), "e": (42, 0)}

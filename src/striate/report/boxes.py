"""A network as boxes and arrows, as Keras's `plot_model` draws it: a picture of pixels, by Pillow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.errors import StriateError
from striate.layers.symbolic import Call

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from striate.models import Model

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".pdf", ".webp", ".tif", ".tiff")
MOST_PIXELS = 1 << 26
INK, PAPER, HEADER = "#222222", "#ffffff", "#2e3b4e"


@dataclass(frozen=True)
class Shown:
    """What of each layer is written into its box."""

    shapes: bool = False
    dtype: bool = False
    names: bool = False
    activations: bool = False
    trainable: bool = False

    def rows(self, call: Call) -> list[str]:
        """The lines of a layer's box."""
        layer: Any = call.layer
        kind = type(layer).__name__
        activation = getattr(layer, "activation", None)
        rows = [f"{layer.name} ({kind})" if self.names else kind]
        if self.activations and activation is not None and kind != "Activation":
            rows.append(f"Activation: {getattr(activation, '__name__', type(activation).__name__)}")
        if self.shapes:
            taken = call.inputs or call.outputs
            rows.append(f"Input shape: {_shapes([tensor.shape for tensor in taken])}")
            rows.append(f"Output shape: {_shapes([tensor.shape for tensor in call.outputs])}")
        if self.dtype:
            rows.append(f"Output dtype: {', '.join(str(tensor.dtype) for tensor in call.outputs)}")
        if self.trainable and getattr(layer, "weights", None):
            rows.append("Trainable" if layer.trainable else "Non-trainable")
        return rows


def _shapes(shapes: Sequence[Any]) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes)


@dataclass
class Box:
    """A layer's box: its lines, which boxes come before it, and where it lies. rank: boxes before it on the way.

    Without lines: a place that an arrow leads through on its way past boxes.
    """

    rows: list[str]
    before: list[Box] = field(default_factory=list)
    rank: int = 0
    place: tuple[float, float] = (0, 0)  # of its middle
    size: tuple[float, float] = (0, 0)


def write_boxes(model: Model, path: Path, shown: Shown, rankdir: str, expand_nested: bool, dpi: int) -> None:
    """Draw a built model into a file.

    Args:
        model: the model.
        path: one of Pillow's kinds of files.
        shown: what is written into the boxes.
        rankdir: "TB", from top to bottom, or "LR", from left to right.
        expand_nested: whether the layers of inner networks are drawn, not the networks.
        dpi: dots an inch; fewer for networks whose picture would be too large.

    Raises:
        StriateError: a place where no file can be made.
    """
    from PIL import Image, ImageDraw

    boxes = _boxes(model, shown, expand_nested)
    scale = dpi / 96
    while True:
        font = _font(14 * scale)
        width, height = _arrange(boxes, font, scale, rankdir)
        if width * height <= MOST_PIXELS or scale < 0.2:
            break
        scale *= max((MOST_PIXELS / (width * height)) ** 0.5 * 0.95, 0.1)
    image = Image.new("RGB", (int(width), int(height)), PAPER)
    draw = ImageDraw.Draw(image)
    for box in boxes:
        for other in box.before:
            _arrow(draw, other, box, scale, rankdir)
    for box in boxes:
        if box.rows:
            _draw(draw, box, font, scale)
    try:
        image.save(path, dpi=(dpi, dpi))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StriateError(f"{os.fspath(path)}: cannot be written ({reason})") from None


def _boxes(model: Model, shown: Shown, expand_nested: bool) -> list[Box]:
    """A box for each call of a layer, in an order in which they can be computed."""
    boxes: list[Box] = []

    def add(network: Any, given: Sequence[Box] | None) -> list[Box]:
        """Boxes of a network; given: what comes before its inputs. Returns those of its outputs."""
        wiring = network.wiring
        if wiring is None:
            raise StriateError(f"{network.name}: is not built, so it has no shapes to draw; call model.build")
        own: dict[Any, Box] = {} if given is None else dict(zip(wiring.inputs, given, strict=True))
        for call in wiring.calls:
            if not call.inputs and given is not None:
                continue
            sources = [own[tensor] for tensor in call.inputs]
            if expand_nested and getattr(call.layer, "wiring", None) is not None:
                own.update(zip(call.outputs, add(call.layer, sources), strict=True))
                continue
            rank = 1 + max((source.rank for source in sources), default=-1)
            box = Box(shown.rows(call), [], rank)
            for source in {id(source): source for source in sources}.values():
                for between in range(source.rank + 1, rank):
                    boxes.append(Box([], [source], between))
                    source = boxes[-1]
                box.before.append(source)
            boxes.append(box)
            own.update(dict.fromkeys(call.outputs, box))
        return [own[tensor] for tensor in wiring.outputs]

    add(model, None)
    return boxes


def _font(size: float) -> Any:
    from PIL import ImageFont

    try:
        return ImageFont.load_default(max(size, 4))
    except TypeError:  # Pillow before 10.1 has one size
        return ImageFont.load_default()


def _arrange(boxes: list[Box], font: Any, scale: float, rankdir: str) -> tuple[float, float]:
    """Give every box its size and place; returns the picture's width and height."""
    pad, gap, margin = 10 * scale, 34 * scale, 16 * scale
    line = _line(font)
    for box in boxes:
        widest = max((font.getlength(row) for row in box.rows), default=-pad)
        box.size = (widest + 2 * pad, len(box.rows) * (line + pad) + pad * 0.4)
    along = 1 if rankdir == "TB" else 0
    across = 1 - along
    ranks: dict[int, list[Box]] = {}
    for box in boxes:
        ranks.setdefault(box.rank, []).append(box)
    breadth = max(sum(box.size[across] + gap for box in rank) - gap for rank in ranks.values())
    at = margin
    for _, rank in sorted(ranks.items()):
        rank.sort(key=lambda box: sum(b.place[across] for b in box.before) / max(len(box.before), 1))
        depth = max(box.size[along] for box in rank)
        side = margin + (breadth - (sum(box.size[across] + gap for box in rank) - gap)) / 2
        for box in rank:
            if not box.rows:  # the arrow runs straight along all boxes of the rank
                box.size = (box.size[0], depth) if along else (depth, pad)
            places = {along: at + depth / 2, across: side + box.size[across] / 2}
            box.place = (places[0], places[1])
            side += box.size[across] + gap
        at += depth + gap
    total = {along: at - gap + margin, across: breadth + 2 * margin}
    return total[0], total[1]


def _line(font: Any) -> float:
    """The height of a line."""
    _, top, _, bottom = font.getbbox("Ag")
    return float(bottom - min(top, 0))


def _draw(draw: ImageDraw, box: Box, font: Any, scale: float) -> None:
    (x, y), (width, height) = box.place, box.size
    left, top = x - width / 2, y - height / 2
    stroke = max(round(scale), 1)
    draw.rectangle([left, top, left + width, top + height], fill=PAPER, outline=INK, width=stroke)
    each = height / len(box.rows)
    draw.rectangle([left, top, left + width, top + each], fill=HEADER, outline=INK, width=stroke)
    for i, row in enumerate(box.rows):
        start = x - font.getlength(row) / 2
        middle = top + each * (i + 0.5)
        draw.text((start, middle - _line(font) / 2), row, font=font, fill=PAPER if i == 0 else INK)


def _arrow(draw: ImageDraw, start: Box, end: Box, scale: float, rankdir: str) -> None:
    """A line from one box's border to another's, with a head; past a rank's boxes without."""
    along = 1 if rankdir == "TB" else 0
    first, last, width = list(start.place), list(end.place), max(round(scale * 1.3), 1)
    first[along] += start.size[along] / 2
    last[along] -= end.size[along] / 2
    head = 7 * scale if end.rows else 0
    stop = list(last)
    stop[along] -= head
    draw.line([*first, *stop], fill=INK, width=width)
    if not end.rows:
        onward = list(last)
        onward[along] += end.size[along]
        draw.line([*last, *onward], fill=INK, width=width)
        return
    left, right = list(stop), list(stop)
    left[1 - along] -= head * 0.55
    right[1 - along] += head * 0.55
    draw.polygon([*last, *left, *right], fill=INK)

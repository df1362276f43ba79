"""The table that `summary` prints: Keras's look and numbers, and with details what each layer costs and sees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from striate.errors import StriateError
from striate.graph import Node, Parameter
from striate.graph.shapes import describe, element_count
from striate.layers import Layer
from striate.models.receptive import receptive_fields

if TYPE_CHECKING:
    from striate.models.model import Model

LEFT, RIGHT, CENTER = "<", ">", "^"


def summary_text(
    model: Model, line_length: int | None, positions: Sequence[float] | None, show_trainable: bool,
    layer_range: Sequence[str] | None, details: bool,
) -> str:
    """The whole summary; arguments as for `Model.summary`."""
    header, alignment = ["Layer (type)", "Output Shape", "Param #"], [LEFT, LEFT, RIGHT]
    ends = list(positions or ([0.27, 0.45, 0.54, 0.69, 0.80, 0.90, 1.0] if details else [0.45, 0.80, 1.0]))
    if details:
        header += ["Multiply-adds", "Memory", "Sees", "Stride"]
        alignment += [RIGHT] * 4
    if show_trainable:
        header.append("Trainable")
        alignment.append(CENTER)
        ends = [end * 0.9 for end in ends] + [1.0] if len(ends) < len(header) else ends
    if len(ends) != len(header):
        raise StriateError(f"summary: got {len(ends)} positions, expected {len(header)}")
    widths = column_widths(line_length or (110 if details else 80) + 12 * show_trainable, ends)
    rows = [
        [*_cells(layer), *(_details(model, layer) if details else []), *([_trained(layer)] if show_trainable else [])]
        for layer in _chosen(model.layers, layer_range)
    ]
    lines = [f'Model: "{model.name}"', *table(header, rows, widths, alignment), *totals(model)]
    if details and model.built:
        lines += _cost(model)
    return "\n".join(lines)


def column_widths(line_length: int, ends: Sequence[float]) -> list[int]:
    """Widths inside the borders for columns that end at these fractions of the line; borders come off all alike."""
    stops = [int(end * line_length) for end in ends]
    widths = [stop - start + 2 for start, stop in zip([0, *stops], stops, strict=False)]
    excess = sum(widths) + len(widths) + 1 - line_length
    for i in range(len(widths)):
        cut = round(excess / (len(widths) - i))
        widths[i] -= cut
        excess -= cut
    if min(widths) < 4:
        raise StriateError(f"summary: line_length={line_length} is too short for {len(widths)} columns")
    return widths


def table(header: list[str], rows: list[list[str]], widths: list[int], alignment: list[str]) -> list[str]:
    """A table in boxes: heavy lines around the header, light ones between the rows."""
    lines = [_rule("┏┳┓", "━", widths), *_row(header, widths, alignment, "┃"), _rule("┡╇┩", "━", widths)]
    for i, row in enumerate(rows):
        lines += [_rule("├┼┤", "─", widths)] * (i > 0) + _row(row, widths, alignment, "│")
    return [*lines, _rule("└┴┘", "─", widths)]


def totals(model: Model) -> list[str]:
    """Numbers of parameters, and what they take in memory."""
    trainable, frozen = _count(model.trainable_weights), _count(model.non_trainable_weights)
    state = model.optimizer.state_size(model.weights) if model.compiled and model.optimizer.built else 0
    lines = [
        _total("Total", trainable + frozen + state),
        _total("Trainable", trainable),
        _total("Non-trainable", frozen),
    ]
    return [*lines, _total("Optimizer", state)] if state else lines


def _total(name: str, count: int) -> str:
    return f" {name} params: {count:,} ({memory(4 * count)})"


def _count(parameters: Sequence[Parameter]) -> int:
    return sum(parameter.value.size for parameter in parameters)


def memory(size: float) -> str:
    """Bytes with two decimals in the unit that fits: 1.63 KB."""
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def amount(count: int) -> str:
    """A large number with three digits: 1.23 M."""
    if count < 1000:
        return str(count)
    value = float(count)
    for unit in ("K", "M", "G", "T"):
        value /= 1000
        if value < 999.5 or unit == "T":
            return f"{value:.3g} {unit}"
    return str(count)


def _cells(layer: Layer) -> list[str]:
    shape = str(layer.output_shape) if layer.built else "?"
    parameters = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    return [f"{layer.name} ({type(layer).__name__})", shape, parameters]


def _trained(layer: Layer) -> str:
    return "-" if not layer.weights else "Y" if layer.trainable else "N"


def _details(model: Model, layer: Layer) -> list[str]:
    """Multiply-adds, bytes of the output, receptive field and stride, for one image."""
    if not model.built:
        return ["?"] * 4
    nodes = _nodes(model, layer)
    field = receptive_fields(model.graph)[nodes[-1]]
    seen = ["all", "-"] if field is None else [describe(field.size), describe(field.stride)]
    cost = sum(node.multiply_adds() for node in nodes)
    return [amount(cost), memory(4 * element_count(nodes[-1].shape)), *seen]


def _nodes(model: Model, layer: Layer) -> list[Node]:
    return [node for node in model.graph.nodes if node.name == layer.name or node.name.startswith(f"{layer.name}/")]


def _cost(model: Model) -> list[str]:
    """Sums over all layers, for one image."""
    own = [_nodes(model, layer) for layer in model.layers]
    cost = sum(node.multiply_adds() for nodes in own for node in nodes)
    size = sum(4 * element_count(nodes[-1].shape) for nodes in own)
    return [f" Multiply-adds for one image: {cost:,}", f" Activations of one image: {memory(size)}"]


def _chosen(layers: list[Layer], layer_range: Sequence[str] | None) -> list[Layer]:
    if layer_range is None:
        return layers
    if isinstance(layer_range, str) or len(layer_range) != 2:
        raise StriateError(f"summary: got layer_range={layer_range!r}, expected the names of two layers")
    places = [[i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in layer_range]
    if not places[0] or not places[1]:
        raise StriateError(f"summary: no layers match layer_range={list(layer_range)!r}")
    start, stop = min(places[0]), max(places[1])
    return layers[start : stop + 1] if start <= stop else layers[min(places[1]) : max(places[0]) + 1]


def _rule(corners: str, line: str, widths: Sequence[int]) -> str:
    return corners[0] + corners[1].join(line * width for width in widths) + corners[2]


def _row(cells: list[str], widths: list[int], alignment: list[str], border: str) -> list[str]:
    wrapped = [_wrap(cell, width - 2) for cell, width in zip(cells, widths, strict=True)]
    height = max(len(lines) for lines in wrapped)
    rows = []
    for i in range(height):
        texts = [lines[i] if i < len(lines) else "" for lines in wrapped]
        shown = [f" {t:{a}{w - 2}} " for t, a, w in zip(texts, alignment, widths, strict=True)]
        rows.append(border + border.join(shown) + border)
    return rows


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken between words; a longer word ends in an ellipsis."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]

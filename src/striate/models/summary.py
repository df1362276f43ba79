"""The table that `summary` prints: Keras's look and numbers, and with details what each layer costs and sees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from striate.errors import StriateError
from striate.graph import Node, Parameter
from striate.graph.shapes import describe, element_count
from striate.layers import Layer
from striate.layers.shapes import is_open
from striate.models.network import Network
from striate.models.receptive import receptive_fields

if TYPE_CHECKING:
    from striate.models.ensemble import Ensemble
    from striate.models.model import Model

LEFT, RIGHT, CENTER = "<", ">", "^"


def summary_text(
    model: Model, line_length: int | None, positions: Sequence[float] | None, show_trainable: bool,
    layer_range: Sequence[str] | None, details: bool, expand_nested: bool = False,
) -> str:
    """The whole summary; arguments as for `Model.summary`."""
    header, alignment = ["Layer (type)", "Output Shape", "Param #"], [LEFT, LEFT, RIGHT]
    ends = list(positions or ([0.27, 0.45, 0.54, 0.69, 0.80, 0.90, 1.0] if details else [0.45, 0.80, 1.0]))
    connections = _connections(model)
    if details:
        header += ["Multiply-adds", "Memory", "Sees", "Stride"]
        alignment += [RIGHT] * 4
    if connections:
        header.append("Connected to")
        alignment.append(LEFT)
        if positions is None:
            ends = [end * 0.82 for end in ends] + [1.0] if details else [0.3, 0.56, 0.74, 1.0]
    if show_trainable:
        header.append("Trainable")
        alignment.append(CENTER)
        ends = [end * 0.9 for end in ends] + [1.0] if len(ends) < len(header) else ends
    if len(ends) != len(header):
        raise StriateError(f"summary: got {len(ends)} positions, expected {len(header)}")
    length = line_length or (110 if details else 80) + 20 * bool(connections) + 12 * show_trainable
    widths = column_widths(length, ends)
    costs = _Costs(model) if details else None
    rows = []
    for layer, path, level in _expanded(_chosen(model.layers, layer_range), expand_nested):
        row = _cells(layer, "   " * level + "└ " if level else "")
        row += costs.cells(path) if costs else []
        row += [(connections.get(layer) or "-") if level == 0 else "-"] if connections else []
        rows.append([*row, *([_trained(layer)] if show_trainable else [])])
    lines = [f'Model: "{model.name}"', *table(header, rows, widths, alignment), *totals(model)]
    if costs and costs.graph is not None:
        lines += costs.totals([layer.name for layer in model.layers])
    return "\n".join(lines)


def ensemble_text(ensemble: Ensemble, details: bool) -> str:
    """A row for each member, the totals, and with details each member's own summary."""
    rows = [
        [f"{member.name} ({type(member).__name__})", str(member.output_shape), f"{weight:.4g}",
         f"{member.count_params():,}"]
        for member, weight in zip(ensemble.members, ensemble.weights, strict=True)
    ]  # fmt: skip
    widths = column_widths(80, [0.43, 0.68, 0.82, 1.0])
    header, alignment = ["Member (type)", "Output Shape", "Weight", "Param #"], [LEFT, LEFT, RIGHT, RIGHT]
    lines = [f'Ensemble: "{ensemble.name}"', *table(header, rows, widths, alignment)]
    lines.append(_total("Total", ensemble.count_params()))
    if details:
        lines += [f"\n{summary_text(member, None, None, False, None, True)}" for member in ensemble.members]
    return "\n".join(lines)


def _expanded(
    layers: Sequence[Layer], nested: bool, path: str = "", level: int = 0
) -> Iterator[tuple[Layer, str, int]]:
    """The layers with their names in the graph and how deep they lie in inner models."""
    for layer in layers:
        yield layer, f"{path}{layer.name}", level
        if nested and isinstance(layer, Network):
            yield from _expanded(layer.layers, nested, f"{path}{layer.name}/", level + 1)


def _connections(model: Model) -> dict[Layer, str]:
    """What each layer is called on, as layer[call][output]; nothing where layers simply follow each other."""
    wiring = model.wiring
    if wiring is None or wiring.linear:
        return {}
    places = wiring.places
    found: dict[Layer, list[str]] = {}
    for call in wiring.calls:
        names = [f"{tensor.name}[{places[tensor.call]}][{tensor.index}]" for tensor in call.inputs]
        found.setdefault(call.layer, []).extend(names)
    return {layer: ", ".join(names) for layer, names in found.items()}


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


def _cells(layer: Layer, prefix: str = "") -> list[str]:
    shape = str(layer.output_shape) if layer.built else "?"
    parameters = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    return [f"{prefix}{layer.name} ({type(layer).__name__})", shape, parameters]


def _trained(layer: Layer) -> str:
    return "-" if not layer.weights else "Y" if layer.trainable else "N"


class _Costs:
    """What each layer costs and sees, for one image; nothing where the network is not built or leaves sizes open."""

    def __init__(self, model: Model) -> None:
        known = model.built and not any(is_open(shape) for shape in model.input_shapes or [])
        self.graph = model.graph if known else None
        self.fields = receptive_fields(self.graph) if self.graph else {}

    def cells(self, path: str) -> list[str]:
        """Multiply-adds, bytes of the output, receptive field and stride."""
        nodes = self._nodes(path)
        if self.graph is None or not nodes:
            return ["?"] * 4
        last = self.graph.find(path) or nodes[-1]
        field = self.fields[last]
        seen = ["all", "-"] if field is None else [describe(field.size), describe(field.stride)]
        return [amount(sum(n.multiply_adds() for n in nodes)), memory(4 * element_count(last.shape)), *seen]

    def totals(self, names: Sequence[str]) -> list[str]:
        """Sums over all layers."""
        own = [nodes for nodes in map(self._nodes, names) if nodes]
        cost = sum(node.multiply_adds() for nodes in own for node in nodes)
        size = sum(4 * element_count(nodes[-1].shape) for nodes in own)
        return [f" Multiply-adds for one image: {cost:,}", f" Activations of one image: {memory(size)}"]

    def _nodes(self, path: str) -> list[Node]:
        """The operations of all calls of a layer: path, path/step, path[1], ..."""
        nodes = self.graph.nodes if self.graph is not None else []
        return [node for node in nodes if node.name == path or node.name.startswith((f"{path}/", f"{path}["))]


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
    indent = text[: len(text) - len(text.lstrip())]
    lines = [indent]
    for word in text.split():
        if lines[-1].strip() and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1].strip() else lines[-1] + word
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]

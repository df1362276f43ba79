"""Learning curves as SVG, drawn here: axes with units, a legend, one line for training and one for validation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 40, 44  # margins around the plot

UNITS = {"loss": "loss (nats)", "accuracy": "accuracy (%)", "acc": "accuracy (%)"}


def chart(name: str, series: Mapping[str, Sequence[float]], unit: str | None = None) -> str:
    """One diagram over epochs 1, 2, ...

    Args:
        name: what is drawn, the title.
        series: for "training" and perhaps "validation" the value after each epoch; what is not finite leaves a gap.
        unit: the label of the vertical axis; `name` when None. A label with "%" shows values times 100.
    """
    unit = unit or name
    scale = 100.0 if "%" in unit else 1.0
    lines = {label: [scale * float(value) for value in values] for label, values in series.items()}
    finite = [value for values in lines.values() for value in values if math.isfinite(value)]
    epochs = max((len(values) for values in lines.values()), default=0)
    if not finite or not epochs:
        return f'<p class="note">{escape(name)}: no finite values</p>'
    ticks = nice_ticks(min(finite), max(finite), 5)
    low, high = ticks[0], ticks[-1]
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(epoch: float) -> float:
        return LEFT + (plot_width / 2 if epochs == 1 else (epoch - 1) / (epochs - 1) * plot_width)

    def y(value: float) -> float:
        return TOP + (high - value) / (high - low) * plot_height

    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)} by epoch">']
    parts.append(f'<text class="title" x="{LEFT}" y="18">{escape(name)}</text>')
    parts += [_horizontal(y(tick), tick_label(tick, ticks)) for tick in ticks]
    parts += [_below(x(epoch), str(epoch)) for epoch in epoch_ticks(epochs)]
    parts.append(f'<text class="unit" x="{LEFT + plot_width / 2}" y="{HEIGHT - 6}" text-anchor="middle">epoch</text>')
    middle = TOP + plot_height / 2
    parts.append(
        f'<text class="unit" transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">{escape(unit)}</text>'
    )
    for label, values in lines.items():
        parts.append(_line(label, [(x(i + 1), y(value)) for i, value in enumerate(values)], epochs))
    parts.append(_legend(list(lines)))
    return "".join(parts) + "</svg>"


def charts(history: Mapping[str, Sequence[float]]) -> list[str]:
    """A diagram for every metric of a history; `name` and `val_name` share one, learning rates have none."""
    pictures = []
    for name in history:
        if name.startswith("val_") or name in ("lr", "learning_rate"):
            continue
        series = {"training": history[name]}
        if f"val_{name}" in history:
            series["validation"] = history[f"val_{name}"]
        unit = UNITS.get(name) or (f"{name} (%)" if name.endswith("accuracy") else None)
        pictures.append((name != "loss", chart(name.replace("_", " "), series, unit)))
    return [picture for _, picture in sorted(pictures, key=lambda pair: pair[0])]


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round numbers that enclose low and high: steps of 1, 2 or 5 times a power of ten."""
    span, size = high - low, max(abs(low), abs(high))
    if span < 1e-9 * size or size < 1e-99:  # a flat line
        span = 0.1 * size if size >= 1e-99 else 1.0
    raw = span / max(count - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if last <= first:
        last = first + 1
    return [step * i for i in range(first, last + 1)]


def tick_label(value: float, ticks: Sequence[float]) -> str:
    """The number with as many digits as the steps between ticks need."""
    step = abs(ticks[1] - ticks[0])
    if step >= 1e6 or step < 1e-5:
        return f"{value:.8g}"
    return f"{value:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"


def epoch_ticks(epochs: int) -> list[int]:
    """At most ten epochs to label, the first among them."""
    step = next(step for power in range(9) for step in (10**power, 2 * 10**power, 5 * 10**power) if epochs / step <= 10)
    return list(range(1, epochs + 1)) if step == 1 else [1, *range(step, epochs + 1, step)]


def _horizontal(y: float, label: str) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    )


def _below(x: float, label: str) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{label}</text>'


def _line(label: str, points: Sequence[tuple[float, float]], epochs: int) -> str:
    """A path through the finite points, with a mark on each when there are few."""
    path, pen_down = [], False
    for x, y in points:
        if not math.isfinite(y):
            pen_down = False
            continue
        path.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}")
        pen_down = True
    finite = [point for point in points if math.isfinite(point[1])]
    marks = finite if epochs <= 20 else finite[-1:]
    dots = "".join(f'<circle class="dot {label}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in marks)
    return f'<path class="curve {label}" d="{"".join(path)}"/>{dots}'


def _legend(labels: Sequence[str]) -> str:
    parts, right = [], WIDTH - RIGHT
    for label in reversed(labels):
        start = right - 7 * len(label)
        parts.append(f'<text class="tick" x="{start}" y="18">{escape(label)}</text>')
        parts.append(f'<line class="curve {label}" x1="{start - 24}" x2="{start - 6}" y1="14" y2="14"/>')
        right = start - 38
    return "".join(parts)

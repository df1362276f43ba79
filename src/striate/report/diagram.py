"""A network as a picture: volumes to scale, branches as branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from striate.errors import StriateError
from striate.graph import Shape
from striate.graph.shapes import describe
from striate.models.summary import amount
from striate.report.branches import Layout, Place, arranged

if TYPE_CHECKING:
    from striate.models import Model

# Layers that leave the volume as it is, or nearly: they are in the title of the volume they work on, not drawn.
QUIET = (
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "BatchNormalization", "LayerNormalization",
    "GroupNormalization", "UnitNormalization", "RMSNormalization", "LocalResponseNormalization", "Normalization",
    "Rescaling", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise",
    "GaussianDropout", "AlphaDropout", "ActivityRegularization", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
    "Flatten", "Reshape",
)  # fmt: skip
COLOURS = {
    "input": "#c9ccd1", "convolution": "#6f9fd8", "pooling": "#e39a6f", "dense": "#7db98a", "sum": "#ffffff",
    "concatenation": "#b79ad6", "other": "#e2c766",
}  # fmt: skip
MAPS, CHANNELS, UNITS = 120.0, 48.0, 190.0  # pixels of the largest map, of the most channels, of the longest vector
SLANT = 0.32  # how far a volume's second dimension goes up and to the right
GAP, LANE, MARGIN, HEAD, LETTER = 26.0, 16.0, 28.0, 66.0, 4.9
LABEL = 24  # letters


@dataclass(frozen=True)
class Volume:
    """What is drawn: a layer and the shape of its output. about: its title, which names the quiet layers after it."""

    name: str
    kind: str
    words: str
    shape: Shape
    about: str


def plot(model: Model) -> str:
    """The picture of a built model as SVG text.

    Height and width of maps are to one scale, channels and units to another; vectors stand upright.
    """
    volumes, following, ends = _volumes(model)
    first, last = ends
    boxes = _boxes(volumes)
    main, sides = arranged(first, following, last)
    layout: Layout[str] = Layout({name: (*boxes[name].outer, boxes[name].below) for name in volumes}, GAP, LANE)
    width, above, below = layout.extent(main)
    layout.place(main, MARGIN, HEAD + above)
    bottom = HEAD + above + below
    for side in sides:
        forks = [layout.places[name].x for name in _before(side.parts[0], following) if name in layout.places]
        left = min(forks, default=MARGIN)
        side_width, side_above, side_below = layout.extent(side)
        layout.place(side, left + GAP, bottom + LANE + side_above)
        bottom += LANE + side_above + side_below
        width = max(width, left + GAP + side_width - MARGIN)
    shown = [name for name in volumes if name in layout.places and not name.startswith("\0")]
    pairs = [(a, b) for a in shown for b in following[a] if b in shown]
    edges = [_edge(boxes, layout.places, a, b, len(following[a]) > 1) for a, b in pairs]
    drawn = [boxes[name].draw(volumes[name], layout.places[name]) for name in shown]
    kinds = [kind for kind in COLOURS if any(volumes[name].kind == kind for name in shown)]
    return _page(model, width + 2 * MARGIN, bottom + MARGIN + 40, kinds, [*edges, *drawn])


def write_diagram(model: Model, path: Path) -> str:
    """Draw a model into a file; returns one line that says so.

    Raises:
        StriateError: a name that does not end in .svg, or a place where no file can be made.
    """
    if path.suffix.lower() != ".svg":
        raise StriateError(f"{path}: expected a name that ends in .svg")
    text = plot(model)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StriateError(f"{path}: cannot be written ({error.strerror})") from None
    return f"{model.name}: {path}"


# What is drawn


def _volumes(model: Model) -> tuple[dict[str, Volume], dict[str, list[str]], tuple[str, str]]:
    """The volumes by name, what follows each, and the first and the last; "\\0" stands for several inputs."""
    layers: dict[str, Any] = {layer.name: layer for layer in model.layers}
    graph = model.graph
    owner: dict[int, str] = {}  # of each node the volume that shows it
    volumes: dict[str, Volume] = {}
    following: dict[str, list[str]] = {}
    for node in graph.nodes:
        name = node.name.split("/")[0]
        layer = layers.get(name.split("[")[0])
        kind = type(layer).__name__ if layer is not None else "InputLayer"
        sources = list(dict.fromkeys(owner[other.index] for other in node.inputs))
        if kind in QUIET and len(sources) == 1:
            owner[node.index] = sources[0]
            before = volumes[sources[0]]
            volumes[sources[0]] = replace(before, about=f"{before.about}\n{name} ({kind})")
            continue
        owner[node.index] = name
        if name not in volumes:
            following[name] = []
        for source in sources:
            if source != name and name not in following[source]:
                following[source].append(name)
        words = _words(layer, kind)
        about = f"{name} ({kind})\n{words}\n{describe(node.shape)}".replace("\n\n", "\n")
        volumes[name] = Volume(name, _kind(kind), words, node.shape, about)
    first = [owner[node.index] for node in graph.inputs]
    if len(first) > 1:
        following["\0"], volumes["\0"] = first, Volume("\0", "other", "", (1,), "")
    return volumes, following, ("\0" if len(first) > 1 else first[0], owner[graph.outputs[0].index])


def _kind(name: str) -> str:
    """Which colour a class of layers has."""
    for part, kind in (
        ("Input", "input"), ("Conv", "convolution"), ("Pool", "pooling"), ("Subsampling", "pooling"),
        ("Dense", "dense"), ("Add", "sum"), ("Concatenate", "concatenation"),
    ):  # fmt: skip
        if part in name:
            return kind
    return "other"


def _words(layer: Any, kind: str) -> str:
    """A layer's window and stride in a few letters: 3x3 /2."""
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if not window or "Global" in kind:
        return ""
    strides = tuple(getattr(layer, "strides", None) or ())
    moved = f" /{strides[0]}" if strides and max(strides) > 1 else ""
    return f"{describe(window)}{moved}"


def _before(name: object, following: dict[str, list[str]]) -> list[str]:
    return [other for other, after in following.items() if name in after]


# How it is drawn


@dataclass(frozen=True)
class Box:
    """A volume in pixels: channels to the right, height downwards, width slanted; a sum is a circle."""

    thickness: float
    height: float
    slant: float
    label: str
    circle: bool = False

    @property
    def outer(self) -> tuple[float, float]:
        """Width, and height above the axis."""
        return self.thickness + self.slant, self.height / 2 + self.slant

    @property
    def below(self) -> float:
        """Height below the axis, the label included."""
        return self.height / 2 + 8 + LETTER * len(self.label)

    def draw(self, volume: Volume, place: Place) -> str:
        """The volume's SVG; its title, which shows where the pointer rests, says all about it."""
        x, y, t, h, s = place.x, place.y - self.height / 2, self.thickness, self.height, self.slant
        colour = COLOURS[volume.kind]
        title = f"<title>{escape(volume.about)}</title>"
        if self.circle:
            r = t / 2
            arms = f"M{x + r:.1f} {y + 3:.1f}V{y + h - 3:.1f}M{x + 3:.1f} {y + r:.1f}H{x + t - 3:.1f}"
            ring = f'<circle cx="{x + r:.1f}" cy="{y + r:.1f}" r="{r:.1f}" fill="{colour}"/>'
            return f'<g>{title}{ring}<path d="{arms}"/></g>'
        front = f"M{x:.1f} {y:.1f}h{t:.1f}v{h:.1f}h{-t:.1f}z"
        top = f"M{x:.1f} {y:.1f}l{s:.1f} {-s:.1f}h{t:.1f}l{-s:.1f} {s:.1f}z"
        right = f"M{x + t:.1f} {y:.1f}l{s:.1f} {-s:.1f}v{h:.1f}l{-s:.1f} {s:.1f}z"
        faces = [f'<path d="{front}" fill="{colour}"/>']
        if s > 0.5:
            faces += [f'<path d="{top}" fill="{colour}" class="t"/>', f'<path d="{right}" fill="{colour}" class="r"/>']
        turned = f"translate({x + t / 2 - 3:.1f} {y + h + 6:.1f}) rotate(90)"
        return f'<g>{title}{"".join(faces)}<text transform="{turned}">{escape(self.label)}</text></g>'


def _boxes(volumes: dict[str, Volume]) -> dict[str, Box]:
    """Every volume in pixels, all to the same two scales."""
    maps = [volume.shape for volume in volumes.values() if len(volume.shape) > 1]
    vectors = [volume.shape[0] for volume in volumes.values() if len(volume.shape) == 1]
    place = MAPS / max((max(shape[:-1]) for shape in maps), default=1)
    channel = min(CHANNELS / max((shape[-1] for shape in maps), default=1), UNITS / max(vectors, default=1))
    return {name: _box(volume, place, channel) for name, volume in volumes.items()}


def _box(volume: Volume, place: float, channel: float) -> Box:
    shape = volume.shape
    words = f"{volume.name} {volume.words}".strip()
    label = f"{words if len(words) <= LABEL else words[: LABEL - 1] + '…'}  {describe(shape)}"
    if volume.kind == "sum":
        return Box(12, 12, 0, "", circle=True)
    if len(shape) < 2:
        return Box(7, max(3.0, channel * (shape[0] if shape else 1)), 0, label)
    width = shape[1] if len(shape) > 2 else 1
    return Box(max(1.5, channel * shape[-1]), max(2.0, place * shape[0]), SLANT * place * width, label)


def _edge(boxes: dict[str, Box], places: dict[str, Place], a: str, b: str, branches: bool) -> str:
    """A line from one volume's right to another's left, which bends where a row begins or ends.

    branches: whether other lines leave the first volume, too; then this one bends at its beginning.
    """
    x0, x1, y0, y1 = places[a].x + boxes[a].outer[0], places[b].x - 3, places[a].y, places[b].y
    bend = min(20.0, x1 - x0)
    if abs(y1 - y0) < 1:
        path = f"M{x0:.1f} {y0:.1f}H{x1:.1f}"
    elif branches:
        middle, end = x0 + bend / 2, x0 + bend
        path = f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {end:.1f} {y1:.1f}H{x1:.1f}"
    else:
        start, middle = x1 - bend, x1 - bend / 2
        path = f"M{x0:.1f} {y0:.1f}H{start:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    return f'<path class="e" d="{path}"/>'


STYLE = (
    "text{font:8px system-ui,sans-serif;fill:#333}.h{font-size:15px;font-weight:600}.s{font-size:11px;fill:#666}"
    "path,circle{stroke:#444;stroke-width:.6}.t{filter:brightness(1.12)}.r{filter:brightness(.86)}"
    ".e{fill:none;stroke:#8a8f98;stroke-width:1.1;marker-end:url(#a)}rect{stroke:#444;stroke-width:.6}"
)
ARROW = (
    '<defs><marker id="a" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="5" markerHeight="5" orient="auto">'
    '<path d="M0 .5L5.5 3L0 5.5z" fill="#8a8f98" stroke="none"/></marker></defs>'
)


def _page(model: Model, width: float, height: float, kinds: Sequence[str], shapes: Sequence[str]) -> str:
    """Title, picture and legend."""
    cost = sum(node.multiply_adds() for node in model.graph.nodes)
    facts = f"{model.count_params():,} parameters, {amount(cost)} multiply-adds for one image"
    width = max(width, 640.0)
    legend, x = [], MARGIN
    for kind in kinds:
        legend.append(f'<rect x="{x:.0f}" y="{height - 30:.0f}" width="9" height="9" fill="{COLOURS[kind]}"/>')
        legend.append(f'<text x="{x + 13:.0f}" y="{height - 22:.0f}">{kind}</text>')
        x += 24 + LETTER * len(kind)
    scale = "height and width to one scale, channels and units to another; rest the pointer on a volume for more"
    legend.append(f'<text x="{MARGIN:.0f}" y="{height - 8:.0f}">{scale}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label={quoteattr(model.name)}>'
        f'<style>{STYLE}</style>{ARROW}<rect width="100%" height="100%" fill="#fff" style="stroke:none"/>'
        f'<text class="h" x="{MARGIN:.0f}" y="30">{escape(model.name)}</text>'
        f'<text class="s" x="{MARGIN:.0f}" y="47">{escape(facts)}</text>'
        f"{''.join(shapes)}{''.join(legend)}</svg>\n"
    )

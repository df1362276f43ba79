"""report.html: what a training came to, on one page that needs nothing but a browser."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.report.classes import Results
from striate.report.confusion import confusion_section
from striate.report.curves import charts
from striate.report.pictures import data_uri, image_pixels, kernel_pixels
from striate.version import __version__

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # a browser loads nothing for this page
WRONG, RIGHT, KERNELS = 18, 6, 64  # how many pictures are shown


@dataclass(frozen=True)
class Run:
    """Everything the page shows.

    title: the headline, such as "LeNet-5 on Fashion-MNIST".
    history: by metric the value after each epoch, as in `History.history`.
    results: on the test images.
    images: the test images themselves, (n, height, width) or (n, height, width, channels).
    kernels: of the first convolution, (height, width, channels, filters), or None.
    summary: the network's table.
    facts: headline numbers, label to text, such as {"training time": "18.2 s"}.
    configuration: what it was run with, label to text, such as {"seed": "42"}.
    note: one sentence above everything, such as that only a part of the data was used.
    """

    title: str
    history: Mapping[str, Sequence[float]]
    results: Results
    images: NDArray[np.generic]
    kernels: NDArray[np.float32] | None = None
    summary: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def write_report(path: str | os.PathLike[str], run: Run) -> Path:
    """Write the page, all at once: a reader never sees half of it.

    Raises:
        OSError: the folder is missing or full.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        temporary.write_text(page(run), encoding="utf-8")
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return target


def page(run: Run) -> str:
    """The HTML. Complete in itself: style, pictures and curves are inside."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    sections = [
        _section("Learning curves", f'<div class="charts">{"".join(charts(run.history))}</div>'),
        _section("What is taken for what", confusion_section(run.results)),
        _section("Class by class", _class_table(run.results)),
        _gallery(run),
        _kernels(run.kernels),
        _section("The network", f'<div class="scroll"><pre>{escape(run.summary)}</pre></div>' if run.summary else ""),
        _section("How it was run", _definitions(run.configuration)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(run.title)}</title><style>\n{style}</style></head>\n<body><main>\n{_header(run)}\n"
        + "\n".join(section for section in sections if section)
        + f"\n<footer>Striate {escape(__version__)}</footer>\n</main></body></html>\n"
    )


def _header(run: Run) -> str:
    facts = {"test accuracy": f"{100 * run.results.accuracy:.2f} %", **run.facts}
    tiles = "".join(
        f"<div><strong>{escape(text)}</strong><span>{escape(label)}</span></div>" for label, text in facts.items()
    )
    note = f'<p class="banner">{escape(run.note)}</p>' if run.note else ""
    return f'<header><h1>{escape(run.title)}</h1>{note}<div class="facts">{tiles}</div></header>'


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _class_table(results: Results) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(result.name)}</th>{_bar(result.precision)}{_bar(result.recall)}'
        f"<td>{result.count:,}</td></tr>"
        for result in results.by_class()
    )
    return (
        '<p class="note">Precision: of the images called so, how many are. '
        "Recall: of the images that are, how many were called so.</p>"
        '<div class="scroll"><table class="plain classes"><thead><tr><th>class</th><th>precision</th>'
        f"<th>recall</th><th>images</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _bar(share: float) -> str:
    return f'<td><span class="bar" style="--share:{share:.3f}">{100 * share:.1f} %</span></td>'


def _gallery(run: Run) -> str:
    wrong = run.results.surest_wrong(WRONG)
    right = run.results.surest_right(RIGHT)
    parts = []
    if wrong:
        parts.append('<p class="note">Surest first: what the network called it, how sure it was, (what it is).</p>')
        parts.append(f'<div class="gallery">{"".join(_figure(run, index) for index in wrong)}</div>')
    if right:
        parts.append(f'<h3>And right</h3><div class="gallery">{"".join(_figure(run, index) for index in right)}</div>')
    return _section("Most confidently wrong" if wrong else "No image wrong", "".join(parts))


def _figure(run: Run, index: int) -> str:
    results = run.results
    predicted, true = (results.class_names[int(array[index])] for array in (results.predicted, results.labels))
    kind = "right" if predicted == true else "wrong"
    confidence = 100 * float(results.confidence[index])
    caption = f"{predicted} {confidence:.0f}% ({true})"
    picture = data_uri(image_pixels(run.images[index]))
    return (
        f'<figure class="{kind}"><img src="{picture}" alt="test image {index}" title="test image {index}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _kernels(kernels: NDArray[np.float32] | None) -> str:
    if kernels is None or kernels.ndim != 4:
        return ""
    height, width, channels, filters = kernels.shape
    colours = "their three channels as colours" if channels == 3 else "blue below zero, red above"
    mean = "" if channels in (1, 3) else f", the mean of {channels} channels"
    shown = "" if filters <= KERNELS else f", the first {KERNELS}"
    pictures = "".join(
        f'<img src="{data_uri(pixels)}" alt="filter {i}" title="filter {i}">'
        for i, pixels in enumerate(kernel_pixels(kernels[..., :KERNELS]))
    )
    note = f"{filters} filters of {height}x{width} weights{mean}; {colours}{shown}."
    return _section("The first layer's kernels", f'<p class="note">{note}</p><div class="kernels">{pictures}</div>')


def _definitions(configuration: Mapping[str, str]) -> str:
    pairs = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in configuration.items())
    return f"<dl>{pairs}</dl>" if pairs else ""

"""The confusion matrix as a heat-coloured table; for many classes the pairs most often confused."""

from __future__ import annotations

from html import escape

import numpy as np

from striate.report.classes import Results

MAX_CLASSES = 20  # a wider table cannot be read
PAIRS = 20


def confusion_section(results: Results) -> str:
    """The table of up to 20 classes, or a list of pairs."""
    return _matrix(results) if len(results.class_names) <= MAX_CLASSES else _pairs(results)


def _matrix(results: Results) -> str:
    counts = results.confusion()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [escape(name) for name in results.class_names]
    head = "".join(f'<th scope="col"><span>{name}</span></th>' for name in names)
    rows = []
    for i, name in enumerate(names):
        cells = "".join(
            _cell(float(shares[i, j]), int(counts[i, j]), i == j, f"{name} called {called}")
            for j, called in enumerate(names)
        )
        rows.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    return (
        '<p class="note">Rows: what the images are. Columns: what the network called them. '
        "Percent of the row; blue is right, red is wrong.</p>"
        f'<div class="scroll"><table class="confusion"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(share: float, count: int, right: bool, title: str) -> str:
    """Errors are few, so their colour follows the square root and a few percent already show."""
    heat = share if right else share**0.5
    classes = ("right" if right else "wrong") + (" hot" if heat > 0.55 else "")
    text = "" if not count else f"{100 * share:.0f}" if share >= 0.0095 else "&lt;1"
    return f'<td class="{classes}" style="--heat:{heat:.3f}" title="{title}: {count}">{text}</td>'


def _pairs(results: Results) -> str:
    counts = results.confusion()
    totals = np.maximum(counts.sum(axis=1), 1)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:PAIRS]
    rows = []
    for index in order:
        i, j = divmod(int(index), len(counts))
        if counts[i, j]:
            share = 100 * counts[i, j] / totals[i]
            name, called = escape(results.class_names[i]), escape(results.class_names[j])
            rows.append(f"<tr><td>{name}</td><td>{called}</td><td>{counts[i, j]}</td><td>{share:.0f} %</td></tr>")
    return (
        f'<p class="note">{len(totals)} classes are too many for a table; these pairs were confused most.</p>'
        '<div class="scroll"><table class="plain"><thead><tr><th>is</th><th>was called</th><th>images</th>'
        f"<th>of the class</th></tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )

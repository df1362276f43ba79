"""Tables of the results, in the terminal and in README.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import Comparison
from networks import TITLES

BEGIN, END = "<!-- benchmark:begin -->", "<!-- benchmark:end -->"
NAMES = {"striate": "Striate", "keras": "Keras/TensorFlow", "torch": "PyTorch"}
_KINDS = {"train": "Training, images/s", "predict": "Prediction of 10,000 images, images/s", "single": "One image, ms"}


def markdown(comparisons: Sequence[Comparison], costs: dict[str, dict[str, float]], facts: dict[str, Any]) -> str:
    """All results as Markdown, machine and versions below."""
    parts = [_rates(kind, found) for kind in _KINDS if (found := [c for c in comparisons if c.kind == kind])]
    if costs:
        parts.append(_costs(costs))
    return "\n\n".join([*parts, _footnote(facts)])


def _rates(kind: str, comparisons: Sequence[Comparison]) -> str:
    frameworks = list(comparisons[0].rates)
    peers = [name for name in frameworks if name != "striate"]
    show_batch = kind != "single"
    head = [_KINDS[kind], *["batch"] * show_batch, *(NAMES[name] for name in frameworks)]
    head += [f"against {NAMES[peer]}" for peer in peers]
    rows = []
    for comparison in comparisons:
        rates = [comparison.rate(name) for name in frameworks]
        cells = [f"{1000 / rate:.3g}" if kind == "single" else f"{_three_digits(rate):,}" for rate in rates]
        ratios = [f"**{comparison.ratio(peer):.1f}x**" for peer in peers]
        rows.append([TITLES[comparison.network], *[str(comparison.batch)] * show_batch, *cells, *ratios])
    return table(head, rows, left=1)


def _costs(costs: dict[str, dict[str, float]]) -> str:
    frameworks = list(next(iter(costs.values())))
    formats = {
        "import": ("`import`, seconds", lambda value: f"{value:.2f}"),
        "memory": ("training LeNet-5, peak memory, MB", lambda value: f"{value / 1e6:,.0f}"),
        "size": ("installed size, MB", lambda value: f"{value / 1e6:,.0f}"),
    }
    rows = [[formats[key][0], *(formats[key][1](values[name]) for name in frameworks)] for key, values in costs.items()]
    return table(["", *(NAMES[name] for name in frameworks)], rows, left=1)


def _footnote(facts: dict[str, Any]) -> str:
    return "Adam, the same float32 arrays. " + conditions(facts)


def conditions(facts: dict[str, Any]) -> str:
    """Machine, rounds and versions."""
    machine, versions = facts["machine"], facts["versions"]
    vector = f"{machine['vector_bits']}-bit vectors" if machine["vector_bits"] else "vectors of unknown width"
    return (
        f"{machine['physical_cores']} cores ({machine['architecture']}, {vector}), as many threads for all; "
        f"medians of {facts['rounds']} rounds, ratios round by round. "
        + "; ".join(f"{NAMES[name].split('/')[0]} {version}" for name, version in versions.items())
        + "."
    )


def _three_digits(rate: float) -> int:
    """Three significant digits: more would be noise."""
    return int(float(f"{rate:.3g}"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """Markdown; the first columns, `left` of them, are text."""
    rule = ["---" if i < left else "---:" for i in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])


def write_results(results: dict[str, Any]) -> None:
    """Put these keys into results.json; the others stay."""
    path = Path(__file__).with_name("results.json")
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**old, **results}, indent=1) + "\n", encoding="utf-8")


def write_readme(path: Path, text: str, begin: str = BEGIN, end: str = END) -> bool:
    """Put the tables between the markers; False when the file has none."""
    if not path.exists():
        return False
    old = path.read_text(encoding="utf-8")
    before, found, rest = old.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        return False
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
    return True

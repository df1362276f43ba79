"""A search as a picture: how it went, and what each setting did."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from striate.errors import StriateError
from striate.search.run import Outcome

COLUMNS = 5
INK, FAINT, BEST, BASE = "#1f4e8c", "#b9c3cf", "#c8501e", "#555555"
NAMES = {
    "kernel1": "first kernel", "stride1": "first stride", "filters1": "first filters", "kernel2": "second kernel",
    "stride2": "second stride", "filters2": "second filters", "padding2": "second padding", "units1": "first units",
    "units2": "second units", "learning_rate": "learning rate",
}  # fmt: skip


def plot(outcome: Outcome, path: str | os.PathLike[str], title: str = "") -> None:
    """Write a picture: above, each trial's accuracy and the best so far; below, accuracy by each setting.

    Args:
        outcome: of a search.
        path: a name that ends in ".png" or ".svg".
        title: in the head of the picture.

    Raises:
        StriateError: Matplotlib is missing, or another ending.
    """
    name = os.fspath(path)
    if not name.endswith((".png", ".svg")):
        raise StriateError(f'{name}: expected a name that ends in ".png" or ".svg"')
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise StriateError(
            'the plot of a search needs Matplotlib, which is not installed: pip install "striate[search]"'
        ) from None
    rows = -(-len(NAMES) // COLUMNS)
    figure = Figure(figsize=(2.6 * COLUMNS, 3.4 + 2.5 * rows), layout="constrained")
    grid = figure.add_gridspec(1 + rows, COLUMNS, height_ratios=[1.5, *[1] * rows])
    _history(figure.add_subplot(grid[0, :]), outcome)
    low, high = _range(outcome)
    for i, (setting, label) in enumerate(NAMES.items()):
        axes = figure.add_subplot(grid[1 + i // COLUMNS, i % COLUMNS])
        _slice(axes, outcome, setting)
        share = outcome.importances.get(setting)
        axes.set_xlabel(label if share is None else f"{label}: {100 * share:.0f} % of the difference", fontsize=9)
        axes.set_ylim(low, high)
        if i % COLUMNS:
            axes.set_yticklabels([])
    figure.suptitle(title or "Accuracy on the images held back", fontsize=12)
    figure.savefig(name, dpi=110)


def _history(axes: Any, outcome: Outcome) -> None:
    """Every trial, and the best of those that were trained to the end."""
    for pruned, colour, label in ((True, FAINT, "given up early"), (False, INK, "trained to the end")):
        chosen = [trial for trial in outcome.trials if trial.pruned == pruned]
        points = [trial.number for trial in chosen], [100 * trial.accuracy for trial in chosen]
        axes.scatter(*points, s=22, color=colour, label=label)
    full = [trial for trial in outcome.trials if not trial.pruned]
    best = np.maximum.accumulate([100 * trial.accuracy for trial in full])
    axes.step([trial.number for trial in full], best, where="post", color=BEST, label="best so far")
    axes.axhline(100 * outcome.trials[0].accuracy, color=BASE, linestyle=":", label="baseline")
    axes.set_ylim(*_range(outcome))
    axes.set_xlabel("trial", fontsize=9)
    axes.set_ylabel("accuracy, %", fontsize=9)
    axes.legend(loc="lower right", fontsize=8, ncols=4)


def _slice(axes: Any, outcome: Outcome, setting: str) -> None:
    """Accuracy by the value of one setting; the best trial stands out."""
    best = outcome.ranked[0]
    for trial in outcome.trials:
        colour = BEST if trial is best else FAINT if trial.pruned else INK
        axes.scatter(getattr(trial.network, setting), 100 * trial.accuracy, s=34 if trial is best else 14, color=colour)
    values = {getattr(trial.network, setting) for trial in outcome.trials}
    if setting == "learning_rate":
        axes.set_xscale("log")
    elif setting.startswith(("kernel", "stride")):
        axes.set_xticks(sorted(values))
    axes.tick_params(labelsize=8)


def _range(outcome: Outcome) -> tuple[float, float]:
    """Percent, from a little below the lowest tenth: a few trials that learnt nothing shall not flatten the rest."""
    values = np.array([100 * trial.accuracy for trial in outcome.trials])
    low, high = float(np.quantile(values, 0.1)), float(values.max())
    room = max(0.08 * (high - low), 0.2)
    return low - room, high + room

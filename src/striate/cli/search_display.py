"""What one sees of a search: a line for each trial, a bar while it runs, tables at the end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from striate.cli.display import clock
from striate.search.run import Watcher

if TYPE_CHECKING:
    from striate.search import Comparison, LeNet, Outcome, Trial

SHOWN = 5  # trials in the table


class SearchDisplay(Watcher):
    """A bar over trials or minutes while a search runs, and a line for each trial that is done.

    Without a terminal only the lines are printed.

    Args:
        console: where to.
        title: of what is searched.
        file: that keeps the trials.
        trials: in all, or None.
        minutes: of this run, or None.
        epochs: of each trial.
    """

    def __init__(
        self, console: Console, title: str, file: Path, trials: int | None, minutes: float | None, epochs: int
    ) -> None:
        self._console, self._title, self._file = console, title, file
        self._trials, self._minutes, self._epochs = trials, minutes, epochs
        self._started = time.monotonic()
        self._done, self._best = 0, 0.0
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=16), TextColumn("{task.fields[facts]}"),
            console=console, transient=True, auto_refresh=False, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=1.0, facts="")

    def __enter__(self) -> SearchDisplay:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bar away, whatever ended the search."""
        self._bar.stop()

    def on_start(self, earlier: tuple[Trial, ...]) -> None:
        """Say what is searched, and whether it goes on."""
        limits = [f"{self._trials} trials"] if self._trials else []
        limits += [f"{self._minutes:g} minutes"] if self._minutes else []
        print_ = self._bar.console.print
        print_(f"{self._title}: {' or '.join(limits)}, {self._epochs} epochs each", soft_wrap=True)
        if earlier:
            self._best = max(trial.accuracy for trial in earlier)
            print_(f"going on after {len(earlier)} trials in {self._file}", soft_wrap=True)
        else:
            print_("trial 0 is the network of the lectures; size/stride xfilters, units, learning rate", soft_wrap=True)
        self._done = len(earlier)

    def on_epoch(self, number: int, network: LeNet, epoch: int, accuracy: float) -> None:
        """Move the bar."""
        seconds = time.monotonic() - self._started
        shares = [(self._done + epoch / self._epochs) / self._trials] if self._trials else []
        shares += [seconds / (60 * self._minutes)] if self._minutes else []
        facts = f"epoch {epoch}/{self._epochs}  {100 * accuracy:.2f} %  best {100 * self._best:.2f} %"
        left = f"  {clock(max(60 * self._minutes - seconds, 0))} left" if self._minutes else ""
        share = min(max(shares, default=0.0), 1.0)
        self._bar.update(self._task, completed=share, description=f"trial {number}", facts=facts + left)
        self._bar.refresh()

    def on_trial(self, trial: Trial) -> None:
        """Print the trial's line."""
        self._done = trial.number + 1
        end = f"given up after {len(trial.accuracies)}" if trial.pruned else ""
        if trial.accuracy > self._best and not trial.pruned:
            self._best, end = trial.accuracy, "best so far"
        line = f"trial {trial.number:>3}  {100 * trial.accuracy:5.2f} %  {trial.network.describe()}"
        self._bar.console.print(f"{line}  {end}".rstrip(), soft_wrap=True)


def best_table(outcome: Outcome) -> Table:
    """The best trials and the baseline."""
    table = _table("trial", "held back", "first", "second", "units", "learning rate")
    ranked = outcome.ranked
    for trial in [*ranked[:SHOWN], *(trial for trial in ranked[SHOWN:] if trial.number == 0)]:
        sizes = trial.network
        table.add_row(
            f"{trial.number}{' (lectures)' if trial.number == 0 else ''}", f"{100 * trial.accuracy:.2f} %",
            sizes.first, sizes.second, f"{sizes.units1}, {sizes.units2}", f"{sizes.learning_rate:g}",
        )  # fmt: skip
    pruned = sum(trial.pruned for trial in outcome.trials)
    table.caption = f"{len(outcome.trials)} trials, {pruned} of them given up early; size/stride xfilters"
    table.caption_justify = "left"
    return table


def importance_line(outcome: Outcome) -> str:
    """What decides most, in one line."""
    if not outcome.importances:
        return "importances: too few trials to say"
    parts = [f"{name} {100 * share:.0f} %" for name, share in outcome.importances.items()]
    return "what decides most: " + ", ".join(parts[:4])


def comparison_table(found: list[Comparison]) -> Table:
    """Networks side by side on the test images."""
    table = _table("network", "parameters", "test accuracy", "from", "to", "errors")
    for name, entry in zip(("lectures", "best"), found, strict=False):
        low, high = min(entry.accuracies), max(entry.accuracies)
        table.add_row(
            name, f"{entry.model.count_params():,}", f"{100 * entry.mean:.2f} %", f"{100 * low:.2f} %",
            f"{100 * high:.2f} %", f"{100 * (1 - entry.mean):.2f} %",
        )  # fmt: skip
    table.caption = f"mean of {len(found[0].accuracies)} seeds, the lowest and the highest"
    table.caption_justify = "left"
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if i else "left", no_wrap=True)
    return table

"""The live display of a training, and the tables printed after it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from striate.callbacks import Callback

if TYPE_CHECKING:
    from striate.report import Results

REFRESH = 0.1  # seconds


class TrainingDisplay(Callback):
    """A bar over the whole training while it runs, and a line for each epoch that is done.

    Without a terminal only the lines are printed.

    Args:
        console: where to.
        images: in an epoch.
        batch_size: images in a batch.
        epochs: planned.

    Attributes:
        seconds: spent in training batches so far, validation left out.
        seen: images trained on so far, each epoch anew.
    """

    every_batch = False  # one call for what the engine takes in one go is enough

    def __init__(self, console: Console, images: int, batch_size: int, epochs: int) -> None:
        super().__init__()
        self.console, self.images, self.batch_size, self.epochs = console, images, batch_size, epochs
        self.seconds = 0.0
        self.seen = 0
        self._epoch = 0
        self._before = 0.0  # seconds of the epochs that are done
        self._resumed = 0.0
        self._drawn = 0.0
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=16), TextColumn("{task.fields[facts]}"),
            console=console, transient=True, auto_refresh=False, disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=images * epochs, facts="")

    def __enter__(self) -> TrainingDisplay:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bar away, whatever ended the training."""
        self._bar.stop()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the epoch's clock."""
        self._epoch = epoch
        self._before = self.seconds
        self._resumed = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the time, and draw now and then."""
        now = time.perf_counter()
        self.seconds += now - self._resumed
        self._resumed = now
        self.seen = self._epoch * self.images + min((batch + 1) * self.batch_size, self.images)
        if now - self._drawn >= REFRESH:
            self._drawn = now
            self._draw(logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Print the epoch's line."""
        seconds = self.seconds - self._before
        speed = f"{self.images / max(seconds, 1e-9):,.0f} images/s"
        title = f"epoch {epoch + 1:>{len(str(self.epochs))}}/{self.epochs}"
        self._bar.console.print(f"{title}  {_metrics(logs or {})}  {speed}", highlight=False, soft_wrap=True)

    @property
    def speed(self) -> float:
        """Images trained on a second."""
        return self.seen / max(self.seconds, 1e-9)

    def _draw(self, logs: dict[str, Any]) -> None:
        left = (self.images * self.epochs - self.seen) / max(self.speed, 1e-9)
        facts = f"{_metrics(logs)}  {self.speed:,.0f} images/s  {clock(left)} left"
        description = f"epoch {self._epoch + 1}/{self.epochs}"
        self._bar.update(self._task, completed=self.seen, description=description, facts=facts)
        self._bar.refresh()


def clock(seconds: float) -> str:
    """4.2 s, 75 s as 1:15, or 1:02:03."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def class_table(results: Results) -> Table:
    """Precision, recall and number of images of each class."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("class", max_width=36, overflow="ellipsis", no_wrap=True)
    for name in ("precision", "recall", "images"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results.by_class():
        shares = f"{100 * result.precision:.1f} %", f"{100 * result.recall:.1f} %"
        table.add_row(result.name, *shares, f"{result.count:,}")
    return table


def _metrics(logs: dict[str, Any]) -> str:
    """Loss and accuracy, then validation's accuracy: what fits on a line."""
    parts = []
    for name, title in (("loss", "loss"), ("accuracy", "accuracy"), ("val_accuracy", "validation")):
        if name in logs:
            parts.append(f"{title} {logs[name]:.4f}" if name == "loss" else f"{title} {100 * logs[name]:.2f} %")
    return "  ".join(parts)

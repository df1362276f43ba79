"""How programs speak with whoever watches them: `Progbar`, and whether progress is drawn at all."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from striate.settings import is_interactive_logging_enabled


class Progbar:
    """A bar on the screen that grows with a program's own loop.

    Args:
        target: steps until it is full; None: not known.
        width: of the bar, in letters.
        verbose: 0: nothing is shown; 1: a bar; 2: one line at the end.
        interval: seconds between two changes of the picture.
        stateful_metrics: names whose last value is shown, not the mean.
        unit_name: what a step is called.
    """

    def __init__(
        self, target: int | None, width: int = 20, verbose: int = 1, interval: float = 0.05,
        stateful_metrics: Sequence[str] | None = None, unit_name: str = "step",
    ) -> None:
        self.target, self.width, self.interval = target, width, interval
        self.verbose = verbose if is_interactive_logging_enabled() else 0
        self.stateful_metrics, self.unit_name = set(stateful_metrics or ()), unit_name
        self._sums: dict[str, tuple[float, float]] = {}
        self._seen = 0
        self._start, self._shown = time.monotonic(), -1.0
        self._length = 0

    def update(
        self, current: int, values: Sequence[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Show that `current` steps are done; values: (name, value) pairs, shown as means over the steps."""
        done = finalize if finalize is not None else self.target is not None and current >= self.target
        for name, value in values or ():
            if name in self.stateful_metrics:
                self._sums[name] = (float(value), 1)
            else:
                total, count = self._sums.get(name, (0.0, 0.0))
                steps = max(current - self._seen, 1)
                self._sums[name] = (total + float(value) * steps, count + steps)
        self._seen = current
        now = time.monotonic()
        if self.verbose == 0 or (self.verbose == 2 and not done):
            return
        if done or now - self._shown >= self.interval:
            self._shown = now
            self._show(current, now - self._start, bool(done))

    def add(self, n: int, values: Sequence[tuple[str, Any]] | None = None) -> None:
        """Show that n more steps are done."""
        self.update(self._seen + n, values)

    def _show(self, current: int, seconds: float, done: bool) -> None:
        text = f"{current}/{'?' if self.target is None else self.target}"
        if self.verbose == 1 and self.target:
            full = min(int(self.width * current / self.target), self.width)
            text += f" [{'=' * full}{'.' * (self.width - full)}]"
        each = seconds / current if current else 0.0
        text += f" - {seconds:.0f}s {each * 1000:.0f}ms/{self.unit_name}"
        text += "".join(f" - {name}: {total / max(count, 1):.4f}" for name, (total, count) in self._sums.items())
        before = "\r" if self.verbose == 1 else ""
        sys.stdout.write(f"{before}{text.ljust(self._length)}{chr(10) if done else ''}")
        sys.stdout.flush()
        self._length = 0 if done else len(text)

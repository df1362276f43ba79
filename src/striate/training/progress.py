"""What training shows on the screen: one live line while an epoch runs, one lasting line when it ends."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Mapping

from striate.console import printable

BAR = 20  # columns of the bar where there is room for it
INTERVAL = 0.1  # seconds between two redraws


class Progress:
    """The line of one epoch (or evaluation, or prediction).

    On a terminal or in a notebook the line is redrawn as work goes on; elsewhere only the last state is printed.

    Args:
        title: what the line begins with, such as "Epoch 3/10".
        total: the number of images (or batches) to come; None: not known.
        verbose: 1 for the live line, 2 for one plain line at the end.
        unit: what is counted.
    """

    def __init__(self, title: str, total: int | None, verbose: int = 1, unit: str = "images") -> None:
        self.title = title
        self.total = total
        self.verbose = verbose
        self.unit = unit
        self._start = time.perf_counter()
        self._last_drawn = 0.0
        self._drawn = 0
        self._terminal = bool(getattr(sys.stdout, "isatty", lambda: False)())
        self._live = verbose == 1 and (self._terminal or "ipykernel" in sys.modules)

    def update(self, seen: int, logs: Mapping[str, float]) -> None:
        """Show that `seen` images or batches are done; draws at most ten times a second."""
        now = time.perf_counter()
        if not self._live or now - self._last_drawn < INTERVAL:
            return
        self._last_drawn = now
        elapsed = max(now - self._start, 1e-9)
        rate = seen / elapsed
        fraction, left = None, f"{seen:,} {self.unit}"
        if self.total is not None:
            left = f"{duration((self.total - seen) / rate)} left" if seen else "? left"
            fraction = seen / self.total
        self._draw(live_line(self.title, fraction, left, rate, logs, _width(), self.unit))

    def finish(self, seen: int, logs: Mapping[str, float]) -> None:
        """Replace the live line by the lasting one."""
        elapsed = max(time.perf_counter() - self._start, 1e-9)
        facts = f"{self.title} {duration(elapsed)} {seen / elapsed:,.0f} {self.unit}/s"
        if self.verbose == 2:
            _print(" - ".join([facts, *items(logs)]) + "\n")
            return
        self._draw("")
        _print(wrapped(facts, items(logs), _width()) + "\n")

    def clear(self) -> None:
        """Take the live line away, so that something else can be printed."""
        self._draw("")

    def _draw(self, line: str) -> None:
        if not self._live or (not line and not self._drawn):
            return
        shown = line + " " * (self._drawn - len(line))
        self._drawn = len(line)
        if self._terminal and "NO_COLOR" not in os.environ:
            shown = re.sub("(━+)", "\x1b[32m\\1\x1b[0m", re.sub("(╺+)", "\x1b[90m\\1\x1b[0m", shown))
        _print("\r" + shown + ("" if line else "\r"))


def live_line(
    title: str, fraction: float | None, left: str, rate: float, logs: Mapping[str, float], width: int,
    unit: str = "images",
) -> str:
    """A line of at most `width` columns: the bar shrinks first, then the speed goes, then the last metrics.

    fraction: of the bar that is full; None: no bar. rate: of units a second.
    """
    parts = items(logs)
    speed = f" {rate:,.0f} {unit}/s"
    while True:
        rest = f" {left}{speed}" + "".join(f" - {part}" for part in parts)
        room = width - len(title) - 1 - len(rest)
        if room >= (0 if fraction is None else 5) or not (speed or parts):
            break
        if speed:
            speed = ""
        else:
            parts.pop()
    if fraction is None:
        return f"{title}{rest}"[:width]
    columns = max(min(BAR, room), 0)
    full = int(columns * fraction)
    return f"{title} {'━' * full}{'╺' * (columns - full)}{rest}"[:width]


def wrapped(facts: str, parts: list[str], width: int) -> str:
    """Facts and metrics joined by " - ", continued on further lines when they need more than `width` columns."""
    lines = [facts]
    for part in parts:
        if len(lines[-1]) + 3 + len(part) <= width:
            lines[-1] += f" - {part}"
        else:
            lines.append(f"    {part}")
    return "\n".join(lines)


def items(logs: Mapping[str, float]) -> list[str]:
    """Each metric as "name: value", with Keras's digits."""
    shown = []
    for name, value in logs.items():
        if isinstance(value, (int, float)):
            shown.append(f"{name}: {value:.4e}" if 0 < abs(value) <= 1e-3 else f"{name}: {value:.4f}")
        else:
            shown.append(f"{name}: {value}")
    return shown


def duration(seconds: float) -> str:
    """8s, 1:05, 2:03:04; below ten seconds with one decimal."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def _width() -> int:
    """Columns to fill: one less than the terminal's, so that the cursor stays on the line; 80 where there is none."""
    return max(min(shutil.get_terminal_size((81, 24)).columns, 101) - 1, 20)


def _print(text: str) -> None:
    sys.stdout.write(printable(text, sys.stdout))
    sys.stdout.flush()

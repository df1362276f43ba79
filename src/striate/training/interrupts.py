"""Ctrl-C held back while weights and the books about them disagree."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held() -> Iterator[None]:
    """For a while, remember SIGINT; whoever handled it before gets it, once, when the block ends.

    Only Python handlers are put aside: where SIGINT is ignored or ends the process (SIG_IGN, SIG_DFL), or C code deals
    with it, there is nothing to hold back. Signals reach the main thread only, so elsewhere this does nothing.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    arrived: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: arrived.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if arrived:
            before(*arrived[0])

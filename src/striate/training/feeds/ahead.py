"""What is needed next: prepared by a thread while what is there is used, or when it is asked for."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

Result = TypeVar("Result")

PATIENCE = 5.0  # seconds for the user's code to come to the end of a batch when nothing more is wanted


class Ahead(Generic[Result]):
    """Calls a function in a thread of its own, one call ahead.

    The function sees the context variables of whoever makes this object (np.errstate is one). What it raises is raised
    where its result is asked for, with its traceback.

    Args:
        work: a function of the number of batches wanted.
    """

    def __init__(self, work: Callable[[int], Result]) -> None:
        self._work = work
        self._wanted: SimpleQueue[int | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Result | None, BaseException | None]] = SimpleQueue()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="striate-feed", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (wanted := self._wanted.get()) is not None:
            try:
                self._done.put((self._work(wanted), None))
            except BaseException as error:  # of the user's code; `get` raises it
                self._done.put((None, error))
                return

    def ask(self, wanted: int) -> None:
        """Begin another call. To be followed by `get`."""
        self._wanted.put(wanted)

    def get(self) -> Result | None:
        """The result of the call that was asked for first; waits for it."""
        result, error = self._done.get()
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """End the thread. What blocks for long (a generator that waits for a network) is left behind."""
        self._wanted.put(None)
        self._thread.join(PATIENCE)


class OnDemand(Generic[Result]):
    """The same without a thread: calls the function when its result is asked for.

    For work that takes little and never waits. A thread for it would take a core from the engine's threads, which all
    wait for the one that it holds up.
    """

    def __init__(self, work: Callable[[int], Result]) -> None:
        self._work = work
        self._wanted = 0

    def ask(self, wanted: int) -> None:
        """As `Ahead.ask`."""
        self._wanted = wanted

    def get(self) -> Result | None:
        """As `Ahead.get`."""
        return self._work(self._wanted)

    def close(self) -> None:
        """Nothing is to be ended."""

"""The training loop: epochs of chunks of steps, validation, and what happens when something goes wrong in between."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.engines import Examples, Program
from striate.errors import DataError
from striate.graph import Array
from striate.graph.shapes import element_count
from striate.training import interrupts
from striate.training.callbacks import CallbackList, History
from striate.training.feeds import Block, Feed
from striate.training.meters import Logs, Meters
from striate.training.results import Results
from striate.training.trained import Trained
from striate.warning import warn

if TYPE_CHECKING:
    from striate.optimizers import Optimizer

CHUNK_SECONDS = 0.1  # of work between two looks at the progress display and at Ctrl-C
CHUNK_BYTES = 16 << 20  # that a chunk may hold besides what was given


Programs = Callable[[Examples], Program]


@dataclass
class Plan:
    """One `fit`, everything in it checked.

    programs: the program for examples of some shapes.
    validation_epochs: epochs, from 0, that end with a validation.
    """

    train: Feed
    validation: Feed | None
    programs: Programs
    initial_epoch: int
    epochs: int
    validation_epochs: set[int]


class Chunks:
    """How many steps to take in one go: about a tenth of a second's worth, or one when a callback wants each batch."""

    def __init__(self, feed: Feed, numbers: int, every_batch: bool) -> None:
        """numbers: how many an image needs in memory besides what the feed holds."""
        fits = CHUNK_BYTES // max(4 * (numbers + feed.held) * feed.batch_size, 1)
        self.limit = 1 if every_batch else max(fits, 1)
        self.steps = 1
        self._feed = feed
        self._start = 0.0

    def take(self) -> Block | None:
        """The next steps of the epoch; None at its end."""
        self._start = time.perf_counter()
        return self._feed.take(self.steps)

    def took(self, steps: int, seconds: float | None = None) -> None:
        """Learn from a chunk; it took the time since `take`, if nothing else is said."""
        seconds = time.perf_counter() - self._start if seconds is None else seconds
        wanted = int(steps * CHUNK_SECONDS / max(seconds, 1e-6))
        self.steps = max(1, min(wanted, self._feed.growth * self.steps, self.limit))


def run_fit(model: Trained, plan: Plan, meters: Meters, callbacks: CallbackList, history: History) -> None:
    """Train for the epochs of a plan.

    When Ctrl-C comes between two chunks, callbacks' on_train_end is called and KeyboardInterrupt goes on; the history
    holds the epochs that ended, the weights are those of the last step taken, and a further `fit` continues from them.
    The same holds for an error in the data of a later batch, or a generator that ends early, but that on_train_end is
    not called.
    """
    model.stop_training = False
    model.history = history
    logs: Logs = {}
    callbacks.on_train_begin()
    try:
        for epoch in range(plan.initial_epoch, plan.epochs):
            if not plan.train.begin(model.seed, model.optimizer.iterations):
                raise DataError(plan.train.spent)
            callbacks.on_epoch_begin(epoch)
            logs, trouble = _train_epoch(model, plan, meters, callbacks)
            if plan.validation is not None and epoch in plan.validation_epochs:
                results = run_evaluation(plan.programs, meters, plan.validation, callbacks)
                logs = Results(sorted({**logs, **{f"val_{name}": value for name, value in results.items()}}.items()))
            callbacks.on_epoch_end(epoch, logs)
            callbacks.set_steps(plan.train.steps)
            if trouble:
                print(f"Epoch {epoch + 1}, {trouble}", file=sys.stderr, flush=True)
            if model.stop_training:
                break
    except KeyboardInterrupt:
        callbacks.on_train_end(logs)
        raise
    if plan.epochs > 0:
        model.optimizer.finalize_variable_values(model.trainable_weights)
    callbacks.on_train_end(logs)


class Held:
    """Leaves parameters to the program in use until the end of a phase, unless a callback may look at them in between.

    Args:
        callbacks: of this call.
        phase: "train", "test" or "predict".
    """

    def __init__(self, callbacks: CallbackList, phase: str) -> None:
        self._wanted = not callbacks.needs_every_batch(phase)
        self._program: Program | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *error: object) -> None:
        self._release()

    def use(self, program: Program) -> Program:
        """From now on it is this one."""
        if program is not self._program:
            self._release()
            self._program = program
            if self._wanted:
                self._stack.enter_context(program.holding_parameters())
        return program

    def _release(self) -> None:
        with interrupts.held():  # all of them come back, or none has been away
            self._stack.close()
        self._program = None


def _train_epoch(model: Trained, plan: Plan, meters: Meters, callbacks: CallbackList) -> tuple[Logs, str | None]:
    """All steps of an epoch that has begun; its results, and a sentence about the loss if that was not finite."""
    meters.reset()
    feed, step, problem = plan.train, 0, None
    chunks = Chunks(feed, output_size(meters), callbacks.needs_every_batch("train"))
    with Held(callbacks, "train") as held:
        while (block := chunks.take()) is not None:
            callbacks.on_train_batch_begin(step)
            program = held.use(plan.programs(block.examples))
            finite = take_steps(model, program, meters, block.examples, block.indices, block.batch_size)
            chunks.took(block.steps)
            step += block.steps if finite is None else finite + 1
            callbacks.on_train_batch_end(step - 1, meters.results())
            if finite is not None:
                model.stop_training, problem = True, trouble(step, feed.steps)
            if model.stop_training:
                break
    finish(feed, whole=block is None)
    return meters.results(), problem


def finish(feed: Feed, whole: bool) -> None:
    """End an epoch; whole: nothing was left of it.

    Raises:
        DataError: it ended early, and what it came from cannot begin again.
    """
    note = feed.end()
    if note and whole and feed.final:
        raise DataError(note)
    if note and whole:
        warn(note)


def take_steps(
    model: Trained, program: Program, meters: Meters, examples: Examples, chosen: NDArray[np.int64], batch_size: int
) -> int | None:
    """Train on consecutive batches of the chosen examples and measure.

    Returns:
        None, or the number of steps before the one whose loss was not finite.
    """
    optimizer: Optimizer = model.optimizer
    steps = math.ceil(len(chosen) / batch_size)
    rates = optimizer.learning_rates(optimizer.iterations, steps)
    with interrupts.held():  # weights and iterations change together or not at all
        results = program.train(examples, chosen, batch_size, rates, optimizer.iterations)
        done = len(results.losses)
        diverged = not np.isfinite(results.losses[-1])
        good = done - int(diverged)
        optimizer.iterations += good
    meters.add_losses(results.losses, batch_sizes(len(chosen), batch_size)[:done])
    if meters.needs_outputs and good:
        seen = chosen[: good * batch_size]
        weights = None if examples.weights is None else examples.weights[seen]
        targets = [target[seen] for target in examples.targets]
        meters.add_outputs(targets, [output[: len(seen)] for output in results.outputs], weights, batch_size)
    return good if diverged else None


def run_evaluation(programs: Programs, meters: Meters, feed: Feed, callbacks: CallbackList) -> Logs:
    """Loss and metrics over an epoch of a feed, in inference mode."""
    meters.reset()
    callbacks.on_test_begin()
    _need_batch(feed)
    chunks, step = Chunks(feed, output_size(meters), callbacks.needs_every_batch("test")), 0
    with Held(callbacks, "test") as held:
        while (block := chunks.take()) is not None:
            callbacks.on_test_batch_begin(step)
            measure(held.use(programs(block.examples)), meters, block.examples, block.batch_size)
            chunks.took(block.steps)
            step += block.steps
            callbacks.on_test_batch_end(step - 1, meters.results())
    finish(feed, whole=True)
    logs = meters.results()
    callbacks.on_test_end(logs)
    return logs


def run_prediction(
    programs: Programs, feed: Feed, numbers: int, callbacks: CallbackList, take: Callable[[list[Array]], Any]
) -> None:
    """The network's outputs for an epoch of a feed.

    Args:
        programs, feed, callbacks: as for the others.
        numbers: that the network puts out for an image.
        take: called with the outputs for each block; what it returns is the batch hooks' "outputs".
    """
    callbacks.on_predict_begin()
    _need_batch(feed)
    chunks, step = Chunks(feed, numbers, callbacks.needs_every_batch("predict")), 0
    with Held(callbacks, "predict") as held:
        while (block := chunks.take()) is not None:
            callbacks.on_predict_batch_begin(step)
            shown = take(held.use(programs(block.examples)).predict(block.examples.images, block.batch_size))
            chunks.took(block.steps)
            step += block.steps
            callbacks.on_predict_batch_end(step - 1, {"outputs": shown})
    finish(feed, whole=True)
    callbacks.on_predict_end()


def _need_batch(feed: Feed) -> None:
    """Begin an epoch that has something in it."""
    if not feed.begin(0, 0):
        raise DataError(feed.spent)


def measure(program: Program, meters: Meters, examples: Examples, batch_size: int) -> None:
    """Add loss and metrics of some examples, in inference mode."""
    results = program.evaluate(examples, batch_size)
    meters.add_losses(results.losses, batch_sizes(len(examples), batch_size))
    if meters.needs_outputs:
        meters.add_outputs(examples.targets, results.outputs, examples.weights, batch_size)


def batch_sizes(count: int, batch_size: int) -> NDArray[np.float64]:
    """The number of images in each batch; the last may be smaller."""
    sizes = np.full(math.ceil(count / batch_size), batch_size, dtype=np.float64)
    sizes[-1] = count - batch_size * (len(sizes) - 1)
    return sizes


def output_size(meters: Meters) -> int:
    """Numbers that the network puts out for one image."""
    return sum(element_count(shape) for shape in meters.shapes)


def trouble(step: int, steps: int | None) -> str:
    """What is said about a loss that is not finite."""
    of = "" if steps is None else f" of {steps}"
    return (
        f"step {step}{of}: the loss is not finite; training stopped, and the weights are as they were before "
        "that step. A smaller learning rate, clipnorm or scaled images (0 to 1) may help."
    )



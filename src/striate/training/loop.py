"""The training loop: epochs of chunks of steps, validation, and what happens when something goes wrong in between."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from striate import random
from striate.engines import Examples, Program
from striate.graph.shapes import element_count
from striate.training import interrupts
from striate.training.callbacks import CallbackList, History
from striate.training.data import part
from striate.training.meters import Logs, Meters
from striate.training.trained import Trained

if TYPE_CHECKING:
    from striate.optimizers import Optimizer

CHUNK_SECONDS = 0.1  # of work between two looks at the progress display and at Ctrl-C
CHUNK_BYTES = 16 << 20  # that a chunk may hold besides what was given


@dataclass
class Plan:
    """One `fit`, everything in it checked."""

    train: Examples
    validation: Examples | None
    batch_size: int
    validation_batch_size: int
    initial_epoch: int
    epochs: int
    shuffle: bool
    validation_program: Program
    validation_epochs: set[int]  # epochs, from 0, that end with a validation


class Chunks:
    """How many steps to take in one go: about a tenth of a second's worth, or one when a callback wants each batch."""

    def __init__(self, numbers: int, batch_size: int, every_batch: bool) -> None:
        """numbers: how many have to be held in memory for each image."""
        fits = CHUNK_BYTES // max(4 * numbers * batch_size, 1)
        self.limit = 1 if every_batch else max(fits, 1)
        self.steps = 1

    def took(self, steps: int, seconds: float) -> None:
        """Learn from a chunk."""
        wanted = int(steps * CHUNK_SECONDS / max(seconds, 1e-6))
        self.steps = max(1, min(wanted, 8 * self.steps, self.limit))


def run_fit(
    model: Trained, program: Program, meters: Meters, plan: Plan, callbacks: CallbackList, history: History
) -> None:
    """Train for the epochs of a plan.

    When Ctrl-C comes between two chunks, callbacks' on_train_end is called and KeyboardInterrupt goes on; the history
    holds the epochs that ended, the weights are those of the last step taken, and a further `fit` continues from them.
    """
    model.stop_training = False
    model.history = history
    logs: Logs = {}
    callbacks.on_train_begin()
    try:
        for epoch in range(plan.initial_epoch, plan.epochs):
            callbacks.on_epoch_begin(epoch)
            with parameters_held(program, callbacks, "train"):
                logs, trouble = _train_epoch(model, program, meters, plan, callbacks)
            if plan.validation is not None and epoch in plan.validation_epochs:
                measuring = plan.validation_program
                with parameters_held(measuring, callbacks, "test"):
                    results = run_evaluation(
                        measuring, meters, plan.validation, plan.validation_batch_size, callbacks, output_size(meters)
                    )
                logs = dict(sorted({**logs, **{f"val_{name}": value for name, value in results.items()}}.items()))
            callbacks.on_epoch_end(epoch, logs)
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


@contextmanager
def parameters_held(program: Program, callbacks: CallbackList, phase: str) -> Iterator[None]:
    """Leave parameters to the program until the end of a phase, unless a callback may look at them in between."""
    with ExitStack() as stack:
        if not callbacks.needs_every_batch(phase):
            stack.enter_context(program.holding_parameters())
        try:
            yield
        finally:
            with interrupts.held():  # all of them come back, or none has been away
                stack.close()


def _train_epoch(
    model: Trained, program: Program, meters: Meters, plan: Plan, callbacks: CallbackList
) -> tuple[Logs, str | None]:
    """All steps of one epoch; its results, and a sentence about the loss if that was not finite."""
    meters.reset()
    optimizer: Optimizer = model.optimizer
    count, size = len(plan.train), plan.batch_size
    steps = math.ceil(count / size)
    order = epoch_order(model.seed, optimizer.iterations, count, plan.shuffle)
    chunks = Chunks(output_size(meters), size, callbacks.needs_every_batch("train"))
    step = 0
    while step < steps:
        taken = min(chunks.steps, steps - step)
        callbacks.on_train_batch_begin(step)
        chosen = order[step * size : (step + taken) * size]
        start = time.perf_counter()
        finite = take_steps(model, program, meters, plan.train, chosen, size)
        chunks.took(taken, time.perf_counter() - start)
        step += taken if finite is None else finite + 1
        logs = meters.results()
        callbacks.on_train_batch_end(step - 1, logs)
        if finite is not None:
            model.stop_training = True
            return logs, trouble(step, steps)
        if model.stop_training:
            break
    return meters.results(), None


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
        meters.add_outputs(targets, [output[: len(seen)] for output in results.outputs], weights)
    return good if diverged else None


def run_evaluation(
    program: Program, meters: Meters, examples: Examples, batch_size: int, callbacks: CallbackList, outputs: int
) -> Logs:
    """Loss and metrics over all examples, in inference mode."""
    meters.reset()
    callbacks.on_test_begin()
    count = len(examples)
    chunks = Chunks(outputs, batch_size, callbacks.needs_every_batch("test"))
    at = 0
    while at < count:
        end = min(at + chunks.steps * batch_size, count)
        callbacks.on_test_batch_begin(at // batch_size)
        start = time.perf_counter()
        measure(program, meters, part(examples, at, end), batch_size)
        chunks.took(math.ceil((end - at) / batch_size), time.perf_counter() - start)
        at = end
        callbacks.on_test_batch_end(math.ceil(at / batch_size) - 1, meters.results())
    logs = meters.results()
    callbacks.on_test_end(logs)
    return logs


def measure(program: Program, meters: Meters, examples: Examples, batch_size: int) -> None:
    """Add loss and metrics of some examples, in inference mode."""
    results = program.evaluate(examples, batch_size)
    meters.add_losses(results.losses, batch_sizes(len(examples), batch_size))
    if meters.needs_outputs:
        meters.add_outputs(examples.targets, results.outputs, examples.weights)


def epoch_order(seed: int, iterations: int, count: int, shuffle: bool) -> NDArray[np.int64]:
    """The order of an epoch's examples. It follows the steps taken, so a later `fit` goes on as if never stopped."""
    if not shuffle:
        return np.arange(count, dtype=np.int64)
    return random.generator(seed, iterations).permutation(count).astype(np.int64, copy=False)


def batch_sizes(count: int, batch_size: int) -> NDArray[np.float64]:
    """The number of images in each batch; the last may be smaller."""
    sizes = np.full(math.ceil(count / batch_size), batch_size, dtype=np.float64)
    sizes[-1] = count - batch_size * (len(sizes) - 1)
    return sizes


def output_size(meters: Meters) -> int:
    """Numbers that the network puts out for one image."""
    return sum(element_count(shape) for shape in meters.shapes)


def trouble(step: int, steps: int) -> str:
    """What is said about a loss that is not finite."""
    return (
        f"step {step} of {steps}: the loss is not finite; training stopped, and the weights are as they were before "
        "that step. A smaller learning rate, clipnorm or scaled images (0 to 1) may help."
    )



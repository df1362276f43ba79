"""Networks that answer together, batch by batch: what an ensemble makes of generators, Datasets and the like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from striate import losses
from striate.engines import Engine, Examples, Images, Program, StepResults
from striate.graph import Array
from striate.graph.shapes import element_count
from striate.models.feeding import Collected, Given, Passes
from striate.models.model import Model
from striate.training import arguments, by_output, loop


class Together:
    """Stands for the program of one network in the training loop; what it puts out is the mean of several networks.

    Args:
        members: the networks.
        weights: of each in the mean.
        engine: what runs them.
    """

    def __init__(self, members: Sequence[Model], weights: Sequence[float], engine: Engine) -> None:
        self.members, self.weights, self.engine = members, weights, engine

    @contextmanager
    def holding_parameters(self) -> Iterator[None]:
        """Nothing to hold: each network has its own."""
        yield

    def predict(self, images: Sequence[Images], batch_size: int) -> list[Array]:
        """The weighted mean of what the networks put out, in double precision on the way."""
        shapes = [array.shape[1:] for array in images]
        totals: list[NDArray[np.float64]] = []
        for member, weight in zip(self.members, self.weights, strict=True):
            outputs = member.program(shapes, self.engine).predict(images, batch_size)
            scaled = [np.multiply(output, weight, dtype=np.float64) for output in outputs]
            totals = [total + part for total, part in zip(totals, scaled, strict=True)] if totals else scaled
        return [total.astype(np.float32) for total in totals]

    def evaluate(self, examples: Examples, batch_size: int) -> StepResults:
        """The mean, and its loss in each batch by what the first network was compiled with."""
        first = self.members[0]
        outputs = self.predict(examples.images, batch_size)
        names, compiled = first._target_names, first._need_compiled("evaluate")
        factors = by_output.weights_of(compiled.loss_weights, names) or [1.0] * len(names)
        found: list[float] = []
        for start in range(0, len(examples), batch_size):
            piece = slice(start, start + batch_size)
            weights = None if examples.weights is None else examples.weights[piece]
            total = 0.0
            for k, (given, target, output) in enumerate(
                zip(by_output.losses_of(first.loss, names), examples.targets, outputs, strict=True)
            ):
                if given is not None:
                    one = losses.resolve(given, target.shape, output.shape)
                    total += factors[k] * float(one(target[piece], output[piece], by_output.column(weights, k)))
            found.append(total)
        return StepResults(np.array(found), outputs)


def predict_batches(together: Together, x: Any, steps: Any, verbose: Any) -> list[Array]:
    """The mean of the networks' outputs for all batches, one array for each output."""
    first = together.members[0]
    feed = first._image_feed(together.engine, x, None, arguments.steps_of("steps", steps))
    try:
        shapes = first._output_shapes([array.shape[1:] for array in feed.first.images])
        collected, hooks = Collected(feed.samples, shapes), first._callbacks([], arguments.verbosity(verbose), 1, feed)
        program = cast(Program, together)
        loop.run_prediction(lambda _: program, feed, sum(map(element_count, shapes)), hooks, collected.add)
    finally:
        feed.close()
    return collected.whole()


def evaluate_batches(together: Together, x: Any, steps: Any, verbose: Any) -> dict[str, float]:
    """Loss and metrics of the mean over all batches, by name."""
    first = together.members[0]
    compiled = first._need_compiled("evaluate")
    feed = first._feed(compiled, together.engine, Given(x), Passes(None, arguments.steps_of("steps", steps)))
    try:
        feed.begin(0, 0)
        meters = first._programs_for(compiled, together.engine, feed)[1]
        hooks = first._callbacks([], arguments.verbosity(verbose), 1, feed)
        return loop.run_evaluation(lambda _: cast(Program, together), meters, feed, hooks)
    finally:
        feed.close()

"""Networks of which some layers act as in training always: `Dropout(0.5)(x, training=True)`, as Monte Carlo dropout
needs it (Gal and Ghahramani 2016).

They have two graphs. The one for training has all layers; in the other one, for everything else, the layers that were
not called with training=True are as in inference, and it is run in training mode.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate import random
from striate.engines import Engine, Examples, Program
from striate.engines.interface import Images, StepResults
from striate.graph import Array, Graph, LossFunction, Node, UpdateRule


def compiled(
    engine: Engine, graph: Graph, measured: Graph | None, *, losses: Sequence[LossFunction | None] = (),
    loss_weights: Sequence[float] | None = None, rule: UpdateRule | None = None, seed: int = 0,
) -> Program:
    """`engine.compile(graph, ...)`; with a second graph a program that measures and predicts with that one."""
    program = engine.compile(graph, losses=losses, loss_weights=loss_weights, rule=rule, seed=seed)
    if measured is None:
        return program
    other = engine.compile(measured, losses=losses, loss_weights=loss_weights, seed=seed)
    return ActiveProgram(program, other, measured)


class ActiveProgram(Program):
    """Trains with one program and measures with another, each of whose batches draws new random numbers.

    Args:
        training: the program for training, for reading and for gradients.
        measuring: of the graph whose training mode is the network's inference.
        graph: that graph.
    """

    def __init__(self, training: Program, measuring: Program, graph: Graph) -> None:
        self._training, self._measuring, self._graph = training, measuring, graph

    def train(
        self, examples: Examples, order: NDArray[np.int64], batch_size: int, learning_rates: NDArray[np.float64],
        first_step: int,
    ) -> StepResults:
        """See `Program.train`."""
        return self._training.train(examples, order, batch_size, learning_rates, first_step)

    def evaluate(
        self, examples: Examples, batch_size: int, *, training: bool = False, step: int = 0
    ) -> StepResults:
        """See `Program.evaluate`; every call draws other random numbers."""
        if training:
            return self._training.evaluate(examples, batch_size, training=True, step=step)
        return self._measuring.evaluate(examples, batch_size, training=True, step=_new_step())

    def predict(self, images: Sequence[Images], batch_size: int) -> list[Array]:
        """See `Program.predict`; every call draws other random numbers."""
        outputs, first = self._graph.outputs, _new_step()
        parts = [
            self._measuring.read(
                [array[start : start + batch_size] for array in images], outputs, training=True, step=first + k
            )
            for k, start in enumerate(range(0, len(images[0]), batch_size))
        ]
        empty = [np.empty((0, *node.shape), np.float32) for node in outputs]
        return [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else empty

    def read(
        self, images: Sequence[Images], nodes: Sequence[Node], *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """See `Program.read`; outside training no layer is as in training."""
        return self._training.read(images, nodes, training=training, step=step)

    def gradient(
        self, images: Sequence[Images], of: Node, cotangent: Array, wrt: Sequence[Node], *, training: bool = False,
        step: int = 0,
    ) -> list[Array]:
        """See `Program.gradient`."""
        return self._training.gradient(images, of, cotangent, wrt, training=training, step=step)

    def parameter_gradients(
        self, images: Sequence[Images], of: Node, cotangent: Array, *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """See `Program.parameter_gradients`."""
        return self._training.parameter_gradients(images, of, cotangent, training=training, step=step)


def _new_step() -> int:
    return random.next_seed() % 2**31

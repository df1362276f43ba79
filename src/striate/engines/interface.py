"""What every engine does with a graph: train, evaluate, predict, and show any number inside.

An engine compiles a graph once; the resulting program is bound to the parameters' memory, which training changes in
place: when a call returns, that memory is right, wherever the engine computes. Images come as one array with the batch
first (uint8, float32 or float64, C order; other types are the caller's to convert), chosen by index, so no copy of a
data set is ever made but onto a device.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.engines.warped import WarpedImages
from striate.graph import Array, Graph, LossFunction, Node, UpdateRule

AnyArray = NDArray[np.generic]
Images = AnyArray | WarpedImages
"""An array, or images that are made when they are read."""


@dataclass(frozen=True)
class Examples:
    """Training or test data: what `order` indexes.

    images: for each input of the graph an array (n, *shape), uint8, float32 or float64, C-contiguous; or WarpedImages.
    targets: for each output an array: integers (n, *positions) as int32 for the sparse loss, else float32 (n, *shape);
        for an output without a loss any array of n rows, which engines do not look at.
    weights: float32 (n,), (n, outputs) or None: each example's weight in the loss, or in that of each output.
    """

    images: Sequence[Images]
    targets: Sequence[AnyArray]
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.images[0])


@dataclass(frozen=True)
class StepResults:
    """What a run of steps or an evaluation leaves behind.

    losses: float64, the loss of each batch, penalties included.
    outputs: for each output of the graph its values for the examples in the order they were taken, (count, *shape).
    """

    losses: NDArray[np.float64]
    outputs: list[Array]


class Program(ABC):
    """A compiled graph. Programs are not thread-safe; the parallelism is inside."""

    @abstractmethod
    def train(
        self,
        examples: Examples,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        first_step: int,
    ) -> StepResults:
        """Take len(learning_rates) steps over consecutive batches of `order` (the last may be smaller).

        first_step is the number of steps the optimizer has taken before; random numbers and bias corrections follow it.
        A non-finite loss stops the run after the step it came from: fewer losses than steps come back, the last one
        non-finite, and the parameters are as they were before that step.
        """

    @abstractmethod
    def evaluate(
        self, examples: Examples, batch_size: int, *, training: bool = False, step: int = 0
    ) -> StepResults:
        """Loss of each batch and all outputs, in inference mode. Changes nothing.

        training: as in training, with the random numbers of a step for each batch from `step` on, and its statistics.
        """

    @abstractmethod
    def predict(self, images: Sequence[Images], batch_size: int) -> list[Array]:
        """The graph's outputs in inference mode, batch by batch in constant extra memory."""

    @abstractmethod
    def read(
        self, images: Sequence[Images], nodes: Sequence[Node], *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """Outputs of any nodes, each (n, *shape).

        training: all images as one batch, with dropout's random numbers and the batch's statistics.
        """

    @abstractmethod
    def gradient(
        self,
        images: Sequence[Images],
        of: Node,
        cotangent: Array,
        wrt: Sequence[Node],
        *,
        training: bool = False,
        step: int = 0,
    ) -> list[Array]:
        """d(sum(cotangent * of)) / d(node) for each node of `wrt`, which may be inputs: arrays (n, *shape)."""

    @abstractmethod
    def parameter_gradients(
        self, images: Sequence[Images], of: Node, cotangent: Array, *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """d(sum(cotangent * of)) / d(parameter) for each of `graph.parameters()`; zeros for those not trainable."""

    def holding_parameters(self) -> AbstractContextManager[None]:
        """Inside, only this program's calls use the parameters and the rule's state; their memory is right at the end.

        So an engine with a memory of its own may leave them there from call to call.
        """
        return nullcontext()

    def holding_examples(self) -> AbstractContextManager[None]:
        """Inside, arrays once given to `train` do not change, so an engine with a memory of its own may keep copies."""
        return nullcontext()


class Engine(ABC):
    """Compiles graphs into programs."""

    name: str

    def __str__(self) -> str:
        """As reports show it."""
        return self.name

    @abstractmethod
    def compile(
        self,
        graph: Graph,
        *,
        losses: Sequence[LossFunction | None] = (),
        loss_weights: Sequence[float] | None = None,
        rule: UpdateRule | None = None,
        seed: int = 0,
    ) -> Program:
        """Prepare a graph for execution; with `losses` (one for each output, None for one that has none) for
        evaluation, with `rule` for training.

        seed: keys all random numbers of the program.
        """

    @abstractmethod
    def first_not_finite(self, array: AnyArray) -> int | None:
        """Index along the first axis of the first example that holds a value not finite as float32, or None."""

"""Programs of networks whose losses are functions of the user's own.

Such a loss becomes operations behind the network's output, whose second input are the labels; what they end in is the
value that training makes small. So the engine differentiates it like everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.engines import Engine, Examples, Images, Program, StepResults
from striate.errors import ShapeError
from striate.graph import Array, Graph, LossFunction, Node, Shape, UpdateRule
from striate.graph.operations import Input, Reshape
from striate.layers.together import tracing_losses
from striate.layers.tracing import Traced
from striate.losses import OwnLoss
from striate.models import active


def compiled(
    engine: Engine, graphs: tuple[Graph, Graph | None], own: Mapping[int, OwnLoss], labels: Sequence[Shape], *,
    losses: Sequence[LossFunction | None], loss_weights: Sequence[float] | None, rule: UpdateRule | None, seed: int,
) -> Program:
    """As `active.compiled`.

    Args:
        engine: what runs it.
        graphs: of the network, and of what is measured if that is another.
        own: the user's losses by the places of their outputs.
        labels: for each of them the shape of its labels for one image.
        losses, loss_weights: of all outputs.
        rule, seed: as for `Engine.compile`.

    Raises:
        UnavailableError: a loss that asks for numbers, or for what no layer does.
        ShapeError: labels that do not fit it.
    """
    if not own:
        return active.compiled(
            engine, *graphs, losses=losses, loss_weights=loss_weights, rule=rule, seed=seed
        )
    weights = list(loss_weights or [1.0] * len(losses))
    ended = [None if graph is None else with_losses(graph, own, labels) for graph in graphs]
    assert ended[0] is not None
    inner = active.compiled(
        engine, ended[0], ended[1],
        losses=[*(None if place in own else loss for place, loss in enumerate(losses)), *(losses[k] for k in own)],
        loss_weights=[*weights, *(weights[place] for place in own)], rule=rule, seed=seed,
    )  # fmt: skip
    return OwnLossProgram(inner, ended[0], list(own))


def with_losses(graph: Graph, own: Mapping[int, OwnLoss], labels: Sequence[Shape]) -> Graph:
    """The graph with inputs for labels, and further outputs: the values of the losses."""
    ended = replace(graph, nodes=list(graph.nodes), outputs=list(graph.outputs), aliases=dict(graph.aliases))
    for (place, loss), shape in zip(own.items(), labels, strict=True):
        output = graph.outputs[place]
        given = ended.add(Input(tuple(shape)), name=f"labels of {output.name}")
        value = _lowered(ended, loss, given, output)
        if not value.shape:
            value = ended.add(Reshape((1,)), value, name=f"{loss.name}/value")
        ended.outputs.append(value)
    return ended


def _lowered(graph: Graph, loss: OwnLoss, labels: Node, output: Node) -> Node:
    """The operations of a loss."""
    traced = Traced(lambda pair: loss.of(*pair), "losses", name=loss.name)
    try:
        with tracing_losses():
            traced.build_for_shapes([labels.shape, output.shape])
            return traced.lower(graph, labels, output)
    except ShapeError as error:
        raise ShapeError(
            f"y: labels of shape {labels.shape} and the output {output.shape} of {output.name} do not fit the loss "
            f"{loss.name}: {error}"
        ) from None


class OwnLossProgram(Program):
    """Hands labels on as further images, and leaves out the values of the losses among the outputs.

    Args:
        program: of the graph that ends in losses.
        graph: that graph.
        places: of the outputs whose losses they are.
    """

    def __init__(self, program: Program, graph: Graph, places: Sequence[int]) -> None:
        self._program, self._graph, self._places = program, graph, places
        self._outputs = len(graph.outputs) - len(places)
        self._inputs = len(graph.inputs) - len(places)

    def train(
        self, examples: Examples, order: NDArray[np.int64], batch_size: int, learning_rates: NDArray[np.float64],
        first_step: int,
    ) -> StepResults:
        """See `Program.train`."""
        results = self._program.train(self._handed(examples), order, batch_size, learning_rates, first_step)
        return self._without_values(results)

    def evaluate(
        self, examples: Examples, batch_size: int, *, training: bool = False, step: int = 0
    ) -> StepResults:
        """See `Program.evaluate`."""
        given = self._handed(examples)
        return self._without_values(self._program.evaluate(given, batch_size, training=training, step=step))

    def predict(self, images: Sequence[Images], batch_size: int) -> list[Array]:
        """See `Program.predict`."""
        return self._program.predict(self._with_labels(images), batch_size)[: self._outputs]

    def read(
        self, images: Sequence[Images], nodes: Sequence[Node], *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """See `Program.read`."""
        return self._program.read(self._with_labels(images), nodes, training=training, step=step)

    def gradient(
        self, images: Sequence[Images], of: Node, cotangent: Array, wrt: Sequence[Node], *, training: bool = False,
        step: int = 0,
    ) -> list[Array]:
        """See `Program.gradient`."""
        return self._program.gradient(self._with_labels(images), of, cotangent, wrt, training=training, step=step)

    def parameter_gradients(
        self, images: Sequence[Images], of: Node, cotangent: Array, *, training: bool = False, step: int = 0
    ) -> list[Array]:
        """See `Program.parameter_gradients`."""
        return self._program.parameter_gradients(
            self._with_labels(images), of, cotangent, training=training, step=step
        )

    def holding_parameters(self) -> AbstractContextManager[None]:
        """See `Program.holding_parameters`."""
        return self._program.holding_parameters()

    def holding_examples(self) -> AbstractContextManager[None]:
        """See `Program.holding_examples`."""
        return self._program.holding_examples()

    def _handed(self, examples: Examples) -> Examples:
        """Labels as images; those of the values, which nobody looks at, are zeros."""
        n, values = len(examples), self._graph.outputs[self._outputs :]
        zeros = [np.broadcast_to(np.float32(0), (n, *node.shape)) for node in values]
        targets = [*examples.targets, *map(np.ascontiguousarray, zeros)]
        own: list[Any] = [examples.targets[place] for place in self._places]
        weights = examples.weights
        if weights is not None and weights.ndim > 1:
            weights = np.ascontiguousarray(np.column_stack([weights, weights[:, self._places]]))
        return Examples([*examples.images, *own], targets, weights)

    def _with_labels(self, images: Sequence[Images]) -> list[Images]:
        """For what no loss is wanted of, any labels do."""
        nodes = self._graph.inputs[self._inputs :]
        return [*images, *(np.zeros((len(images[0]), *node.shape), np.float32) for node in nodes)]

    def _without_values(self, results: StepResults) -> StepResults:
        return StepResults(results.losses, results.outputs[: self._outputs])


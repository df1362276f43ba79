"""A graph of operations: nodes in topological order, each with its inputs, parameters and shape."""

from __future__ import annotations

from dataclasses import dataclass, field

from striate.errors import ShapeError, StriateError
from striate.graph.operations import Input, Operation
from striate.graph.parameters import Parameter
from striate.graph.shapes import Shape


@dataclass(frozen=True, eq=False)
class Node:
    """One operation at its place in a graph."""

    index: int
    name: str
    operation: Operation
    inputs: tuple[Node, ...]
    parameters: dict[str, Parameter]
    shape: Shape

    def multiply_adds(self) -> int:
        return self.operation.multiply_adds(*(node.shape for node in self.inputs))


@dataclass(eq=False)
class Graph:
    """Operations from inputs to outputs. `add` checks shapes, so a graph that exists can be executed.

    aliases: further names of nodes: those of inner networks, for the node of their (first) output.
    """

    nodes: list[Node] = field(default_factory=list)
    outputs: list[Node] = field(default_factory=list)
    aliases: dict[str, Node] = field(default_factory=dict)

    @property
    def inputs(self) -> list[Node]:
        return [node for node in self.nodes if isinstance(node.operation, Input)]

    def add(
        self, operation: Operation, *inputs: Node, name: str, parameters: dict[str, Parameter] | None = None
    ) -> Node:
        """Append an operation and return its node.

        Args:
            operation: what to compute.
            inputs: nodes of this graph, as many as the operation takes.
            name: the layer's name, which errors show.
            parameters: the arrays it needs, by the names of `operation.parameter_shapes`.

        Raises:
            ShapeError: the inputs or parameters do not fit; the message starts with the name.
        """
        parameters = parameters or {}
        shapes = [node.shape for node in inputs]
        if (operation.arity is not None and len(inputs) != operation.arity) or (operation.arity is None and not inputs):
            raise ShapeError(f"{name}: takes {operation.arity or 'at least one'} input(s), got {len(inputs)}")
        try:
            shape = operation.output_shape(*shapes)
        except ShapeError as error:
            raise ShapeError(f"{name}: {error}") from None
        expected = operation.parameter_shapes(*shapes)
        got = {key: parameter.shape for key, parameter in parameters.items()}
        if got != expected:
            raise ShapeError(f"{name}: parameters {got} do not fit an input of shape {shapes}; expected {expected}")
        node = Node(len(self.nodes), name, operation, tuple(inputs), {key: parameters[key] for key in expected}, shape)
        self.nodes.append(node)
        return node

    def find(self, name: str) -> Node | None:
        """The node of a name or alias; None if there is none."""
        found = next((node for node in reversed(self.nodes) if node.name == name), None)
        return found or self.aliases.get(name)

    def parameters(self) -> list[Parameter]:
        """Every parameter once, in the order in which the graph first uses it."""
        return list(dict.fromkeys(p for node in self.nodes for p in node.parameters.values()))

    def require_numbers(self) -> None:
        """Raise StriateError when a parameter is an outline: for engines, which need its memory."""
        for parameter in self.parameters():
            if parameter.is_outline:
                raise StriateError(
                    f"{parameter.name}: has a shape and no numbers, as the network was made within outlines(); "
                    "make it outside to run it"
                )

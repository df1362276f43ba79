"""The waist between networks and engines: operations, the graph of them, parameters, losses and update rules."""

from striate.graph.graph import Graph, Node
from striate.graph.parameters import Array, Constraint, Orthogonality, Parameter, outlines
from striate.graph.shapes import Shape
from striate.graph.training import UPDATE_SLOTS, LossFunction, UpdateRule

__all__ = [
    "UPDATE_SLOTS", "Array", "Constraint", "Graph", "LossFunction", "Node", "Orthogonality", "Parameter", "Shape",
    "UpdateRule", "outlines",
]

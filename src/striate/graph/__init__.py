"""The waist between networks and engines: operations, the graph of them, parameters, losses and update rules."""

from striate.graph.graph import Graph, Node
from striate.graph.parameters import Array, Parameter, outlines
from striate.graph.shapes import Shape
from striate.graph.training import UPDATE_SLOTS, LossFunction, UpdateRule

__all__ = ["UPDATE_SLOTS", "Array", "Graph", "LossFunction", "Node", "Parameter", "Shape", "UpdateRule", "outlines"]

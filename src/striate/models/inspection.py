"""Looking inside: what any layer puts out, and how any of it depends on what came before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from striate.errors import ShapeError, StriateError
from striate.graph import Array, Graph, Node
from striate.lookup import nearest
from striate.models.network import Network
from striate.training.data import prepare_images


class Inspection(Network):
    """The part of `Model` that looks inside."""

    def read(self, x: Any, layer_names: str | Sequence[str] | None = None) -> dict[str, Array]:
        """What layers put out for some images, in inference mode.

        Args:
            x: images (n, *shape).
            layer_names: names of layers, or of operations inside them such as "conv2d/conv"; None: all layers.

        Returns:
            By name an array (n, *shape).

        Raises:
            StriateError: images that do not fit, or a name that is not known.
        """
        images = prepare_images(self._arranged(x, "x"), self.input_shapes, self.engine.first_not_finite)
        self.build_for(images)
        names = [layer.name for layer in self.layers] if layer_names is None else layer_names
        names = [names] if isinstance(names, str) else list(names)
        shapes = [array.shape[1:] for array in images]
        program, graph = self.program(shapes), self.graph_with(self.trainable_flags, shapes)
        nodes = [find(graph, name, self.name) for name in names]
        return dict(zip(names, program.read(images, nodes), strict=True))

    def gradient(
        self, x: Any, of: str, cotangent: ArrayLike | None = None, wrt: str | Sequence[str] | None = None
    ) -> Any:
        """d(sum(cotangent * of)) / d(wrt) for some images, in inference mode.

        Args:
            x: images (n, *shape).
            of: the name of a layer (or of an operation inside one).
            cotangent: an array shaped like what `of` puts out, (n, *shape) or one that broadcasts to it; None: ones.
            wrt: the name of a layer or the input, or several; None: the input, that is the images.

        Returns:
            An array (n, *shape), or for several names a dictionary of them.

        Raises:
            StriateError: images, names or a cotangent that do not fit.
        """
        images = prepare_images(self._arranged(x, "x"), self.input_shapes, self.engine.first_not_finite)
        self.build_for(images)
        shapes = [array.shape[1:] for array in images]
        program, graph = self.program(shapes), self.graph_with(self.trainable_flags, shapes)
        node = find(graph, of, self.name)
        expected = (len(images[0]), *node.shape)
        values = np.ones(expected) if cotangent is None else np.asarray(cotangent)
        try:
            weights = np.ascontiguousarray(np.broadcast_to(values, expected), dtype=np.float32)
        except ValueError:
            raise ShapeError(f"cotangent: got shape {values.shape}, expected {expected} as {of} puts out") from None
        several = wrt is not None and not isinstance(wrt, str)
        names = [graph.inputs[0].name] if wrt is None else [wrt] if isinstance(wrt, str) else list(wrt)
        gradients = program.gradient(images, node, weights, [find(graph, name, self.name) for name in names])
        return dict(zip(names, gradients, strict=True)) if several else gradients[0]

    def node(self, name: str) -> Node:
        """The operation of a name; a layer's name stands for its last operation.

        Raises:
            StriateError: no such name; the message gives the nearest.
        """
        return find(self.graph, name, self.name)


def find(graph: Graph, name: str, owner: str) -> Node:
    """The node of a name, or the error that gives the nearest names."""
    node = graph.find(name)
    if node is None:
        known = [*(node.name for node in graph.nodes), *graph.aliases]
        raise StriateError(f"{owner}: no layer {name!r}; {nearest(str(name), known)}")
    return node

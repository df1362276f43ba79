"""A layer that looks rows up in a table: Embedding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from striate import initializers, regularizers
from striate.errors import StriateError
from striate.graph import Graph, Node, Parameter, Shape, operations
from striate.layers import arguments
from striate.layers.base import Layer, Step
from striate.layers.indices import source_of

LARGEST = 2**24  # up to which float32, in which inputs are computed with, holds whole numbers exactly


class Embedding(Layer):
    """y[..., :] = table[x[...], :]: each whole number of the input stands for a learned vector (Bengio et al. 2003).

    Images of shape (length,) become (length, output_dim), as Conv1D takes them. A number that is no row of the table is
    an error before any work.

    Args:
        input_dim: number of rows; the input holds whole numbers from 0 to input_dim - 1. At most 2^24.
        output_dim: length of each vector.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: how the table starts, its penalty, what
            it is held to.
        mask_zero: must be False: nothing here skips positions.
        weights: the table to start with, (input_dim, output_dim), or a list of it.
        lora_rank, lora_alpha, quantization_config: must be None.
        input_length: for a model's first layer, the length of its input, as in Keras 2.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range, or an input that was computed by another layer.
    """

    embeddings: Parameter
    embeddings_initializer: initializers.InitializerFunction
    embeddings_regularizer: regularizers.Regularizer | None
    _arguments = (
        "input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer", "embeddings_constraint",
        "mask_zero",
    )  # fmt: skip

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: initializers.InitializerLike = "uniform",
        embeddings_regularizer: regularizers.RegularizerLike = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: None = None,
        lora_alpha: None = None,
        quantization_config: None = None,
        input_length: int | None = None,
        **options: Any,
    ) -> None:
        if input_length is not None:
            options.setdefault("input_shape", (input_length,))
        super().__init__(**options)
        self.input_dim = arguments.whole(self.name, "input_dim", input_dim)
        if self.input_dim > LARGEST:
            raise StriateError(f"{self.name}: got input_dim={input_dim}, expected at most {LARGEST} (2^24)")
        self.output_dim = arguments.whole(self.name, "output_dim", output_dim)
        self._parameter(
            "embeddings", embeddings_initializer, initializers.RandomUniform, embeddings_regularizer,
            embeddings_constraint,
        )  # fmt: skip
        arguments.nothing(
            self.name, "mask_zero", mask_zero, "pad with a number of its own, whose vector the network learns to ignore"
        )
        self.mask_zero = False
        extras = {"lora_rank": lora_rank, "lora_alpha": lora_alpha, "quantization_config": quantization_config}
        for argument, value in extras.items():
            arguments.nothing(self.name, argument, value, "leave it out")
        if weights is not None:
            self.build(self.declared_input_shape or (1,))
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def steps(self, shape: Shape) -> list[Step]:
        """One operation."""
        return [Step("embedding", operations.Embedding(self.input_dim, self.output_dim))]

    def lower_all(
        self, graph: Graph, inputs: Sequence[Node], name: str | None = None, training: bool | None = None
    ) -> list[Node]:
        """As for any layer; refuses numbers that were computed, since no one could say that they are rows."""
        if inputs and source_of(inputs[0]) is None:
            raise StriateError(
                f"{name or self.name}: takes whole numbers straight from an Input, got what {inputs[0].name} computes; "
                "let it be the first layer"
            )
        return super().lower_all(graph, inputs, name, training)

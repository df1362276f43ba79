"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from striate import constraints, initializers, regularizers
from striate.errors import ShapeError
from striate.graph import Parameter, Shape, operations
from striate.layers import arguments
from striate.layers.activation import ActivationLike, activation_steps, find_activation
from striate.layers.base import Layer, Step


class Dense(Layer):
    """y = activation(x W + b) over the last axis of x; W has shape (channels, units).

    Args:
        units: number of outputs, at least 1.
        activation: a name ("relu"), a function of `striate.activations`, or an activation layer.
        use_bias: whether to add b.
        kernel_initializer, bias_initializer: how W and b start.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties on W, on b and on the output.
        kernel_constraint, bias_constraint: what every training step brings them back to (striate.constraints).
        lora_rank, lora_alpha, quantization_config: must be None.
        **options: `name`, `trainable`, `input_shape`.

    Raises:
        StriateError: an argument out of its range.
    """

    kernel: Parameter
    bias: Parameter | None
    kernel_initializer: initializers.InitializerFunction
    bias_initializer: initializers.InitializerFunction
    kernel_regularizer: regularizers.Regularizer | None
    bias_regularizer: regularizers.Regularizer | None
    _arguments = (
        "units", "activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer",
        "bias_regularizer", "kernel_constraint", "bias_constraint",
    )  # fmt: skip

    def __init__(
        self,
        units: int,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: initializers.InitializerLike = "glorot_uniform",
        bias_initializer: initializers.InitializerLike = "zeros",
        kernel_regularizer: regularizers.RegularizerLike = None,
        bias_regularizer: regularizers.RegularizerLike = None,
        activity_regularizer: regularizers.RegularizerLike = None,
        kernel_constraint: constraints.ConstraintLike = None,
        bias_constraint: constraints.ConstraintLike = None,
        lora_rank: None = None,
        lora_alpha: None = None,
        quantization_config: None = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.units = arguments.whole(self.name, "units", units)
        self.activation = find_activation(self.name, activation)
        self.use_bias = arguments.flag(self.name, "use_bias", use_bias)
        self._parameter(
            "kernel", kernel_initializer, initializers.GlorotUniform, kernel_regularizer, kernel_constraint
        )
        self._parameter("bias", bias_initializer, initializers.Zeros, bias_regularizer, bias_constraint)
        extras = {"lora_rank": lora_rank, "lora_alpha": lora_alpha, "quantization_config": quantization_config}
        for argument, value in extras.items():
            arguments.nothing(self.name, argument, value, "leave it out")
        self.bias = None

    def steps(self, shape: Shape) -> list[Step]:
        """The product and the activation."""
        if not shape:
            raise ShapeError(f"{self.name}: expected at least one axis beside the batch, got none; reshape the input")
        dense = operations.Dense(self.units, self.use_bias)
        return [Step("dense", dense), *activation_steps(self.activation, (*shape[:-1], self.units))]

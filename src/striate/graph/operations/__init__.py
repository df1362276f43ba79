"""The waist: the operations that every engine executes and every layer lowers to.

An operation is a small frozen value: its attributes, the shape it makes of its inputs, the parameters it needs and what
it costs. It holds no arrays and does no arithmetic. Shapes are per image (no batch axis), channels last; spatial
operations take one, two or three spatial dimensions.
"""

from __future__ import annotations

from striate.graph.operations.base import Input, Operation
from striate.graph.operations.combining import Add, Concat
from striate.graph.operations.linear import Conv, Dense
from striate.graph.operations.movement import Pad, Reshape, Select
from striate.graph.operations.noise import Dropout
from striate.graph.operations.normalization import BatchNorm
from striate.graph.operations.pointwise import Activation, ActivationName, Affine, Penalty, Softmax
from striate.graph.operations.pooling import Pool

__all__ = [
    "OPERATIONS",
    "Activation",
    "ActivationName",
    "Add",
    "Affine",
    "BatchNorm",
    "Concat",
    "Conv",
    "Dense",
    "Dropout",
    "Input",
    "Operation",
    "Pad",
    "Penalty",
    "Pool",
    "Reshape",
    "Select",
    "Softmax",
]

OPERATIONS: tuple[type[Operation], ...] = (
    Input,
    Conv,
    Dense,
    Pool,
    BatchNorm,
    Activation,
    Softmax,
    Dropout,
    Affine,
    Pad,
    Reshape,
    Select,
    Add,
    Concat,
    Penalty,
)

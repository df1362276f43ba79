"""The waist: the operations that every engine executes and every layer lowers to.

An operation is a small frozen value: its attributes, the shape it makes of its inputs, the parameters it needs and what
it costs. It holds no arrays and does no arithmetic. Shapes are per image (no batch axis), channels last; spatial
operations take one, two or three spatial dimensions.
"""

from __future__ import annotations

from striate.graph.operations.augmentation import RandomAdjust, RandomCrop, RandomWarp
from striate.graph.operations.base import Input, Operation
from striate.graph.operations.combining import Add, Combine, Concat, Contract, OverBatch
from striate.graph.operations.linear import Conv, ConvTranspose, Dense, Embedding
from striate.graph.operations.movement import Pad, Permute, Reshape, Resize, Select
from striate.graph.operations.noise import AlphaDropout, Dropout, GaussianNoise
from striate.graph.operations.normalization import BatchNorm, LocalResponseNorm, Normalize, Standardize
from striate.graph.operations.pointwise import Activation, ActivationName, Affine, Penalty, PReLU, Scale, Softmax
from striate.graph.operations.pooling import AdaptivePool, Pool

__all__ = [
    "OPERATIONS",
    "Activation",
    "ActivationName",
    "AdaptivePool",
    "Add",
    "Affine",
    "AlphaDropout",
    "BatchNorm",
    "Combine",
    "Concat",
    "Contract",
    "Conv",
    "ConvTranspose",
    "Dense",
    "Dropout",
    "Embedding",
    "GaussianNoise",
    "Input",
    "LocalResponseNorm",
    "Normalize",
    "Operation",
    "OverBatch",
    "PReLU",
    "Pad",
    "Penalty",
    "Permute",
    "Pool",
    "RandomAdjust",
    "RandomCrop",
    "RandomWarp",
    "Reshape",
    "Resize",
    "Scale",
    "Select",
    "Softmax",
    "Standardize",
]

OPERATIONS: tuple[type[Operation], ...] = (
    Input,
    Conv,
    ConvTranspose,
    Dense,
    Pool,
    AdaptivePool,
    BatchNorm,
    Activation,
    Softmax,
    Dropout,
    AlphaDropout,
    GaussianNoise,
    RandomWarp,
    RandomCrop,
    RandomAdjust,
    Affine,
    Pad,
    Permute,
    Resize,
    Reshape,
    Select,
    Add,
    Combine,
    Contract,
    OverBatch,
    Concat,
    Normalize,
    LocalResponseNorm,
    Standardize,
    Scale,
    PReLU,
    Embedding,
    Penalty,
)

"""Random changes that training makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from striate.engines.torch.operations.execution import Pass, forward
from striate.graph import Shape
from striate.graph.operations import Dropout


@forward.register
def _dropout(operation: Dropout, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    if not mode.training or operation.rate == 0.0:
        return inputs[0]
    return inputs[0] * dropout_factors(operation, tuple(inputs[0].shape), mode).to(inputs[0])


def dropout_factors(operation: Dropout, shape: Shape, mode: Pass) -> Tensor:
    """0 or 1 / (1 - rate) for every element of a batch (n, ...).

    Drawn in row order from a stream keyed by seed, stream and step, so they depend on an image's place in the batch but
    not on the batch's size. They are not the numbers of the native engine.
    """
    keys = (mode.seed % 2**64, operation.stream % 2**64, mode.step)
    uniform = np.random.Generator(np.random.Philox(np.random.SeedSequence(keys))).random(shape, dtype=np.float32)
    scale = 1.0 / (1.0 - operation.rate) if operation.rate < 1.0 else 0.0
    return torch.from_numpy(np.where(uniform >= operation.rate, np.float32(scale), np.float32(0.0)))

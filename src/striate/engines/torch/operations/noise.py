"""Numbers that training makes random.

They are drawn in row order from a stream keyed by seed, stream and step, so they depend on an image's place in the
batch but not on the batch's size. They are not the numbers of the native engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from striate.engines.torch.operations.execution import Pass, forward
from striate.graph import Shape
from striate.graph.operations import AlphaDropout, Dropout, GaussianNoise
from striate.graph.operations.noise import Masked

SELU_LIMIT = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


def generator(stream: int, mode: Pass) -> np.random.Generator:
    """The random numbers of one operation in one step."""
    keys = (mode.seed % 2**64, stream % 2**64, mode.step)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(keys)))


def kept(operation: Masked, shape: Shape, mode: Pass) -> Tensor:
    """Which elements of a batch (n, ...) stay: True or False, of a shape that spreads over the batch's."""
    images = 1 if operation.shared_by_batch else shape[0]
    noise = (images, *(operation.noise_shape or shape[1:]))
    return torch.from_numpy(generator(operation.stream, mode).random(noise, dtype=np.float32) >= operation.rate)


@forward.register
def _dropout(operation: Dropout, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    if not mode.training or operation.rate == 0.0:
        return inputs[0]
    mask = kept(operation, tuple(inputs[0].shape), mode).to(inputs[0])
    return inputs[0] * (mask / (1.0 - operation.rate))


@forward.register
def _alpha_dropout(
    operation: AlphaDropout, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass
) -> Tensor:
    rate = operation.rate
    if not mode.training or rate == 0.0:
        return inputs[0]
    mask = kept(operation, tuple(inputs[0].shape), mode).to(inputs[0])
    scale = 1.0 / math.sqrt((1.0 - rate) * (1.0 + rate * SELU_LIMIT**2))
    return scale * (inputs[0] * mask + SELU_LIMIT * (1.0 - mask)) - scale * SELU_LIMIT * rate


@forward.register
def _gaussian_noise(
    operation: GaussianNoise, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass
) -> Tensor:
    x = inputs[0]
    if not mode.training or operation.stddev == 0.0:
        return x
    noise = torch.from_numpy(generator(operation.stream, mode).standard_normal(tuple(x.shape), dtype=np.float32)).to(x)
    return x * (1.0 + operation.stddev * noise) if operation.multiplicative else x + operation.stddev * noise

"""Numbers that training makes random.

They are drawn where the images are, by a generator keyed by seed, stream and step, so that a run can be repeated there.
They are neither the numbers of the native engine nor those of another kind of device.
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


def generator(stream: int, mode: Pass, device: torch.device) -> torch.Generator:
    """The random numbers of one operation in one step."""
    keys = np.random.SeedSequence((mode.seed % 2**64, stream % 2**64, mode.step))
    return torch.Generator(device).manual_seed(int(keys.generate_state(1, np.uint64)[0]))


def uniform(stream: int, mode: Pass, shape: Shape, device: torch.device) -> Tensor:
    """Float32 numbers from 0 to below 1."""
    return torch.rand(shape, generator=generator(stream, mode, device), device=device)


def kept(operation: Masked, x: Tensor, mode: Pass) -> Tensor:
    """Which elements of a batch x (n, ...) stay: True or False, of a shape that spreads over the batch's."""
    images = 1 if operation.shared_by_batch else len(x)
    shape = (images, *(operation.noise_shape or x.shape[1:]))
    return uniform(operation.stream, mode, shape, x.device) >= operation.rate


@forward.register
def _dropout(operation: Dropout, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass) -> Tensor:
    if not mode.training or operation.rate == 0.0:
        return inputs[0]
    mask = kept(operation, inputs[0], mode).to(inputs[0])
    return inputs[0] * (mask / (1.0 - operation.rate))


@forward.register
def _alpha_dropout(
    operation: AlphaDropout, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass
) -> Tensor:
    rate = operation.rate
    if not mode.training or rate == 0.0:
        return inputs[0]
    mask = kept(operation, inputs[0], mode).to(inputs[0])
    scale = 1.0 / math.sqrt((1.0 - rate) * (1.0 + rate * SELU_LIMIT**2))
    return scale * (inputs[0] * mask + SELU_LIMIT * (1.0 - mask)) - scale * SELU_LIMIT * rate


@forward.register
def _gaussian_noise(
    operation: GaussianNoise, inputs: Sequence[Tensor], parameters: Mapping[str, Tensor], mode: Pass
) -> Tensor:
    x = inputs[0]
    if not mode.training or operation.stddev == 0.0:
        return x
    count = -(-x.numel() // 16) * 16  # drawn by sixteens, so that the first do not depend on how many there are
    drawn = torch.randn(count, generator=generator(operation.stream, mode, x.device), device=x.device)
    noise = drawn[: x.numel()].reshape(x.shape).to(x)
    return x * (1.0 + operation.stddev * noise) if operation.multiplicative else x + operation.stddev * noise

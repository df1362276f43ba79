"""Every network of the literature through both engines: all outputs, and the gradients for images and parameters.

Images are the smallest that a network takes. Rounding adds up over a hundred layers, and where it decides between two
sides of a ReLU or two candidates for a maximum a whole slope changes, so gradients are compared by their norms.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from striate.applications import NETWORKS, Entry
from striate.engines import Engine
from striate.graph import outlines
from striate.random import set_random_seed

FORWARD_AGREES = 1e-4  # of the largest output
GRADIENTS_AGREE = 5e-3  # of the norm; a missing or wrong term is at 1e-1 and more
LARGE = 6_000_000  # parameters: minutes in float64, and a smaller relative with the same layers is on the list


def cases() -> list[object]:
    found = []
    for name, entry in NETWORKS.items():
        with outlines():
            large = small(entry).count_params() > LARGE
        found.append(pytest.param(entry, id=name, marks=[pytest.mark.slow] if large else []))
    return found


def small(entry: Entry) -> object:
    return entry.build((entry.smallest, entry.smallest, entry.input_shape[-1]), classes=10)


def distance(actual: NDArray[np.generic], expected: NDArray[np.generic]) -> float:
    """Norm of the difference as a share of the norm."""
    return float(np.linalg.norm(actual - expected) / max(float(np.linalg.norm(expected)), 1e-12))


@pytest.mark.parametrize("entry", cases())
def test_networks(engine: Engine, oracle: Engine, entry: Entry) -> None:
    set_random_seed(4)
    graph = small(entry).graph  # type: ignore[attr-defined]
    # With the numbers of 0 rounding decides at a ReLU of one image, in PyTorch's float32 likewise.
    rng = np.random.default_rng(1 if entry is NETWORKS["resnet152"] else 0)
    for parameter in graph.parameters():  # as after some training: no biases of 0, no variances of 1
        parameter.value[...] *= rng.uniform(0.9, 1.1, parameter.shape)
        if parameter.value.ndim == 1:
            parameter.value[...] += rng.uniform(0, 0.05, parameter.shape)
    images = [rng.normal(size=(3, *node.shape)).astype(np.float32) for node in graph.inputs]
    ours, theirs = engine.compile(graph), oracle.compile(graph)
    for here, there in zip(ours.predict(images, 3), theirs.predict(images, 3), strict=True):
        assert float(np.abs(here - there).max()) <= FORWARD_AGREES * float(np.abs(there).max())
    for output in graph.outputs:
        cotangent = rng.normal(size=(3, *output.shape)).astype(np.float32)
        # Before the softmax, whose gradients may be too small to compare.
        of = output.inputs[0] if type(output.operation).__name__ == "Softmax" else output
        pairs = zip(
            graph.inputs,
            ours.gradient(images, of, cotangent, graph.inputs),
            theirs.gradient(images, of, cotangent, graph.inputs),
            strict=True,
        )
        for node, here, there in pairs:
            assert distance(here, there) <= GRADIENTS_AGREE, node.name
        largest = 0.0
        found = zip(
            graph.parameters(),
            ours.parameter_gradients(images, of, cotangent),
            theirs.parameter_gradients(images, of, cotangent),
            strict=True,
        )
        for parameter, here, there in found:
            assert distance(here, there) <= GRADIENTS_AGREE, parameter.name
            largest = max(largest, float(np.abs(there).max()))
        assert largest > 0

"""The networks that are measured, as plain lists that each framework builds for itself."""

from __future__ import annotations

from typing import Any

Layer = tuple[Any, ...]

IMAGE_SHAPE = (28, 28, 1)
CLASSES = 10

# ("conv", filters, kernel, padding) with ReLU; ("pool", size): maximum; ("dense", units) with ReLU; ("dropout", rate);
# ("classes",): the dense layer with softmax at the end.
NETWORKS: dict[str, list[Layer]] = {
    "conv5": [("conv", 5, 3, "same"), ("pool", 2), ("flatten",), ("dense", 120), ("classes",)],
    "lenet5": [
        ("conv", 6, 5, "same"), ("pool", 2), ("conv", 16, 5, "valid"), ("pool", 2), ("flatten",),
        ("dense", 120), ("dense", 84), ("classes",),
    ],
    "conv64": [("conv", 64, 3, "valid"), ("pool", 2), ("flatten",), ("dense", 128), ("classes",)],
    "deep": [
        ("conv", 64, 7, "same"), ("pool", 2),
        ("conv", 128, 3, "same"), ("conv", 128, 3, "same"), ("pool", 2),
        ("conv", 256, 3, "same"), ("conv", 256, 3, "same"), ("pool", 2), ("flatten",),
        ("dense", 128), ("dropout", 0.5), ("dense", 64), ("dropout", 0.5), ("classes",),
    ],
}  # fmt: skip

TITLES = {
    "conv5": "Conv 5@3x3, pool, dense 120",
    "lenet5": "LeNet-5",
    "conv64": "Conv 64@3x3, pool, dense 128",
    "deep": "deep: 5 convolutions of 64 to 256 filters",
}

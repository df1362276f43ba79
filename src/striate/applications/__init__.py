"""The networks of the literature, each a function that builds a fresh model with random weights."""

from __future__ import annotations

from striate.applications.fashion import fashion_demo
from striate.applications.lenet import LeNet1, LeNet5
from striate.applications.pixels import from_pixels
from striate.applications.registry import NETWORKS, Entry
from striate.applications.teaching import ConvNetJS, DigitVisualizer, TinyVGG

__all__ = [
    "NETWORKS", "ConvNetJS", "DigitVisualizer", "Entry", "LeNet1", "LeNet5", "TinyVGG", "fashion_demo", "from_pixels",
]  # fmt: skip

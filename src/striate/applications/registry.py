"""The networks by name: year, paper, what they take, and the function that builds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from striate.applications import fashion, lenet, teaching
from striate.graph import outlines

if TYPE_CHECKING:
    from striate.models import Sequential


@dataclass(frozen=True)
class Entry:
    """A network of the list.

    year, paper: where it was published first. input_shape: of its images, (height, width, channels).
    smallest: least height and width that it can take. options: for the builder.
    """

    year: int
    paper: str
    input_shape: tuple[int, int, int]
    smallest: int
    builder: Callable[..., Sequential]
    options: Mapping[str, Any] = field(default_factory=dict)

    def build(self, input_shape: tuple[int, int, int] | None = None, classes: int | None = None) -> Sequential:
        """The network with random weights; what is not given is as in the paper."""
        chosen = {} if classes is None else {"classes": classes}
        return self.builder(input_shape=input_shape or self.input_shape, **chosen, **self.options)

    def outline(self) -> Sequential:
        """The network without numbers, at once and in no memory: for tables and pictures."""
        with outlines():
            return self.build()


NETWORKS: dict[str, Entry] = {
    "lenet1": Entry(1989, "LeCun et al.", (28, 28, 1), 16, lenet.LeNet1),
    "lenet5": Entry(1998, "LeCun et al.", (32, 32, 1), 32, lenet.LeNet5),
    "lenet5_modern": Entry(1998, "LeCun et al., as taught today", (28, 28, 1), 12, lenet.LeNet5, {"modern": True}),
    "convnetjs": Entry(2014, "Karpathy", (32, 32, 3), 8, teaching.ConvNetJS),
    "digit_visualizer": Entry(2015, "Harley", (32, 32, 1), 16, teaching.DigitVisualizer),
    "tiny_vgg": Entry(2020, "Wang et al.: CNN Explainer", (64, 64, 3), 16, teaching.TinyVGG),
    "fashion_demo": Entry(
        2026, "the demo", (28, 28, 1), 8, fashion.fashion_demo, {"include_preprocessing": False}
    ),
}  # fmt: skip
"""Every network, by the name that `striate networks` and `striate train --model` know, in the order of their years."""

"""Networks by name, each a function that builds a fresh model with random weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from striate.applications.fashion import fashion_demo
from striate.applications.lenet import lenet5

if TYPE_CHECKING:
    from striate.models import Sequential

NETWORKS: dict[str, Callable[..., Sequential]] = {"fashion_demo": fashion_demo, "lenet5": lenet5}
"""Every network that takes `input_shape` and `classes`, by the name that `striate train --model` knows."""

__all__ = ["NETWORKS", "fashion_demo", "lenet5"]

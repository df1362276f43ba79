"""Search for a network's sizes: kernels, strides, filters, units and learning rate, on Optuna (an extra).

Gradients can learn what is in a filter but not how large it is or how far it steps: those are whole numbers that
decide which network it is. So networks of many sizes are trained, and what they reach on images held back says where to
look next.
"""

from __future__ import annotations

from striate.search.comparison import Comparison, compare
from striate.search.lenet import BASELINE, LeNet
from striate.search.run import Outcome, Trial, Watcher, search

__all__ = ["BASELINE", "Comparison", "LeNet", "Outcome", "Trial", "Watcher", "compare", "search"]

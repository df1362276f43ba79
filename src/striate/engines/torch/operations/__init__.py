"""Every operation of the waist in PyTorch; a family a file, as in `striate.graph.operations`."""

from striate.engines.torch.operations import (  # noqa: F401 (each registers its operations)
    augmentation,
    combining,
    linear,
    movement,
    noise,
    normalization,
    pooling,
)
from striate.engines.torch.operations.execution import Pass, forward, run
from striate.engines.torch.operations.pointwise import orthogonality, penalty

__all__ = ["Pass", "forward", "orthogonality", "penalty", "run"]

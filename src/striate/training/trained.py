"""What the training loop and callbacks need of a model."""

from __future__ import annotations

from typing import Any, Protocol

from striate.graph import Parameter


class Trained(Protocol):
    """A model in training.

    Attributes:
        stop_training: whether to stop after the present batch.
        history: the History of the last `fit`.
        seed: keys its shuffles.
    """

    stop_training: bool
    history: Any
    seed: int

    @property
    def optimizer(self) -> Any:
        """The optimizer."""

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The parameters that training changes."""

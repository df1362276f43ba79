"""Parameters and the optimizer's state as tensors, between NumPy's memory and a device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.graph import Array, Parameter, UpdateRule


class State:
    """What training changes, on a device from the moment this is made.

    On the processor in float32 the tensors are NumPy's own memory; elsewhere copies, which `store` brings back.

    Args:
        parameters: of the graph.
        rule: whose state arrays to take along, None for inference.
        device, dtype: of the tensors.

    Attributes:
        weights: by parameter; those that are trainable require gradients.
        slots: the rule's state, a dictionary of tensors for each trainable parameter.
    """

    def __init__(
        self, parameters: Sequence[Parameter], rule: UpdateRule | None, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._pairs: list[tuple[Array, Tensor]] = []
        self._place = device, dtype
        self.weights = {parameter: self._take(parameter.value) for parameter in parameters}
        self.trainable = [parameter for parameter in parameters if parameter.trainable]
        for parameter in self.trainable:
            self.weights[parameter].requires_grad_()
        found = [rule.slots.get(id(parameter), {}) for parameter in self.trainable] if rule else []
        self.slots = [{name: self._take(array) for name, array in arrays.items()} for arrays in found]
        self._scalars = list(rule.scalars.values()) if rule else []
        self.trains = rule is not None

    def _take(self, array: Array) -> Tensor:
        tensor = torch.from_numpy(array).to(*self._place)
        self._pairs.append((array, tensor))
        return tensor

    def store(self) -> None:
        """Bring what has changed back to NumPy's memory."""
        for array, tensor in self._pairs:
            memory = torch.from_numpy(array)
            if tensor.data_ptr() != memory.data_ptr():
                memory.copy_(tensor.detach())

    def copy(self) -> tuple[list[Tensor], list[NDArray[np.float64]]]:
        """Everything as it is now, for `restore`; stays on the device."""
        return [tensor.detach().clone() for _, tensor in self._pairs], [scalar.copy() for scalar in self._scalars]

    def restore(self, copies: tuple[list[Tensor], list[NDArray[np.float64]]]) -> None:
        """Everything as it was when the copies were made."""
        with torch.no_grad():
            for (_, tensor), copy in zip(self._pairs, copies[0], strict=True):
                tensor.copy_(copy)
        for scalar, before in zip(self._scalars, copies[1], strict=True):
            scalar[...] = before

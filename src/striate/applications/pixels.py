"""A network that takes pixels as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from striate.models import Sequential


def from_pixels(network: Any) -> Sequential:
    """The same layers after x / 255, so that images of whole numbers from 0 to 255 can be trained on as they are.

    Args:
        network: a built `Sequential`; its layers, and so its weights, are shared.

    Returns:
        A model of the same name.
    """
    from striate import layers
    from striate.models import Sequential

    shape = network.input_shape[1:]
    return Sequential([layers.Input(shape), layers.Rescaling(1 / 255), *network.layers], name=network.name)

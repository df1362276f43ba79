"""A network that takes pixels as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from striate.layers import Layer
    from striate.models import Sequential


def from_pixels(network: Any, image_shape: Sequence[int] | None = None, before: Sequence[Layer] = ()) -> Sequential:
    """The same layers after x / 255, so that images of whole numbers from 0 to 255 can be trained on as they are.

    Args:
        network: a built `Sequential`; its layers, and so its weights, are shared.
        image_shape: of the images, if `before` changes it.
        before: layers between x / 255 and the network, such as `Resizing`.

    Returns:
        A model of the same name.
    """
    from striate import layers
    from striate.models import Sequential

    shape = image_shape or network.input_shape[1:]
    chain = [layers.Input(shape), layers.Rescaling(1 / 255), *before, *network.layers]
    return Sequential(chain, name=network.name)

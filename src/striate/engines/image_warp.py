"""Photographs through affine maps, made on the native engine's threads, whatever engine trains."""

from __future__ import annotations

import numpy as np

from striate.engines.interface import AnyArray, Images
from striate.engines.warped import FILL_MODES, WarpedImages
from striate.graph import Array

__all__ = ["FILL_MODES", "WarpedImages", "are_made_when_read", "as_array", "warp_images"]


def warp_images(warped: WarpedImages) -> Array:
    """All of them as an array, float32 (n, height, width, channels)."""
    from striate.engines import get
    from striate.engines.native import NativeEngine

    engine = get("native")
    assert isinstance(engine, NativeEngine)
    return engine.warp_images(warped)


def as_array(images: Images) -> AnyArray:
    """Images as an array; the same where they are one."""
    return warp_images(images) if isinstance(images, WarpedImages) else images


def are_made_when_read(warped: WarpedImages) -> bool:
    """Whether the native engine makes these as its programs read them: a few at a time, which stay in the cache."""
    from striate.engines import _native

    return int(np.prod(warped.shape[1:])) <= _native.MOST_WARPED

"""Transforms of images as numbers: angles, shifts, factors, for a whole block of images at once, and their matrices.

Positions are (x, y), columns and rows, from the image's middle. An output position p shows the input position
R(theta) (S(shear) Z(zx, zy) p + (tx, ty)): rotate, shift, shear, zoom, as in keras.preprocessing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.checks import number
from striate.errors import StriateError
from striate.lookup import nearest

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

IDENTITY: dict[str, Any] = {
    "theta": 0.0, "tx": 0.0, "ty": 0.0, "shear": 0.0, "zx": 1.0, "zy": 1.0, "flip_horizontal": False,
    "flip_vertical": False, "channel_shift_intensity": None, "brightness": None,
}  # fmt: skip


@dataclass(frozen=True)
class Transforms:
    """For each of n images how it is changed; an array (n,), or one number for all.

    theta, shear: degrees. tx, ty: by how many columns and rows the view moves. zx, zy: how much of the width and height
    is seen: below 1 things become larger. channel_shift_intensity: what is added. brightness: a factor. None for none.
    """

    n: int
    theta: Doubles | float = 0.0
    tx: Doubles | float = 0.0
    ty: Doubles | float = 0.0
    shear: Doubles | float = 0.0
    zx: Doubles | float = 1.0
    zy: Doubles | float = 1.0
    flip_horizontal: Flags | bool = False
    flip_vertical: Flags | bool = False
    channel_shift_intensity: Doubles | float | None = None
    brightness: Doubles | float | None = None

    def matrices(self, height: int, width: int) -> Doubles | None:
        """(n, 6): for y, then x, the factors of the output's row, column and 1 in its place in the input.

        None if nothing moves.
        """
        values = (getattr(self, name) for name in list(IDENTITY)[:8])
        if all(np.all(value == IDENTITY[name]) for value, name in zip(values, list(IDENTITY)[:8], strict=True)):
            return None
        theta, sheared = np.deg2rad(self.theta), np.deg2rad(np.add(self.theta, self.shear))
        cos, sin = np.cos(theta), np.sin(theta)
        right, down = np.where(self.flip_horizontal, -1.0, 1.0), np.where(self.flip_vertical, -1.0, 1.0)
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        m = np.empty((self.n, 6))
        m[:, 0] = self.zy * np.cos(sheared) * down
        m[:, 1] = self.zx * sin * right
        m[:, 3] = -(self.zy * np.sin(sheared)) * down
        m[:, 4] = self.zx * cos * right
        m[:, 2] = middle_y - m[:, 0] * middle_y - m[:, 1] * middle_x + (sin * self.tx + cos * self.ty)
        m[:, 5] = middle_x - m[:, 3] * middle_y - m[:, 4] * middle_x + (cos * self.tx - sin * self.ty)
        return m

    def first(self) -> dict[str, Any]:
        """The first image's numbers under Keras's names."""
        found: dict[str, Any] = {}
        for name in IDENTITY:
            value = getattr(self, name)
            found[name] = value if value is None else np.broadcast_to(value, self.n)[0].item()
        return found

    @staticmethod
    def of(parameters: Mapping[str, Any]) -> Transforms:
        """The transform of one image from Keras's dictionary; what is not in it changes nothing.

        Raises:
            StriateError: a name that is not known, or a value that is no finite number.
        """
        checked: dict[str, Any] = {}
        for name, value in parameters.items():
            if name not in IDENTITY:
                raise StriateError(f"transform_parameters: unknown name {name!r}: {nearest(str(name), IDENTITY)}")
            if name.startswith("flip"):
                checked[name] = bool(value)
            elif value is not None:
                low = 0.0 if name == "brightness" else -np.inf
                checked[name] = number("transform_parameters", name, value, low)
            elif IDENTITY[name] is not None:
                raise StriateError(f"transform_parameters: got {name}=None, expected a number")
        return Transforms(1, **checked)

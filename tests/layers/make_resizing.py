"""Writes data/resizing.json: what Keras on TensorFlow makes of two images. Run where both are installed."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np

PLACE = Path(__file__).parent / "data" / "resizing.json"


def main() -> None:
    generator = np.random.default_rng(3)
    images = {name: generator.normal(size=size).round(2) for name, size in SIZES.items()}
    found: dict[str, object] = {name: image.tolist() for name, image in images.items()}
    for method in ("bilinear", "bicubic", "lanczos3", "lanczos5"):
        for antialias in (False, True):
            layer = keras.layers.Resizing(3, 6, interpolation=method, antialias=antialias)
            found[f"Resizing {method} {antialias}"] = numbers(layer(images["large"].astype("float32")[None, ..., None]))
        layer = keras.layers.UpSampling2D((2, 3), interpolation=method)
        found[f"UpSampling2D {method}"] = numbers(layer(images["small"].astype("float32")[None, ..., None]))
    PLACE.write_text(json.dumps(found, indent=0).replace(",\n", ", ") + "\n")


SIZES = {"small": (5, 4), "large": (7, 9)}


def numbers(image: object) -> list[list[float]]:
    return np.asarray(image)[0, ..., 0].astype(float).round(5).tolist()  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()

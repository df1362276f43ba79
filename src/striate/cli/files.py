"""Model files, the class names beside them, and images from anywhere as a network wants them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.cli.training import CLASSES_FILE, MODEL_FILE
from striate.errors import DataError, ModelFileError

if TYPE_CHECKING:
    from PIL.Image import Image

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
MAX_CLASSES_FILE = 1 << 20  # bytes


def model_path(path: Path) -> Path:
    """The file itself, or model.keras in a run's folder."""
    file = path / MODEL_FILE if path.is_dir() else path
    if not file.is_file():
        raise ModelFileError(f"{file}: no such model file; `striate train` and `model.save` make them")
    return file


def load(path: Path) -> Any:
    """The model of a file or folder."""
    from striate.models import load_model

    return load_model(model_path(path))


def class_names(path: Path) -> list[str]:
    """The names in classes.json beside a model; none where there is no such file."""
    file = model_path(path).with_name(CLASSES_FILE)
    if not file.is_file():
        return []
    try:
        if file.stat().st_size > MAX_CLASSES_FILE:
            raise ValueError("too large")
        names = json.loads(file.read_text(encoding="utf-8"))["class_names"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise TypeError("no list of strings")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(f'{file}: expected {{"class_names": ["...", ...]}} ({error}); mend or delete it') from None
    return names


def read_image(path: Path, shape: tuple[int, int, int], invert: bool) -> tuple[NDArray[np.uint8], str]:
    """An image file as an array of a network's input shape, and what was done to it in words ("" for nothing).

    Args:
        path: any format that Pillow reads.
        shape: (height, width, channels).
        invert: exchange dark and light.

    Raises:
        DataError: no such file, not an image, an unreasonably large one, a number of channels images do not have.
    """
    from PIL import Image, ImageOps

    from striate.images.files import opened

    height, width, channels = shape
    if channels not in MODES:
        raise DataError(f"the model takes {channels} channels; image files can give 1, 3 or 4")
    with opened(path) as file:
        image = ImageOps.exif_transpose(file)
        done = _changes(image, (width, height), MODES[channels], invert)
        image = _flat(image, MODES[channels])
        image = image if image.size == (width, height) else image.resize((width, height), Image.Resampling.BOX)
    pixels = np.asarray(image, np.uint8).reshape(shape)
    return (255 - pixels if invert else pixels), done


def _flat(image: Image, mode: str) -> Image:
    """In the wanted mode; what is transparent lies on black where the network knows no transparency."""
    from PIL import Image as images

    from striate.images.files import eight_bit

    if mode != "RGBA" and (image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info):
        layer = image.convert("RGBA")
        image = images.alpha_composite(images.new("RGBA", image.size, (0, 0, 0, 255)), layer)
    return eight_bit(image).convert(mode)


def _changes(image: Image, size: tuple[int, int], mode: str, invert: bool) -> str:
    """Such as "640x480 to 28x28, RGB to grey, inverted"."""
    names = {"L": "grey", "I": "16-bit grey", "I;16": "16-bit grey", "I;16B": "16-bit grey"}
    done = []
    if image.size != size:
        done.append(f"{image.width}x{image.height} to {size[0]}x{size[1]}")
    if image.mode != mode:
        done.append(f"{names.get(image.mode, image.mode)} to {names.get(mode, mode)}")
    return ", ".join([*done, *(["inverted"] if invert else [])])

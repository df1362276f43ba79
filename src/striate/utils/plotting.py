"""`plot_model`: a network as a picture."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from striate.errors import StriateError


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.svg",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> str:
    """Draw a built model: volumes to scale, from left to right, branches as branches.

    Args:
        model: the model; one that is not built has no shapes to draw.
        to_file: the file. Pictures are SVG: another ending, such as Keras's .png, becomes .svg with a warning.
        show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, show_layer_activations, show_trainable:
            taken as Keras takes them, without effect: names and shapes are always shown, the rest is in the text that
            appears where the pointer rests.

    Returns:
        The path of the file.

    Raises:
        StriateError: what is no built model, or a place where no file can be made.
    """
    from striate.models import Model
    from striate.report.diagram import write_diagram

    if not isinstance(model, Model):
        raise StriateError(f"plot_model: got {type(model).__name__}, expected a model")
    path = Path(to_file)
    if path.suffix.lower() != ".svg":
        path = path.with_suffix(".svg")
        warnings.warn(f"plot_model: pictures are SVG, so {os.fspath(to_file)} becomes {path}", stacklevel=2)
    write_diagram(model, path)
    return str(path)

"""`plot_model`: a network as a picture."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from striate.errors import StriateError


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    **options: Any,
) -> Any:
    """Draw a built model: as boxes and arrows, or into an .svg file as volumes to scale.

    Args:
        model: the model; one that is not built has no shapes to draw.
        to_file: the file. ".svg": volumes to scale from left to right, with all names and shapes, to which the other
            arguments add nothing. ".png", ".jpg", ".pdf", ...: a box for each layer, as Keras draws it.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what is written into a box
            beside the layer's class.
        rankdir: "TB", from top to bottom, or "LR", from left to right.
        expand_nested: whether the layers of inner networks are drawn in place of the networks.
        dpi: dots an inch.
        options: none; Keras 1 and 2 had `layer_range` and `subgraph`.

    Returns:
        In a notebook the picture, which is shown there; else the path of the file.

    Raises:
        StriateError: what is no built model, an argument out of its range, or a place where no file can be made.
    """
    from striate.models import Model
    from striate.report.boxes import ENDINGS, Shown, write_boxes
    from striate.report.diagram import write_diagram

    if not isinstance(model, Model):
        raise StriateError(f"plot_model: got {type(model).__name__}, expected a model")
    if any(value not in (None, False) for value in options.values()):
        raise StriateError(f"plot_model: got {next(iter(options))}, which is not available; leave it out")
    if rankdir not in ("TB", "LR"):
        raise StriateError(f'plot_model: got rankdir={rankdir!r}, expected "TB" or "LR"')
    if not isinstance(dpi, int) or not 10 <= dpi <= 1200:
        raise StriateError(f"plot_model: got dpi={dpi!r}, expected a whole number from 10 to 1200")
    path = Path(to_file)
    path = path if path.suffix else path.with_suffix(".png")
    if path.suffix.lower() == ".svg":
        write_diagram(model, path)
    elif path.suffix.lower() in ENDINGS:
        shown = Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable)
        write_boxes(model, path, shown, rankdir, expand_nested, dpi)
    else:
        raise StriateError(f"plot_model: got to_file={os.fspath(to_file)!r}, expected .svg, {', '.join(ENDINGS)}")
    return _shown_in_notebook(path)


def _shown_in_notebook(path: Path) -> Any:
    """The picture as a notebook shows it; outside of notebooks the path."""
    display = sys.modules.get("IPython.display")
    interactive = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if display is None or interactive is None or path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".gif", ".svg"):
        return str(path)
    return (display.SVG if path.suffix.lower() == ".svg" else display.Image)(filename=str(path))

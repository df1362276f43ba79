"""`striate predict MODEL IMAGE...`: what a saved network sees in image files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def predict(
    model: Annotated[Path, typer.Argument(help="A .keras file, or a folder that `train` made.", show_default=False)],
    images: Annotated[list[Path], typer.Argument(help="Image files.", show_default=False)],
    invert: Annotated[
        bool, typer.Option("--invert", help="Exchange dark and light, for things on white where training showed black.")
    ] = False,
) -> None:
    """Print the class of each image and its probability."""
    import numpy as np

    from striate.cli.files import class_names, load, read_image

    names = class_names(model)
    network = load(model)
    shape = _input_shape(network)
    read = [read_image(path, shape, invert) for path in images]
    pixels: Any = np.stack([image for image, _ in read]).reshape(-1, *network.input_shape[1:])
    if not _scales(network):
        typer.echo("The model has no Rescaling layer: pixels are divided by 255.", err=True)
        pixels = pixels.astype(np.float32) / 255
    chances = probabilities(np.asarray(network.predict(pixels, verbose=0)))
    width = max(len(str(path)) for path in images)
    for path, (_, done), row in zip(images, read, chances, strict=True):
        best = int(np.argmax(row))
        name = names[best] if best < len(names) else f"class {best}"
        typer.echo(f"{path!s:{width}}  {name}  {100 * row[best]:.1f} %{f'  ({done})' if done else ''}")


def _scales(network: Any) -> bool:
    """Whether a network, or all networks of an ensemble, divide pixels themselves."""
    from striate.errors import StriateError

    members = getattr(network, "members", [network])
    found = {any(type(layer).__name__ == "Rescaling" for layer in member.layers) for member in members}
    if len(found) > 1:
        raise StriateError("some members of the ensemble have a Rescaling layer, some have none: no pixels suit all")
    return found == {True}


def _input_shape(network: Any) -> tuple[int, int, int]:
    from striate.errors import ShapeError

    shape = tuple(network.input_shape[1:])
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3 or None in shape:
        raise ShapeError(f"the model takes inputs of shape {shape}, not images (height, width, channels)")
    return shape


def probabilities(outputs: Any) -> Any:
    """Outputs as probabilities of classes: one sigmoid output becomes two classes, logits go through softmax."""
    import numpy as np

    from striate.errors import ShapeError

    if outputs.ndim != 2:
        raise ShapeError(f"the model gives {outputs.shape[1:]} for an image, not one number for each class")
    if outputs.shape[1] == 1 and outputs.min() >= 0 and outputs.max() <= 1:
        return np.concatenate([1 - outputs, outputs], axis=1)
    if outputs.shape[1] > 1 and outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        return outputs
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)

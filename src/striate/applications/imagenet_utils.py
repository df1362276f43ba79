"""Pixels as the networks for ImageNet want them, and what their thousand outputs mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.errors import DataError, ModelFileError, StriateError

CAFFE_MEAN = (103.939, 116.779, 123.68)  # of blue, green and red over ImageNet
TORCH_MEAN, TORCH_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of red, green and blue between 0 and 1
MAX_CLASS_INDEX = 1 << 20  # bytes
FORMATS = (None, "channels_last", "channels_first")


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Images of RGB pixels from 0 to 255 as a network was trained on them. The array given stays as it is.

    "caffe": BGR, minus the mean of ImageNet. "tf": x / 127.5 - 1. "torch": x / 255, minus the mean, divided by the
    standard deviation of ImageNet.

    Args:
        x: images (n, height, width, 3) or one image, or a symbolic tensor.
        data_format: "channels_first" for (n, 3, height, width).
        mode: "caffe" (VGG, ResNet), "tf" (Inception, MobileNet) or "torch".

    Raises:
        StriateError: an unknown mode or format, or an array that is no image.
    """
    from striate.layers.symbolic import SymbolicTensor

    if mode not in ("caffe", "tf", "torch"):
        raise StriateError(f'preprocess_input: got mode={mode!r}, expected "caffe", "tf" or "torch"')
    if data_format not in FORMATS:
        raise StriateError(f"preprocess_input: got data_format={data_format!r}, expected one of {FORMATS[1:]}")
    if isinstance(x, SymbolicTensor):
        return _symbolic(x, data_format, mode)
    pixels = np.array(x, dtype=x.dtype if isinstance(x, np.ndarray) and x.dtype.kind == "f" else np.float32)
    if mode == "tf":
        return pixels / 127.5 - 1
    axis = -3 if data_format == "channels_first" else -1
    if pixels.ndim not in (3, 4) or pixels.shape[axis] != 3:
        raise DataError(f"preprocess_input: got an array of shape {pixels.shape}, expected images of three channels")
    by_channel = (3, 1, 1) if axis == -3 else (3,)
    if mode == "caffe":
        return np.flip(pixels, axis) - np.reshape(CAFFE_MEAN, by_channel).astype(pixels.dtype)
    mean, deviation = (np.reshape(v, by_channel).astype(pixels.dtype) for v in (TORCH_MEAN, TORCH_DEVIATION))
    return (pixels / 255 - mean) / deviation


def _symbolic(x: Any, data_format: str | None, mode: str) -> Any:
    """The same by layers."""
    from striate.layers import Concatenate, Rescaling

    if mode == "tf":
        return Rescaling(1 / 127.5, -1.0)(x)
    if data_format == "channels_first" or x.shape[-1] != 3:
        raise DataError(
            f"preprocess_input: got a symbolic tensor of shape {x.shape} with data_format={data_format!r}, expected "
            "images of three channels, channels last; for others preprocess the arrays"
        )
    if mode == "caffe":
        # Channel by channel: a step of -1 would not run in Keras on PyTorch, which opens files of the network.
        backwards = Concatenate()([x[..., i : i + 1] for i in (2, 1, 0)])
        return Rescaling([1.0] * 3, [-mean for mean in CAFFE_MEAN])(backwards)
    statistics = list(zip(TORCH_MEAN, TORCH_DEVIATION, strict=True))
    return Rescaling([1 / 255 / deviation for _, deviation in statistics], [-m / d for m, d in statistics])(x)


def caffe_pixels(x: Any, data_format: str | None = None) -> Any:
    """`preprocess_input` in mode "caffe": BGR, minus the mean of ImageNet."""
    return preprocess_input(x, data_format, "caffe")


def tf_pixels(x: Any, data_format: str | None = None) -> Any:
    """`preprocess_input` in mode "tf": x / 127.5 - 1."""
    return preprocess_input(x, data_format, "tf")


def decode_predictions(preds: ArrayLike, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """What a network for ImageNet says of each image, the likeliest first.

    Args:
        preds: its output (n, 1000).
        top: how many classes of each image.

    Returns:
        For each image a list of (WordNet number, name, probability).

    Raises:
        DataError: an array of another shape.
        ModelFileError: the list of classes can neither be found nor downloaded.
    """
    chances = np.asarray(preds)
    if chances.ndim != 2 or chances.shape[1] != 1000:
        raise DataError(f"decode_predictions: got an array of shape {chances.shape}, expected (n, 1000)")
    names = _class_names()
    return [[(*names[i], row[i]) for i in _best(row, top)] for row in chances]


def _best(row: NDArray[Any], count: int) -> NDArray[np.int64]:
    best: NDArray[np.int64] = np.argsort(-row, kind="stable")[: max(count, 0)]
    return best


def _class_names() -> list[tuple[str, str]]:
    """(WordNet number, name) of each class."""
    import json

    from striate.applications.weights import CLASS_INDEX, resolve

    path = resolve(CLASS_INDEX)
    try:
        if path.stat().st_size > MAX_CLASS_INDEX:
            raise ValueError("too large")
        index = json.loads(path.read_text(encoding="utf-8"))
        pairs = [index[str(i)] for i in range(1000)]
        if not all(len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in pairs):
            raise ValueError("no pairs of number and name")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{path}: is not the list of ImageNet's classes ({error}); delete it") from None
    return [(number, name) for number, name in pairs]

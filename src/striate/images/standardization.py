"""The statistics of a generator's sample data, and what is done with them to images."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import DataError

Floats = NDArray[np.floating[Any]]

MOST_WHITENED = 20_000  # numbers of an image: the whitening matrix has their square, 1.6 GB in float32
TINY = 1e-6  # added to deviations, as in Keras


def whitening_matrix(x: Floats, epsilon: float) -> NDArray[np.float32]:
    """The matrix W = U diag(sqrt(n) / (s + epsilon)) U^T that makes the numbers of centred images uncorrelated.

    U, s are the left singular vectors and the singular values of the images as columns (ZCA; Bell and Sejnowski 1997,
    "The 'independent components' of natural scenes are edge filters").

    Args:
        x: images (n, *shape), centred.
        epsilon: keeps directions without variance from exploding.

    Returns:
        (d, d), d numbers of an image.
    """
    n = len(x)
    flat: NDArray[Any] = x.reshape(n, -1).astype(np.float64)
    if n > flat.shape[1]:  # the same singular values and directions, of a smaller matrix
        flat = np.asarray(np.linalg.qr(flat, mode="r"))
    _, s, directions = np.linalg.svd(flat, full_matrices=False)
    return np.asarray((directions.T * (np.sqrt(n) / (s + epsilon))) @ directions, np.float32)


def check_whitened(shape: tuple[int, ...]) -> None:
    """Refuse images whose whitening matrix is beyond reason."""
    d = int(np.prod(shape))
    if d > MOST_WHITENED:
        raise DataError(
            f"zca_whitening: images of shape {shape} need a matrix of {d:,} x {d:,} numbers "
            f"({4 * d * d / 1e9:,.0f} GB); expected at most {MOST_WHITENED:,} numbers in an image: use smaller images"
        )


def standardize(x: Floats, settings: Any, axes: tuple[int, ...], rescale: bool = True) -> Floats:
    """Rescale, centre, normalise and whiten in place, as the settings of an ImageDataGenerator say.

    Args:
        x: floating-point numbers; for whitening whole images.
        settings: the generator.
        axes: those that belong to one sample.
        rescale: False where that has been done.

    Returns:
        x, or for whitening a new array.
    """
    if settings.rescale and rescale:
        x *= settings.rescale
    if settings.samplewise_center:
        x -= np.mean(x, axis=axes, keepdims=True)
    if settings.samplewise_std_normalization:
        x /= _deviation(x, axes, settings.samplewise_center) + TINY
    if settings.featurewise_center and _fitted("featurewise_center", settings.mean):
        x -= _fitting(settings.mean, x)
    if settings.featurewise_std_normalization and _fitted("featurewise_std_normalization", settings.std):
        x /= _fitting(settings.std + TINY, x)
    if settings.zca_whitening and _fitted("zca_whitening", settings.zca_whitening_matrix):
        matrix = settings.zca_whitening_matrix
        if np.prod(x.shape[-3:]) != len(matrix):
            raise DataError(
                f"zca_whitening: got images of shape {x.shape[-3:]}, but the generator was fitted to images of "
                f"{len(matrix)} numbers"
            )
        x = (x.reshape(-1, len(matrix)) @ matrix).astype(x.dtype, copy=False).reshape(x.shape)
    return x


def _fitting(statistic: Any, x: Floats) -> Floats:
    """A statistic in the type of the images; its shape, one number for each channel or another, must fit theirs."""
    array: Floats = np.asarray(statistic, x.dtype)
    try:
        np.broadcast_to(array, x.shape)
    except ValueError:
        raise DataError(
            f"featurewise statistics: got images of shape {x.shape[-3:]}, but those of the data that the generator was "
            f"fitted to are of shape {array.shape}"
        ) from None
    return array


def _deviation(x: Floats, axes: tuple[int, ...], centred: bool) -> Any:
    """np.std(x, axes, keepdims=True), in half the time where that is the root of the mean square of whole images."""
    if not centred or axes != (1, 2, 3):
        return np.std(x, axis=axes, keepdims=True)
    flat = x.reshape(len(x), -1)
    return np.sqrt(np.einsum("ij,ij->i", flat, flat) / flat.shape[1]).reshape(-1, 1, 1, 1)


def _fitted(argument: str, statistic: Any) -> bool:
    if statistic is None:
        warnings.warn(
            f"This ImageDataGenerator specifies `{argument}`, but it hasn't been fit on any training data. Fit it "
            "first by calling `.fit(numpy_data)`.",
            stacklevel=4,
        )
    return statistic is not None

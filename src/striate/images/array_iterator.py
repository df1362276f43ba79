"""Batches of images that are in memory."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.arrays import check_finite, numeric_array
from striate.engines import get
from striate.errors import DataError, ShapeError, StriateError
from striate.images.blocks import drawn, finished, may_be_left, to_channels_last
from striate.images.conversion import data_format_of
from striate.images.iterator import NAMES, Block, ImageSaver, Iterator
from striate.images.parameters import dtype_of, empty_part

if TYPE_CHECKING:
    from striate.images.generator import ImageDataGenerator


class NumpyArrayIterator(Iterator):
    """Batches from arrays; `ImageDataGenerator.flow` describes the arguments.

    Attributes:
        x: the images; uint8 and float32 stay what they are, other types become float32.
        x_misc: other arrays that came with them.
        y, sample_weight: arrays, or None.
        image_data_generator, data_format, dtype: as given.
    """

    def __init__(
        self, x: Any, y: Any, image_data_generator: ImageDataGenerator, batch_size: int = 32, shuffle: bool = False,
        sample_weight: Any = None, seed: int | None = None, data_format: str | None = None, save_to_dir: Any = None,
        save_prefix: str = "", save_format: str = "png", subset: str | None = None, ignore_class_split: bool = False,
        dtype: Any = None,
    ) -> None:
        self.image_data_generator = image_data_generator
        self.data_format, self.dtype = data_format_of(data_format), dtype_of(dtype).name
        images, others = _images_and_others(x)
        labels = None if y is None else _labels("y", y, len(images))
        weights = None if sample_weight is None else _labels("sample_weight", sample_weight, len(images))
        part = slice(None)
        if subset is not None:
            part = _part_of(subset, len(images), image_data_generator._validation_split)
            if labels is not None and not ignore_class_split:
                _check_classes(labels, int(len(images) * image_data_generator._validation_split))
        self.y = None if labels is None else labels[part]
        self.sample_weight = None if weights is None else weights[part]
        self.x_misc = [other[part] for other in others]
        self.x = images[part]
        channels = self.x.shape[3 if self.data_format == "channels_last" else 1]
        if channels not in (1, 3, 4):
            warnings.warn(
                f'NumpyArrayIterator: got images of {channels} channels in shape {self.x.shape} ("{self.data_format}")'
                "; images have 1, 3 or 4",
                stacklevel=3,
            )
        super().__init__(len(self.x), batch_size, shuffle, seed)
        self._several = bool(self.x_misc)
        self._images = to_channels_last(self.x, self.data_format)
        if self.data_format == "channels_last":
            self.x = self._images
        check_finite(self._images, "x", get("native").first_not_finite)
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        self._saver = ImageSaver(save_to_dir, save_prefix, save_format) if save_to_dir else None

    def _block(self, indices: NDArray[np.int64], epoch: int, first: int, when_read: bool) -> Block:
        settings = self.image_data_generator
        x: Any = drawn(settings, self._images, indices, self._generator(epoch), first)
        if not when_read or self._saver or not may_be_left(settings, x):
            x = finished(settings, x)
        if self._saver:
            self._saver.save(x, indices, self.data_format, self._generator(epoch, NAMES + first))
        inputs: Any = [x, *(other[indices] for other in self.x_misc)] if self.x_misc else x
        targets, weights = (None if array is None else array[indices] for array in (self.y, self.sample_weight))
        return inputs, targets, weights


def _images_and_others(x: Any) -> tuple[NDArray[Any], list[NDArray[Any]]]:
    """The images, and the arrays that came with them in a tuple (images, other) or (images, [others])."""
    others: list[NDArray[Any]] = []
    if isinstance(x, (tuple, list)) and len(x) == 2 and np.ndim(x[0]) == 4:
        given = x[1] if isinstance(x[1], list) else [x[1]]
        x, others = x[0], [np.asarray(other) for other in given]
    images = numeric_array(x, "x")
    if images.ndim != 4:
        raise ShapeError(f"x: got an array of shape {images.shape}, expected images (n, height, width, channels)")
    for other in others:
        if len(other) != len(images):
            raise ShapeError(f"x: got {len(images)} images, but {len(other)} examples in an array beside them")
    return images, others


def _labels(name: str, value: Any, count: int) -> NDArray[Any]:
    array = np.asarray(value)
    if array.ndim == 0 or len(array) != count:
        raise ShapeError(f"{name}: got shape {array.shape}, expected one for each of the {count} images in x")
    return array


def _part_of(subset: Any, count: int, split: float) -> slice:
    """Which examples a subset has: the first are for validation."""
    if subset not in ("training", "validation"):
        raise StriateError(f'subset: got {subset!r}, expected "training" or "validation"')
    index = int(count * split)
    if not index:
        raise DataError(empty_part("NumpyArrayIterator", subset, split, count))
    return slice(None, index) if subset == "validation" else slice(index, None)


def _check_classes(labels: NDArray[Any], index: int) -> None:
    if not np.array_equal(np.unique(labels[:index]), np.unique(labels[index:])):
        raise DataError(
            "Training and validation subsets have different number of classes after the split. If your numpy arrays "
            "are sorted by the label, you might want to shuffle them."
        )

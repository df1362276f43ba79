"""Batches of images that are files: decoding them on threads, and the labels of each class mode."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import DataError, StriateError
from striate.images.blocks import drawn, finished
from striate.images.conversion import data_format_of
from striate.images.files import COLOR_MODES, check_reading, in_threads, load_img
from striate.images.iterator import NAMES, Block, ImageSaver, Iterator
from striate.images.parameters import dtype_of, empty_part

if TYPE_CHECKING:
    from striate.images.generator import ImageDataGenerator


class FileIterator(Iterator):
    """What `DirectoryIterator` and `DataFrameIterator` share. Subclasses list the files, then call `_begin`.

    Attributes:
        samples: number of images.
        filenames, filepaths: of each image, relative and whole.
        image_shape: of the arrays that come out.
        class_mode, target_size, color_mode, data_format, dtype, interpolation, subset: as given.
        split: the part of the files that the subset has, from 0 to 1; None for all.
    """

    allowed_class_modes: tuple[str | None, ...] = ()
    filenames: list[str]
    class_indices: dict[str, int]
    classes: Any

    def __init__(
        self, image_data_generator: ImageDataGenerator | None, target_size: Any, color_mode: str,
        class_mode: str | None, data_format: str | None, save_to_dir: Any, save_prefix: str, save_format: str,
        subset: str | None, interpolation: str, keep_aspect_ratio: bool, dtype: Any,
    ) -> None:
        from striate.images.generator import ImageDataGenerator

        name = type(self).__name__
        if image_data_generator is not None and not isinstance(image_data_generator, ImageDataGenerator):
            kind = type(image_data_generator).__name__
            raise StriateError(f"{name}: got image_data_generator of type {kind}, expected an ImageDataGenerator")
        if class_mode not in self.allowed_class_modes:
            raise StriateError(
                f"{name}: got class_mode={class_mode!r}, expected {' or '.join(map(repr, self.allowed_class_modes))}"
            )
        self.color_mode, size = check_reading(name, color_mode, target_size, interpolation)
        if size is None:
            raise StriateError(f"{name}: got target_size=None, expected (height, width), the same for all images")
        self.class_mode, self.target_size, self.interpolation = class_mode, size, interpolation
        self.keep_aspect_ratio = bool(keep_aspect_ratio)
        self.data_format, self.dtype = data_format_of(data_format), dtype_of(dtype).name
        self.image_data_generator = image_data_generator or ImageDataGenerator(data_format=data_format, dtype=dtype)
        channels = COLOR_MODES[color_mode]
        self.image_shape = (*size, channels) if self.data_format == "channels_last" else (channels, *size)
        self.subset, self.split = subset, self._split_of(subset)
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        self._saver = ImageSaver(save_to_dir, save_prefix, save_format) if save_to_dir else None
        self._filepaths: list[str] = []
        self._listed = 0  # files, those of the other subset among them

    def _split_of(self, subset: Any) -> tuple[float, float] | None:
        if subset is None:
            return None
        split = self.image_data_generator._validation_split
        if subset not in ("training", "validation"):
            raise StriateError(f'{type(self).__name__}: got subset={subset!r}, expected "training" or "validation"')
        return (0.0, split) if subset == "validation" else (split, 1.0)

    def _part(self, count: int) -> slice:
        """Which of so many files the subset has."""
        self._listed += count
        start, stop = self.split or (0.0, 1.0)
        return slice(int(start * count), int(stop * count))

    def _begin(self, directory: str, batch_size: int, shuffle: bool, seed: int | None) -> None:
        """Make batches of the files that have been listed."""
        self.samples = len(self.filenames)
        self._filepaths = [os.path.join(directory, file) for file in self.filenames]
        if not self.samples:
            raise DataError(self._nothing(directory))
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _nothing(self, directory: str) -> str:
        """What is said where there is no image."""
        name, endings = type(self).__name__, ", ".join(self.white_list_formats)
        if self._listed and self.subset == "validation":
            return empty_part(name, self.subset, self.image_data_generator._validation_split, self._listed)
        place = f" in {directory}" if directory else ""
        return f"{name}: no images found{place}; their names end in {endings}"

    @property
    def filepaths(self) -> list[str]:
        return self._filepaths

    @property
    def labels(self) -> Any:
        return self.classes

    @property
    def sample_weight(self) -> NDArray[Any] | None:
        return None

    def _block(self, indices: NDArray[np.int64], epoch: int, first: int, when_read: bool) -> Block:
        images = self._decoded(indices)
        settings = self.image_data_generator
        warped = drawn(settings, images, np.arange(len(images)), self._generator(epoch), first)
        x = finished(settings, warped).astype(self.dtype, copy=False)
        if self._saver:
            self._saver.save(x, indices, self.data_format, self._generator(epoch, NAMES + first))
        weights = None if self.sample_weight is None else self.sample_weight[indices]
        return x, x.copy() if self.class_mode == "input" else self._targets_of(indices), weights

    def _decoded(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """The files as one array (n, height, width, channels): uint8, or float32 if one has more than a byte."""
        images = in_threads(self._decode, [self._filepaths[index] for index in indices])
        if all(image.dtype == np.uint8 for image in images):
            return np.stack(images)
        return np.stack([image.astype(np.float32) for image in images])

    def _decode(self, path: str) -> NDArray[Any]:
        image = load_img(path, self.color_mode, self.target_size, self.interpolation, self.keep_aspect_ratio)
        return np.asarray(image).reshape(*self.target_size, COLOR_MODES[self.color_mode])

    def _targets_of(self, indices: NDArray[np.int64]) -> Any:
        if self.class_mode in ("binary", "sparse"):
            return np.array([self.classes[index] for index in indices], self.dtype)
        if self.class_mode == "categorical":
            rows = np.zeros((len(indices), len(self.class_indices)), self.dtype)
            for row, index in zip(rows, indices, strict=True):
                row[self.classes[index]] = 1  # of one class, or of a list of them
            return rows
        return None

    def _check_binary(self, classes: Sequence[str]) -> None:
        if self.class_mode == "binary" and len(classes) > 2:
            raise DataError(
                f'{type(self).__name__}: class_mode="binary" is for two classes, but there are {len(classes)}; use '
                '"categorical" or "sparse"'
            )

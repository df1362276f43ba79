"""Batches of the image files in a folder of folders, one for each class."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.images.file_iterator import FileIterator
from striate.images.folders import about_loose, check_folder, class_folders, image_files

if TYPE_CHECKING:
    from striate.images.generator import ImageDataGenerator


class DirectoryIterator(FileIterator):
    """Batches from folder/CLASS/.../*.png, jpg, jpeg, bmp, ppm, tif, tiff.

    Args:
        directory: the folder. Its folders are the classes, in the order of their names.
        image_data_generator: what transforms the images; None: nothing does.
        target_size: (height, width) that every image is resized to.
        color_mode: "rgb", "rgba" or "grayscale".
        classes: names of the folders to take, in the order of the labels; None: all.
        class_mode: the labels: "categorical" rows of 0 and 1, "binary" or "sparse" numbers, "input" the images
            themselves, None no labels.
        batch_size, shuffle, seed: see `Iterator`. Without shuffling, predictions line up with `classes`.
        data_format: "channels_last" or "channels_first".
        save_to_dir, save_prefix, save_format: where to save what is made, for looking at.
        follow_links: also enter folders that are symbolic links.
        subset: "training" or "validation", by the generator's validation_split: of each class the first files are for
            validation.
        interpolation, keep_aspect_ratio: see `load_img`.
        dtype: of the arrays; float32 if None.

    Attributes:
        classes: the class number of each image, int32. Others see `FileIterator`.
        class_indices: the number of each class by name.
        num_classes: how many there are.

    Raises:
        StriateError: arguments that do not fit, no such folder, no images in it.
    """

    allowed_class_modes = ("categorical", "binary", "sparse", "input", None)

    def __init__(
        self, directory: Any, image_data_generator: ImageDataGenerator | None, target_size: Any = (256, 256),
        color_mode: str = "rgb", classes: Any = None, class_mode: str | None = "categorical", batch_size: int = 32,
        shuffle: bool = True, seed: int | None = None, data_format: str | None = None, save_to_dir: Any = None,
        save_prefix: str = "", save_format: str = "png", follow_links: bool = False, subset: str | None = None,
        interpolation: str = "nearest", keep_aspect_ratio: bool = False, dtype: Any = None,
    ) -> None:
        super().__init__(
            image_data_generator, target_size, color_mode, class_mode, data_format, save_to_dir, save_prefix,
            save_format, subset, interpolation, keep_aspect_ratio, dtype,
        )
        name = type(self).__name__
        self.directory = check_folder(directory, name)
        names = class_folders(self.directory, classes, name, hidden=True)
        self._check_binary(names)
        self.num_classes = len(names)
        self.class_indices = {folder: number for number, folder in enumerate(names)}
        self.filenames, numbers = [], []
        endings = tuple(f".{ending}" for ending in self.white_list_formats)
        for number, folder in enumerate(names):
            files = list(image_files(os.path.join(self.directory, folder), endings, bool(follow_links)))
            files = files[self._part(len(files))]
            self.filenames += [os.path.join(folder, file) for file in files]
            numbers += [number] * len(files)
        self.classes = np.array(numbers, np.int32)
        print(f"Found {len(numbers)} images belonging to {self.num_classes} classes.", flush=True)
        self._begin(self.directory, batch_size, shuffle, seed)

    def _nothing(self, directory: str) -> str:
        return super()._nothing(directory) + about_loose(directory, self.white_list_formats)

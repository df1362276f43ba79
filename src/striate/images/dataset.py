"""`image_dataset_from_directory`: a folder of folders of images as a Dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate import random
from striate.checks import as_whole, whole
from striate.errors import DataError, StriateError
from striate.images.conversion import MODES, data_format_of
from striate.images.files import COLOR_MODES, eight_bit, in_threads, opened
from striate.images.folders import about_loose, check_folder, class_folders, image_files
from striate.images.resizing import check_method, check_size, cropped, padded, resize
from striate.lookup import nearest

if TYPE_CHECKING:
    from striate.data import Dataset

NAME = "image_dataset_from_directory"
ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
SUBSETS = ("training", "validation", "both")


def image_dataset_from_directory(
    directory: Any, labels: Any = "inferred", label_mode: str | None = "int", class_names: Any = None,
    color_mode: str = "rgb", batch_size: int | None = 32, image_size: Any = (256, 256), shuffle: bool = True,
    seed: int | None = None, validation_split: float | None = None, subset: str | None = None,
    interpolation: str = "bilinear", follow_links: bool = False, crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False, data_format: str | None = None, format: str = "tf", verbose: bool = True,
) -> Any:
    """The images in folder/CLASS/.../*.jpeg, jpg, png, bmp, gif as a Dataset of batches.

    Files are read, each time the data set is gone through, on a few threads. Which files a subset has, and their order
    in `file_paths`, is the same as in Keras for the same seed.

    Args:
        directory: the folder.
        labels: "inferred": the folder that an image is in; None: no labels; or a list of whole numbers, one for each
            file, in the order of their paths.
        label_mode: "int" numbers (n,), "categorical" rows of 0 and 1, "binary" 0.0 or 1.0 (n, 1), None no labels.
        class_names: with inferred labels the folders to take, in the order of the labels; None: all, sorted.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: images in a batch; None: no batches, images one by one.
        image_size: (height, width) that every image is resized to.
        shuffle: a random order, another one each time; False: sorted.
        seed: of order and split; None: follows `striate.utils.set_random_seed`.
        validation_split: the part, between 0 and 1, of the files that is for validation: the last ones.
        subset: "training", "validation" or "both" (a list of two data sets), with validation_split.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian" or "mitchellcubic".
        follow_links: also enter folders that are symbolic links.
        crop_to_aspect_ratio: keep proportions: cut off what does not fit.
        pad_to_aspect_ratio: keep proportions: zeros around.
        data_format: "channels_last" or "channels_first".
        format: "tf", the only one there is.
        verbose: print how many files and classes there are.

    Returns:
        A `striate.data.Dataset` of float32 images from 0 to 255 and labels, with the attributes class_names and
        file_paths; for "both" a list of two.

    Raises:
        StriateError: arguments that do not fit, no such folder, no images.
    """
    reading = _reading(
        color_mode, image_size, interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, data_format, format
    )
    if batch_size is not None:
        batch_size = whole(NAME, batch_size, 1, "batch_size")
    _check_labels(labels, label_mode, class_names)
    _check_split(validation_split, subset, shuffle, seed)
    key = int(random.next_generator().integers(10**6)) if seed is None else whole(NAME, seed, 0, "seed")
    root = check_folder(directory, NAME)
    listing = _listing(root, labels, label_mode, class_names, bool(follow_links))
    if verbose:
        belonging = "" if listing.labels is None else f" belonging to {len(listing.class_names or [])} classes"
        print(f"Found {len(listing.paths)} files{belonging}.", flush=True)
    if shuffle:
        order = list(range(len(listing.paths)))
        np.random.RandomState(key % 2**32).shuffle(order)  # Keras's own, so that splits are the same
        listing = listing.part(order)
    parts = _split(listing, validation_split, subset, root)
    datasets = [
        _dataset(part, reading, label_mode, batch_size, key if shuffle and i == 0 else None)
        for i, part in enumerate(parts)
    ]
    return datasets if subset == "both" else datasets[0]


@dataclass(frozen=True)
class Listing:
    """Files, their class numbers, and the classes' names."""

    paths: list[str]
    labels: NDArray[np.int32] | None
    class_names: list[str] | None

    def part(self, order: Sequence[int] | slice) -> Listing:
        """Some of the files, in another order."""
        numbers = np.arange(len(self.paths))[order]
        labels = None if self.labels is None else self.labels[numbers]
        return Listing([self.paths[i] for i in numbers], labels, self.class_names)


def _listing(root: str, labels: Any, label_mode: str | None, class_names: Any, follow_links: bool) -> Listing:
    if label_mode is None:
        labels = None
    if not isinstance(labels, str):  # the folders do not matter
        paths = [os.path.join(root, file) for file in image_files(root, ENDINGS, follow_links)]
        return _check_paths(_explicit(paths, labels, label_mode, root), root)
    names = class_folders(root, class_names, NAME, hidden=False)
    found: list[str] = []
    numbers: list[int] = []
    for number, name in enumerate(names):
        files = list(image_files(os.path.join(root, name), ENDINGS, follow_links))
        found += [os.path.join(root, name, file) for file in files]
        numbers += [number] * len(files)
    if label_mode == "binary" and len(names) != 2:
        raise DataError(f'{NAME}: label_mode="binary" needs exactly 2 classes, found {len(names)}: {names}')
    return _check_paths(Listing(found, np.array(numbers, np.int32), names), root)


def _explicit(paths: list[str], labels: Any, label_mode: str | None, root: str) -> Listing:
    """Files with labels from a list, or without."""
    if labels is None:
        return Listing(paths, None, None)
    if len(labels) != len(paths):
        raise DataError(f"{NAME}: got {len(labels)} labels for {len(paths)} files in {root}, expected one for each")
    names = [str(label) for label in sorted(set(labels))]
    numbers = np.array([as_whole(label) for label in labels], np.int32)
    if label_mode == "binary" and len(names) != 2:
        raise DataError(f'{NAME}: label_mode="binary" needs exactly 2 classes, got the labels {names}')
    if label_mode != "int" and len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(names):
        raise DataError(f"{NAME}: got the labels {names}, expected 0 to {len(names) - 1} for {label_mode!r}")
    return Listing(paths, numbers, names)


def _check_paths(listing: Listing, root: str) -> Listing:
    if not listing.paths:
        said = f"{NAME}: no images found in directory {root}; their names end in {', '.join(ENDINGS)}"
        raise DataError(said + about_loose(root, ENDINGS))
    return listing


def _split(listing: Listing, validation_split: float | None, subset: str | None, root: str) -> list[Listing]:
    """The parts that were asked for: the last files are for validation."""
    if not validation_split:
        return [listing]
    count = int(validation_split * len(listing.paths))
    cut = len(listing.paths) - count
    training, validation = listing.part(slice(None, cut)), listing.part(slice(cut, None))
    chosen = {"training": [training], "validation": [validation], "both": [training, validation]}[str(subset)]
    for part in chosen:
        name = "training" if part is training else "validation"
        print(f"Using {len(part.paths)} files for {name}.", flush=True)
        if not part.paths:
            raise DataError(f"{NAME}: no {name} images: {root} has {len(listing.paths)}; change validation_split")
    return chosen


def _dataset(
    listing: Listing, reading: Callable[[str], NDArray[np.float32]], label_mode: str | None, batch_size: int | None,
    seed: int | None,
) -> Dataset:
    from striate.data import AUTOTUNE, Dataset

    numbers = np.arange(len(listing.paths))
    labels = _encoded(listing, label_mode)

    def load(indices: Any, *targets: Any) -> Any:
        chosen = [listing.paths[int(i)] for i in np.atleast_1d(indices)]
        images = in_threads(reading, chosen)
        x = images[0] if batch_size is None else np.stack(images)
        return (x, *targets) if targets else x

    dataset = Dataset.from_tensor_slices(numbers if labels is None else (numbers, labels))
    if seed is not None:
        dataset = dataset.shuffle(len(numbers), seed=seed)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    dataset = dataset.map(load).prefetch(AUTOTUNE)
    found: Any = dataset
    found.class_names, found.file_paths = listing.class_names, listing.paths
    return dataset


def _encoded(listing: Listing, label_mode: str | None) -> NDArray[Any] | None:
    labels = listing.labels
    if labels is None or label_mode == "int":
        return labels
    if label_mode == "binary":
        return labels.astype(np.float32)[:, np.newaxis]
    return np.eye(len(listing.class_names or []), dtype=np.float32)[labels]


def _reading(
    color_mode: Any, image_size: Any, interpolation: Any, crop: Any, pad: Any, data_format: Any, format: Any
) -> Callable[[str], NDArray[np.float32]]:
    """The function that makes an array of a file, its arguments checked."""
    if color_mode not in COLOR_MODES:
        raise StriateError(f"{NAME}: got color_mode={color_mode!r}; {nearest(str(color_mode), COLOR_MODES)}")
    size = check_size(NAME, "image_size", (image_size,) * 2 if as_whole(image_size) is not None else image_size)
    method, order = check_method(NAME, interpolation), data_format_of(data_format)
    if crop and pad:
        raise StriateError(f"{NAME}: got crop_to_aspect_ratio and pad_to_aspect_ratio, expected one of them")
    if format != "tf":
        raise StriateError(f'{NAME}: got format={format!r}, expected "tf"')
    mode = MODES[COLOR_MODES[color_mode]]

    def read(path: str) -> NDArray[np.float32]:
        with opened(path) as file:
            pixels = np.asarray(eight_bit(file).convert(mode))
        image = pixels.reshape(*pixels.shape[:2], len(mode) if mode != "L" else 1)
        image = cropped(image, size) if crop else image
        made = padded(image, size, method) if pad else resize(image, size, method)
        return np.ascontiguousarray(made.transpose(2, 0, 1)) if order == "channels_first" else made

    return read


def _check_labels(labels: Any, label_mode: Any, class_names: Any) -> None:
    inferred = isinstance(labels, str) and labels == "inferred"
    listed = isinstance(labels, (list, tuple)) and all(as_whole(label) is not None for label in labels)
    if not (inferred or listed or labels is None):
        raise StriateError(
            f'{NAME}: got labels={labels!r}, expected "inferred", None, or a list of whole numbers, one for each file'
        )
    if class_names is not None and (not inferred or label_mode is None):
        raise StriateError(f'{NAME}: got class_names, which go with labels="inferred" and a label_mode only')
    if label_mode not in ("int", "categorical", "binary", None):
        raise StriateError(f'{NAME}: got label_mode={label_mode!r}, expected "int", "categorical", "binary" or None')


def _check_split(validation_split: Any, subset: Any, shuffle: Any, seed: Any) -> None:
    is_part = isinstance(validation_split, (int, float)) and 0 < validation_split < 1
    if validation_split and not is_part:
        raise StriateError(f"{NAME}: got validation_split={validation_split!r}, expected a number between 0 and 1")
    if subset not in (*SUBSETS, None):
        raise StriateError(f"{NAME}: got subset={subset!r}, expected {' or '.join(map(repr, SUBSETS))}")
    if bool(validation_split) != bool(subset):
        raise StriateError(
            f"{NAME}: got validation_split={validation_split!r} and subset={subset!r}, expected both or neither"
        )
    if validation_split and shuffle and seed is None:
        raise StriateError(
            f"{NAME}: got validation_split and shuffle without seed; with the same seed in both calls training and "
            "validation have different files"
        )

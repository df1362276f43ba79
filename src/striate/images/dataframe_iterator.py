"""Batches of the image files and labels that a pandas data frame lists."""

from __future__ import annotations

import os
import warnings
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import DataError, StriateError
from striate.images.file_iterator import FileIterator
from striate.images.folders import check_folder
from striate.lookup import nearest

if TYPE_CHECKING:
    from striate.images.generator import ImageDataGenerator

WITHOUT_CLASSES = ("input", "multi_output", "raw", None)


class DataFrameIterator(FileIterator):
    """Batches from the rows of a data frame.

    Args:
        dataframe: a pandas DataFrame.
        directory: the folder that file names are relative to; None: they are whole paths.
        image_data_generator, target_size, color_mode, batch_size, shuffle, seed, data_format, save_to_dir, save_prefix,
            save_format, interpolation, keep_aspect_ratio, dtype: see `DirectoryIterator`.
        x_col: the column of file names.
        y_col: the column of labels; for "multi_output" a list of columns.
        weight_col: a column of numbers, the weight of each image in the loss.
        classes: names of the classes to take, in the order of the labels; None: all, sorted.
        class_mode: "categorical" (strings, or lists of them for several classes at once), "binary", "sparse"
            (strings), "raw" (the column's values), "multi_output" (those of several columns), "input" the images
            themselves, None no labels.
        subset: "training" or "validation", by the generator's validation_split: the first rows are for validation.
        validate_filenames: leave rows out, with a warning, whose file is missing or no image by its name.

    Attributes:
        classes, class_indices: class numbers of each image and numbers by name, where the class mode has classes.
        labels: what the batches' labels are made from.

    Raises:
        StriateError: arguments or columns that do not fit, no images.
    """

    allowed_class_modes = ("binary", "categorical", "input", "multi_output", "raw", "sparse", None)

    def __init__(
        self, dataframe: Any, directory: Any = None, image_data_generator: ImageDataGenerator | None = None,
        x_col: str = "filename", y_col: Any = "class", weight_col: str | None = None, target_size: Any = (256, 256),
        color_mode: str = "rgb", classes: Any = None, class_mode: str | None = "categorical", batch_size: int = 32,
        shuffle: bool = True, seed: int | None = None, data_format: str | None = "channels_last",
        save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png", subset: str | None = None,
        interpolation: str = "nearest", keep_aspect_ratio: bool = False, dtype: Any = "float32",
        validate_filenames: bool = True,
    ) -> None:
        super().__init__(
            image_data_generator, target_size, color_mode, class_mode, data_format, save_to_dir, save_prefix,
            save_format, subset, interpolation, keep_aspect_ratio, dtype,
        )
        self.directory = check_folder(directory, type(self).__name__) if directory else ""
        names = self._file_names(dataframe, x_col)
        rows = np.arange(len(names))
        if validate_filenames:
            rows = self._valid(names, x_col)
        labels: list[Any] = []
        if class_mode not in WITHOUT_CLASSES:
            labels = _column(dataframe, y_col).tolist()
            rows, labels = self._classify(rows, labels, y_col, classes)
        elif classes:
            warnings.warn(f'`classes` will be ignored given the class_mode="{class_mode}"', stacklevel=3)
        part = self._part(len(rows))
        rows, labels = rows[part], labels[part]
        if class_mode not in WITHOUT_CLASSES:
            self.classes = [self._numbers(label) for label in labels]
        self.filenames = [names[row] for row in rows]
        self._sample_weight = None if weight_col is None else self._weights(dataframe, weight_col)[rows]
        self._targets = self._other_targets(dataframe, y_col, rows)
        validated = "validated" if validate_filenames else "non-validated"
        of_classes = "" if class_mode in WITHOUT_CLASSES else f" belonging to {len(self.class_indices)} classes"
        print(f"Found {len(rows)} {validated} image filenames{of_classes}.", flush=True)
        self._begin(self.directory, batch_size, shuffle, seed)
        self._several = class_mode == "multi_output"

    @property
    def labels(self) -> Any:
        return self._targets if self.class_mode in ("multi_output", "raw") else self.classes

    @property
    def sample_weight(self) -> NDArray[Any] | None:
        return self._sample_weight

    def _targets_of(self, indices: NDArray[np.int64]) -> Any:
        if self.class_mode == "multi_output":
            return [column[indices] for column in self._targets]
        return self._targets[indices] if self.class_mode == "raw" else super()._targets_of(indices)

    @staticmethod
    def _file_names(dataframe: Any, x_col: Any) -> list[str]:
        names: list[str] = _column(dataframe, x_col).tolist()
        for name in names:
            if not isinstance(name, str):
                raise DataError(f"DataFrameIterator: got {name!r} in the column x_col={x_col!r}, expected file names")
        return names

    def _valid(self, names: list[str], x_col: Any) -> NDArray[np.int64]:
        """The rows whose file is there and, by its name, an image."""
        endings = tuple(f".{ending}" for ending in self.white_list_formats)
        rows = [
            row for row, name in enumerate(names)
            if name.lower().endswith(endings) and os.path.isfile(os.path.join(self.directory, name))
        ]  # fmt: skip
        if len(rows) < len(names):
            warnings.warn(
                f'Found {len(names) - len(rows)} invalid image filename(s) in x_col="{x_col}". '
                "These filename(s) will be ignored.",
                stacklevel=4,
            )
        return np.array(rows, np.int64)

    def _classify(
        self, rows: NDArray[np.int64], labels: list[Any], y_col: Any, classes: Any
    ) -> tuple[NDArray[np.int64], list[Any]]:
        """Rows that have a class, and their labels; sets class_indices."""
        kinds = (str, list, tuple) if self.class_mode == "categorical" else (str,)
        for label in labels:
            parts = label if isinstance(label, (list, tuple)) else [label]
            if not isinstance(label, kinds) or not all(isinstance(part, str) for part in parts):
                expected = "strings, or lists of them" if list in kinds else "strings"
                raise DataError(
                    f'DataFrameIterator: got {label!r} in the column y_col={y_col!r}, expected {expected} for '
                    f'class_mode="{self.class_mode}"; for numbers use "raw", or map them to strings'
                )
        if isinstance(classes, str):
            raise StriateError(f"DataFrameIterator: got classes={classes!r}, expected a list of names")
        wanted = list(dict.fromkeys(classes)) if classes else None
        kept: list[int] = []
        found: list[Any] = []
        for row in rows.tolist():
            label = labels[row]
            if wanted is not None:
                label = [part for part in label if part in wanted] if isinstance(label, (list, tuple)) else label
                if label not in wanted if isinstance(label, str) else not label:
                    continue
            kept.append(row)
            found.append(label)
        names = wanted or sorted({part for label in found for part in ([label] if isinstance(label, str) else label)})
        if self.class_mode == "binary" and len(names) != 2:
            raise DataError(f'DataFrameIterator: class_mode="binary" needs 2 classes, found {len(names)}: {names}')
        self.class_indices = {name: number for number, name in enumerate(names)}
        return np.array(kept, np.int64), found

    def _numbers(self, label: Any) -> Any:
        if isinstance(label, str):
            return self.class_indices[label]
        return [self.class_indices[part] for part in label]

    @staticmethod
    def _weights(dataframe: Any, weight_col: str) -> NDArray[Any]:
        weights = np.asarray(_column(dataframe, weight_col))
        if weights.dtype.kind not in "biuf":
            raise DataError(f"DataFrameIterator: got weight_col={weight_col!r} of {weights.dtype}, expected numbers")
        return weights

    def _other_targets(self, dataframe: Any, y_col: Any, rows: NDArray[np.int64]) -> Any:
        if self.class_mode == "multi_output":
            if not isinstance(y_col, (list, tuple)):
                raise StriateError(f'DataFrameIterator: got y_col={y_col!r}, expected a list for "multi_output"')
            return [np.array(_column(dataframe, column).tolist())[rows] for column in y_col]
        if self.class_mode == "raw":
            if not isinstance(y_col, (list, tuple)):
                return np.asarray(_column(dataframe, y_col))[rows]
            return np.stack([np.asarray(_column(dataframe, column)) for column in y_col], axis=1)[rows]
        return None


def retired(kwargs: Mapping[str, Any], class_mode: str | None) -> str | None:
    """Arguments of early versions, with Keras's words about them; the class mode that is meant.

    Raises:
        StriateError: an argument that no version knows.
    """
    notes = {
        "has_ext": "has_ext is deprecated, filenames in the dataframe have to match the exact filenames in disk.",
        "sort": "sort is deprecated, batches will be created in the same order than the filenames provided if "
        "`shuffle` is set to `False`.",
        "drop_duplicates": "drop_duplicates is deprecated, you can drop duplicates by using the "
        "pandas.DataFrame.drop_duplicates method.",
    }
    for name in kwargs:
        if name in notes:
            warnings.warn(notes[name], DeprecationWarning, stacklevel=3)
        elif name != "keep_aspect_ratio":
            known = [*notes, *DataFrameIterator.__init__.__annotations__.keys() - {"return"}]
            raise StriateError(f"flow_from_dataframe: unknown argument {name!r}: {nearest(name, known)}")
    if class_mode != "other":
        return class_mode
    message = '`class_mode="other"` is deprecated, please use `class_mode="raw"`.'
    warnings.warn(message, DeprecationWarning, stacklevel=3)
    return "raw"


def _column(dataframe: Any, name: Any) -> Any:
    if not hasattr(dataframe, "columns"):
        raise StriateError(f"DataFrameIterator: got a {type(dataframe).__name__}, expected a pandas DataFrame")
    if not isinstance(name, Hashable):
        raise StriateError(f"DataFrameIterator: got the column {name!r}, expected the name of one")
    if name not in dataframe.columns:
        raise DataError(f"DataFrameIterator: no column {name!r}; the data frame has {list(dataframe.columns)}")
    return dataframe[name]

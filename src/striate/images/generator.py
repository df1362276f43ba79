"""`ImageDataGenerator`: endless batches of images, each time a little different, as Keras 2 makes them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate import random
from striate.arrays import check_finite, numeric_array, to_float32
from striate.checks import whole
from striate.engines.image_warp import FILL_MODES
from striate.errors import ShapeError, StriateError
from striate.images import parameters as checks
from striate.images.blocks import AnyImages, from_channels_last, to_channels_last, transformed
from striate.images.conversion import data_format_of
from striate.images.geometry import in_type_of
from striate.images.standardization import TINY, check_whitened, standardize, whitening_matrix
from striate.images.transforms import Transforms
from striate.lookup import nearest

if TYPE_CHECKING:
    from striate.images.array_iterator import NumpyArrayIterator
    from striate.images.dataframe_iterator import DataFrameIterator
    from striate.images.directory_iterator import DirectoryIterator


class ImageDataGenerator:
    """Makes batches of images that are turned, moved, zoomed, mirrored and standardised at random.

    An image goes through, in this order: one affine map about its middle (rotate, shift, shear, zoom), channel shift,
    flips, brightness; then preprocessing_function, rescale, samplewise and featurewise centring and normalisation,
    whitening. `flow`, `flow_from_directory` and `flow_from_dataframe` give the batches.

    Args:
        featurewise_center: subtract the mean of each channel over the data given to `fit`.
        samplewise_center: subtract each image's own mean.
        featurewise_std_normalization: divide by the deviation of each channel over the data given to `fit`.
        samplewise_std_normalization: divide by each image's own deviation.
        zca_whitening: make the numbers of an image uncorrelated over the data given to `fit` (small images only).
        zca_epsilon: keeps directions without variance from exploding.
        rotation_range: degrees, either way.
        width_shift_range, height_shift_range: a number below 1: that part of the image, either way; a float from 1 on:
            pixels, either way; a whole number n: 0 to n - 1 whole pixels, either way; a list: one of its shifts, either
            way.
        brightness_range: (low, high), factors as Pillow's ImageEnhance.Brightness takes them; 1 changes nothing. Images
            are rounded down to bytes for it; those with values beyond 0 to 255 are spread over that range and put back.
        shear_range: degrees, either way.
        zoom_range: (low, high), or z for (1 - z, 1 + z): drawn for width and height; below 1 things become larger.
        channel_shift_range: what is added to all channels, either way, within the image's smallest and largest value.
        fill_mode: what lies beyond the border: "nearest", "constant" (cval), "reflect" or "wrap".
        cval: for "constant".
        horizontal_flip, vertical_flip: mirror every other image, at random.
        rescale: a factor; None or 0 for none.
        preprocessing_function: called on each image, an array of three dimensions, after it was transformed; returns
            one of the same shape.
        data_format: "channels_last", the default, or "channels_first".
        validation_split: the part, from 0 to below 1, that subset="validation" of the flows gives.
        interpolation_order: 0, the nearest pixel, or 1, between four.
        dtype: of the arrays that come out; arithmetic is in float32.

    Raises:
        StriateError: an argument outside its meaning, or one that is not known.
    """

    def __init__(
        self, featurewise_center: bool = False, samplewise_center: bool = False,
        featurewise_std_normalization: bool = False, samplewise_std_normalization: bool = False,
        zca_whitening: bool = False, zca_epsilon: float = 1e-6, rotation_range: float = 0,
        width_shift_range: Any = 0.0, height_shift_range: Any = 0.0, brightness_range: Any = None,
        shear_range: float = 0.0, zoom_range: Any = 0.0, channel_shift_range: float = 0.0, fill_mode: str = "nearest",
        cval: float = 0.0, horizontal_flip: bool = False, vertical_flip: bool = False, rescale: float | None = None,
        preprocessing_function: Callable[[AnyImages], AnyImages] | None = None, data_format: str | None = None,
        validation_split: float | None = 0.0, interpolation_order: int = 1, dtype: Any = None, **unknown: Any,
    ) -> None:
        for name in unknown:
            known = set(ImageDataGenerator.__init__.__annotations__) - {"unknown", "return"}
            raise StriateError(f"{checks.NAME}: unknown argument {name!r}: {nearest(name, known)}")
        self.featurewise_center = checks.flag("featurewise_center", featurewise_center)
        self.samplewise_center = checks.flag("samplewise_center", samplewise_center)
        self.featurewise_std_normalization = checks.flag("featurewise_std_normalization", featurewise_std_normalization)
        self.samplewise_std_normalization = checks.flag("samplewise_std_normalization", samplewise_std_normalization)
        self.zca_whitening = checks.flag("zca_whitening", zca_whitening)
        self.zca_epsilon = checks.number("zca_epsilon", zca_epsilon, 0.0)
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.channel_shift_range = channel_shift_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.zoom_range, self.brightness_range = list(checks.zoom("zoom_range", zoom_range)), brightness_range
        self.horizontal_flip = checks.flag("horizontal_flip", horizontal_flip)
        self.vertical_flip = checks.flag("vertical_flip", vertical_flip)
        self.fill_mode = checks.choice("fill_mode", fill_mode, FILL_MODES)
        self.cval = checks.number("cval", cval, expected="a finite number")
        self.rescale = None if rescale is None else checks.number("rescale", rescale, expected="a number or None")
        if preprocessing_function is not None and not callable(preprocessing_function):
            raise checks.refuse("preprocessing_function", preprocessing_function, "a function of an image, or None")
        self.preprocessing_function = preprocessing_function
        self.data_format = data_format_of(data_format)
        first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        split = 0.0 if validation_split is None else validation_split
        self._validation_split = checks.part_of_one("validation_split", split)
        self.interpolation_order = checks.choice("interpolation_order", interpolation_order, (0, 1))
        self.dtype = checks.dtype_of(dtype).name
        self.mean: Any = None
        self.std: Any = None
        self.zca_whitening_matrix: Any = None
        self._settle_overrides()
        self._check_whole_numbers()
        self.ranges()  # refuses what does not fit

    def _settle_overrides(self) -> None:
        """Switch on what other arguments need, as Keras does, and say so."""
        if self.zca_whitening and self.featurewise_std_normalization:
            self.featurewise_std_normalization = False
            self._warn("zca_whitening", "featurewise_std_normalization")
        for needing, needed in (
            ("zca_whitening", "featurewise_center"), ("featurewise_std_normalization", "featurewise_center"),
            ("samplewise_std_normalization", "samplewise_center"),
        ):  # fmt: skip
            if getattr(self, needing) and not getattr(self, needed):
                setattr(self, needed, True)
                self._warn(needing, needed)

    @staticmethod
    def _warn(argument: str, other: str) -> None:
        warnings.warn(
            f"This ImageDataGenerator specifies `{argument}`, which overrides setting of `{other}`.", stacklevel=4
        )

    def _check_whole_numbers(self) -> None:
        names = (
            "featurewise_center", "samplewise_center", "featurewise_std_normalization", "samplewise_std_normalization",
            "zca_whitening", "rescale",
        )  # fmt: skip
        used = [name for name in names if getattr(self, name)]
        if np.dtype(self.dtype).kind != "f" and used:
            raise checks.refuse("dtype", self.dtype, f"a floating-point type, since {used[0]} makes fractions")

    def ranges(self) -> checks.Ranges:
        """The bounds of random transforms, from the attributes, which may be set."""
        return checks.Ranges(
            rotation=checks.number("rotation_range", self.rotation_range, 0.0),
            width_shift=checks.shift("width_shift_range", self.width_shift_range),
            height_shift=checks.shift("height_shift_range", self.height_shift_range),
            shear=checks.number("shear_range", self.shear_range, 0.0),
            zoom=checks.zoom("zoom_range", self.zoom_range),
            channel_shift=checks.number("channel_shift_range", self.channel_shift_range, 0.0),
            brightness=checks.brightness("brightness_range", self.brightness_range),
            horizontal_flip=self.horizontal_flip,
            vertical_flip=self.vertical_flip,
        )

    def flow(
        self, x: Any, y: Any = None, batch_size: int = 32, shuffle: bool = True, sample_weight: Any = None,
        seed: int | None = None, save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png",
        ignore_class_split: bool = False, subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Batches from arrays.

        Args:
            x: images (n, height, width, channels), or a tuple of them and of other arrays that pass unchanged.
            y: labels, or None.
            batch_size: images in a batch.
            shuffle: a new order for each epoch.
            sample_weight: (n,), or None.
            seed: of order and transforms; None: the next of the global sequence (`striate.utils.set_random_seed`).
            save_to_dir: a folder into which all images that are made are saved, too; None for none.
            save_prefix, save_format: of these files.
            ignore_class_split: do not demand the same classes in both parts of a split.
            subset: "training" or "validation", if validation_split is set. The first part is for validation.

        Raises:
            StriateError: arrays or arguments that do not fit.
        """
        from striate.images.array_iterator import NumpyArrayIterator

        return NumpyArrayIterator(
            x, y, self, batch_size=batch_size, shuffle=shuffle, sample_weight=sample_weight, seed=seed,
            data_format=self.data_format, save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format,
            subset=subset, ignore_class_split=ignore_class_split, dtype=self.dtype,
        )

    def flow_from_directory(
        self, directory: Any, target_size: Any = (256, 256), color_mode: str = "rgb", classes: Any = None,
        class_mode: str | None = "categorical", batch_size: int = 32, shuffle: bool = True, seed: int | None = None,
        save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png", follow_links: bool = False,
        subset: str | None = None, interpolation: str = "nearest", keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Batches from a folder of folders of images, one for each class. See `DirectoryIterator`."""
        from striate.images.directory_iterator import DirectoryIterator

        return DirectoryIterator(
            directory, self, target_size=target_size, color_mode=color_mode, classes=classes, class_mode=class_mode,
            batch_size=batch_size, shuffle=shuffle, seed=seed, data_format=self.data_format, save_to_dir=save_to_dir,
            save_prefix=save_prefix, save_format=save_format, follow_links=follow_links, subset=subset,
            interpolation=interpolation, keep_aspect_ratio=keep_aspect_ratio, dtype=self.dtype,
        )

    def flow_from_dataframe(
        self, dataframe: Any, directory: Any = None, x_col: str = "filename", y_col: Any = "class",
        weight_col: str | None = None, target_size: Any = (256, 256), color_mode: str = "rgb", classes: Any = None,
        class_mode: str | None = "categorical", batch_size: int = 32, shuffle: bool = True, seed: int | None = None,
        save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png", subset: str | None = None,
        interpolation: str = "nearest", validate_filenames: bool = True, **kwargs: Any,
    ) -> DataFrameIterator:
        """Batches from the files and labels of a pandas data frame. See `DataFrameIterator`."""
        from striate.images.dataframe_iterator import DataFrameIterator, retired

        class_mode = retired(kwargs, class_mode)
        return DataFrameIterator(
            dataframe, directory, self, x_col=x_col, y_col=y_col, weight_col=weight_col, target_size=target_size,
            color_mode=color_mode, classes=classes, class_mode=class_mode, batch_size=batch_size, shuffle=shuffle,
            seed=seed, data_format=self.data_format, save_to_dir=save_to_dir, save_prefix=save_prefix,
            save_format=save_format, subset=subset, interpolation=interpolation, dtype=self.dtype,
            validate_filenames=validate_filenames,
            **({"keep_aspect_ratio": kwargs["keep_aspect_ratio"]} if "keep_aspect_ratio" in kwargs else {}),
        )

    def standardize(self, x: AnyImages) -> AnyImages:
        """Apply preprocessing_function, rescaling, centring, normalisation and whitening to an image or a batch.

        As in Keras, arrays of the generator's floating-point type are changed in place, and samplewise statistics are
        those of all that is given.
        """
        if self.preprocessing_function is not None:
            x = self.preprocessing_function(x)
        x = np.asarray(x)
        x = x if x.dtype.kind == "f" else x.astype(np.float32)
        return standardize(x, self, tuple(range(x.ndim)))

    def get_random_transform(self, img_shape: Any, seed: int | None = None) -> dict[str, Any]:
        """Draw a transform.

        Args:
            img_shape: of an image, in the generator's data_format.
            seed: None: the next of the global sequence.

        Returns:
            theta, shear (degrees), tx, ty (columns, rows), zx, zy, flip_horizontal, flip_vertical,
            channel_shift_intensity, brightness: what `apply_transform` takes.
        """
        if len(img_shape) != 3:
            raise ShapeError(f"get_random_transform: got the shape {tuple(img_shape)}, expected that of one image")
        own = random.next_generator() if seed is None else random.generator(whole("seed", seed, 0))
        height, width = img_shape[self.row_axis - 1], img_shape[self.col_axis - 1]
        return self.ranges().draw(own.random((1, checks.DRAWS)), height, width).first()

    def apply_transform(self, x: AnyImages, transform_parameters: Mapping[str, Any]) -> AnyImages:
        """Transform an image.

        Args:
            x: of three dimensions, in the generator's data_format.
            transform_parameters: as `get_random_transform` gives them; what is missing changes nothing.

        Returns:
            An array of the same shape, and of the same type unless brightness or channels change; then float32.

        Raises:
            StriateError: an array of another shape, names that are not known, numbers that are not finite.
        """
        x = np.asarray(x)
        if x.ndim != 3:
            raise ShapeError(f"apply_transform: got an array of shape {x.shape}, expected three dimensions (one image)")
        images = to_channels_last(x[np.newaxis], self.data_format)
        transform = Transforms.of(transform_parameters)
        result = from_channels_last(transformed(self, images, np.zeros(1, np.int64), transform), self.data_format)[0]
        kept = transform.channel_shift_intensity is None and transform.brightness is None
        return in_type_of(x, result) if kept else result

    def random_transform(self, x: AnyImages, seed: int | None = None) -> AnyImages:
        """Transform an image at random."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Take the statistics that featurewise centring and normalisation and whitening need from sample data.

        Args:
            x: images (n, height, width, channels), before rescaling.
            augment: of images transformed at random.
            rounds: with augment, how often each image is transformed.
            seed: of these transforms; None: the next of the global sequence.

        Raises:
            StriateError: data of another shape or none, or images too large to whiten.
        """
        given = numeric_array(x, "fit: x")
        if given.ndim != 4 or not given.size:
            raise ShapeError(f"fit: got an array of shape {given.shape}, expected images (n, height, width, channels)")
        rounds = whole("rounds", rounds, 1)
        if self.zca_whitening:
            check_whitened(given.shape[1:])
        sample = to_float32(given)
        check_finite(sample, "x")
        if self.rescale:
            sample *= self.rescale
        if augment:
            images, n = to_channels_last(sample, self.data_format), len(given)
            own = random.next_generator() if seed is None else random.generator(whole("seed", seed, 0))
            drawn = self.ranges().draw(own.random((rounds * n, checks.DRAWS)), *images.shape[1:3])
            order = np.tile(np.arange(n), rounds)
            sample = from_channels_last(transformed(self, images, order, drawn), self.data_format)
        self._take_statistics(sample)

    def _take_statistics(self, sample: NDArray[np.float32]) -> None:
        axes, shape = (0, self.row_axis, self.col_axis), [1, 1, 1]
        shape[self.channel_axis - 1] = sample.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = sample.mean(axis=axes, dtype=np.float64).reshape(shape).astype(np.float32)
            sample -= self.mean
        if self.featurewise_std_normalization:
            self.std = sample.std(axis=axes, dtype=np.float64).reshape(shape).astype(np.float32)
            sample /= self.std + TINY
        if self.zca_whitening:
            self.zca_whitening_matrix = whitening_matrix(sample, self.zca_epsilon)

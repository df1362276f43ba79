"""Images from arrays, folders and tables, changed at random: what `keras.preprocessing.image` has."""

from striate.images.array_iterator import NumpyArrayIterator
from striate.images.conversion import array_to_img, img_to_array, save_img
from striate.images.dataframe_iterator import DataFrameIterator
from striate.images.dataset import image_dataset_from_directory
from striate.images.directory_iterator import DirectoryIterator
from striate.images.files import load_img
from striate.images.generator import ImageDataGenerator
from striate.images.geometry import (
    apply_affine_transform,
    flip_axis,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)
from striate.images.intensity import (
    apply_brightness_shift,
    apply_channel_shift,
    random_brightness,
    random_channel_shift,
)
from striate.images.iterator import Iterator
from striate.images.resizing import smart_resize

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "flip_axis",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
    "smart_resize",
]

"""Small tools that programs use around a network, under the names of `keras.utils`."""

from striate.images import image_dataset_from_directory
from striate.images.conversion import array_to_img, img_to_array, save_img
from striate.images.files import load_img
from striate.random import set_random_seed
from striate.utils.arrays import normalize, to_categorical
from striate.utils.plotting import plot_model
from striate.utils.sequences import PyDataset, Sequence

__all__ = [
    "PyDataset",
    "Sequence",
    "array_to_img",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "normalize",
    "plot_model",
    "save_img",
    "set_random_seed",
    "to_categorical",
]

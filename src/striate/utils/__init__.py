"""Small tools that programs use around a network, under the names of `keras.utils`."""

from striate.images import image_dataset_from_directory
from striate.images.conversion import array_to_img, img_to_array, save_img
from striate.images.files import load_img
from striate.layers.naming import clear_session
from striate.random import set_random_seed
from striate.settings import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from striate.utils.arrays import normalize, to_categorical
from striate.utils.files import get_file
from striate.utils.interaction import Progbar
from striate.utils.plotting import plot_model
from striate.utils.registration import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from striate.utils.sequences import PyDataset, Sequence
from striate.utils.splitting import split_dataset, timeseries_dataset_from_array

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "custom_object_scope",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "load_img",
    "normalize",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "set_random_seed",
    "split_dataset",
    "timeseries_dataset_from_array",
    "to_categorical",
]

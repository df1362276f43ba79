"""Small tools that programs use around a network, under the names of `keras.utils`."""

from striate.random import set_random_seed
from striate.utils.arrays import normalize, to_categorical
from striate.utils.plotting import plot_model
from striate.utils.sequences import PyDataset, Sequence

__all__ = ["PyDataset", "Sequence", "normalize", "plot_model", "set_random_seed", "to_categorical"]

"""Data sets as pipelines: read, shuffled, changed and put into batches while they are gone through (tf.data)."""

from striate.data.dataset import Dataset
from striate.data.specification import TensorShape, TensorSpec
from striate.data.stages import INFINITE as INFINITE_CARDINALITY
from striate.data.stages import UNKNOWN as UNKNOWN_CARDINALITY

AUTOTUNE = -1

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "TensorShape", "TensorSpec"]

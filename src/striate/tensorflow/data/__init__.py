"""Data sets as pipelines (tf.data); the names of `striate.data`."""

from __future__ import annotations

from types import SimpleNamespace

from striate.data import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from striate.tensorflow._absent import absent
from striate.tensorflow.data import experimental

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "Options", "experimental"]

__getattr__ = absent(__name__)


class Options(SimpleNamespace):
    """What `Dataset.with_options` takes. It is about TensorFlow's own execution and changes no element."""

    def __init__(self) -> None:
        groups = ("autotune", "experimental_distribute", "experimental_optimization", "threading")
        super().__init__(**{name: SimpleNamespace() for name in (*groups, "experimental_threading")})

"""Callbacks, where Keras has them: hooks that `fit` calls while it trains."""

from striate.training.callbacks import *  # noqa: F403
from striate.training.callbacks import __all__ as __all__

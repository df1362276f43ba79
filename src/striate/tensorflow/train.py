"""The optimizers of TensorFlow 1 (tf.train), as optimizers that `compile` takes, and the newest file of weights.

Each function has TensorFlow's arguments and defaults and gives the optimizer of `striate.optimizers` with these
numbers. `use_locking` and names of slots have no meaning here.
"""

from __future__ import annotations

import os
from typing import Any

from striate import optimizers
from striate.tensorflow._absent import absent

__all__ = [
    "AdadeltaOptimizer", "AdagradOptimizer", "AdamOptimizer", "FtrlOptimizer", "GradientDescentOptimizer",
    "MomentumOptimizer", "RMSPropOptimizer", "latest_checkpoint",
]  # fmt: skip

__getattr__ = absent(__name__)


def GradientDescentOptimizer(
    learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"
) -> optimizers.SGD:
    """w <- w - learning_rate g."""
    return optimizers.SGD(learning_rate, name=name)


def MomentumOptimizer(
    learning_rate: Any, momentum: float, use_locking: bool = False, name: str = "Momentum", use_nesterov: bool = False
) -> optimizers.SGD:
    """v <- momentum v + g, w <- w - learning_rate v."""
    return optimizers.SGD(learning_rate, momentum, use_nesterov, name=name)


def AdamOptimizer(
    learning_rate: Any = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
    use_locking: bool = False, name: str = "Adam",
) -> optimizers.Adam:
    """Adam (Kingma and Ba 2015)."""
    return optimizers.Adam(learning_rate, beta1, beta2, epsilon, name=name)


def RMSPropOptimizer(
    learning_rate: Any, decay: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-10, use_locking: bool = False,
    centered: bool = False, name: str = "RMSProp",
) -> optimizers.RMSprop:
    """RMSprop (Tieleman and Hinton 2012). The mean of g^2 starts from 0 as in Keras; TensorFlow 1 started from 1."""
    return optimizers.RMSprop(learning_rate, decay, momentum, epsilon, centered, name=name)


def AdagradOptimizer(
    learning_rate: Any, initial_accumulator_value: float = 0.1, use_locking: bool = False, name: str = "Adagrad"
) -> optimizers.Adagrad:
    """Adagrad (Duchi et al. 2011)."""
    return optimizers.Adagrad(learning_rate, initial_accumulator_value, name=name)


def AdadeltaOptimizer(
    learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-8, use_locking: bool = False,
    name: str = "Adadelta",
) -> optimizers.Adadelta:
    """Adadelta (Zeiler 2012)."""
    return optimizers.Adadelta(learning_rate, rho, epsilon, name=name)


def FtrlOptimizer(
    learning_rate: Any, learning_rate_power: float = -0.5, initial_accumulator_value: float = 0.1,
    l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0, use_locking: bool = False,
    name: str = "Ftrl", accum_name: str | None = None, linear_name: str | None = None,
    l2_shrinkage_regularization_strength: float = 0.0,
) -> optimizers.Ftrl:
    """FTRL (McMahan et al. 2013)."""
    return optimizers.Ftrl(
        learning_rate, learning_rate_power, initial_accumulator_value, l1_regularization_strength,
        l2_regularization_strength, l2_shrinkage_regularization_strength, name=name,
    )


def latest_checkpoint(checkpoint_dir: Any, latest_filename: Any = None) -> str | None:
    """The newest file of weights in a folder, under the name that `save_weights` was given; None if there is none."""
    endings, found = ".weights.h5", []
    for entry in os.scandir(checkpoint_dir) if os.path.isdir(checkpoint_dir) else ():
        if entry.is_file() and entry.name.endswith(endings):
            found.append((entry.stat().st_mtime_ns, entry.path[: -len(endings)]))
    return max(found)[1] if found else None

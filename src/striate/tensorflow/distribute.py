"""Strategies of distribution (tf.distribute) where there is one processor: each is a single replica, which is all.

`compile(engine="torch")` trains on GPUs, and on several with torchrun.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NoReturn

from striate.tensorflow._absent import absent

__all__ = [
    "MirroredStrategy", "OneDeviceStrategy", "Strategy", "cluster_resolver", "experimental", "get_strategy",
    "has_strategy",
]  # fmt: skip

__getattr__ = absent(__name__)


class Strategy:
    """One replica, on the processor.

    Attributes:
        num_replicas_in_sync: 1.
    """

    num_replicas_in_sync = 1

    @contextmanager
    def scope(self) -> Iterator[Strategy]:
        """A block as it is."""
        yield self

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """The data set itself."""
        return dataset


class MirroredStrategy(Strategy):
    """What copies a network to all GPUs of a machine in TensorFlow: here there is one copy.

    Args:
        devices, cross_device_ops: without effect.
    """

    def __init__(self, devices: Any = None, cross_device_ops: Any = None) -> None:
        """Without effect."""


class OneDeviceStrategy(Strategy):
    """One copy, on a device that the engine chooses.

    Args:
        device: without effect.
    """

    def __init__(self, device: Any = None) -> None:
        """Without effect."""


def get_strategy() -> Strategy:
    """The one replica that there always is."""
    return Strategy()


def has_strategy() -> bool:
    """False: no other strategy is ever in use."""
    return False


def _no_tpu(tpu: Any = None, zone: Any = None, project: Any = None, **options: Any) -> NoReturn:
    """What TensorFlow does on a machine without TPUs.

    Raises:
        ValueError: always, as programs that look for a TPU expect.
    """
    raise ValueError("Please provide a TPU Name to connect to: there is none here.")


cluster_resolver = SimpleNamespace(TPUClusterResolver=_no_tpu)
experimental = SimpleNamespace(CentralStorageStrategy=MirroredStrategy)

"""Devices and how they are used (tf.config): there is the processor, and all of it is used.

What TensorFlow can be told about its own execution is taken without effect: the results are the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from striate.errors import StriateError
from striate.tensorflow._absent import absent
from striate.tensorflow.config import experimental, optimizer, threading

__all__ = [
    "LogicalDevice", "PhysicalDevice", "experimental", "functions_run_eagerly", "get_logical_device_configuration",
    "get_soft_device_placement", "get_visible_devices", "list_logical_devices", "list_physical_devices", "optimizer",
    "run_functions_eagerly", "set_soft_device_placement", "set_visible_devices", "threading",
]  # fmt: skip

__getattr__ = absent(__name__)


class PhysicalDevice(NamedTuple):
    """A device of the machine."""

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as programs name it."""

    name: str
    device_type: str


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of a type: for "CPU" the processor, for "GPU" none."""
    found = [PhysicalDevice("/physical_device:CPU:0", "CPU")]
    return [device for device in found if device_type in (None, device.device_type)]


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """As `list_physical_devices`."""
    return [LogicalDevice(f"/device:{kind}:0", kind) for _, kind in list_physical_devices(device_type)]


def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """As `list_physical_devices`."""
    return list_physical_devices(device_type)


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Without effect: no devices ("GPU") or the processor.

    Raises:
        StriateError: a device that is not there.
    """
    given = devices if isinstance(devices, list) else [devices]
    for device in given:
        if device not in list_physical_devices():
            raise StriateError(f"set_visible_devices: got {device!r}; there is {list_physical_devices()}")


def get_logical_device_configuration(device: Any) -> None:
    """None: a device is not divided."""


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Without effect: functions always run as plain Python."""


def functions_run_eagerly() -> bool:
    """True: functions always run as plain Python."""
    return True


def set_soft_device_placement(enabled: bool) -> None:
    """Without effect: `tf.device` never decides where something runs."""


def get_soft_device_placement() -> bool:
    """True: `tf.device` never decides where something runs."""
    return True

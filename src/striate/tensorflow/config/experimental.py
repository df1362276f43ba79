"""Older places of names of tf.config, and what is about memory of GPUs: without effect, as there are none."""

from __future__ import annotations

from typing import Any

from striate.tensorflow._absent import absent

__all__ = [
    "enable_op_determinism", "get_device_details", "get_memory_growth", "get_visible_devices", "list_logical_devices",
    "list_physical_devices", "set_memory_growth", "set_visible_devices",
]  # fmt: skip

__getattr__ = absent(__name__)


def list_physical_devices(device_type: str | None = None) -> Any:
    """As `tf.config.list_physical_devices`."""
    from striate.tensorflow import config

    return config.list_physical_devices(device_type)


def list_logical_devices(device_type: str | None = None) -> Any:
    """As `tf.config.list_logical_devices`."""
    from striate.tensorflow import config

    return config.list_logical_devices(device_type)


def get_visible_devices(device_type: str | None = None) -> Any:
    """As `tf.config.get_visible_devices`."""
    return list_physical_devices(device_type)


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """As `tf.config.set_visible_devices`."""
    from striate.tensorflow import config

    config.set_visible_devices(devices, device_type)


def set_memory_growth(device: Any, enable: bool) -> None:
    """Without effect: memory is taken as it is needed."""


def get_memory_growth(device: Any) -> bool:
    """True: memory is taken as it is needed."""
    return True


def get_device_details(device: Any) -> dict[str, Any]:
    """Nothing is known beyond the name."""
    return {}


def enable_op_determinism() -> None:
    """Without effect: the same seed always gives the same bits."""

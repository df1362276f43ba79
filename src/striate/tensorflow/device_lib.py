"""`tensorflow.python.client.device_lib`, which notebooks ask for the devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from striate.tensorflow._absent import absent

__all__ = ["list_local_devices"]

__getattr__ = absent(__name__)


@dataclass(frozen=True)
class LocalDevice:
    """A device: its name, kind and memory."""

    name: str
    device_type: str
    memory_limit: int = 0
    physical_device_desc: str = ""


def list_local_devices(session_config: Any = None) -> list[LocalDevice]:
    """The processor alone."""
    return [LocalDevice("/device:CPU:0", "CPU")]

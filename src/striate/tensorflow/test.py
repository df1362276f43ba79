"""Questions about the machine (tf.test): no GPU is used."""

from __future__ import annotations

from typing import Any

from striate.tensorflow._absent import absent

__all__ = ["gpu_device_name", "is_built_with_cuda", "is_built_with_gpu_support", "is_gpu_available"]

__getattr__ = absent(__name__)


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """False."""
    return False


def gpu_device_name() -> str:
    """Empty: there is none."""
    return ""


def is_built_with_cuda() -> bool:
    """False."""
    return False


def is_built_with_gpu_support() -> bool:
    """False."""
    return False

"""What of the machine matters for the numbers: no names, only facts."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any


def facts() -> dict[str, Any]:
    return {
        "architecture": platform.machine(),
        "system": platform.system(),
        "physical_cores": physical_cores(),
        "vector_bits": vector_bits(),
        "memory_gigabytes": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
    }


def physical_cores() -> int:
    """Physical cores that this process may use; threads of one core count once."""
    available = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores = set()
    for cpu in available:
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
        try:
            cores.add(((topology / "physical_package_id").read_text(), (topology / "core_id").read_text()))
        except OSError:
            return len(available)
    return len(cores)


def vector_bits() -> int | None:
    """Width of the widest vectors of floats; None where it cannot be told."""
    if platform.machine() in ("arm64", "aarch64"):
        return 128
    try:
        flags = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return None
    return 512 if "avx512f" in flags else 256 if "avx2" in flags else 128

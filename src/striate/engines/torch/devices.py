"""Where PyTorch can compute here, and how much fits there."""

from __future__ import annotations

import torch

from striate.errors import StriateError


def available() -> list[str]:
    """The devices of this machine, as PyTorch names them."""
    names = ["cpu", *(f"cuda:{k}" for k in range(torch.cuda.device_count() if torch.cuda.is_available() else 0))]
    return [*names, "mps"] if torch.backends.mps.is_available() else names


def preferred() -> str:
    """The first CUDA device, or the processor. Metal ("mps") lacks some operations, so it is only used if asked for."""
    return "cuda:0" if "cuda:0" in available() else "cpu"


def resolve(name: str) -> torch.device:
    """The device of a name; "cuda" is the first.

    Raises:
        StriateError: there is no such device; the message lists those there are.
    """
    found = available()
    if f"{name}:0" in found:
        name = f"{name}:0"
    if name not in found:
        why = ""
        if name.startswith("cuda") and not torch.version.cuda and not torch.version.hip:
            why = f"; this PyTorch ({torch.__version__}) was built without CUDA"
        raise StriateError(f"device: got {name!r}, but here there are only {', '.join(map(repr, found))}{why}")
    return torch.device(name)


def room(device: torch.device) -> int:
    """Bytes of a data set that may be kept on a device: half of what is free, so that the network has the rest."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) // 2
    if device.type == "mps":
        return max(0, int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())) // 2
    return 2**63 - 1  # the processor reads the arrays where they are

"""How an engine is chosen, and what is said about one that is not there."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from striate import engines
from striate.engines import _make_torch
from striate.errors import StriateError


def test_names() -> None:
    native = engines.get("native")
    assert engines.get() is native is engines.get(None) is engines.get(native)
    assert engines.get("native", device="cpu", precision="float32").name == "native"


def test_the_environments_choice(monkeypatch: pytest.MonkeyPatch, torch: Any) -> None:
    monkeypatch.setenv("STRIATE_ENGINE", "torch:cpu")
    assert engines.get() is engines.get("torch:cpu") is engines.get("torch", device="cpu")
    assert engines.get("native").name == "native"
    monkeypatch.setenv("STRIATE_ENGINE", "")
    assert engines.get().name == "native"


def test_torch_engines_differ_by_device_and_precision(torch: Any) -> None:
    exact, fast = engines.get("torch:cpu"), engines.get("torch:cpu", precision="bfloat16")
    assert exact is not fast
    assert repr(exact) == "TorchEngine('cpu', 'float32')"
    assert repr(fast) == "TorchEngine('cpu', 'bfloat16')"
    if not torch.cuda.is_available():
        assert repr(engines.get("torch")) == "TorchEngine('cpu', 'float32')"


@pytest.mark.parametrize("wrong", ["tensorflow", "Torch", ":cuda", "native torch", 3, object])
def test_unknown_engines(wrong: Any) -> None:
    message = re.escape(f"engine: got {wrong!r}") + ".*'native', 'torch'"
    with pytest.raises(StriateError, match=message):
        engines.get(wrong)


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "cpu:1", "cuda:x", "meta", "tpu"])
def test_unknown_devices(torch: Any, device: str) -> None:
    with pytest.raises(StriateError, match=re.escape(f"device: got {device!r}, but here there are only 'cpu'")):
        engines.get("torch", device=device)
    with pytest.raises(StriateError, match=re.escape(f"device: got {device!r}")):
        engines.get(f"torch:{device}")


def test_what_does_not_go_together(torch: Any) -> None:
    with pytest.raises(StriateError, match=r"runs on the processor, in float32; device=.cuda. needs .torch."):
        engines.get("native:cuda")
    with pytest.raises(StriateError, match="precision='bfloat16' needs"):
        engines.get("native", precision="bfloat16")
    with pytest.raises(StriateError, match="got 'torch:cpu' and device='cuda'"):
        engines.get("torch:cpu", device="cuda")
    with pytest.raises(StriateError, match="are settled; give a name"):
        engines.get(engines.get("native"), device="cpu")
    with pytest.raises(StriateError, match="precision: got 'half', expected one of 'float32'"):
        engines.get("torch:cpu", precision="half")


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    with pytest.raises(StriateError, match=re.escape('pip install "striate[torch]"')):
        _make_torch(None, None)

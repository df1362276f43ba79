"""The waist on PyTorch: every operation, loss and update rule. Imports torch, so it is imported only when asked for."""

from striate.engines.torch.engine import TorchEngine

__all__ = ["TorchEngine"]

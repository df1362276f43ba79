"""PyTorch's deep networks, eager, in channels_last: Keras's VGG16, ResNet50 and MobileNetV2 layer by layer."""

from __future__ import annotations

import time
from typing import Any

import networks
import pytorch
import torch
from torch import nn
from torch.nn import functional


class Framework:
    """What deep_worker.py asks of a framework."""

    def __init__(self, cores: int) -> None:
        torch.set_num_threads(cores)
        self.version = str(torch.__version__)

    def build(self, network: str, x: Any, y: Any) -> int:
        """Number of trainable parameters."""
        torch.manual_seed(1)
        if network in networks.NETWORKS:
            small = pytorch.Framework("torch", torch.get_num_threads())
            small.build(network)
            self.model: nn.Module = small.model
        else:
            self.model = {"VGG16": vgg16, "ResNet50": resnet50, "MobileNetV2": mobilenet_v2}[network]()
        self.model.to(memory_format=torch.channels_last)
        self.images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        self.labels = torch.from_numpy(y).long()
        self.optimizer = torch.optim.SGD(self.model.parameters(), 1e-3)
        return sum(parameter.numel() for parameter in self.model.parameters())

    def forward(self, batches: int) -> float:
        self.model.eval()
        start = time.perf_counter()
        with torch.inference_mode():
            for _ in range(batches):
                functional.softmax(self.model(self.images), 1).numpy()
        return time.perf_counter() - start

    def train(self, steps: int) -> float:
        self.model.train()
        start = time.perf_counter()
        for _ in range(steps):
            self.optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(self.model(self.images), self.labels).backward()
            self.optimizer.step()
        return time.perf_counter() - start


def vgg16() -> nn.Module:
    layers: list[nn.Module] = []
    channels = 3
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True)]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Linear(512 * 7 * 7, 4096), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Linear(4096, 1000))


def normalized(
    channels: int, filters: int, kernel: int, stride: int = 1, groups: int = 1,
    bias: bool = False, activation: Any = None,
) -> nn.Sequential:  # fmt: skip
    """Convolution, batch normalization, activation."""
    conv = nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=bias)
    return nn.Sequential(conv, nn.BatchNorm2d(filters), *([activation(inplace=True)] if activation else []))


class Bottleneck(nn.Module):
    """ResNet's block of version 1, with Keras's biases and its stride in the first convolution."""

    def __init__(self, channels: int, filters: int, stride: int, first: bool) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            normalized(channels, filters, 1, stride, bias=True, activation=nn.ReLU),
            normalized(filters, filters, 3, bias=True, activation=nn.ReLU),
            normalized(filters, 4 * filters, 1, bias=True),
        )
        self.shortcut = normalized(channels, 4 * filters, 1, stride, bias=True) if first else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.branch(x) + self.shortcut(x), inplace=True)


def resnet50() -> nn.Module:
    layers: list[nn.Module] = [normalized(3, 64, 7, 2, bias=True, activation=nn.ReLU), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for filters, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for k in range(count):
            layers.append(Bottleneck(channels, filters, stride if k == 0 else 1, k == 0))
            channels = 4 * filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


class InvertedResidual(nn.Module):
    """MobileNetV2's block: wider, depthwise, narrower."""

    def __init__(self, channels: int, filters: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        expand = [normalized(channels, wide, 1, activation=nn.ReLU6)] if expansion > 1 else []
        depthwise = normalized(wide, wide, 3, stride, wide, activation=nn.ReLU6)
        self.branch = nn.Sequential(*expand, depthwise, normalized(wide, filters, 1))
        self.residual = stride == 1 and channels == filters

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.branch(x)
        return x + y if self.residual else y


def mobilenet_v2() -> nn.Module:
    layers: list[nn.Module] = [normalized(3, 32, 3, 2, activation=nn.ReLU6)]
    channels = 32
    stages = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expansion, filters, count, stride in stages:
        for k in range(count):
            layers.append(InvertedResidual(channels, filters, stride if k == 0 else 1, expansion))
            channels = filters
    layers += [normalized(320, 1280, 1, activation=nn.ReLU6), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(1280, 1000))
